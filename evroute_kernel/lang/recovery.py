"""Drives the grammar's tables over the tokens, and repairs what does not fit, so that all errors are told together.

A cell is refused as a whole, so one look at it should show all that is wrong with it, and nothing that is not. A parser
that stops at its first error shows one; one that goes on carelessly shows one and twenty consequences of it. This is
how it is done here.

The automaton. lark makes LALR(1) tables from `grammar.lark`; `Run` drives them itself, because lark's own driver knows
nothing but to stop. `states` is its stack, `values` holds for each state but the first what was read to get there: a
token, or the node that `builder` made when a rule was finished. A token either leads to a next state, or says that a
rule is finished (a `Reduction` takes the rule's symbols from both stacks and puts its node there), or does not fit.
Nothing recurses, so the depth of a script is bounded by `MAX_NESTING` and not by Python's stack.

What does not fit. Before anything is decided, rules that are finished whatever comes are finished (`_settle`), so that
what was read stands on the stack as nodes, which say more than tokens do. `mistakes.explain` is then shown the
situation: tokens, place, stack, and `accepts`, which tries tokens on a copy of the stack. It answers with a `Mistake`,
which is two things: a sentence for people, and a repair. A repair may put tokens in (a missing `;` or `)`), change or
remove some, or drop the construct at hand; a mistake without one leaves it to us to skip.

Repair or skip. A repair is made only if the table accepts what is put in. Else the innermost construct is given up for
which the grammar has a substitute: `BAD` for a statement, `BAD_CASE` for a case label, `BAD_ITEM` for a route or a
setting. The stack is cut back to where a substitute fits (`_innermost`), it is put there, and reading goes on behind
the end of what broke. Ends are looked for in the tokens, not by the grammar, which has nothing to say about them any
more: the `;` or the brace that closes the statement, the `:` of a label, what begins the next route. Of an `if` or
`while` whose condition broke the body is still read. Checks pass over substitutes, so nothing is said about what was
skipped.

Why it ends. Each round either takes a token, or repairs at one; after `_PATIENCE` repairs at the same token it is
skipped. Of those only the first is told: another error at the token is a consequence. After `MAX_ERRORS` the rest is
not read, and `finished` gives what had been.
"""

from __future__ import annotations

from typing import Any, Final

from evroute_kernel.errors import Diagnostic
from evroute_kernel.lang.language import Language
from evroute_kernel.lang.lexer import Token
from evroute_kernel.lang.mistakes import Mistake, Situation, explain, is_header, unbalanced
from evroute_kernel.lang.tables import Reduction, Tables
from evroute_kernel.source import Span

#: brackets, and `if`s without any, that may be open at one place; a limit of this project (the server's is near 3000)
MAX_NESTING: Final = 250
#: operators in one statement; a limit of this project (the server stops evaluating at 100 levels)
MAX_OPERATORS: Final = 500
#: errors told for one text; after so many the rest is not read
MAX_ERRORS: Final = 100

_MAX_STACK: Final = 8 * MAX_NESTING  # the grammar needs up to eight symbols for one level
_DEPTH: Final = {"LPAR": 1, "LSQB": 1, "LBRACE": 1, "RPAR": -1, "RSQB": -1, "RBRACE": -1}
_BRACES: Final = {"LBRACE": 1, "RBRACE": -1}
_OPERATORS: Final = frozenset({"PLUS", "MINUS", "STAR", "SLASH", "PERCENT", "BIT", "TILDE", "AND", "OR", "NOT"})
_ENDS: Final = frozenset({"SEMICOLON", "LBRACE", "RBRACE"})
_COUNTED: Final = _DEPTH.keys() | _OPERATORS | _ENDS
_TEXTS: Final = {"STRING": '""', "NUMBER": "0"}  # of tokens that a repair puts in
#: what stands in place of something skipped: a statement, a case label, a top-level item
_SUBSTITUTES: Final = ("BAD", "BAD_CASE", "BAD_ITEM")
#: repairs tried at one token before it is skipped
_PATIENCE: Final = 4


