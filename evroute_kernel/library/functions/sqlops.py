"""Module sqlops: SQL from scripts. It runs on SQLite where the database is one, `modparam("sqlops", "db_url",
"sqlite:///path/to/file.db")`; with another database, or none, its functions are stubs.

What a query gives are AVPs or variables, by the types that the tables declare (`library.sql.types`). Two of the
server's ways: `sql_query` says -2 for statements without a result, as for no rows; `sql_select` and `sql_select_one`
say 1 for no rows.
"""

from __future__ import annotations

from evroute_kernel.library.behaviour import check_modparams
from evroute_kernel.library.sql import texts
from evroute_kernel.library.sql.database import Database
from evroute_kernel.library.sql.declaring import always, on_database
from evroute_kernel.library.sql.results import deliver, list_at, targets
from evroute_kernel.library.sql.settings import MODULE, check_modparam, configuration
from evroute_kernel.runtime.context import Context

check_modparams(MODULE, check_modparam)


# -- SQL in free text -------------------------------------------------------------------------------------------------


def _is_select(query: str, variables: str | None) -> bool:
    return query.lstrip(" \t\r\n(")[: len("select")].lower() == "select"


@on_database("sql_query", check=list_at(1, avps=True), reads=_is_select)
def sql_query(context: Context, base: Database, query: str, res_col_avps: str | None) -> int:
    """Run SQL and push the rows on AVPs: on those of the list by column, or `$avp(1)`, `$avp(2)`, ...

    The first row is on top. NULL is the text `<null>`, a REAL a text with eight decimals, a date the seconds since
    1970. Only a text that begins with `select` gives rows. Returns 1; -2 when there are none, also after `insert` and
    its kin; -1 for a failure.
    """
    avps = targets(context, res_col_avps, avps=True)
    result = base.query(query)
    return 1 if result is not None and deliver(context, result, avps, one=False) else -2


@on_database("sql_query_one", check=list_at(1, avps=False), reads=_is_select)
def sql_query_one(context: Context, base: Database, query: str, res_col_vars: str | None) -> int:
    """Run SQL and store the first row in variables, one for each column at least.

    NULL makes a variable null, and drops the newest value of an AVP; a REAL is stored as 0. Returns 1; -2 without a
    row, which leaves the variables as they are; -1 for a failure, or for too few variables.
    """
    variables = targets(context, res_col_vars, avps=False)
    result = base.query(query)
    return 1 if result is not None and deliver(context, result, variables, one=True) else -2


# -- SQL from JSON ----------------------------------------------------------------------------------------------------


def _select(
    context: Context,
    base: Database,
    columns: str | None,
    table: str | None,
    filter: str | None,
    order: str | None,
    output: str | None,
    *,
    one: bool,
) -> int:
    variables = targets(context, output, avps=not one)
    names = None if columns is None else texts.columns(columns)
    pairs = [] if filter is None else texts.conditions(filter)
    name = configuration(context.process).table if table is None else table
    deliver(context, base.select(texts.select(names, name, pairs, order), name), variables, one=one)
    return 1


@on_database("sql_select", check=list_at(4, avps=True), reads=always)
def sql_select(
    context: Context,
    base: Database,
    columns: str | None,
    table: str,
    filter: str | None,
    order: str | None,
    res_col_avps: str | None,
) -> int:
    r"""Select rows into AVPs as sql_query does: `sql_select("[\"ip\"]", "blocked", "[{\"hits\":{\">\":5}}]", "ip")`.

    `columns` is an array of names (left out: all), `filter` an array of objects, all of which must hold; the operator
    is `=`, or what a nested object names. The columns must be the table's own: aliases, views and expressions fail.
    Returns 1, also when there are no rows; -1 for a failure.
    """
    return _select(context, base, columns, table, filter, order, res_col_avps, one=False)


@on_database("sql_select_one", check=list_at(4, avps=False), reads=always)
def sql_select_one(
    context: Context,
    base: Database,
    columns: str | None,
    table: str | None,
    filter: str,
    order: str | None,
    res_col_vars: str,
) -> int:
    """Select one row into variables as sql_query_one does; the rest is as in sql_select.

    A table left out is the one of modparam("sqlops", "usr_table"). Returns 1, also when there is no row; -1 for a
    failure, or for too few variables.
    """
    return _select(context, base, columns, table, filter, order, res_col_vars, one=True)


@on_database("sql_update")
def sql_update(context: Context, base: Database, columns: str, table: str, filter: str | None) -> int:
    r"""Change rows: `sql_update("[{\"hits\":6}]", "blocked", "[{\"ip\":\"1.2.3.4\"}]")`, without a filter all.

    Numbers lose their fraction. Returns 1, also when no row fits; -1 for a failure.
    """
    stored = texts.values(columns)
    base.execute(texts.update(table, stored, [] if filter is None else texts.conditions(filter)))
    return 1


@on_database("sql_insert")
def sql_insert(context: Context, base: Database, table: str, columns: str) -> int:
    r"""Add a row: `sql_insert("blocked", "[{\"ip\":\"1.2.3.4\"},{\"hits\":1}]")`.

    Returns 1; -1 for a failure, such as a key that is there already.
    """
    base.execute(texts.insert(table, texts.values(columns)))
    return 1


@on_database("sql_delete")
def sql_delete(context: Context, base: Database, table: str, filter: str | None) -> int:
    r"""Delete rows: `sql_delete("blocked", "[{\"ip\":\"1.2.3.4\"}]")`, without a filter all.

    Returns 1, also when no row fits; -1 for a failure.
    """
    base.execute(texts.delete(table, [] if filter is None else texts.conditions(filter)))
    return 1


@on_database("sql_replace")
def sql_replace(context: Context, base: Database, table: str, columns: str) -> int:
    """Add a row as sql_insert does, in place of one with the same key.

    Returns 1; -1 for a failure.
    """
    base.execute(texts.insert(table, texts.values(columns), "replace"))
    return 1
