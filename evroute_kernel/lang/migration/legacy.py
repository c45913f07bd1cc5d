"""What OpenSIPS 2.x wrote otherwise, found in the tokens of a text, and what takes its place.

Only text of the old kind is touched; layout, comments and all other strings stay as they are. The rules:

- `fetch_event_params("ip=$var(ip)")` becomes `$var(ip) = $param(ip);`, in a condition too;
- `event_route[X, async]` and `[X, sync]` lose their mode;
- `loadmodule "event_route.so"` and its parameters go: through 3.5 event routes needed it, 3.6 has them in the core;
- `$avp(s:x)` and `$avp(i:5)` lose their prefix;
- numbers and output variables lose the quotes that functions wanted around every argument.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import Final

from evroute_kernel.lang.lexer import Token, string_value, tokens
from evroute_kernel.lang.preprocess import Expanded
from evroute_kernel.library import everything as _everything  # noqa: F401 - gives every name its behaviour
from evroute_kernel.library import table
from evroute_kernel.records import dataclass
from evroute_kernel.source import Source, Span

#: the version whose text takes the place of what is old
TARGET: Final = "3.6"
FETCH: Final = "fetch_event_params"
OLD_AVP: Final = re.compile(r"(?<=avp\()[si]:")
#: tokens behind which a statement can begin
STATEMENT_ENDS: Final = ("LBRACE", "RBRACE", "SEMICOLON", "COLON")
_NUMBER: Final = re.compile(r"[+-]?[0-9]+")


@dataclass(frozen=True, slots=True)
class Edit:
    """Characters start..end of the text are replaced. `code` is the lint of the same matter; `notes` are for what the
    rewriting cannot know."""

    start: int
    end: int
    text: str
    code: str
    why: str
    notes: tuple[str, ...] = ()
    #: the new text without what its place needs around it
    instead: str | None = None


@dataclass(frozen=True, slots=True)
class Remark:
    """Text that stays and loads, and does otherwise than it did."""

    start: int
    end: int
    code: str
    why: str


@dataclass(frozen=True, slots=True)
class Doubt:
    """Old text that stays, because nothing certain can take its place."""

    start: int
    end: int
    code: str
    why: str


class Code:
    """The tokens of a text, included files left out, and which route each belongs to."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.text = source.text
        self.tokens, _ = tokens(Expanded(source.text, [0], [(source, 0)]), TARGET)

    @cached_property
    def line_break(self) -> str:
        """What ends the lines of the text."""
        return "\r\n" if "\r\n" in self.text else "\n"

    def kind(self, index: int) -> str:
        return self.tokens[index].type if 0 <= index < len(self.tokens) else ""

    def kinds(self, index: int, *wanted: str) -> bool:
        """Whether the tokens from `index` on are of these types."""
        return tuple(self.kind(index + i) for i in range(len(wanted))) == wanted

    def span(self, index: int) -> Span:
        return self.tokens[index].span

    @cached_property
    def events(self) -> list[str | None]:
        """For each token the name of the event route around it; None in other places."""
        found: list[str | None] = []
        depth, name = 0, None
        for index, token in enumerate(self.tokens):
            if depth == 0 and token.text == "event_route" and self.kind(index + 1) == "LSQB":
                word = self.tokens[index + 2] if index + 2 < len(self.tokens) else token
                name = string_value(word)[0] if word.type == "STRING" else word.text
            depth += {"LBRACE": 1, "RBRACE": -1}.get(token.type, 0)
            found.append(name if depth > 0 else None)
            if depth <= 0 and token.type == "RBRACE":
                depth, name = 0, None
        return found

    @cached_property
    def heads(self) -> list[int | None]:
        """For each token the `if` or `while` in whose parentheses it stands, the innermost; None in other places."""
        found: list[int | None] = []
        around: list[int | None] = []
        for index, token in enumerate(self.tokens):
            found.append(around[-1] if around else None)
            if token.type == "LPAR":
                around.append(index - 1 if self.kind(index - 1) in ("IF", "WHILE") else found[-1])
            elif token.type == "RPAR" and around:
                around.pop()
            elif token.type in STATEMENT_ENDS:
                around.clear()
        return found

    def indent(self, position: int) -> tuple[str, bool]:
        """The blanks at the start of a line, and whether nothing else stands before `position` in it."""
        line = self.text[self.text.rfind("\n", 0, position) + 1 : position]
        blanks = line[: len(line) - len(line.lstrip(" \t"))]
        return blanks, blanks == line

    def whole_lines(self, start: int, end: int) -> tuple[int, int]:
        """The same range with its indentation and the blanks or line break after it, where it begins its line."""
        line_start = self.text.rfind("\n", 0, start) + 1
        line_end = self.text.find("\n", end)
        line_end = len(self.text) if line_end < 0 else line_end + 1
        if self.text[line_start:start].strip():
            return start, end
        rest = self.text[end:line_end]
        return line_start, line_end - len(rest.lstrip()) if rest.strip() else line_end


def route_modes(code: Code) -> Iterator[Edit | Remark]:
    """`event_route[X, async]`, and what it means that 3.x knows no other mode."""
    yield from _waited_for(code)
    for index, token in enumerate(code.tokens):
        if token.text != "event_route" or not code.kinds(index + 1, "LSQB") or code.kind(index + 3) != "COMMA":
            continue
        mode = code.tokens[index + 4].text if index + 4 < len(code.tokens) else ""
        if mode in ("async", "sync") and code.kind(index + 5) == "RSQB":
            name = code.tokens[index + 2].text
            why = f"event routes have no mode any more: they always run after what raised the event ({mode} goes)"
            notes = () if mode == "async" else (f"event_route[{name}] {_WAITED_FOR}",)
            yield Edit(code.span(index + 3).start, code.span(index + 5).start, "", "event-route-mode", why, notes)


