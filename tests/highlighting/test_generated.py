"""The generated files are current, and hold every name there is."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from evroute_kernel import __version__
from evroute_kernel.errors import Diagnostic
from evroute_kernel.highlighting.__main__ import main
from evroute_kernel.highlighting.classes import CLASSES
from evroute_kernel.highlighting.files import generated_files
from evroute_kernel.highlighting.generated import WORDS
from evroute_kernel.highlighting.javascript import with_tables
from evroute_kernel.highlighting.rules import POP, STATES, Rule, expanded, rules_of
from evroute_kernel.kernel.kernelspec import resources
from evroute_kernel.kernel.magics import everything as _magics  # noqa: F401
from evroute_kernel.kernel.magics.declaration import MAGICS
from evroute_kernel.lang import language
from evroute_kernel.lang.parser import parse
from evroute_kernel.library import everything as _everything  # noqa: F401
from evroute_kernel.library import table
from evroute_kernel.source import Source
from support.colours import CLONE, GRAMMAR, browser

LIBRARY = table.of("3.6")

FILES = generated_files(CLONE)
VSCODE = CLONE / "editors" / "vscode"
ALL_RULES = [(name, rule) for name, state in STATES.items() for rule in state.rules if isinstance(rule, Rule)]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_current(path: Path) -> None:
    found = path.read_text(encoding="utf-8")
    assert found == FILES[path], f"{path.name} is out of date: run python -m evroute_kernel.highlighting"


# -- the words --------------------------------------------------------------------------------------------------------


def matches(name: str, word: str) -> bool:
    return re.fullmatch("|".join(WORDS[name]), word) is not None


def test_every_function_variable_and_transformation() -> None:
    assert all(matches("functions", name) for name in LIBRARY.functions)
    assert all(matches("variables", name) for name in LIBRARY.variables)
    assert all(matches("transformations", name) for name in LIBRARY.transformations)
    assert matches("transformations", "nameaddr.2.uri")
    assert matches("transformations", "ip.matched")
    assert not matches("functions", "cache_stor")


def test_every_keyword_of_the_lexer_once() -> None:
    lists = ("kinds", "keywords", "deferring", "constants", "operators", "settings", "literal_functions")
    words = [word for name in lists for word in WORDS[name]]
    assert len(words) == len(set(words))
    assert set(language.of("3.6").keywords) <= {*words, *WORDS["functions"]}
    assert set(language.of("4.0").settings) <= {*words}


def test_every_magic() -> None:
    assert set(WORDS["magics"]) == set(MAGICS)
    assert set(WORDS["body_magics"]) == {name for name, magic in MAGICS.items() if magic.body is not None}
    named = {name for name, magic in MAGICS.items() if re.match(r"%\w+ \[?(?:NAME|EVENT)\b(?!=)", magic.usage)}
    assert set(WORDS["name_magics"]) == named
    assert (
        set(WORDS["json_magics"])
        == {name for name, magic in MAGICS.items() if magic.body == "json"}
        == {"compare", "raise"}
    )
    assert set(WORDS["expression_magics"]) == {"assert"}
    assert set(WORDS["shell_magics"]) == {
        name for name, magic in MAGICS.items() if magic.usage.startswith(f"%{name} COMMAND")
    }
    assert set(WORDS["around_magics"]) == {name for name, magic in MAGICS.items() if magic.is_around} == {"time"}


@pytest.mark.parametrize("level", WORDS["levels"])
def test_every_level_is_one(level: str) -> None:
    def errors(text: str) -> list[Diagnostic]:
        return [d for d in parse(Source("x", text), version="3.6")[1] if d.severity == "error"]

    assert errors(f'event_route[E_X] {{ xlog("{level}", "x"); }}') == []


# -- the rules --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("state", "rule"), ALL_RULES, ids=lambda item: getattr(item, "match", item))
def test_patterns_mean_the_same_everywhere(state: str, rule: Rule) -> None:
    outside = re.sub(r"\[(?:\\.|[^\]\\])*\]", "x", rule.match)
    unlike = re.search(r"(?<!\\)\.|\\[A-Zabdsw0-9]|\(\?<|[*+?}]\+", outside)
    assert unlike is None, f"{unlike[0]!r} in {rule.match!r}"
    source = expanded(rule.match, WORDS)
    re.compile(source)
    assert browser().eval(f"new RegExp({json.dumps(source)}, 'uy').source.length > 0")


def test_states_and_classes_exist() -> None:
    for _, rule in ALL_RULES:
        assert rule.token in CLASSES
        assert rule.next is None or rule.next == POP or rule.next in STATES
    entered = {rule.next for _, rule in ALL_RULES} | {state.otherwise for state in STATES.values()}
    included = {item for state in STATES.values() for item in state.rules if isinstance(item, str)}
    assert set(STATES) - entered - included == {"root"}


def test_what_matches_nothing_leads_elsewhere() -> None:
    """Or no tokenizer would ever end."""
    for name in STATES:
        for rule in rules_of(name):
            if rule.match.startswith("(?="):
                assert rule.next is not None


# -- VS Code ----------------------------------------------------------------------------------------------------------


def test_the_package_of_vscode() -> None:
    contributes = json.loads((VSCODE / "package.json").read_text(encoding="utf-8"))["contributes"]
    (language,), (grammar,) = contributes["languages"], contributes["grammars"]
    kernelspec = json.loads((resources() / "kernel.json").read_text(encoding="utf-8"))
    assert language["id"] == grammar["language"] == kernelspec["language"]
    assert (VSCODE / grammar["path"]).samefile(GRAMMAR)
    configuration = json.loads((VSCODE / language["configuration"]).read_text(encoding="utf-8"))
    assert configuration["comments"] == {"lineComment": "#", "blockComment": ["/*", "*/"]}
    for pattern in configuration["indentationRules"].values():
        re.compile(pattern)


def test_the_grammar() -> None:
    grammar = json.loads(GRAMMAR.read_text(encoding="utf-8"))
    assert grammar["scopeName"] == "source.opensips"
    scopes = {f"{known.textmate}.opensips" for known in CLASSES.values()}
    for rule in patterns(grammar)[1:]:
        if "include" in rule:
            assert rule["include"][1:] in grammar["repository"]
        assert not ("begin" in rule and "match" in rule)
        for key in ("match", "begin", "end"):
            re.compile(rule.get(key, ""))
        captures = [rule.get(key, {}).get("0", {}) for key in ("beginCaptures", "endCaptures")]
        names = {item["name"] for item in (rule, *captures) if "name" in item}
        assert names <= scopes


def patterns(rule: dict) -> list[dict]:
    """A rule of a grammar with all rules below it."""
    below = [*rule.get("patterns", []), *rule.get("repository", {}).values()]
    return [rule, *(inner for item in below for inner in patterns(item))]


# -- writing them -----------------------------------------------------------------------------------------------------


def test_writes_what_is_out_of_date(tmp_path: Path) -> None:
    for path in FILES:
        copy = tmp_path / path.relative_to(CLONE)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(
            path.read_text(encoding="utf-8").replace("xlog", "").replace(__version__, "0"), encoding="utf-8"
        )
    main(tmp_path)
    assert {path: (tmp_path / path.relative_to(CLONE)).read_text(encoding="utf-8") for path in FILES} == FILES


def test_without_a_clone(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="is no clone of the project"):
        main(tmp_path)


def test_a_script_without_markers() -> None:
    with pytest.raises(ValueError, match="no lines"):
        with_tables("(() => {})();", {})
