"""The lexer of Pygments: found by name, true to the text, and true to what the script's own lexer makes of it."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import entry_points
from itertools import accumulate
from pathlib import Path

import pytest
from jupyterlab_pygments import JupyterStyle
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name, get_lexer_for_filename, get_lexer_for_mimetype, guess_lexer_for_filename
from pygments.style import Style
from pygments.styles import get_style_by_name
from pygments.token import STANDARD_TYPES, Error, string_to_tokentype

from evroute_kernel.highlighting.classes import CLASSES
from evroute_kernel.highlighting.lexer import OpenSipsLexer
from evroute_kernel.kernel.protocol.kernel import LANGUAGE
from evroute_kernel.lang.lexer import Token, tokens
from evroute_kernel.lang.preprocess import Expanded
from evroute_kernel.source import Source
from support.colours import pygments_classes
from support.recorded import HERE as RECORDED
from support.recorded import read_cases

SCRIPT = 'event_route[E_PIKE_BLOCKED] {\n\txlog("L_WARN", "blocked $param(ip)\\n");\n}\n'
INI = "[metadata]\nname = x\nversion = 1\n"
RECORDINGS = sorted(RECORDED.glob("*.json"))


# -- how it is found --------------------------------------------------------------------------------------------------


def test_the_entry_point() -> None:
    (found,) = entry_points(group="pygments.lexers", name="opensips")
    assert found.load() is OpenSipsLexer


def test_found_by_name_type_and_file() -> None:
    assert isinstance(get_lexer_by_name(LANGUAGE["pygments_lexer"]), OpenSipsLexer)
    assert isinstance(get_lexer_for_mimetype(LANGUAGE["mimetype"]), OpenSipsLexer)
    assert isinstance(get_lexer_for_filename("routes.opensips"), OpenSipsLexer)
    assert isinstance(get_lexer_for_filename("/etc/opensips/opensips.cfg", SCRIPT), OpenSipsLexer)


def test_takes_no_file_from_others() -> None:
    assert isinstance(guess_lexer_for_filename("routes.cfg", SCRIPT), OpenSipsLexer)
    for find in (guess_lexer_for_filename, get_lexer_for_filename):
        assert find("setup.cfg", INI).name == "INI"


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        (SCRIPT, 0.8, 1),
        ("startup_route { exit; }", 0.8, 1),
        ('loadmodule "tm.so"\n', 0.5, 0.5),
        ("route[x]{ drop; }", 0.4, 0.4),
        ('xlog("x\\n");', 0.2, 0.2),
        (INI, 0, 0),
        ("", 0, 0),
    ],
)
def test_how_sure_it_is(text: str, least: float, most: float) -> None:
    assert least <= OpenSipsLexer.analyse_text(text) <= most


def test_imports_nothing_heavy() -> None:
    program = (
        "import sys, evroute_kernel.highlighting.lexer\n"
        "heavy = {'lark', 'lmdb', 'regex', 'ipykernel', 'evroute_kernel.library', 'evroute_kernel.lang'}\n"
        "sys.exit(', '.join(sorted(heavy & set(sys.modules))) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


# -- what it makes of a text ------------------------------------------------------------------------------------------


def test_html_has_the_classes_of_pygments() -> None:
    html = highlight(SCRIPT, OpenSipsLexer(), HtmlFormatter(nowrap=True))
    for css, text in {
        "kd": "event_route",
        "ss": "E_PIKE_BLOCKED",
        "kr": "xlog",
        "ow": "$param(ip)",
        "se": r"\n",
    }.items():
        assert f'<span class="{css}">{text}</span>' in html


@pytest.mark.parametrize("style", [JupyterStyle, get_style_by_name("default")], ids=["nbconvert", "default"])
@pytest.mark.parametrize(
    "name", ["keyword", "kind", "name", "function", "variable", "setting", "transformation", "magic", "option", "key"]
)
def test_what_is_known_has_a_colour(style: type[Style], name: str) -> None:
    """Of exported notebooks too, whose style has none for names; those that nobody knows keep the colour of text."""

    def look(of: str) -> dict[str, object]:
        token = string_to_tokentype(CLASSES[of].pygments)
        while token not in STANDARD_TYPES:  # as formatters do with types of our own
            token = token.parent
        return style.style_for_token(token)

    assert look(name) != look("word")
    assert look("variable") != look("string"), "one in a text is seen to be expanded"


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem)
def test_keeps_every_text(path: Path) -> None:
    for case in read_cases([path]):
        for text in (case.script, case.settings, f"%%raise E_X\n{case.script}"):
            pieces = list(OpenSipsLexer().get_tokens_unprocessed(text))
            assert "".join(piece for _, _, piece in pieces) == text, case.name
            assert [start for start, _, _ in pieces] == offsets([piece for _, _, piece in pieces]), case.name


def offsets(pieces: list[str]) -> list[int]:
    return list(accumulate(map(len, pieces), initial=0))[:-1]


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem)
def test_no_error_in_accepted_programs(path: Path) -> None:
    for case in read_cases([path]):
        if case.expect["accepted"]:
            wrong = [piece for _, token, piece in OpenSipsLexer().get_tokens_unprocessed(case.script) if token in Error]
            assert wrong == [], case.name


#: type of a token of the script's lexer -> classes that its characters may have here
_INSIDE = {"variable", "punctuation", "transformation", "number", "constant", "string", "word", "text"}
ALLOWED = {
    "STRING": _INSIDE | {"escape", "level", "name"},
    "VARIABLE": _INSIDE,
    "NUMBER": {"number", "constant", "name"},
    "ID": {"word", "function", "name"},
    "NULL": {"constant"},
    "IPV4": {"number"},
    "IPV6": {"number"},
    "NETWORK": {"number"},
}
KEYWORDS = {"keyword", "kind", "setting", "function", "operator"}
MARKS = {"operator", "punctuation"}
#: what a text may be that is no token: blanks, comments and what the server drops
BETWEEN = {"text", "word", "comment"}


def allowed(token: Token) -> set[str]:
    return ALLOWED.get(token.type) or (KEYWORDS if token.text[0].isalpha() else MARKS)


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem)
def test_agrees_with_the_lexer_of_the_language(path: Path) -> None:
    for case in read_cases([path]):
        if not case.expect["accepted"]:
            continue
        text = case.script
        classes = [name for line in pygments_classes(text) for name in [*line, "text"]]
        end = 0
        for token in tokens(Expanded(text, [0], [(Source("case.cfg", text), 0)]), "3.6")[0]:
            between = classes[end : token.span.start]
            assert set(between) <= BETWEEN, f"{case.name}: {text[end : token.span.start]!r} is {between}"
            found = set(classes[token.span.start : token.span.end])
            assert found <= allowed(token) | ({"text"} if "\n" in token.text else set()), (
                f"{case.name}: {token} {found}"
            )
            end = token.span.end
