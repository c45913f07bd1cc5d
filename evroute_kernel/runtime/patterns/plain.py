"""Patterns so plain that Python's own engine tells the same of a short text as glibc does, in a sixth of the time.

Whether there is a match at all does not depend on which one an engine prefers. What is left to differ is what a pattern
means, so only what means the same in both is taken: letters, digits, escaped signs, `.`, simple brackets, one
quantifier behind one of these, groups without a quantifier, alternatives, and anchors at their ends. Python's engine
goes back and tries again, so there is a bound on how often it can: the length of the text, and `_MOST`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from math import inf
from typing import Any, Final

#: characters of the texts that are searched so, all of ASCII and none NUL
LONGEST: Final = 128
#: places and lengths that a search may try, about
_MOST: Final = LONGEST**3

#: groups of a pattern: they may stand in each other
_GROUPS: Final = 16

_ATOM: Final = re.compile(
    r"""(?P<literal> [A-Za-z0-9_ @:;,/=&%\#!~"'<>-] | \\[][.()*+?{}|^$\\/@:-] )
      | (?P<any> \. )
      | \[ (?P<not> \^? ) (?P<items> (?: 0-9 | [0-9]-[0-9] | [A-Z]-[A-Z] | [a-z]-[a-z]
          | [A-Za-z0-9_.@:;,/=+*?()|{}$%&!~\#"' ] (?!-[^]]) )+ -? ) \]
    """,
    re.VERBOSE,
)
_RANGE: Final = re.compile("([A-Za-z0-9])-([A-Za-z0-9])")
_QUANTIFIER: Final = re.compile(r"[*+?]|\{([0-9]|[1-5][0-9])(?:(,)([0-9]|[1-5][0-9])?)?\}")
_QUANTIFIES: Final = ("*", "+", "?", "{")


def plain_search(pattern: str, *, icase: bool) -> Callable[[str], Any] | None:
    """Searches a short text of ASCII without NUL, and gives None where nothing matches; None for other patterns."""
    if pattern.count("(") > _GROUPS:
        return None
    try:
        text, tries, end = _alternatives(pattern, 0)
    except _NotPlain:
        return None
    places = 1 if pattern.startswith("^") and "|" not in pattern else LONGEST
    if end < len(pattern) or tries * places > _MOST:
        return None
    return re.compile(text, re.ASCII | re.DOTALL | (re.IGNORECASE if icase else 0)).search


class _NotPlain(Exception):
    pass


def _alternatives(pattern: str, start: int) -> tuple[str, float, int]:
    """The pattern for Python of what stands up to the end of a group, how often it may be tried, and that end."""
    branches: list[str] = []
    all_tries = 0.0
    while True:
        branch, tries, start = _branch(pattern, start)
        branches.append(branch)
        all_tries += tries
        if pattern[start : start + 1] != "|":
            return "|".join(branches), all_tries, start
        start += 1


def _branch(pattern: str, start: int) -> tuple[str, float, int]:
    out, tries, at = [], 1.0, start
    if pattern.startswith("^", at):
        out.append(r"\A")
        at += 1
    begin = at
    while at < len(pattern) and pattern[at] not in "|)$":
        piece, more, at = _group(pattern, at) if pattern[at] == "(" else _quantified(pattern, at)
        out.append(piece)
        tries *= more
    if at == begin:
        raise _NotPlain
    if pattern.startswith("$", at):
        out.append(r"\Z")
        at += 1
    if pattern[at : at + 1] not in ("", "|", ")"):
        raise _NotPlain
    return "".join(out), tries, at


def _group(pattern: str, start: int) -> tuple[str, float, int]:
    inner, tries, end = _alternatives(pattern, start + 1)
    if pattern[end : end + 1] != ")" or pattern.startswith(_QUANTIFIES, end + 1):
        raise _NotPlain
    return f"(?:{inner})", tries, end + 1


def _quantified(pattern: str, start: int) -> tuple[str, float, int]:
    """One atom, and the quantifier behind it."""
    atom = _ATOM.match(pattern, start)
    if atom is None:
        raise _NotPlain
    end = atom.end()
    quantifier = _QUANTIFIER.match(pattern, end)
    if quantifier is not None:
        end = quantifier.end()
    if pattern.startswith(_QUANTIFIES, end):
        raise _NotPlain
    text = atom[0]
    if atom["items"] is not None:
        if any(first > last for first, last in _RANGE.findall(atom["items"])):
            raise _NotPlain
        text = f"[{atom['not']}{re.escape(atom['items']).replace(chr(92) + '-', '-')}]"
    elif len(text) == 1 and atom["any"] is None:
        text = re.escape(text)
    return text + (quantifier[0] if quantifier else ""), _lengths(quantifier), end


def _lengths(quantifier: re.Match[str] | None) -> float:
    """How many lengths a quantified piece may have."""
    if quantifier is None:
        return 1
    if quantifier[0] == "?":
        return 2
    if quantifier[0] in "*+" or (quantifier[2] and not quantifier[3]):
        return LONGEST
    least, most = int(quantifier[1]), int(quantifier[3] or quantifier[1])
    return most - least + 1 if least <= most else inf
