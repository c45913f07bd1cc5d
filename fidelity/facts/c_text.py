"""As much of C as the tables of a module need: tokens, macros that stand for a value, braced initialisers.

No compiler is run. Of conditional text both branches are read, except what stands in `#if 0`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

_SKIPPED: Final = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
_NEVER: Final = re.compile(r"^[ \t]*#[ \t]*if[ \t]+0\b.*?^[ \t]*#[ \t]*(?:endif|else|elif)", re.DOTALL | re.MULTILINE)
_DEFINE: Final = re.compile(r"^[ \t]*#[ \t]*define[ \t]+(\w+)[ \t]+((?:[^\n\\]|\\.|\\\n)+)", re.MULTILINE)
_DIRECTIVE: Final = re.compile(r"^[ \t]*#(?:[^\n\\]|\\.|\\\n)*", re.MULTILINE)
_TOKEN: Final = re.compile(r'"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\'|\w+|[^\s\w]')
_TABLE: Final = r"\b{type}\s+(?P<name>\w+)\s*\[[^\]]*\]\s*=\s*{{"
#: macros in macros, this deep
DEPTH: Final = 8


@dataclass(frozen=True, slots=True)
class Braced:
    """`{a, b, {c}}`."""

    items: tuple[list[str] | Braced, ...]

    def tokens(self, index: int) -> list[str]:
        """Field number `index` as tokens; none where it is braced or missing."""
        found = self.items[index] if index < len(self.items) else []
        return [] if isinstance(found, Braced) else found


@dataclass(frozen=True, slots=True)
class Table:
    """An array of structures: `line` on which it begins."""

    name: str
    line: int
    rows: tuple[Braced, ...]


def stripped(text: str) -> str:
    """Without comments and `#if 0`; strings stay, lines keep their numbers."""
    parts, position = [], 0
    for found in re.finditer(r'"(?:[^"\\\n]|\\.)*"|' + _SKIPPED.pattern, text, re.DOTALL):
        if not found[0].startswith('"'):
            parts += [text[position : found.start()], " " + "\n" * found[0].count("\n")]
            position = found.end()
    clean = "".join([*parts, text[position:]])
    return _NEVER.sub(lambda dead: "\n" * dead[0].count("\n"), clean)


def macros(text: str) -> dict[str, str]:
    """Macros without parameters, by name, of a text that is stripped."""
    return {name: value.replace("\\\n", " ").strip() for name, value in _DEFINE.findall(text)}


def tables(text: str, type: str, known: Mapping[str, str]) -> Iterator[Table]:
    """The arrays of a type in a text that is stripped; macros in them are replaced."""
    for found in re.finditer(_TABLE.format(type=type), text):
        inside = _DIRECTIVE.sub("", text[found.end() - 1 : _end(text, found.end() - 1)])
        rows = _braced(list(expanded(inside, known)))
        braced = tuple(row for row in rows.items if isinstance(row, Braced))
        yield Table(found["name"], text.count("\n", 0, found.start()) + 1, braced)


def _end(text: str, opening: int) -> int:
    """The position after the brace that closes the one at `opening`."""
    depth = 0
    for found in re.compile(r'"(?:[^"\\\n]|\\.)*"|[{}]').finditer(text, opening):
        depth += {"{": 1, "}": -1}.get(found[0], 0)
        if depth == 0:
            return found.end()
    return len(text)


def body(text: str, function: str) -> str:
    """The body of a function, empty where there is none."""
    found = re.search(rf"\b{function}\s*\([^;{{}}]*\)\s*\{{", text)
    return text[found.end() - 1 : _end(text, found.end() - 1)] if found else ""


def expanded(text: str, known: Mapping[str, str], depth: int = DEPTH) -> Iterator[str]:
    for token in _TOKEN.findall(text):
        if token in known and depth:
            yield from expanded(known[token], known, depth - 1)
        else:
            yield token


def _braced(tokens: list[str]) -> Braced:
    """The initialiser that a list of tokens is; the first is its brace."""
    items: list[list[str] | Braced] = [[]]
    parentheses, position = 0, 1
    while position < len(tokens):
        token = tokens[position]
        if token == "{":
            stop = _closing(tokens, position)
            items[-1] = _braced(tokens[position : stop + 1])
            position = stop
        elif token == "}":
            break
        elif token == "," and not parentheses:
            items.append([])
        else:
            parentheses += {"(": 1, ")": -1}.get(token, 0)
            last = items[-1]
            if isinstance(last, list):
                last.append(token)
        position += 1
    return Braced(tuple(items))


def _closing(tokens: list[str], opening: int) -> int:
    depth = 0
    for position in range(opening, len(tokens)):
        depth += {"{": 1, "}": -1}.get(tokens[position], 0)
        if depth == 0:
            return position
    return len(tokens) - 1


def text_of(item: list[str] | Braced) -> str | None:
    """The text that an item holds: `"x"`, `str_init("x")`, `{"x", 1}`; None where there is none."""
    if isinstance(item, Braced):
        return text_of(item.items[0]) if item.items else None
    texts = [token[1:-1] for token in item if token.startswith('"')]
    if not texts or "sizeof" in item[: item.index(f'"{texts[0]}"')]:
        return None
    return "".join(texts)
