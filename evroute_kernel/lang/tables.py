"""The tables by which a script is parsed, as `grammar` made them of grammar.lark."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache, partial
from operator import itemgetter
from pathlib import Path
from typing import Any, Final

from evroute_kernel.lang.builder import Part, TreeBuilder
from evroute_kernel.records import dataclass

TABLES: Final = Path(__file__).parent / "grammar.json"
#: a file, and a cell of a notebook
STARTS: Final = ("script", "cell")

Build = Callable[[list[Any]], Any]


@dataclass(frozen=True, slots=True, eq=False)
class Reduction:
    """A finished rule: how many symbols it takes from the stack, its name, and what makes its node. Where it `passes`
    its one symbol on, the node is that one."""

    size: int
    rule: str
    build: Build
    passes: bool = False


@dataclass(frozen=True, slots=True)
class Tables:
    """For each state: token type or rule name -> the next state (an int), or the rule that is finished."""

    states: list[dict[str, int | Reduction]]
    start: int
    end: int


def tables(start: str) -> Tables:
    """The tables of one of the `STARTS`, read at the first use."""
    return _all_tables()[start]


@cache
def _all_tables() -> dict[str, Tables]:
    found = json.loads(TABLES.read_text("utf-8"))
    rules = [_reduction(*rule) for rule in found["rules"]]
    rows = [{kind: rules[~to] if to < 0 else to for kind, to in row.items()} for row in found["rows"]]
    return {name: Tables(rows, start, end) for name, (start, end) in found["starts"].items()}


def _reduction(size: int, rule: str, name: str, single: bool, spliced: list[int]) -> Reduction:
    if single and size == 1:
        return Reduction(size, rule, itemgetter(0), passes=True)
    build: Build = getattr(TreeBuilder, name, None) or partial(Part, name)
    if spliced:
        build = partial(_with_spliced, build, frozenset(spliced))
    return Reduction(size, rule, build)


def _with_spliced(build: Build, spliced: frozenset[int], children: list[Any]) -> Any:
    """A repetition's own children in its place. Those of one that comes first grow, which keeps long ones linear."""
    flat: list[Any] = []
    for index, child in enumerate(children):
        if index not in spliced:
            flat.append(child)
        elif flat:
            flat += child.children
        else:
            flat = child.children
    return build(flat)
