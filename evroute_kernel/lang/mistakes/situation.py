"""Where the parser stands when a token does not fit, in words that the rules can use."""

from __future__ import annotations

from typing import Any, Final, Protocol

from evroute_kernel.lang.language import Language
from evroute_kernel.lang.lexer import Token
from evroute_kernel.records import dataclass
from evroute_kernel.source import Span


@dataclass(frozen=True, slots=True)
class Mistake:
    """One error, and the repair. Without `feed` and `goto` the parser skips the statement or item.

    `drop` forgets the part read so far, `feed` names token types to put in, `goto` is the position to go on from,
    `remove` the positions of later tokens that belong to the mistake (a closing brace, say), `change` gives tokens at
    some positions another type.
    """

    message: str
    span: Span
    hint: str | None = None
    drop: bool = False
    feed: tuple[str, ...] = ()
    goto: int | None = None
    remove: tuple[int, ...] = ()
    change: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Open:
    """Something begun in the prefix and not ended: `what` it is, and the index of its first value there.

    `what`: condition, expression, call, xlog, log, route, return, exit, for, switch, cases, case, async, error, header.
    """

    what: str
    index: int


_OWNERS: Final = {
    "IF": "condition",
    "WHILE": "condition",
    "ASSERT": "condition",
    "FOR": "for",
    "SWITCH": "switch",
    "XLOG": "xlog",
    "XDBG": "xlog",
    "LOG": "log",
    "ERROR": "error",
    "ROUTE": "route",
    "RETURN": "return",
    "EXIT": "exit",
    "DROP": "exit",
    "ID": "call",
    "ASYNC": "async",
    "LAUNCH": "async",
}
#: how many values of the surroundings the rules see
_NEAR: Final = 8
_CALLED: Final = frozenset({"ID", "XLOG", "XDBG", "LOG", "ERROR", "ROUTE", "ASSERT", "ASYNC", "LAUNCH"})
_ASSIGNMENTS: Final = frozenset({"ASSIGN", "COLON_ASSIGN", "CHANGE"})


class Parser(Protocol):
    """What the rules may ask the parser."""

    scratch: bool
    language: Language

    def accepts(self, *types: str) -> bool:
        """Whether tokens of these types would fit next, one after another."""


class Situation:
    """Where the parser stands: `at` is the position of the token that does not fit, `prefix` what was read of its
    statement, case or item (tokens, and nodes where rules were complete), `outer` the kinds of what stands around that.

    A kind is the type of a token or the class name of a node. `top`: between the items of a file, or inside one that is
    no route body. `outermost`: there, or between the statements of a cell. `in_cases`: where a case begins. `language`
    has the words of the server's version.
    """

    def __init__(
        self, tokens: list[Token], at: int, stack: list[Any], base: int, substitute: str, parser: Parser
    ) -> None:
        self.tokens = tokens
        self.at = at
        self.prefix = stack[base:]
        self.kinds = [_kind(v) for v in self.prefix]
        self.outer = [_kind(v) for v in stack[max(base - _NEAR, 0) : base]]
        self.open = _open(self.kinds)
        self.scratch = parser.scratch
        self.language = parser.language
        self.top = substitute == "BAD_ITEM"
        self.outermost = self.top or (parser.scratch and base <= 1)
        self.in_cases = substitute == "BAD_CASE"
        self.accepts = parser.accepts

    @property
    def token(self) -> Token:
        return self.tokens[self.at]

    @property
    def kind(self) -> str:
        return self.tokens[self.at].type

    def next(self, count: int = 1) -> Token:
        """A token after the one that does not fit; the end when there is none."""
        return self.tokens[min(self.at + count, len(self.tokens) - 1)]

    @property
    def before(self) -> Token | None:
        return self.tokens[self.at - 1] if self.at else None

    @property
    def is_on_another_line(self) -> bool:
        """Whether the token begins a line further down than what stands before it, or ends the text."""
        before, token = self.before, self.token
        if before is None or before.span.source is not token.span.source:
            return False
        return token.type == "$END" or before.span.end_line < token.span.line

    def place_behind(self) -> Span | None:
        """Directly behind what stands before the token; None where that stands in another file."""
        before = self.before
        if before is None or before.span.source is not self.token.span.source:
            return None
        return before.span.source.span(before.span.end, before.span.end)

    @property
    def after(self) -> str:
        """Kind of the last value of the prefix; empty at the start of a statement."""
        return self.kinds[-1] if self.kinds else ""

    @property
    def inside(self) -> str:
        """What the innermost unfinished construct is; empty at the start of a statement."""
        return self.open[-1].what if self.open else ""

    @property
    def inner(self) -> list[str]:
        """Kinds since the innermost unfinished construct began."""
        return self.kinds[self.open[-1].index :] if self.open else self.kinds

    def adjacent(self, first: str, second: str) -> bool:
        """Whether the token is the mark `first` with `second` directly after it."""
        token, follower = self.token, self.next()
        return token.text == first and follower.text == second and follower.span.start == token.span.end

    def mistake(self, message: str, hint: str | None = None, span: Span | None = None, **repair: Any) -> Mistake:
        return Mistake(message, span or self.token.span, hint, **repair)

    def successor(self, kind: str, word: str) -> str | None:
        """What took the place of a word that this version does not have, as `Library.successor` tells it."""
        return self.language.library.successor(kind, word)

    def last_place(self) -> Span:
        """The last token of the text: where what is missing at the end is shown."""
        return self.tokens[max(len(self.tokens) - 2, 0)].span

    def closing(self, position: int) -> int | None:
        """The position of the brace that closes the one at `position`."""
        depth = 0
        for index in range(position, len(self.tokens)):
            depth += {"LBRACE": 1, "RBRACE": -1}.get(self.tokens[index].type, 0)
            if depth == 0:
                return index
        return None

    # -- words ---------------------------------------------------------------------------------------------------------

    def what_before(self) -> str:
        """What was complete before the token: "the call of xlog", "the variable $var(x)", ..."""
        assert self.before is not None
        if self.before.type == "RPAR":
            depth, index = 0, self.at
            while index > 0:
                index -= 1
                depth += {"RPAR": 1, "LPAR": -1}.get(self.tokens[index].type, 0)
                if depth == 0:
                    break
            caller = self.tokens[max(index - 1, 0)]
            if caller.type in _CALLED:
                return f"the call of {caller.text}"
        return describe(self.before)

    def place(self) -> str:
        """Where the token stands: " in a condition", " in the arguments of 'f'"."""
        return f" {_PLACES[self.inside]}" if self.inside in _PLACES else ""

    def unfinished(self) -> str:
        return _NAMES.get(self.inside, "a statement" if not self.top else "the script")

    def missing_hint(self, feed: tuple[str, ...]) -> str | None:
        if feed == ("SEMICOLON",):
            return "every statement ends with ';', also the last one before '}'"
        return None

    def expected_hint(self) -> str | None:
        fitting = [mark for kind, mark in _EXPECTED.items() if self.accepts(kind)]
        return f"expected {_either(fitting)}" if fitting else None


