"""What all workers of one session share: `$shv`, the local cache, queues, statistics.

One LMDB environment in a private directory, in memory where the system offers it. A table is a prefix of the keys, so
tables need no set-up. Reads see the last finished write and wait for nobody; writes take LMDB's one write lock, which
is a robust mutex: a process killed while it writes loses its own write and blocks no one. Nothing survives the session.
The integers of table `shv` are kept apart, where they need no lock (`runtime.cells`).

Values are stored as one letter for the kind and the value in its plainest form: `i5060`, `stext`, `m` and marshal.
"""

from __future__ import annotations

import contextlib
import marshal
import os
import shutil
import tempfile
import weakref
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import lmdb

from evroute_kernel.runtime.cells import Cells
from evroute_kernel.runtime.context import ScriptCrash
from evroute_kernel.runtime.values import Value, stored

#: what scripts may keep in shared memory, in bytes
SIZE_LIMIT: Final = 128 * 2**20
#: the map is larger: deleting needs pages too, and a page is free again only when no reader can see it any more
MAP_SIZE: Final = 2 * SIZE_LIMIT
#: the size is looked at before each large value, and every so many small ones
LARGE_VALUE: Final = 4096
WRITES_BETWEEN_CHECKS: Final = 64
#: directory of a memory file system; used when it has room for the whole map
MEMORY_DIRECTORY: Final = Path("/dev/shm")
DIRECTORY_PREFIX: Final = "evroute-"
#: LMDB keys end at 511 bytes; longer ones are kept by digest and carry the whole key in their value
KEY_LIMIT: Final = 500
READER_LIMIT: Final = 126
#: the table whose integers are in cells, and the one that says in which; names of tables that scripts reach differ
CELL_TABLE: Final = "shv"
_PLACES: Final = "\x01cells"


class SharedMemoryFull(ScriptCrash):
    """A write did not fit into the shared memory."""

    def __init__(self) -> None:
        super().__init__(f"shared memory is full ({SIZE_LIMIT // 2**20} MiB): remove keys, or let them expire")


