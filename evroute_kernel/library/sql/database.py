"""SQLite in place of the server's database: one connection for each URL and process, used as OpenSIPS' driver does.

The driver reads a result by the declared types of its columns (`types`), and before it reads one it counts the
rows, with `select count(*)` and all that follows the first ` from ` of the query. So a query without ` from ` fails,
and one whose count gives no row (`group by` over nothing, `limit 1 offset 1`); where the count is 0 there are no rows.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

from evroute_kernel.library import modparams
from evroute_kernel.library.sql import copies
from evroute_kernel.library.sql.settings import SQLITE
from evroute_kernel.library.sql.types import Kind, SqlError, kind_of, read
from evroute_kernel.records import dataclass
from evroute_kernel.runtime.context import Process
from evroute_kernel.runtime.values import decode, fold

STATE: Final = "sqlops"
DRIVER: Final = "db_sqlite"
MEMORY: Final = ":memory:"
#: milliseconds to wait for a lock of another process
BUSY_TIMEOUT: Final = 500
#: bytes of a statement, its end mark included
STATEMENT_LIMIT: Final = 65536
#: bytes of a query from its first ` from ` on
COUNTED_LIMIT: Final = 2048 - len("select count(*)")

_FROM: Final = re.compile(" from ", re.IGNORECASE)
_LETTER: Final = re.compile("[A-Za-z]")
#: what a `;` does not end, and the `;` that may end a statement
_PIECE: Final = re.compile(r"""'(?P<text>(?:[^']|'')*+)'|"(?:[^"]|"")*+"|--[^\n]*|/\*.*?\*/|(?P<end>;)""", re.S)
_VIEW: Final = "evroute_result"
_COLUMNS_OF_TABLE: Final = """
    select name from pragma_table_xinfo(?1) where not exists (
        select 1 from (select name, type from sqlite_master union all select name, type from sqlite_temp_master)
        where type = 'view' and name = ?1 collate nocase)
"""

Cell = int | float | str | None


@dataclass(frozen=True, slots=True)
class Result:
    """Rows of a query, in order. `computed` names the columns that have no declared type."""

    kinds: tuple[Kind, ...]
    rows: list[tuple[Cell, ...]]
    computed: tuple[str, ...] = ()


def database(process: Process, url: str) -> Database:
    """The connection of this process to a database, opened on first use. Raises SqlError.

    Where the file has been replaced by another one, as a notebook does that makes it anew, it is opened again.
    """
    known: dict[str, Database] = process.state.setdefault(STATE, {})
    if url in known and known[url].is_stale:
        known.pop(url).close()
    if url not in known:
        timeout = modparams.integer(process, DRIVER, "busy_timeout", BUSY_TIMEOUT)
        pragmas = [str(pragma) for pragma in modparams.values(process, DRIVER, "exec_pragma")]
        reach = process.settings.reach
        if reach == "together" and file_of(url) not in ("", MEMORY):
            known[url] = Database(url, timeout, pragmas, copy=copies.place(process.shared.path, url))
        else:
            known[url] = Database(url, timeout, pragmas, is_copy=reach != "outside")
    return known[url]


def close_databases(process: Process) -> None:
    """Close all connections of a process that goes on without them."""
    for open_database in process.state.pop(STATE, {}).values():
        open_database.close()


def file_of(url: str) -> str:
    """The file that a URL means: `sqlite:///var/x.db` is /var/x.db, as on the server.

    Two slashes alone, which the server does not take, begin a path relative to the current directory; `sqlite://` and
    `:memory:` is a database in the memory of the process.
    """
    return decode(url.removeprefix(SQLITE).removeprefix("//"))


