"""Rows of a query into variables and AVPs, as module sqlops does it, and the lists that name these variables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from evroute_kernel.library.functions.parameters import Problem, push_avp
from evroute_kernel.library.references import Reference, reference
from evroute_kernel.library.sql.database import Result
from evroute_kernel.library.sql.declaring import Check
from evroute_kernel.library.sql.settings import configuration
from evroute_kernel.library.sql.types import Kind, Reported, SqlError
from evroute_kernel.library.table import Library, in_process
from evroute_kernel.library.template import TemplateError, VariableSpec, parse_variable
from evroute_kernel.runtime.context import Context
from evroute_kernel.runtime.values import Value, wrap

WARNED: Final = "sqlops warned"
#: what an AVP holds for NULL
NULL: Final = "<null>"
_SEPARATORS: Final = " \t\r\n,;"


# -- lists of variables -----------------------------------------------------------------------------------------------


class BadList(ValueError):
    """A list of variables that the server refuses."""


@lru_cache(256)
def variable_list(text: str, avps: bool, library: Library) -> tuple[Reference, ...]:
    """`$var(a), $avp(b)`: variables separated by blanks, `,` or `;`; only AVPs may stand there, or what is writable.

    Transformations and indexes are ignored. Raises BadList.
    """
    found: list[Reference] = []
    rest = text.lstrip(_SEPARATORS)
    while rest:
        try:
            spec = parse_variable(rest, library)
        except TemplateError as error:
            raise BadList(f"{rest!r} in a list of variables: {error.message}") from None
        if avps and spec.declaration.name != "avp":
            raise BadList(f"{spec.text} is not an AVP")
        if not spec.declaration.writable:
            raise BadList(f"{spec.text} is read-only, but takes a result here")
        found.append(reference(spec.text, library))
        rest = rest[len(spec.text) :].lstrip(_SEPARATORS)
    if text and not found:
        raise BadList(f"{text!r} names no variable")
    return tuple(found)


def list_at(place: int, *, avps: bool) -> Check:
    """Look at a list of variables that stands in the script as text."""

    def check(
        arguments: Sequence[Any], modparams: Mapping[tuple[str, str], Sequence[int | str]], library: Library
    ) -> Problem | None:
        text = arguments[place]
        if text is None or isinstance(text, VariableSpec):
            return None
        try:
            variable_list(text, avps, library)
        except BadList as error:
            return place, str(error), "write $avp(a);$avp(b)" if avps else "write $var(a);$avp(b)"
        return None

    return check


def targets(context: Context, text: str | None, *, avps: bool) -> tuple[Reference, ...]:
    """The variables of an argument; a variable may have given its text. Raises SqlError."""
    try:
        return variable_list(text or "", avps, in_process(context.process))
    except BadList as error:
        raise SqlError(str(error)) from None


# -- results ----------------------------------------------------------------------------------------------------------


def _value(context: Context, value: Any, kind: Kind, *, one: bool = False) -> Value:
    """A cell as a variable holds it. A REAL is text, but 0 where one row is asked for; so it is on the server."""
    if isinstance(value, float):
        return 0 if one else f"{value:.8f}"
    if isinstance(value, int):
        whole = kind in (Kind.BIGINT, Kind.COMPUTED) and configuration(context.process).bigint_as_text
        return str(value) if whole else wrap(value)
    text: str | None = value
    return text


def _store_row(context: Context, result: Result, variables: tuple[Reference, ...]) -> None:
    """The first row into variables. NULL makes a variable null, and drops the newest value of an AVP."""
    row = result.rows[0]
    for number, (cell, kind) in enumerate(zip(row, result.kinds, strict=True)):
        if number == len(variables):
            raise SqlError(f"{len(row)} columns need as many variables, the list has {number}")
        target, value = variables[number], _value(context, cell, kind, one=True)
        op = "=bare" if isinstance(value, int) and target.spec.declaration.behaviour.needs_text else "="
        if not target.set(context, op, value):
            raise Reported(f"column {number + 1} was not stored in {target.text}")


def _push_rows(context: Context, result: Result, variables: tuple[Reference, ...]) -> None:
    """All rows onto AVPs, the first row on top; columns beyond the list are left out."""
    for row in reversed(result.rows):
        for number, (cell, kind) in enumerate(zip(row, result.kinds, strict=True)):
            value = NULL if cell is None else _value(context, cell, kind)
            if not variables:
                context.avps.setdefault(str(number + 1), []).append(value)
            elif number < len(variables):
                push_avp(context, variables[number], value)


def deliver(context: Context, result: Result, variables: tuple[Reference, ...], *, one: bool) -> bool:
    """Hand over a result; False when it has no rows."""
    _warn_computed(context, result)
    if not result.rows:
        return False
    (_store_row if one else _push_rows)(context, result, variables)
    return True


def _warn_computed(context: Context, result: Result) -> None:
    """Say once for each place of the script that OpenSIPS with SQLite would die here."""
    warned: set[tuple[int, int]] = context.process.state.setdefault(WARNED, set())
    place = context.process.at[1], context.process.at[0]
    if result.computed and place not in warned:
        warned.add(place)
        context.warning(
            f"column {result.computed[0]} is not declared by a table, and a server on SQLite dies on such a column;"
            " with another database it gives the value, as here"
        )
