"""Writes the table as a TextMate grammar, for VS Code and whatever else reads these.

A rule that enters a state becomes a `begin`, the rules that leave this state its `end`. TextMate looks for the leftmost
match where the table takes one at the place at hand; as any character may be text, that is the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from evroute_kernel.highlighting.classes import CLASSES
from evroute_kernel.highlighting.rules import POP, STATES, Rule, expanded, rules_of

SCOPE: Final = "opensips"
_NEVER: Final = "(?!)"
Words = Mapping[str, tuple[str, ...]]
Pattern = dict[str, Any]


def grammar(words: Words) -> dict[str, Any]:
    """The grammar as JSON has it."""
    states = [name for name in STATES if name != "root"]
    return {
        "name": "OpenSIPS",
        "scopeName": f"source.{SCOPE}",
        "comment": "Written by `python -m evroute_kernel.highlighting`: do not edit.",
        "patterns": list(_first_line(words)),
        "repository": {name: {"patterns": list(_patterns(name, words))} for name in states},
    }


def _first_line(words: Words) -> Iterator[Pattern]:
    """The state `root`. Grammars know the first line, but not the first that is not empty: there %% goes unseen."""
    root = STATES["root"]
    for rule in rules_of("root"):
        if rule.next:
            yield {**_pattern(rule, words), "begin": rf"\A{_source(rule, words)}"}
    yield {"include": f"#{root.otherwise}"}


def _patterns(state: str, words: Words) -> Iterator[Pattern]:
    for rule in STATES[state].rules:
        if isinstance(rule, str):
            yield {"include": f"#{rule}"}
        elif rule.next != POP:
            yield _pattern(rule, words)


def _pattern(rule: Rule, words: Words) -> Pattern:
    match = _source(rule, words)
    if rule.next is None:
        return {"match": match, **_named(rule.token)}
    begin = {"begin": match, **_captured("beginCaptures", rule.token)}
    return {**begin, **_end(rule.next, words), "patterns": [{"include": f"#{rule.next}"}]}


def _end(state: str, words: Words) -> Pattern:
    """How a state ends: by a rule that leaves it, with its line, or where none of its rules matches."""
    rules = list(rules_of(state))
    leaving = [rule for rule in rules if rule.next == POP]
    ends = [_source(rule, words) for rule in leaving]
    if STATES[state].line:
        ends.append("$")
    if STATES[state].otherwise == POP:
        ends.append(rf"(?!{'|'.join(_source(rule, words) for rule in rules)})(?=[^\n])")
    tokens = {rule.token for rule in leaving} - {"text"} or {"text"}
    (token,) = tokens
    return {"end": "|".join(ends) or _NEVER, **_captured("endCaptures", token)}


def _source(rule: Rule, words: Words) -> str:
    source = expanded(rule.match, words)
    return f"(?i:{source})" if rule.any_case else source


def _named(token: str) -> dict[str, str]:
    scope = CLASSES[token].textmate
    return {"name": f"{scope}.{SCOPE}"} if scope else {}


def _captured(key: str, token: str) -> Pattern:
    named = _named(token)
    return {key: {"0": named}} if named else {}