class Run:
    """One pass over the tokens of one text (the last one `$END`). `cut` tells that the text breaks off before its end:
    what is missing there is not told."""

    def __init__(self, tables: Tables, tokens: list[Token], language: Language, *, scratch: bool, cut: bool) -> None:
        self.table = tables.states
        self.end = tables.end
        self.tokens = tokens
        self.language = language
        self.scratch = scratch
        self.cut = cut
        self.diagnostics: list[Diagnostic] = []
        self.states: list[int] = [tables.start]
        self.values: list[Any] = []
        self.failed_at = -1
        self.tries = 0
        #: the last token that was looked at because another did not fit
        self.farthest = -1
        #: the most symbols that stood on the stack at once
        self.deepest = 0

    def parse(self) -> Any:
        """What the start rule makes of all tokens; None when the rest of the text was given up."""
        position = operators = depth = deepest = 0
        tokens, table, states, values = self.tokens, self.table, self.states, self.values
        action: Any
        while True:
            token = tokens[position]
            kind = token.type
            if kind in _COUNTED:
                depth += _DEPTH.get(kind, 0)
                operators = operators + 1 if kind in _OPERATORS else 0 if kind in _ENDS else operators
                if depth > MAX_NESTING or operators > MAX_OPERATORS:
                    return self._too_deep(token.span, operators > MAX_OPERATORS)
            if len(states) > deepest:
                deepest = self.deepest = len(states)
                if deepest > _MAX_STACK:
                    return self._too_deep(token.span, False)
            action = table[states[-1]].get(kind)
            while action.__class__ is Reduction:  # `feed`, in line: a text has hundreds of thousands of them
                size = action.size
                if action.passes:
                    states[-1] = state = table[states[-2]][action.rule]  # type: ignore[assignment]
                elif size == 1:  # `_reduce`, in line
                    values[-1] = action.build(values[-1:])
                    states[-1] = state = table[states[-2]][action.rule]  # type: ignore[assignment]
                elif size:
                    children = values[-size:]
                    del states[-size:], values[-size:]
                    values.append(action.build(children))
                    state = table[states[-1]][action.rule]
                    states.append(state)  # type: ignore[arg-type]
                else:
                    self._reduce(action)
                    state = states[-1]
                if kind == "$END" and state == self.end:
                    return values[-1]
                action = table[state].get(kind)  # type: ignore[index]
            if action is not None:
                states.append(action)
                values.append(token)
                position += 1
            elif (kind == "$END" and self.cut) or len(self.diagnostics) >= MAX_ERRORS:
                return None
            else:
                self.farthest = max(self.farthest, position)
                position = self._recover(position)
                self.farthest = max(self.farthest, position)

    def finished(self) -> list[Any]:
        """The items that had been read when the rest of the text was given up."""
        return list(self.values[0]) if self.values and type(self.values[0]) is list else []

    def feed(self, token: Token) -> bool:
        """Take one token; False when it does not fit."""
        kind, table, states, values = token.type, self.table, self.states, self.values
        action: Any
        while True:
            action = table[states[-1]].get(kind)
            if action.__class__ is int:
                states.append(action)
                values.append(token)
                return True
            if action is None:
                return False
            if action.passes:
                states[-1] = table[states[-2]][action.rule]  # type: ignore[assignment]
            else:
                self._reduce(action)
            if kind == "$END" and states[-1] == self.end:
                return True

    def _reduce(self, reduction: Reduction) -> None:
        states, values, size = self.states, self.values, reduction.size
        if size == 1:
            values[-1] = reduction.build(values[-1:])
            states[-1] = self.table[states[-2]][reduction.rule]  # type: ignore[assignment]
            return
        if size:
            children = values[-size:]
            del states[-size:], values[-size:]
        else:
            children = []
        values.append(reduction.build(children))
        states.append(self.table[states[-1]][reduction.rule])  # type: ignore[arg-type]

    def _too_deep(self, span: Span, long: bool) -> None:
        if long:
            message = f"this statement is too long: at most {MAX_OPERATORS} operators are possible"
            hint = "compute parts of it into variables first"
        else:
            message = f"nested too deeply: at most {MAX_NESTING} levels of brackets, ifs and loops are possible"
            hint = "move the inner part into a route of its own"
        self.diagnostics.append(Diagnostic("error", "nesting", message, span, hint))

    # -- repairs -------------------------------------------------------------------------------------------------------

    def accepts(self, *types: str) -> bool:
        """Whether tokens of these types would fit next, one after another. Changes nothing."""
        states = list(self.states)
        return all(self._would_take(states, kind) for kind in types)

    def _would_take(self, states: list[int], kind: str) -> bool:
        while True:
            action = self.table[states[-1]].get(kind)
            if action is None:
                return False
            if isinstance(action, int):
                states.append(action)
                return True
            if action.size:
                del states[-action.size :]
            states.append(self.table[states[-1]][action.rule])  # type: ignore[arg-type]
            if kind == "$END" and states[-1] == self.end:
                return True

    def _recover(self, position: int) -> int:
        """Tell what is wrong at a token and make the rest readable; gives the position to go on from."""
        self._settle()
        self.tries = self.tries + 1 if position == self.failed_at else 1
        self.failed_at = position
        at_end = self.tokens[position].type == "$END"
        if self.tries > _PATIENCE:
            return self._skip(position if at_end else position + 1)
        base, substitute = self._innermost(_SUBSTITUTES)
        mistake = explain(Situation(self.tokens, position, self.values, base, substitute, self))
        if self.tries == 1:  # another one at the same token is a consequence of the first
            code = "unfinished" if at_end else "syntax"
            self.diagnostics.append(Diagnostic("error", code, mistake.message, mistake.span, mistake.hint))
        return self._repair(position, mistake, base)

    def _settle(self) -> None:
        """Finish rules that are complete whatever comes, so that what was read stands on the stack as nodes."""
        while True:
            row = self.table[self.states[-1]]
            actions = {action for kind, action in row.items() if kind.isupper()}
            if len(actions) != 1:
                return
            action = actions.pop()
            if isinstance(action, int) or not action.size:
                return
            self._reduce(action)

    def _repair(self, position: int, mistake: Mistake, base: int) -> int:
        if mistake.drop:
            self._drop(base)
        if (mistake.goto is None and not mistake.feed) or not self.accepts(*mistake.feed):
            return self._skip(position)
        for kind in mistake.feed:
            self._put(kind, position)
        for index, kind in mistake.change:
            old = self.tokens[index]
            self.tokens[index] = Token(kind, old.text, old.span)
        for index in mistake.remove:
            del self.tokens[index]
        return position if mistake.goto is None else mistake.goto

    def _innermost(self, substitutes: tuple[str, ...]) -> tuple[int, str]:
        """The nearest place on the stack where a substitute fits: its index among the values, and the substitute."""
        for index in range(len(self.states) - 1, -1, -1):
            row = self.table[self.states[index]]
            for substitute in substitutes:
                if isinstance(row.get(substitute), int):
                    return index, substitute
        raise AssertionError("every start accepts a substitute")

    def _drop(self, base: int) -> list[Any]:
        dropped = self.values[base:]
        del self.states[base + 1 :], self.values[base:]
        return dropped

    def _put(self, kind: str, position: int) -> None:
        self.feed(Token(kind, _TEXTS.get(kind, ""), self.tokens[position].span))

    # -- skipping ------------------------------------------------------------------------------------------------------

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
        return self._skip_statement(position)

    def _skip_statement(self, position: int) -> int:
        base, substitute = self._innermost(("BAD",))
        dropped = [v.type for v in self._drop(base) if type(v) is Token]
        close = self._head_end(position, dropped)
        if close is not None:
            for kind in (dropped[0], "LPAR", "NUMBER"):
                self._put(kind, position)
            return close
        self._put(substitute, position)
        return self._statement_end(position, sum(_BRACES.get(kind, 0) for kind in dropped))

    def _colon(self, position: int) -> int | None:
        """The end of a case label."""
        for index in range(position, len(self.tokens)):
            kind = self.tokens[index].type
            if kind == "COLON":
                return index
            if kind in _ENDS:
                break
        return None

    def _head_end(self, position: int, dropped: list[str]) -> int | None:
        """The `)` that ends the head of a dropped if or while: its body can still be read."""
        if dropped[:2] not in (["IF", "LPAR"], ["WHILE", "LPAR"]):
            return None
        depth = dropped.count("LPAR") - dropped.count("RPAR")
        while depth:
            kind = self.tokens[position].type
            if kind in _ENDS or kind == "$END":
                return None
            depth += {"LPAR": 1, "RPAR": -1}.get(kind, 0)
            position += 1
        return position - 1

    def _statement_end(self, position: int, depth: int) -> int:
        """The position after the statement's `;` or closing brace, or of the brace that closes the block around it.

        An `else` there belonged to the statement: it goes with it, its body is read.
        """
        while True:
            kind = self.tokens[position].type
            if kind == "$END" or self._route_begins(position) or (kind == "RBRACE" and depth == 0):
                return position
            position += 1
            depth += _BRACES.get(kind, 0)
            if depth == 0 and kind in ("SEMICOLON", "RBRACE"):
                return position + (self.tokens[position].type == "ELSE")

    def _skip_item(self, position: int) -> int:
        """Forget the item at hand and go on at the next one."""
        base, substitute = self._innermost(("BAD_ITEM",))
        self._drop(base)
        self._put(substitute, position)
        while not item_begins(self.tokens, position) and self.tokens[position].type != "$END":
            position += 1
        return position

    def _route_begins(self, position: int) -> bool:
        """Whether a new route begins, so that the one at hand was not closed; a nested one is no beginning."""
        return is_header(self.tokens, position) and unbalanced(self.tokens)


def item_begins(tokens: list[Token], position: int) -> bool:
    """Whether a route or a setting begins at a token, going by the words alone. The last token is `$END`."""
    kind = tokens[position].type
    if kind.startswith("SET_"):
        return tokens[position + 1].type == "ASSIGN"
    return kind in ("LOADMODULE", "MODPARAM") or is_header(tokens, position)
