"""Script text to nodes, with every syntax error of the text. The only module that imports lark.

lark builds the LALR tables from grammar.lark; this module drives them token by token, so that it can repair: a missing
`;` or `)` is put in, a token too many is left out, and where neither helps the statement (or the top-level item) is
skipped up to its end. Reading goes on after each repair, so all errors are reported together, one for each mistake.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Final

from lark import Lark
from lark.exceptions import UnexpectedToken
from lark.lexer import Lexer
from lark.parsers.lalr_analysis import Shift

from evroute_kernel.errors import Diagnostic
from evroute_kernel.lang import nodes
from evroute_kernel.lang.builder import Part, TreeBuilder
from evroute_kernel.lang.lexer import Token, tokens
from evroute_kernel.lang.mistakes import Situation, explain, is_header, unbalanced
from evroute_kernel.lang.placement import misplaced
from evroute_kernel.lang.preprocess import expand
from evroute_kernel.source import Source, Span

#: brackets, and `if`s and `!`s without any, that may be open at one place; a limit of this project (the server: ~1000)
MAX_NESTING: Final = 250
#: operators in one statement; a limit of this project (the server stops evaluating at 100 levels)
MAX_OPERATORS: Final = 500
#: errors reported for one text; after so many the rest is not read
MAX_ERRORS: Final = 100

_MAX_STACK: Final = 8 * MAX_NESTING  # the grammar needs up to eight symbols for one level
_OPERATORS: Final = frozenset({"PLUS", "MINUS", "STAR", "SLASH", "PERCENT", "BIT", "AND", "OR"})
_ENDS: Final = frozenset({"SEMICOLON", "LBRACE", "RBRACE"})
_TEXTS: Final = {"STRING": '""', "NUMBER": "0"}  # of tokens that a repair puts in
#: what recovery feeds in place of what it skips, innermost first
_SUBSTITUTES: Final = ("BAD", "BAD_CASE", "BAD_ITEM")


class _NoLexer(Lexer):
    """lark wants a lexer; the parser is fed by hand instead."""

    def __init__(self, lexer_conf: Any) -> None: ...

    def lex(self, lexer_state: Any, parser_state: Any) -> Any:
        return iter(())


@cache
def grammar() -> Lark:
    """The tables, built at the first use (about 0.15 s)."""
    return Lark(
        (Path(__file__).parent / "grammar.lark").read_text("utf-8"),
        parser="lalr",
        lexer=_NoLexer,
        start=["script", "cell"],
        transformer=TreeBuilder,
        tree_class=Part,
        keep_all_tokens=True,
        maybe_placeholders=False,
    )


def parse(source: Source, *, scratch: bool = False, base: Path | None = None) -> tuple[nodes.Script, list[Diagnostic]]:
    """The script of a text and all its syntax errors, in the order of the text; never raises for bad text.

    What an error spoils is left out of the script. With `scratch` the text is a notebook cell: statements may stand
    between the top-level items, and an expression without `;` may come last (`Script.scratch` ends with a Display).
    `base` is the folder of relative include_file paths; without it, the folder of `source.path`.
    """
    expanded, diagnostics = expand(source, base)
    found, lexical = tokens(expanded)
    end = expanded.span(len(expanded.text), len(expanded.text))
    run = Run([*found, Token("$END", "", end)], scratch)
    # an unclosed string, comment or variable swallows the rest, so what is missing at the end is no mistake of its own
    run.cut = any(d.code.startswith("unclosed") for d in lexical)
    items, display = run.parse()
    script = _script(source, items, display)
    diagnostics += lexical + run.diagnostics + misplaced(script)
    diagnostics.sort(key=lambda d: _order(d, source))
    return script, diagnostics


def _order(diagnostic: Diagnostic, source: Source) -> tuple[int, int]:
    span = diagnostic.span
    assert span is not None
    return (0 if span.source is source else 1), span.start


def _script(source: Source, items: list[Any], display: nodes.Expression | None) -> nodes.Script:
    top: list[nodes.TopLevel] = []
    scratch: list[nodes.Statement | nodes.Display] = []
    for item in items:
        if isinstance(item, (nodes.Route, nodes.Global, nodes.LoadModule, nodes.ModParam)):
            top.append(item)
        elif type(item) is not Token:  # a token is an empty statement, or one that was skipped
            scratch.append(item)
    if display is not None:
        scratch.append(nodes.Display(display, span=display.span))
    return nodes.Script(tuple(top), tuple(scratch), span=source.span(0, len(source.text)))


class Run:
    """One pass over the tokens of one text (the last one `$END`)."""

    def __init__(self, found: list[Token], scratch: bool) -> None:
        self.tokens = found
        self.scratch = scratch
        self.diagnostics: list[Diagnostic] = []
        self.cut = False
        self.state: Any = grammar().parse_interactive("", start="cell" if scratch else "script").parser_state
        self.table: dict[Any, dict[str, Any]] = self.state.parse_conf.states

    def parse(self) -> tuple[list[Any], nodes.Expression | None]:
        """Feed all tokens, repairing what does not fit; gives the top-level items and a cell's last expression."""
        feed, stack = self.state.feed_token, self.state.state_stack
        position = operators = 0
        while True:
            token = self.tokens[position]
            if token.type in _OPERATORS:
                operators += 1
            elif token.type in _ENDS:
                operators = 0
            if len(stack) > _MAX_STACK or operators > MAX_OPERATORS:
                self._too_deep(token.span, operators > MAX_OPERATORS)
                return [], None
            at_end = token.type == "$END"
            try:
                result = feed(token, at_end)
            except UnexpectedToken:
                if (at_end and self.cut) or len(self.diagnostics) >= MAX_ERRORS:
                    return [], None
                position = self._recover(position)
            else:
                if at_end:
                    return result  # type: ignore[no-any-return]
                position += 1

    def _too_deep(self, span: Span, long: bool) -> None:
        if long:
            message = f"this statement is too long: more than {MAX_OPERATORS} operators"
            hint = "compute parts of it into variables first"
        else:
            message = f"nested too deeply: more than {MAX_NESTING} levels are open here"
            hint = "move the inner part into a route of its own, or join the conditions with 'and'"
        self.diagnostics.append(Diagnostic("error", "nesting", message, span, hint))

    # -- recovery ------------------------------------------------------------------------------------------------------

    def accepts(self, *types: str) -> bool:
        """Whether these tokens would fit next, one after another. Changes nothing."""
        stack = list(self.state.state_stack)
        return all(self._shifts(stack, kind) for kind in types)

    def _shifts(self, stack: list[Any], kind: str) -> bool:
        while kind in self.table[stack[-1]]:
            action, argument = self.table[stack[-1]][kind]
            if action is Shift:
                stack.append(argument)
                return True
            if argument.expansion:
                del stack[-len(argument.expansion) :]
            stack.append(self.table[stack[-1]][argument.origin.name][1])
            if kind == "$END" and stack[-1] == self.state.parse_conf.end_state:
                return True
        return False

    def _recover(self, position: int) -> int:
        """Report what is wrong at a token and make the rest readable; gives the position to go on from."""
        base, substitute = self._innermost(_SUBSTITUTES)
        prefix = self.state.value_stack[base:]
        top = substitute == "BAD_ITEM" or (self.scratch and base <= 1)
        mistake = explain(Situation(self.tokens, position, prefix, self.accepts, self.scratch, top))
        self.diagnostics.append(Diagnostic("error", "syntax", mistake.message, mistake.span, mistake.hint))
        if mistake.drop:
            self._drop(base)
        for kind in mistake.feed:
            self._put(kind, position)
        for removed in mistake.remove:
            del self.tokens[removed]
        if mistake.goto is None and not mistake.feed:
            return self._skip(position)
        return position if mistake.goto is None else mistake.goto

    def _innermost(self, substitutes: tuple[str, ...]) -> tuple[int, str]:
        """The nearest place on the stack where a substitute fits: its index in the value stack, and the substitute."""
        states = self.state.state_stack
        for index in range(len(states) - 1, -1, -1):
            for substitute in substitutes:
                action, _ = self.table[states[index]].get(substitute, (None, None))
                if action is Shift:
                    return index, substitute
        raise AssertionError("every start accepts a substitute")

    def _drop(self, base: int) -> list[Any]:
        dropped: list[Any] = self.state.value_stack[base:]
        del self.state.state_stack[base + 1 :]
        del self.state.value_stack[base:]
        return dropped

    def _put(self, substitute: str, position: int) -> None:
        self.state.feed_token(Token(substitute, _TEXTS.get(substitute, ""), self.tokens[position].span))

    def _skip(self, position: int) -> int:
        """Drop the construct that broke, up to its end, and put a substitute in its place."""
        base, substitute = self._innermost(_SUBSTITUTES)
        if substitute == "BAD_CASE":
            colon = self._colon(position)
            if colon is not None:
                self._drop(base)
                self._put(substitute, position)
                return colon
        if substitute == "BAD_ITEM" or self._route_begins(position) or self.tokens[position].type == "$END":
            return self._skip_item(position)
        base, substitute = self._innermost(("BAD",))
        dropped = self._drop(base)
        close = self._head_end(position, dropped)
        if close is not None:
            for kind in (dropped[0].type, "LPAR", "NUMBER"):
                self._put(kind, position)
            return close
        self._put(substitute, position)
        return self._statement_end(position, _unclosed(dropped))

    def _head_end(self, position: int, dropped: list[Any]) -> int | None:
        """The `)` that ends the head of a dropped if or while: its body can still be read."""
        kinds = [v.type for v in dropped if type(v) is Token]
        if kinds[:2] not in (["IF", "LPAR"], ["WHILE", "LPAR"]):
            return None
        depth = kinds.count("LPAR") - kinds.count("RPAR")
        while depth:
            kind = self.tokens[position].type
            if kind in _ENDS or kind == "$END":
                return None
            depth += {"LPAR": 1, "RPAR": -1}.get(kind, 0)
            position += 1
        return position - 1

    def _colon(self, position: int) -> int | None:
        """The end of a case label."""
        for index in range(position, len(self.tokens)):
            kind = self.tokens[index].type
            if kind == "COLON":
                return index
            if kind in _ENDS or kind == "$END":
                return None
        return None

    def _statement_end(self, position: int, depth: int) -> int:
        """The position after the statement's `;` or closing brace, or of the brace that closes the block around it."""
        while True:
            kind = self.tokens[position].type
            if kind == "$END" or self._route_begins(position) or (kind == "RBRACE" and depth == 0):
                return position
            position += 1
            depth += {"LBRACE": 1, "RBRACE": -1}.get(kind, 0)
            if depth == 0 and (kind == "SEMICOLON" or (kind == "RBRACE" and self.tokens[position].type != "ELSE")):
                return position

    def _skip_item(self, position: int) -> int:
        """Forget the item at hand and go on at the next one."""
        base, substitute = self._innermost(("BAD_ITEM",))
        depth = _unclosed(self._drop(base))
        self._put(substitute, position)
        while not self._item_begins(position) and self.tokens[position].type != "$END":
            depth = max(0, depth + {"LBRACE": 1, "RBRACE": -1}.get(self.tokens[position].type, 0))
            position += 1
        return position

    def _item_begins(self, position: int) -> bool:
        token = self.tokens[position]
        if token.type.startswith("SET_"):
            return self.tokens[position + 1].type == "ASSIGN"
        return token.type in ("LOADMODULE", "MODPARAM") or is_header(self.tokens, position)

    def _route_begins(self, position: int) -> bool:
        """Whether a new route begins, so that the one at hand was not closed; a nested one is no beginning."""
        return is_header(self.tokens, position) and (self.tokens[position].type != "ROUTE" or unbalanced(self.tokens))


def _unclosed(values: list[Any]) -> int:
    """Braces that a dropped part opened and did not close."""
    kinds = [v.type for v in values if type(v) is Token]
    return kinds.count("LBRACE") - kinds.count("RBRACE")
