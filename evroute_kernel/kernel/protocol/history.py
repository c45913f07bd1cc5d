"""The cells that have been run, for `history_request`: kept in one file for all kernels of a user, across restarts.

Each kernel that stores a cell is a session with a number of its own, as in IPython. A file that cannot be used (locked,
damaged, no room, no right) never stands in the way of a cell: the history then goes on in memory, and says so once.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, TypeVar

from evroute_kernel.records import dataclass

if TYPE_CHECKING:
    import sqlite3

T = TypeVar("T")

#: names another file, or `:memory:` for a history that ends with the kernel
VARIABLE: Final = "EVROUTE_HISTORY"
MEMORY: Final = ":memory:"
#: cells that are kept; older ones go when a kernel opens the file
MOST: Final = 10_000
#: seconds to wait for another kernel that is writing; a cell's reply waits as long
PATIENCE: Final = 0.5

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS sessions (session INTEGER PRIMARY KEY AUTOINCREMENT, start TEXT DEFAULT CURRENT_TIMESTAMP);
CREATE TABLE IF NOT EXISTS cells (
    id INTEGER PRIMARY KEY, session INTEGER NOT NULL, line INTEGER NOT NULL, text TEXT NOT NULL, output TEXT
);
CREATE INDEX IF NOT EXISTS cells_by_line ON cells (session, line);
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One cell: the session and number it ran under, its text, and the text of its result, if it had one."""

    session: int
    line: int
    text: str
    output: str | None = None


def default_file() -> str:
    """What the environment names, or else the file in Jupyter's folder for the user's data."""
    from jupyter_core.paths import jupyter_data_dir

    return os.environ.get(VARIABLE) or str(Path(jupyter_data_dir(), "evroute", "history.sqlite"))


class History:
    """All cells of all sessions, oldest first. Safe to use from any thread.

    `warn` is told, once at most, why the history is not kept. The file is opened when it is first needed.
    """

    def __init__(self, file: str | Path = MEMORY, warn: Callable[[str], None] = lambda text: None) -> None:
        self._file = str(file)
        self._warn = warn
        self._lock = Lock()
        self._connection: sqlite3.Connection | None = None
        #: this kernel's number; known when it has stored a cell
        self._session: int | None = None
        #: this kernel's cells, in case the file fails
        self._own: list[Entry] = []

    # -- what is asked ----------------------------------------------------------------------------------------------

    def add(self, line: int, text: str, output: str | None = None) -> None:
        """Store a cell."""
        session = self._try(self._number)
        entry = Entry(session, line, text, output)
        self._try(lambda connection: _insert(connection, [entry]))
        self._own.append(entry)
        del self._own[:-MOST]

    def tail(self, n: int | None = None) -> list[Entry]:
        """The last `n` cells, of whatever session; None: all."""
        return self._last("TRUE", (), n)

    def range(self, session: int | None = None, start: int | None = None, stop: int | None = None) -> list[Entry]:
        """Cells `start` to `stop` (exclusive) of a session: 0 or None is this one, -1 the one before, and so on."""
        number = session or 0
        if number <= 0:
            number += self._try(self._upcoming)
        where, values = "session = ? AND line >= ?", [number, start or 0]
        if stop is not None:
            where, values = where + " AND line < ?", [*values, stop]
        return self._try(lambda connection: _select(connection, f"WHERE {where} ORDER BY id", values))

    def search(self, pattern: str, n: int | None = None, unique: bool = False) -> list[Entry]:
        """The last `n` cells that a pattern with `*`, `?` and `[...]` matches as a whole.

        With `unique` a text comes once, where it was run last.
        """
        where = "text GLOB ?"
        if unique:
            where += " AND id IN (SELECT MAX(id) FROM cells GROUP BY text)"
        return self._last(where, (pattern,), n)

    def reply(self, kind: str, output: bool = False, **request: Any) -> list[tuple[int, int, Any]]:
        """What a history_request asks for, as the protocol wants it: (session, line, text or (text, output))."""
        if kind == "range":
            found = self.range(request.get("session"), request.get("start"), request.get("stop"))
        elif kind == "search":
            found = self.search(request.get("pattern") or "*", request.get("n"), bool(request.get("unique")))
        else:
            found = self.tail(request.get("n"))
        return [(e.session, e.line, (e.text, e.output) if output else e.text) for e in found]

    def close(self) -> None:
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    # -- the file ---------------------------------------------------------------------------------------------------

    def _last(self, where: str, values: Iterable[Any], n: int | None) -> list[Entry]:
        limit = -1 if n is None else max(0, n)
        rest = f"WHERE {where} ORDER BY id DESC LIMIT ?"
        return self._try(lambda connection: _select(connection, rest, [*values, limit]))[::-1]

    def _number(self, connection: sqlite3.Connection) -> int:
        """This kernel's session; the first time it is made."""
        if self._session is None:
            with connection:
                self._session = connection.execute("INSERT INTO sessions DEFAULT VALUES").lastrowid
        assert self._session is not None
        return self._session

    def _upcoming(self, connection: sqlite3.Connection) -> int:
        """This kernel's session, or the number that it would get now."""
        if self._session is not None:
            return self._session
        (last,) = connection.execute("SELECT MAX(session) FROM sessions").fetchone()
        return int(last or 0) + 1

    def _try(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do something with the file; if it fails, say so and do it in memory, now and from now on."""
        import sqlite3  # a kernel that starts needs no history yet

        with self._lock:
            try:
                return work(self._open())
            except (sqlite3.Error, OSError) as error:
                if self._file == MEMORY:
                    raise
                self._warn(f"the history is not kept: {self._file}: {error}")
                if self._connection is not None:
                    self._connection.close()
                self._file, self._connection = MEMORY, None
                _insert(self._open(), self._own)
                return work(self._open())

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = _opened(self._file)
        return self._connection


def _opened(file: str) -> sqlite3.Connection:
    """A connection to a file, made if there is none, with the tables in it and not too much else."""
    import sqlite3

    if file != MEMORY:
        Path(file).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    connection = sqlite3.connect(file, timeout=PATIENCE, check_same_thread=False)
    try:
        # a cell must not wait for the disk; what a power failure costs is history
        connection.execute("PRAGMA synchronous = OFF")
        connection.executescript(_SCHEMA)
        with connection:
            connection.execute("DELETE FROM cells WHERE id <= (SELECT MAX(id) FROM cells) - ?", [MOST])
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _insert(connection: sqlite3.Connection, entries: Iterable[Entry]) -> None:
    rows = [(e.session, e.line, e.text, e.output) for e in entries]
    with connection:
        connection.executemany("INSERT INTO cells (session, line, text, output) VALUES (?, ?, ?, ?)", rows)


def _select(connection: sqlite3.Connection, rest: str, values: Iterable[Any]) -> list[Entry]:
    query = f"SELECT session, line, text, output FROM cells {rest}"
    with closing(connection.execute(query, tuple(values))) as rows:
        return [Entry(*row) for row in rows]