_WAITED_FOR: Final = "ran before the raising script went on; now it runs after"


def _waited_for(code: Code) -> Iterator[Remark]:
    """The routes without a mode, in a text that is certainly of 2.x: there they were waited for.

    Seen in the sources of 2.1 to 2.4; 3.0 knows no modes.
    """
    headers = [i for i, t in enumerate(code.tokens) if t.text == "event_route" and code.kind(i + 1) == "LSQB"]
    moded = [i for i in headers if code.kind(i + 3) == "COMMA"]
    if not moded and not any(t.type == "ID" and t.text == FETCH for t in code.tokens):
        return
    plain = [i for i in headers if code.kind(i + 3) == "RSQB"]
    if plain:
        names = ", ".join(f"event_route[{code.tokens[i + 2].text}]" for i in plain)
        start, end = code.span(plain[0]).start, code.span(plain[0] + 3).end
        yield Remark(start, end, "event-route-mode", f"{names} {_WAITED_FOR}".replace("it runs", _runs(plain)))


def _runs(routes: list[int]) -> str:
    return "it runs" if len(routes) == 1 else "they run"


def module_lines(code: Code) -> Iterator[Edit]:
    """`loadmodule "event_route.so"` and `modparam("event_route", ...)`."""
    why = "event routes belong to the core since 3.6, which skips the module"
    for index, token in enumerate(code.tokens):
        if token.type == "LOADMODULE" and code.kind(index + 1) == "STRING":
            name = string_value(code.tokens[index + 1])[0].rpartition("/")[2]
            if name in ("event_route.so", "event_route"):
                start, end = code.whole_lines(token.span.start, code.span(index + 1).end)
                yield Edit(start, end, "", "event-route-module", why)
        elif token.type == "MODPARAM" and code.kinds(index + 1, "LPAR", "STRING"):
            closing = next((i for i in range(index, len(code.tokens)) if code.kind(i) == "RPAR"), None)
            if closing is not None and string_value(code.tokens[index + 2])[0] == "event_route":
                start, end = code.whole_lines(token.span.start, code.span(closing).end)
                yield Edit(start, end, "", "event-route-module", why)


def avp_names(code: Code) -> Iterator[Edit]:
    """`$avp(s:x)`, in code and in the text arguments of functions."""
    plain = {t.text for t in code.tokens if t.type == "VARIABLE"}
    for index, token in enumerate(code.tokens):
        argument = token.type == "STRING" and code.kind(index - 1) in ("LPAR", "COMMA", "STRING")
        if token.type != "VARIABLE" and not argument:
            continue
        for found in OLD_AVP.finditer(token.text):
            start = token.span.start + found.start()
            name = token.text[found.end() :].partition(")")[0]
            is_used = f"$avp({name})" in plain
            notes = (f"$avp({name}) is used too: the two are one variable now",) if is_used else ()
            yield Edit(start, start + 2, "", "old-avp-name", "names of AVPs have no type prefix any more", notes)


def quoted_arguments(code: Code) -> Iterator[Edit]:
    """Arguments in quotes where a number or a variable is wanted."""
    for index, token in enumerate(code.tokens):
        if token.type != "ID" or code.kind(index + 1) != "LPAR" or token.text == FETCH:
            continue
        kinds = _parameter_kinds(token.text)
        for argument, kind in zip(arguments(code, index + 2), kinds, strict=False):
            if argument is not None and (bare := unquoted(argument, kind)) is not None:
                what = "a number" if kind == "int" else "a variable"
                why = f"{token.text} takes {what} here, without quotes"
                yield Edit(argument.span.start, argument.span.end, bare, "quoted-argument", why)


def unquoted(argument: Token, kind: str) -> str | None:
    """What stands in the quotes of an argument that has to lose them; None for one that keeps them, or has none."""
    if argument.type != "STRING":
        return None
    bare = argument.text[1:-1].strip()
    if (kind == "int" and _NUMBER.fullmatch(bare)) or (kind in ("int", "var") and is_variable(bare)):
        return OLD_AVP.sub("", bare)
    return None


def _parameter_kinds(name: str) -> list[str]:
    library = table.of(TARGET)
    known = library.functions.get(name) or library.statements.get(name)
    return [p.type for p in known.params] if known else []


def arguments(code: Code, index: int) -> Iterator[Token | None]:
    """The arguments of a call, from after its parenthesis; None for one of several tokens or of none.

    No argument of the language holds a parenthesis of its own.
    """
    if code.kind(index) == "RPAR":
        return
    held = list[Token]()
    for position in range(index, len(code.tokens)):
        token = code.tokens[position]
        if token.type in ("COMMA", "RPAR"):
            yield held[0] if len(held) == 1 else None
            held = []
        else:
            held.append(token)
        if token.type in ("RPAR", "LPAR", "SEMICOLON"):
            return


def is_variable(text: str) -> bool:
    """Whether a text is one variable token and nothing else."""
    found, _ = tokens(Expanded(text, [0], [(Source("text", text), 0)]), TARGET)
    return [t.type for t in found] == ["VARIABLE"] and found[0].text == text