class Shared:
    """Tables of keys and values. Keys and table names are byte strings as scripts have them (latin-1)."""

    def __init__(self, path: str | Path) -> None:
        """Open the environment in a directory, which must exist. A process opens its own, after any fork."""
        self.path = Path(path)
        self._remove: Callable[[], object] = lambda: None
        self._is_closed = False
        self._environment = _open(self.path)
        self._environment.reader_check()  # slots of processes that were killed
        self._begin: Callable[..., Any] = self._environment.begin
        self._transaction: Any = None
        self._writes = 0
        #: integers of the table `shv`
        self.cells = Cells(
            self.path, lambda name: _address(_PLACES, name), lambda: self._transaction or self._begin(), self._writing
        )

    @classmethod
    def temporary(cls) -> Shared:
        """One of its own, in a new private directory that goes when it is closed or forgotten."""
        directory = make_directory()
        self = cls(directory)
        self._remove = weakref.finalize(self, remove_directory, directory)  # at the latest when Python ends
        return self

    def close(self) -> None:
        """Give the environment back. Closing twice is harmless; any other use afterwards raises `lmdb.Error`."""
        if not self._is_closed:
            self._is_closed = True
            self.cells.close()
        self._environment.close()
        self._remove()

    def __enter__(self) -> Shared:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- one value ------------------------------------------------------------------------------------------------

    def get(self, table: str, key: str) -> Value:
        """The value of a key, None where there is none."""
        value: Value = self.get_object(table, key)
        return value

    def put(self, table: str, key: str, value: Value) -> None:
        """Set a key. None removes it."""
        self.put_object(table, key, stored(value))

    def get_object(self, table: str, key: str) -> Any:
        """Any plain Python value (what `marshal` takes); None where the key is not set."""
        if table == CELL_TABLE and (number := self.cells.get(key)) is not None:
            return number
        address = _address(table, key)
        transaction = self._transaction or self._begin()
        return _load(transaction.get(address))

    def put_object(self, table: str, key: str, value: Any) -> None:
        """Set a key to any plain Python value. None removes it."""
        if table == CELL_TABLE and type(value) is int and self.cells.put(key, value):
            return
        with self._write() as transaction:
            self._put(transaction, table, key, value)
        if table == CELL_TABLE:
            self.cells.drop(key)  # only now: who reads in between finds the integer that was there before

    def delete(self, table: str, key: str) -> bool:
        """Remove a key; False where there was none."""
        with self._write() as transaction:
            had = bool(transaction.delete(_address(table, key)))
        return self.cells.drop(key) or had if table == CELL_TABLE else had

    def update(self, table: str, key: str, function: Callable[[Any], Any]) -> Any:
        """Replace a value by `function(value)` while no other process can write; returns the new value.

        The function must be quick and must not use this object. An exception of it leaves the value as it was. Against
        a plain write of a shared variable, which takes no lock, only other updates are held back.
        """
        if table == CELL_TABLE:
            return self._update_cell(key, function)
        with self._write() as transaction:
            value = function(_load(transaction.get(_address(table, key))))
            self._put(transaction, table, key, value)
            return value

    def _update_cell(self, key: str, function: Callable[[Any], Any]) -> Any:
        with self.transaction():
            before = self.get_object(CELL_TABLE, key)
            value = function(before)
            if value is not before:
                self.put_object(CELL_TABLE, key, value)
            return value

    # -- many -----------------------------------------------------------------------------------------------------

    def items(self, table: str) -> list[tuple[str, Any]]:
        """All keys of a table with their values, in the order of the keys' bytes (keys over 500 bytes last)."""
        found = self._items(_prefix(table))
        if table != CELL_TABLE:
            return list(found)
        return sorted({**dict(found), **dict(self._numbers())}.items(), key=lambda item: _address(table, item[0]))

    def _numbers(self) -> Iterator[tuple[str, int]]:
        """The integers that are in cells."""
        prefix = _prefix(_PLACES)
        return self.cells.items((a[len(prefix) :].decode("latin-1"), data) for a, data in self._scan(prefix))

    def tables(self) -> list[str]:
        """Names of the tables that hold something."""
        found = {bytes(address).partition(b"\0")[0] for address, _ in self._scan(b"")}
        names = {name.decode("latin-1") for name in found}
        if _PLACES in names:
            names.discard(_PLACES)
            names.update([CELL_TABLE] if any(True for _ in self._numbers()) else [])
        return sorted(names)

    def clear(self, table: str | None = None) -> None:
        """Remove every key of a table; of all tables when none is named."""
        with self.transaction():
            for address, _ in self._scan(b"" if table is None else _prefix(table)):
                self._transaction.delete(address)
            if table in (None, CELL_TABLE):
                for address, _ in self._scan(_prefix(_PLACES)):
                    self._transaction.delete(address)
                self.cells.clear()
        if table in (None, CELL_TABLE):
            self.cells.move_on()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Shared]:
        """Several reads and writes as one: other processes see all of them or none, and cannot write in between.

        An exception undoes them. Inside another transaction it is a part of that one.
        """
        if self._transaction is not None:
            yield self
            return
        try:
            with self._begin(write=True) as self._transaction:
                yield self
        except (lmdb.MapFullError, lmdb.BadTxnError):  # the latter: a write of it had failed already
            raise SharedMemoryFull from None
        finally:
            self._transaction = None

    def abandon(self) -> None:
        """Forget what an interrupt may have cut short: a transaction, a hold on integers. Call it between runs."""
        self._transaction = None
        self.cells.release()

    @contextlib.contextmanager
    def _writing(self) -> Iterator[Any]:
        """As `_write`, and a full memory is said to be full."""
        with self.transaction():
            yield self._transaction

    def _write(self) -> Any:
        """A context that gives the transaction to write in: the one under way, or one of its own."""
        if self._transaction is not None:
            return contextlib.nullcontext(self._transaction)
        return self._begin(write=True)

    def _put(self, transaction: Any, table: str, key: str, value: Any) -> None:
        address = _address(table, key)
        if value is None:
            transaction.delete(address)
            return
        data = _dump(value) if len(table) + len(key) < KEY_LIMIT else _fold(key, _dump(value))
        self._writes += 1
        if self._writes % WRITES_BETWEEN_CHECKS == 0 or len(data) > LARGE_VALUE:
            self._check_size(len(data))
        try:
            transaction.put(address, data)
        except lmdb.MapFullError:
            raise SharedMemoryFull from None

    def _check_size(self, more: int) -> None:
        stat = self._environment.stat()
        pages = stat["branch_pages"] + stat["leaf_pages"] + stat["overflow_pages"]
        if pages * stat["psize"] + more > SIZE_LIMIT:
            raise SharedMemoryFull

    def _items(self, prefix: bytes) -> Iterator[tuple[str, Any]]:
        for address, data in self._scan(prefix):
            key = address[len(prefix) :]
            if data[:1] == b"k":
                key, data = _unfold(data)
            yield key.decode("latin-1"), _load(data)

    def _scan(self, prefix: bytes) -> list[tuple[bytes, bytes]]:
        found = []
        cursor = (self._transaction or self._begin()).cursor()
        if cursor.set_range(prefix):
            for address, data in cursor:
                if not address.startswith(prefix):
                    break
                found.append((address, data))
        return found


