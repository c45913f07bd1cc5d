"""Statements of module sqlops from JSON: columns, filters, values. Names and operators are taken as they stand.

`["a", "b"]` names columns. `[{"a": 1}, {"b": {">": 2}}]` is a filter, all of which must hold, and without operators a
list of values to be stored. Of an object the first member alone counts. What stands in a name or an operator becomes
part of the statement, so neither may come from outside; texts are quoted.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, Final

from evroute_kernel.library.formats import json_merge_patch
from evroute_kernel.library.sql.types import SqlError
from evroute_kernel.records import dataclass
from evroute_kernel.runtime.control import ScriptCrash
from evroute_kernel.runtime.values import INT_MAX, INT_MIN

EQUAL: Final = "="


@dataclass(frozen=True, slots=True)
class Pair:
    """A column and what it is compared with or set to; `value` is SQL."""

    column: str
    operator: str
    value: str

    def __str__(self) -> str:
        return f"{self.column}{self.operator}{self.value}"


def quoted(text: str) -> str:
    """A text as SQL; it ends at its first NUL."""
    return "'" + text.partition("\0")[0].replace("'", "''") + "'"


def equal(column: str, text: str) -> Pair:
    """A column that holds a text."""
    return Pair(column, EQUAL, quoted(text))


# -- JSON -------------------------------------------------------------------------------------------------------------


def columns(text: str) -> list[str]:
    """Names from `["a", "b"]`. Raises SqlError."""
    found = _array(text, "columns")
    for node in found:
        if not isinstance(node, str):
            raise SqlError(f'a column is named by a text, not by {_described(node)}: expected ["name", ...]')
    if not found:
        raise SqlError("the list of columns is empty; leave it out for all of them")
    return [_name(name) for name in found]


def conditions(text: str) -> list[Pair]:
    """A filter from `[{"a": 1}, {"b": {">": 2}}]`; it may be empty. Raises SqlError."""
    return [_pair(node) for node in _objects(text, "filter")]


def values(text: str) -> list[Pair]:
    """What is to be stored, from `[{"a": 1}, {"b": "x"}]`. Raises SqlError."""
    pairs = []
    for node in _objects(text, "columns"):
        if isinstance(node[0][1], json_merge_patch.Object):
            raise SqlError(f"the column {node[0][0]!r} has an operator; a value to be stored takes none")
        pairs.append(_pair(node))
    if not pairs:
        raise SqlError("there is no column to be stored")
    return pairs


def _array(text: str, what: str) -> list[Any]:
    try:
        node = json_merge_patch.parse(text, f"the text of the {what}")
    except json_merge_patch.PatchError as error:
        raise SqlError(str(error)) from None
    if isinstance(node, json_merge_patch.Object) or not isinstance(node, list):
        raise SqlError(f"the {what} must be an array, not {_described(node)}")
    return node


def _objects(text: str, what: str) -> list[json_merge_patch.Object]:
    found = _array(text, what)
    for node in found:
        if not isinstance(node, json_merge_patch.Object):
            raise SqlError(f'the {what} hold {_described(node)}: expected [{{"name": value}}, ...]')
        _must_not_be_empty(node)
    return found


def _must_not_be_empty(node: json_merge_patch.Object) -> None:
    if not node:
        raise ScriptCrash('the server\'s process dies on an empty object in a filter: write {"column": value}')


def _pair(node: json_merge_patch.Object) -> Pair:
    name, value = node[0]
    operator = EQUAL
    if isinstance(value, json_merge_patch.Object):
        _must_not_be_empty(value)
        operator, value = value[0]
    return Pair(_name(name), _name(operator), _literal(name, value))


def _name(text: str) -> str:
    return text.partition("\0")[0]


def _literal(name: str, value: Any) -> str:
    """A value as SQL: text, number (its integer part, within 32 bits) or null."""
    if value is None:
        return "NULL"
    if isinstance(value, str):
        return quoted(value)
    if not isinstance(value, float) or math.isnan(value):
        raise SqlError(f"the value of {name!r} is {_described(value)}: expected a text, a number or null")
    return str(int(max(INT_MIN, min(INT_MAX, value))))


def _described(node: Any) -> str:
    if isinstance(node, json_merge_patch.Object):
        return "an object"
    kinds = {list: "an array", str: "a text", bool: f"{node}".lower(), float: "a number"}
    return kinds.get(type(node), "null")


# -- statements -------------------------------------------------------------------------------------------------------


def select(names: Sequence[str] | None, table: str, pairs: Iterable[Pair] = (), order: str | None = None) -> str:
    """`select` of some columns, or of all (None). The order is SQL."""
    what = "*" if names is None else ",".join(names)
    where = " AND ".join(map(str, pairs))
    text = f"select {what} from {table} " + (f"where {where}" if where else "")
    return text if order is None else f"{text} order by {order}"


def delete(table: str, pairs: Iterable[Pair]) -> str:
    where = " AND ".join(map(str, pairs))
    return f"delete from {table}" + (f" where {where}" if where else "")


def update(table: str, stored: Iterable[Pair], pairs: Iterable[Pair]) -> str:
    where = " AND ".join(map(str, pairs))
    return f"update {table} set {','.join(map(str, stored))}" + (f" where {where}" if where else "")


def insert(table: str, stored: Sequence[Pair], verb: str = "insert") -> str:
    """`insert into` or, with that verb, `replace into`."""
    names = ",".join(pair.column for pair in stored)
    return f"{verb} into {table} ({names}) values ({','.join(pair.value for pair in stored)})"
