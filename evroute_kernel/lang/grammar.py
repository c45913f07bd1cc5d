"""grammar.lark to the tables that the parser reads: `python -m evroute_kernel.lang.grammar` writes them anew.

The only module that imports lark, and needed only when the grammar has changed: making the tables takes longer than
reading a script of a thousand lines, so that they are kept in a file.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from lark import Lark
from lark.lexer import Lexer
from lark.parsers.lalr_analysis import Shift

from evroute_kernel.lang.tables import STARTS, TABLES

_GRAMMAR: Final = Path(__file__).parent / "grammar.lark"
#: for each state what each token, and each finished rule, leads to
Rows: Final = dict[int, dict[str, tuple[bool, Any]]]


class _NoLexer(Lexer):
    """lark wants a lexer; tokens come from `lexer.Lexer` instead."""

    def __init__(self, lexer_conf: Any) -> None: ...

    def lex(self, lexer_state: Any, parser_state: Any) -> Any:
        return iter(())


class _Named:
    """Stands for the builder: each method is the name of a rule or alias."""

    def __getattr__(self, name: str) -> str:
        return name


def generated() -> str:
    """The text of the file: the same for the same grammar, whatever order lark has worked in."""
    lark = Lark(
        _GRAMMAR.read_text("utf-8"),
        parser="lalr",
        lexer=_NoLexer,
        start=list(STARTS),
        transformer=_Named(),
        keep_all_tokens=True,
        maybe_placeholders=False,
    )
    confs = {start: lark.parse_interactive("", start=start).parser_state.parse_conf for start in STARTS}
    return _Tables(confs).text()


class _Tables:
    def __init__(self, confs: dict[str, Any]) -> None:
        self._rows: dict[int, dict[str, tuple[bool, Any]]] = {}
        self._builders: dict[Any, Any] = {}
        for conf in confs.values():
            self._builders |= conf.callbacks
            for state, row in conf.states.items():
                found = ((str(kind), action is Shift, target) for kind, (action, target) in row.items())
                self._rows[state] = {kind: (shift, target) for kind, shift, target in sorted(found, key=lambda f: f[0])}
        rules = sorted(self._builders, key=str)
        self._rules = {rule: number for number, rule in enumerate(rules)}
        self._numbers = {state: number for number, state in enumerate(self._reached(confs))}
        self._starts = {s: [self._numbers[c.start_state], self._numbers[c.end_state]] for s, c in confs.items()}

    def _reached(self, confs: dict[str, Any]) -> Iterator[int]:
        """Every state once, numbered by the way to it."""
        seen = dict.fromkeys(conf.start_state for conf in confs.values())
        waiting = list(seen)
        for state in waiting:
            yield state
            for shift, target in self._rows[state].values():
                if shift and target not in seen:
                    seen[target] = None
                    waiting.append(target)

    def text(self) -> str:
        rules = [json.dumps(_rule(rule, self._builders[rule])) for rule in self._rules]
        rows = [json.dumps(dict(self._row(state)), separators=(",", ":")) for state in self._numbers]
        parts = (f'"starts": {json.dumps(self._starts)}', _listed("rules", rules), _listed("rows", rows))
        return "{" + ",\n".join(parts) + "}\n"

    def _row(self, state: int) -> Iterator[tuple[str, int]]:
        for kind, (shift, target) in self._rows[state].items():
            yield kind, self._numbers[target] if shift else ~self._rules[target]


def _listed(name: str, lines: list[str]) -> str:
    return f'"{name}": [\n' + ",\n".join(lines) + "]"


def _rule(rule: Any, build: Any) -> list[Any]:
    """Size, name, the builder's method, whether one child stands for itself, and which children that have children of
    their own are replaced by these."""
    spliced: list[int] = []
    single = False
    while isinstance(build, Callable) and hasattr(build, "node_builder"):  # type: ignore[arg-type]
        single |= type(build).__name__ == "ExpandSingleChild"
        spliced += [index for index, splices in getattr(build, "to_include", ()) if splices]
        build = build.node_builder
    name = rule.alias or rule.options.template_source or rule.origin.name
    return [len(rule.expansion), str(rule.origin.name), str(name), single, spliced]


if __name__ == "__main__":
    TABLES.write_text(generated(), "utf-8")
