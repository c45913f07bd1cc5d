"""Module sqlops, second part: AVPs kept in a table, a row for each value. Where they run is as in sqlops.py.

The table has the columns uuid, username, domain, attribute, value and type (modparams rename it and them). An AVP that
was loaded, or stored, is not stored again in the same run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from evroute_kernel.library.functions.parameters import Problem
from evroute_kernel.library.sql import texts
from evroute_kernel.library.sql.database import Database, Result
from evroute_kernel.library.sql.declaring import always, on_database
from evroute_kernel.library.sql.settings import MODULE, Scheme, configuration, parse_scheme
from evroute_kernel.library.sql.stored_avps import (
    INTEGER_NAME,
    INTEGER_VALUE,
    NAME_LIMIT,
    BadArgument,
    Owner,
    Source,
    Wanted,
    loaded,
    name_of,
    owner_of,
    parse_source,
    parse_wanted,
    scheme_columns,
    stored_text,
)
from evroute_kernel.library.sql.types import Kind, SqlError
from evroute_kernel.library.table import Library, in_process
from evroute_kernel.library.template import VariableSpec
from evroute_kernel.runtime.context import Context
from evroute_kernel.runtime.values import Value, fold

#: (run, (AVP, value) -> how many such values of it are in the table)
KNOWN: Final = "sqlops avps"
_NO_SCHEMES: Final = "only sql_avp_load knows schemes"

Modparams = Mapping[tuple[str, str], Sequence[int | str]]


def _check(arguments: Sequence[Any], modparams: Modparams, library: Library, *, schemes: bool) -> Problem | None:
    source, wanted = (None if isinstance(a, VariableSpec) else a for a in arguments[:2])
    place = 0
    try:
        if source is not None:
            parse_source(source, library)
        place = 1
        parsed = Wanted(None) if wanted is None else parse_wanted(wanted, library)
    except BadArgument as error:
        return place, str(error), None
    if parsed.scheme is None:
        return None
    known = {fold(parse_scheme(str(text)).name) for text in modparams.get((MODULE, "db_scheme"), ())}
    if schemes and fold(parsed.scheme) not in known:
        return (
            1,
            f"there is no scheme {parsed.scheme!r}",
            f'add modparam("{MODULE}", "db_scheme", "{parsed.scheme}: ...")',
        )
    return None if schemes else (1, _NO_SCHEMES, None)


def _check_load(arguments: Sequence[Any], modparams: Modparams, library: Library) -> Problem | None:
    return _check(arguments, modparams, library, schemes=True)


def _check_others(arguments: Sequence[Any], modparams: Modparams, library: Library) -> Problem | None:
    return _check(arguments, modparams, library, schemes=False)


def _arguments(context: Context, source: str, name: str) -> tuple[Source, Wanted]:
    """Both arguments; a variable may have given them. Raises SqlError."""
    library = in_process(context.process)
    try:
        return parse_source(source, library), parse_wanted(name, library)
    except BadArgument as error:
        raise SqlError(str(error)) from None


def _in_table(context: Context) -> Counter[tuple[str, Value]]:
    """The AVPs of this run that are in the table."""
    known = context.process.state.get(KNOWN)
    if known is None or known[0] is not context:
        known = context.process.state[KNOWN] = (context, Counter())
    found: Counter[tuple[str, Value]] = known[1]
    return found


# -- loading ----------------------------------------------------------------------------------------------------------


@on_database("sql_avp_load", check=_check_load, db_id=2, reads=always)
def sql_avp_load(context: Context, base: Database, source: str, name: str, prefix: str | None) -> int:
    """Load AVPs from their table: `sql_avp_load("$var(user)", "$avp(color)")`, or `*` for all that there are.

    The source is a uuid, or with `/uri`, `/username` or `/domain` behind it a URI of which that part counts. Behind the
    name may stand `/table` or `/$scheme`. The prefix is put before each name. Returns 1; -1 when nothing was loaded.
    """
    whose, wanted = _arguments(context, source, name)
    settings = configuration(context.process)
    scheme = _scheme(context, wanted)
    columns = scheme_columns(settings.columns, scheme)
    avp = None if wanted.avp is None else name_of(context, wanted.avp)
    pairs = owner_of(context, whose, settings.use_domain).pairs(columns)
    table = settings.table if wanted.table is None else wanted.table
    if scheme is None:
        names = [columns.value, columns.attribute, columns.type]
        pairs += [] if avp is None else [texts.equal(columns.attribute, avp)]
    else:
        names = [columns.value]
        table = scheme.table or settings.table
    result = base.select(texts.select(names, table, pairs), table)
    rows = len(result.rows)
    return 1 if sum(_load_row(context, result, i, avp, scheme, prefix or "") for i in range(rows)) else -1


def _scheme(context: Context, wanted: Wanted) -> Scheme | None:
    if wanted.scheme is None:
        return None
    found = configuration(context.process).schemes.get(fold(wanted.scheme))
    if found is None:
        raise SqlError(f"there is no scheme {wanted.scheme!r}")
    return found


def _load_row(
    context: Context, result: Result, number: int, avp: str | None, scheme: Scheme | None, prefix: str
) -> bool:
    """Add the AVP of one row; False for a row that makes none, which is reported."""
    try:
        name, value = _read_row(result, number, scheme)
        name = prefix + (name if avp is None else avp)
        if len(name) > NAME_LIMIT:
            raise SqlError(f"the name {name[:16]!r}... is longer than {NAME_LIMIT} bytes")
    except SqlError as error:
        context.error(f"sql_avp_load(): {error}")
        return False
    context.avps.setdefault(name, []).append(value)
    _in_table(context)[name, value] += 1
    return True


def _read_row(result: Result, number: int, scheme: Scheme | None) -> tuple[str, int | str]:
    row = result.rows[number]
    kinds = [None if cell is None else kind for cell, kind in zip(row, result.kinds, strict=True)]
    if scheme is not None:
        if kinds[0] not in (Kind.TEXT, Kind.INTEGER, None):
            raise SqlError("its table must declare the values as texts or integers")
        return "", loaded(row[0], scheme.integers)
    if kinds != [Kind.TEXT, Kind.TEXT, Kind.INTEGER]:
        raise SqlError("value, attribute and type must be declared as two texts and an integer, and be not NULL")
    value, attribute, flags = row
    return str(attribute), loaded(value, bool(int(flags or 0) & INTEGER_VALUE))


# -- storing ----------------------------------------------------------------------------------------------------------


@on_database("sql_avp_store", check=_check_others)
def sql_avp_store(context: Context, base: Database, source: str, name: str) -> int:
    """Store the values of an AVP, or with `*` of all: `sql_avp_store("$var(user)", "$avp(color)/table")`.

    Values that were loaded or stored in this run are left out; one equal to them counts as the same. The source is as
    in sql_avp_load. Returns 1; -1 when nothing was stored.
    """
    whose, wanted = _arguments(context, source, name)
    if wanted.scheme is not None:
        raise SqlError(_NO_SCHEMES)
    settings = configuration(context.process)
    owner = owner_of(context, whose, settings.use_domain)
    table = settings.table if wanted.table is None else wanted.table
    names = list(reversed(context.avps)) if wanted.avp is None else [name_of(context, wanted.avp)]
    stored = sum(_store(context, base, table, owner, avp) for avp in names)
    return 1 if stored else -1


def _store(context: Context, base: Database, table: str, owner: Owner, avp: str) -> int:
    """Store the values of one AVP, newest first; how many were stored."""
    known = _in_table(context)
    left = Counter({value: count for (name, value), count in known.items() if name == avp})
    stored = 0
    for value in reversed(context.avps.get(avp, [])):
        assert value is not None
        if left[value] > 0:
            left[value] -= 1
            continue
        try:
            base.execute(texts.insert(table, _row(context, owner, avp, value)))
        except SqlError as error:
            context.error(f"sql_avp_store(): {error}")
            continue
        known[avp, value] += 1
        stored += 1
    return stored


def _row(context: Context, owner: Owner, avp: str, value: int | str) -> list[texts.Pair]:
    columns = configuration(context.process).columns
    flags = INTEGER_NAME | (INTEGER_VALUE if isinstance(value, int) else 0)
    return [
        texts.equal(columns.uuid, owner.uuid or ""),
        texts.equal(columns.attribute, avp),
        texts.equal(columns.value, stored_text(value)),
        texts.Pair(columns.type, texts.EQUAL, str(flags)),
        texts.equal(columns.username, owner.username or ""),
        texts.equal(columns.domain, owner.domain or ""),
    ]


# -- deleting ---------------------------------------------------------------------------------------------------------


@on_database("sql_avp_delete", check=_check_others)
def sql_avp_delete(context: Context, base: Database, source: str, name: str) -> int:
    """Delete an AVP, or with `*` all, from the table; AVPs of the script stay. Arguments are as in sql_avp_store.

    Returns 1, also when no row fits or SQL fails, which is logged; -1 when the source is null or no URI.
    """
    whose, wanted = _arguments(context, source, name)
    if wanted.scheme is not None:
        raise SqlError(_NO_SCHEMES)
    settings = configuration(context.process)
    avp = None if wanted.avp is None else name_of(context, wanted.avp)
    pairs = owner_of(context, whose, settings.use_domain).pairs(settings.columns)
    pairs += [] if avp is None else [texts.equal(settings.columns.attribute, avp)]
    try:
        base.execute(texts.delete(settings.table if wanted.table is None else wanted.table, pairs))
    except SqlError as error:
        context.error(f"sql_avp_delete(): {error}")
    return 1