class Database:
    """A connection. Statements are byte strings, and so are texts in results.

    With `is_copy` it is one to a copy in memory, as the file is now, which goes with the connection; with `copy` one to
    the copy that lies there.
    """

    def __init__(
        self,
        url: str,
        timeout: int = BUSY_TIMEOUT,
        pragmas: list[str] | None = None,
        *,
        is_copy: bool = False,
        copy: Path | None = None,
    ) -> None:
        path = file_of(url)
        self._is_copy = is_copy
        try:
            if copy is not None:
                copies.make(copy, Path(path), timeout / 1000)
                path = str(copy)
            # isolation_level: transactions are the script's own business
            self._connection = sqlite3.connect(
                MEMORY if is_copy else path, timeout=timeout / 1000, isolation_level=None
            )
            if is_copy and path not in ("", MEMORY):
                _copy(Path(path), self._connection, timeout / 1000)
        except sqlite3.Error as error:
            raise SqlError(f"{path!r} cannot be opened: {error}{_root_hint(path)}") from None
        self._connection.text_factory = _byte_string
        try:
            # what the types of results are asked with shall leave no files
            self._run("pragma temp_store=memory")
            for pragma in pragmas or ():
                self._run(f"pragma {pragma}")
        except sqlite3.Error as error:
            self.close()
            raise SqlError(f"{path!r} cannot be opened: {error}") from None
        self._path = Path(path)
        self._file = _file_at(self._path)

    @property
    def is_stale(self) -> bool:
        """Whether the file under that path is no more the one that was opened."""
        return not self._is_copy and self._file != _file_at(self._path)

    def close(self) -> None:
        self._connection.close()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, sqlite3.Warning) as error:
            raise SqlError(str(error)) from None

    def _run(self, statement: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Execute one statement; names of the columns, and rows."""
        with closing(self._connection.execute(statement)) as cursor:
            rows = cursor.fetchall()
            return [column[0] for column in cursor.description or ()], rows

    # -- statements ---------------------------------------------------------------------------------------------------

    def query(self, text: str) -> Result | None:
        """Run SQL in free text; None for what is no select. Raises SqlError.

        Only what begins with `select` gives a result, whatever else the statement would give. Several statements may
        stand there, separated by `;`; of a select the first one counts.
        """
        first = _LETTER.search(text)
        body = text[first.start() :] if first else ""
        if len(body) < len("select") or fold(body[: len("select")]) == "select":
            return self._select(text, body)
        if len(text) >= STATEMENT_LIMIT:
            raise SqlError(_too_long(len(text)))
        with self._errors():
            for statement in _statements(_readable(text)):
                self._run(statement)
        return None

    def execute(self, statement: str) -> None:
        """Run one statement that gives no rows. Raises SqlError."""
        if len(statement) + 1 >= STATEMENT_LIMIT:
            raise SqlError(_too_long(len(statement)))
        with self._errors():
            self._run(next(_statements(_readable(statement)), ""))

    def select(self, statement: str, table: str) -> Result:
        """Run a select whose columns must be those of a table. Raises SqlError."""
        if len(statement) + 1 >= STATEMENT_LIMIT:
            raise SqlError(_too_long(len(statement)))
        return self._select(statement, statement, table)

    def _select(self, text: str, counted: str, table: str | None = None) -> Result:
        tail = _FROM.search(counted)
        if tail is None:
            raise SqlError("a query needs ' from ', with a blank on either side: the server counts the rows of that")
        rest = counted[tail.start() :]
        if len(rest) > COUNTED_LIMIT:
            raise SqlError(f"{len(rest)} bytes from ' from ' on are too long: the server takes {COUNTED_LIMIT}")
        statement = next(_statements(_readable(text)), "")
        with self._errors():
            kinds = self._kinds(statement)  # first, as this lets nothing pass that is no select
            names, rows = self._run(statement)
            count = self._run(next(_statements(_readable(f"select count(*){rest}"))))[1]
            if not count:
                raise SqlError("the server counts the rows first, and 'select count(*)' with the rest gives no row")
            if table is not None:
                self._check_columns(table, names)
        computed = tuple(name for name, kind in zip(names, kinds, strict=True) if kind is Kind.COMPUTED)
        found = [tuple(map(read, row, kinds)) for row in rows] if count[0][0] else []
        return Result(kinds, found, computed)

    def _kinds(self, statement: str) -> tuple[Kind, ...]:
        """What tables declare for the columns of a select. SQLite tells it of the columns of a view."""
        self._run(f"drop view if exists temp.{_VIEW}")  # an interrupt may have left one
        self._run(f"create temp view {_VIEW} as {statement}")
        try:
            declared = self._run(f"pragma temp.table_info({_VIEW})")[1]
        finally:
            self._run(f"drop view temp.{_VIEW}")
        return tuple(kind_of(column[2]) for column in declared)

    def _check_columns(self, table: str, names: list[str]) -> None:
        """The server asks for each column of a result by its name, in the table; views and aliases have none."""
        found = self._connection.execute(_COLUMNS_OF_TABLE, (_readable(table),)).fetchall()
        known = {fold(name) for (name,) in found} | ({"rowid", "oid", "_rowid_"} if found else set())
        unknown = next((name for name in names if fold(name) not in known), None)
        if unknown is not None:
            raise SqlError(f"the result has a column {unknown!r}, but there is no table {table!r} with such a column")


# -- files and texts ---------------------------------------------------------------------------------------------------


def _file_at(path: Path) -> tuple[int, int] | None:
    """What tells a file from all others; None where there is none, as for a database in memory."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _copy(path: Path, into: sqlite3.Connection, timeout: float) -> None:
    """Fill a database with what a file holds, and leave the file alone. Raises sqlite3.Error.

    A file that does not exist is empty, as SQLite would make it, if its folder does.
    """
    if path.exists() or not path.parent.is_dir():
        copies.fill(path, into, timeout)


def _byte_string(data: bytes) -> str:
    return data.decode("latin-1")


def _root_hint(path: str) -> str:
    return "; a path after three slashes begins at the root, one after two here" if path.startswith("/") else ""


def _too_long(length: int) -> str:
    return f"a statement of {length} bytes is too long: the server takes {STATEMENT_LIMIT - 2}"


def _readable(statement: str) -> str:
    """A byte string as Python hands it to SQLite. Text that is no UTF-8 is written as its bytes.

    It ends at its first NUL. Raises SqlError for bytes that are no UTF-8 outside of texts in quotes.
    """
    statement = statement.partition("\0")[0]
    if statement.isascii():
        return statement
    try:
        return statement.encode("latin-1").decode()
    except UnicodeDecodeError:
        pass
    try:
        return _PIECE.sub(_as_bytes, statement).encode("latin-1").decode()
    except UnicodeDecodeError:
        raise SqlError("the statement holds bytes that are no UTF-8 outside of its texts") from None


def _as_bytes(quoted: re.Match[str]) -> str:
    text = quoted["text"]
    if text is None or text.isascii():
        return quoted[0]
    data = text.replace("''", "'").encode("latin-1")
    try:
        data.decode()
    except UnicodeDecodeError:
        return f"cast(x'{data.hex()}' as text)"
    return quoted[0]


def _statements(text: str) -> Iterator[str]:
    """The statements of a text, one after the other; the last may lack its `;`."""
    start = 0
    for piece in _PIECE.finditer(text):
        if piece["end"] and sqlite3.complete_statement(text[start : piece.end()]):
            yield text[start : piece.end()]
            start = piece.end()
    if text[start:].strip():
        yield text[start:]