_PLACES: Final = {
    "condition": "in a condition",
    "expression": "in an expression",
    "call": "in the arguments of a call",
    "xlog": "in the arguments of xlog",
    "log": "in the arguments of log",
    "route": "in a call of a route",
    "return": "in return",
    "for": "in the head of for",
    "switch": "in the head of switch",
    "case": "in a case label",
}
_NAMES: Final = {
    "condition": "a condition",
    "expression": "an expression",
    "call": "a call",
    "xlog": "a call of xlog",
    "log": "a call of log",
    "route": "a call of a route",
    "return": "a return",
    "for": "a for",
    "switch": "a switch",
    "cases": "a switch",
    "case": "a case label",
    "header": "the head of a route",
}
#: what may be expected -> how to say it, most telling first
_EXPECTED: Final = {
    "SEMICOLON": "';'",
    "RPAR": "')'",
    "RSQB": "']'",
    "COMMA": "','",
    "COLON": "':'",
    "LPAR": "'('",
    "LSQB": "'['",
    "LBRACE": "'{'",
    "ASSIGN": "'='",
    "IN": "'in'",
    "CASE": "'case'",
    "VARIABLE": "a variable",
    "NUMBER": "a number",
    "STRING": "a text in quotes",
    "RBRACE": "'}'",
}


def _kind(value: Any) -> str:
    return value.type if type(value) is Token else type(value).__name__


def _either(words: list[str], most: int = 4) -> str:
    words = words[:most]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def _open(kinds: list[str]) -> list[Open]:
    """Constructs that a prefix begins and does not end, outermost first."""
    found: list[Open] = []
    for index, kind in enumerate(kinds):
        previous = kinds[index - 1] if index else ""
        if kind == "LPAR":
            what = _OWNERS.get(previous) or (found[-1].what if found else "expression")
            found.append(Open(what, index + 1))
        elif kind == "LSQB":
            found.append(Open("header" if previous.endswith("ROUTE") else "expression", index + 1))
        elif kind == "LBRACE":
            found.append(Open("cases", index + 1))
        elif kind == "CASE":
            found.append(Open("case", index + 1))
        elif kind in _ASSIGNMENTS:
            # an assignment lasts until its bracket closes: the bracket's entry becomes an expression
            found[-1:] = [Open("expression", index + 1)]
        elif found and (kind in ("RPAR", "RSQB", "RBRACE") or (kind == "COLON" and found[-1].what == "case")):
            found.pop()
    return found


def describe(token: Token, *, article: bool = True) -> str:
    """A token in the user's words: "'xlog'", "the variable $var(x)", "the text \"a\"", "the end of the text"."""
    text = token.text if len(token.text) <= 40 else token.text[:37] + "..."
    text = text.replace("\n", " ")
    the = "the " if article else ""
    if token.type == "$END":
        return f"{the}end of the text"
    if token.type == "STRING":
        return f"{the}text {text}"
    if token.type == "VARIABLE":
        return f"{the}variable {text}"
    if token.type == "NUMBER" and text[0].isdigit():
        return f"{the}number {text}"
    return repr(text)