def make_directory() -> Path:
    """A new directory that only this user can enter, in memory if there is room for the whole map."""
    return Path(tempfile.mkdtemp(prefix=DIRECTORY_PREFIX, dir=_memory_directory()))


def remove_directory(path: Path) -> None:
    """Remove a directory made by `make_directory`; one that is gone already is fine."""
    shutil.rmtree(path, ignore_errors=True)


def _memory_directory() -> Path | None:
    # A page that a full memory file system cannot provide kills the writer (SIGBUS), so there must be room for all.
    try:
        status = os.statvfs(MEMORY_DIRECTORY)
    except OSError:
        return None
    roomy = status.f_bavail * status.f_frsize >= MAP_SIZE and os.access(MEMORY_DIRECTORY, os.W_OK | os.X_OK)
    return MEMORY_DIRECTORY if roomy else None


def _open(path: Path) -> Any:
    # Durability is of no use here: no sync of any kind, and writes go straight into the mapping.
    return lmdb.open(
        str(path),
        map_size=MAP_SIZE,
        max_readers=READER_LIMIT,
        max_spare_txns=4,
        mode=0o600,
        sync=False,
        metasync=False,
        map_async=True,
        writemap=True,
        readahead=False,
        meminit=False,
    )


# -- what is stored -----------------------------------------------------------------------------------------------


def _prefix(table: str) -> bytes:
    return table.encode("latin-1") + b"\0"


def _address(table: str, key: str) -> bytes:
    address = f"{table}\0{key}".encode("latin-1")
    if len(address) <= KEY_LIMIT:
        return address
    # 0xff sorts last; a short key of these very bytes would need a collision of SHA-256
    return _prefix(table) + b"\xff" + sha256(address).digest()


def _dump(value: Any) -> bytes:
    if type(value) is int:
        return b"i%d" % value
    if type(value) is str:
        with contextlib.suppress(UnicodeEncodeError):  # an object may be any text, a script's value never is
            return b"s" + value.encode("latin-1")
    return b"m" + marshal.dumps(value)


def _load(data: bytes | None) -> Any:
    if data is None:
        return None
    kind = data[0]
    if kind == 105:  # i
        return int(data[1:])
    if kind == 115:  # s
        return data[1:].decode("latin-1")
    return _load(_unfold(data)[1]) if kind == 107 else marshal.loads(data[1:])  # k: a long key, then its value


def _fold(key: str, data: bytes) -> bytes:
    return b"k%d:%b%b" % (len(key), key.encode("latin-1"), data)


def _unfold(data: bytes) -> tuple[bytes, bytes]:
    size, _, rest = data[1:].partition(b":")
    return rest[: int(size)], rest[int(size) :]
