"""The extension of JupyterLab: its container, what it registers, indentation and folding. Colours: `test_samples`."""

from __future__ import annotations

import json
import tomllib

import pytest
from py_mini_racer import MiniRacer

from evroute_kernel import __version__
from evroute_kernel.highlighting.colours import COLOURS
from evroute_kernel.kernel.protocol.kernel import LANGUAGE
from support.colours import CLONE, SCRIPT, browser

FOLDER = SCRIPT.parent.parent
PACKAGE = json.loads((FOLDER / "package.json").read_text(encoding="utf-8"))


def evaluated(expression: str) -> object:
    """The value of a JavaScript expression in which `language` is what the extension registered."""
    program = f"(() => {{ const language = languages[0]; return JSON.stringify({expression}); }})()"
    return json.loads(browser().eval(program))


# -- the package ------------------------------------------------------------------------------------------------------


def test_the_package() -> None:
    build = PACKAGE["jupyterlab"]["_build"]
    assert (FOLDER / build["load"]).samefile(SCRIPT)
    assert PACKAGE["version"] == __version__
    assert f'NAME = "{PACKAGE["name"]}"' in SCRIPT.read_text(encoding="utf-8")
    install = json.loads((FOLDER / "install.json").read_text(encoding="utf-8"))
    assert install["packageName"] == "evroute-kernel"


def test_it_is_part_of_the_wheel() -> None:
    project = tomllib.loads((CLONE / "pyproject.toml").read_text(encoding="utf-8"))
    shared = project["tool"]["hatch"]["build"]["targets"]["wheel"]["shared-data"]
    assert shared[FOLDER.name] == f"share/jupyter/labextensions/{PACKAGE['name']}"


# -- the container ----------------------------------------------------------------------------------------------------


def test_it_registers_the_language_of_the_kernel() -> None:
    assert evaluated("languages.length") == 1
    assert evaluated("[language.name, language.mime]") == [LANGUAGE["name"], LANGUAGE["mimetype"]]
    assert evaluated("language.extensions") == ["opensips", LANGUAGE["file_extension"].lstrip(".")]
    assert evaluated("language.displayName") == "OpenSIPS script"


@pytest.mark.parametrize(
    ("name", "ours"),
    [("opensips.cfg", True), ("routes.cfg", True), ("setup.cfg", False), ("cfg", False), ("a.cfgx", False)],
)
def test_its_files(name: str, ours: bool) -> None:
    assert evaluated(f"language.filename.test({name!r})") is ours


def test_its_colours() -> None:
    (style,) = evaluated("styles")
    assert len(style.splitlines()) == len(COLOURS)
    for theme, colours in COLOURS.items():
        (rule,) = [line for line in style.splitlines() if theme in line]
        assert 'data-language="opensips"' in rule
        assert all(f"--jp-mirror-editor-{name}-color: {colour};" in rule for name, colour in colours.items())


def failure_of(expression: str) -> str:
    """Why a promise was not kept, in a browser of its own."""
    engine = MiniRacer()
    engine.eval("var window = {}; var failure = null;")
    engine.eval(SCRIPT.read_text(encoding="utf-8"))
    engine.eval("const container = window._JUPYTERLAB['evroute-kernel'];")
    engine.eval(f"{expression}.catch((error) => {{ failure = error.message; }})")
    found = engine.eval("failure")
    assert isinstance(found, str)
    return found


def test_an_unknown_module() -> None:
    assert failure_of("container.get('./other')") == "evroute-kernel has no module ./other"


def test_a_library_that_is_not_shared() -> None:
    wanted = "evroute-kernel: JupyterLab does not share @jupyterlab/codemirror"
    assert failure_of("container.get('./extension')") == wanted


def test_takes_the_copy_of_the_application() -> None:
    """Other extensions may share older copies of the same library."""
    engine = MiniRacer()
    engine.eval("var window = {}, taken = [], failure = null;")
    engine.eval(SCRIPT.read_text(encoding="utf-8"))
    engine.eval("""
        const copy = (from, loaded) => ({from, loaded, get: async () => { taken.push(from); return () => ({}); }});
        const container = window._JUPYTERLAB["evroute-kernel"];
        container.init({
          "@jupyterlab/codemirror": {"4.0": copy("other"), "4.4": copy("@jupyterlab/application-top")},
          "@codemirror/language": {"6.0": copy("other"), "6.1": copy("another", 1)},
        });
        container.get("./extension").catch((error) => { failure = String(error); });
    """)
    assert engine.eval("failure") is None
    assert engine.eval("taken.join()") == "@jupyterlab/application-top,another"


# -- the editor -------------------------------------------------------------------------------------------------------


def test_comments_and_brackets() -> None:
    data = "parserOf().languageData"
    assert evaluated(f"{data}.commentTokens") == {"line": "#", "block": {"open": "/*", "close": "*/"}}
    assert evaluated(f"{data}.closeBrackets.brackets") == ["(", "[", "{", "'", '"']


@pytest.mark.parametrize(
    ("text", "after", "column"),
    [
        ("", "xlog", 0),
        ("event_route[E_X] {", "", 4),
        ("event_route[E_X] {", "}", 0),
        ("event_route[E_X] {\n    if ($rc == 1) {", "", 8),
        ("event_route[E_X] {\n    if ($rc == 1) {", "  }", 4),
        ("event_route[E_X] {\n    if ($rc == 1) {\n        exit;\n    }", "", 4),
        ("event_route[E_X] {\n    exit;\n}", "%raise", 0),
        ("  xlog(", '"a"', 6),
        ("{ # {", "", 4),
        ('xlog("two', "lines", None),
        ("/* {", "", None),
        ("%%raise E_X\n{", "", None),
        ("}", "", 0),
    ],
)
def test_indentation(text: str, after: str, column: int | None) -> None:
    assert browser().call("indentAfter", text, after) == column


def test_states_are_copied() -> None:
    """CodeMirror keeps the state of earlier lines and goes on from copies."""
    program = """(() => {
        const parser = parserOf(), kept = parser.startState(4), copy = parser.copyState(kept);
        parser.token(new Line("{"), copy);
        return JSON.stringify([kept.stack.length, copy.stack.length]);
    })()"""
    assert json.loads(browser().eval(program)) == [1, 3]


@pytest.mark.parametrize(
    ("line", "token", "closed", "folded"),
    [
        ("route[x] {", "punctuation", 30, [10, 30]),
        ("if (1) { } else {", "punctuation", 40, [17, 40]),
        ("route[x] { exit; }", "punctuation", 17, None),  # on the same line
        ("route[x] {", "punctuation", -1, None),  # never
        ("# a {", "comment", 30, None),
        ("exit;", "punctuation", 30, None),
    ],
)
def test_folding(line: str, token: str, closed: int, folded: list[int] | None) -> None:
    """Braces that are closed further down; CodeMirror's own search for the other brace is played."""
    match = {"matched": closed >= 0, "end": {"from": closed}}
    program = f"""(() => {{
        Object.assign(played, {json.dumps({"tag": token, "match": match})});
        const text = {{sliceDoc: (start, end) => {line!r}.slice(start, end)}};
        const found = languages[0].support.support[0].fold(text, 0, {len(line)});
        return JSON.stringify(found && [found.from, found.to]);
    }})()"""
    assert json.loads(browser().eval(program)) == folded
