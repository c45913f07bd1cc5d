"""What all workers of one session share: `$shv`, the local cache, queues, statistics.

One LMDB environment in a private directory, in memory where the system offers it. A table is a prefix of the keys, so
tables need no set-up. Reads see the last finished write and wait for nobody; writes take LMDB's one write lock, which
is a robust mutex: a process killed while it writes loses its own write and blocks no one. Nothing survives the session.
A full folder refuses a write, and kills nobody: no page is written that was not allocated before (`memory.pages`).
The integers of table `shv` are kept apart, where they need no lock (`memory.shared_integers`).

Values are stored as one letter for the kind and the value in its plainest form: `i5060`, `stext`, `m` and marshal.
"""

from __future__ import annotations

import contextlib
import errno
import marshal
import os
import weakref
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import lmdb

from evroute_kernel.runtime.control import ScriptCrash
from evroute_kernel.runtime.memory import room
from evroute_kernel.runtime.memory.accesses import Access
from evroute_kernel.runtime.memory.pages import Pages
from evroute_kernel.runtime.memory.shared_integers import SharedIntegers
from evroute_kernel.runtime.values import Value, stored

#: what scripts may keep in shared memory, in bytes
SIZE_LIMIT: Final = 128 * 2**20
#: the map is larger: deleting needs pages too, and a page is free again only when no reader can see it any more
MAP_SIZE: Final = 2 * SIZE_LIMIT
#: room that the files of a new session take, about: integers, locks, the first pages
FIRST_SIZE: Final = 2 * 2**20
#: the size is looked at before each large value, and every so many small ones
LARGE_VALUE: Final = 4096
WRITES_BETWEEN_CHECKS: Final = 64
#: LMDB keys end at 511 bytes; longer ones are kept by digest and carry the whole key in their value
KEY_LIMIT: Final = 500
READER_LIMIT: Final = 126
#: what LMDB maps for locks and readers: it takes 64 bytes for each reader and some more
LOCK_FILE: Final = "lock.mdb"
LOCK_SIZE: Final = 2**14
#: the table whose integers are kept apart, and the one that says where; names of tables that scripts reach differ
INTEGER_TABLE: Final = "shv"
#: how tables begin that are no part of what a server keeps
OWN: Final = "\x01"
_PLACES: Final = f"{OWN}integers"
#: what several accesses are done in, as one step for who watches: nobody does
_STEP: Final = contextlib.nullcontext()


class SharedMemoryFull(ScriptCrash):
    """A write did not fit into the shared memory, or into the folder (if one is given) that it is kept in."""

    def __init__(self, folder: Path | None = None) -> None:
        what = "remove keys, or let them expire"
        if folder is None:
            super().__init__(f"shared memory is full ({SIZE_LIMIT // 2**20} MiB): {what}")
        else:
            left = f"{folder} has {room.free(folder) // 1024:,} KiB left"
            super().__init__(f"shared memory cannot grow, {left}: {what}, {room.more_room()}")


class Shared:
    """Tables of keys and values. Keys and table names are byte strings as scripts have them (latin-1)."""

    def __init__(self, path: str | Path) -> None:
        """Open the environment in a directory, which must exist. A process opens its own, after any fork."""
        self.path = Path(path)
        self._remove: Callable[[], object] = lambda: None
        self._is_closed = False
        _allocate_locks(self.path)
        self._environment = _open(self.path)
        self._environment.reader_check()  # slots of processes that were killed
        self._begin: Callable[..., Any] = self._environment.begin
        self._transaction: Any = None
        self._writes = 0
        #: integers of the table `shv`
        self.integers = SharedIntegers(
            self.path, lambda name: _address(_PLACES, name), lambda: self._transaction or self._begin(), self._writing
        )
        #: what expires, times out or is over does so by this clock
        self.clock = self.integers.clock
        self._pages = Pages(self.path, self._environment, self.integers.words_of_pages)

    @classmethod
    def temporary(cls) -> Shared:
        """One of its own, in a new private directory that goes when it is closed or forgotten."""
        directory = make_directory()
        self = cls(directory)
        self._remove = weakref.finalize(self, _remove_own, directory, os.getpid())  # at the latest when Python ends
        return self

    def close(self) -> None:
        """Give the environment back. Closing twice is harmless; any other use afterwards raises `lmdb.Error`."""
        if not self._is_closed:
            self._is_closed = True
            self._pages.close()
            self.integers.close()
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
        if table == INTEGER_TABLE and (number := self.integers.get(key)) is not None:
            return number
        address = _address(table, key)
        transaction = self._transaction or self._begin()
        return _load(transaction.get(address))

    def put_object(self, table: str, key: str, value: Any) -> None:
        """Set a key to any plain Python value. None removes it."""
        if table == INTEGER_TABLE and type(value) is int and self.integers.put(key, value):
            return
        with self._write() as transaction:
            self._put(transaction, table, key, _address(table, key), value)
        if table == INTEGER_TABLE:
            self.integers.drop(key)  # only now: who reads in between finds the integer that was there before

    def delete(self, table: str, key: str) -> bool:
        """Remove a key; False where there was none."""
        with self._write() as transaction:
            had = self._delete(transaction, _address(table, key))
        return self.integers.drop(key) or had if table == INTEGER_TABLE else had

    def update(self, table: str, key: str, function: Callable[[Any], Any]) -> Any:
        """Replace a value by `function(value)` while no other process can write; returns the new value.

        The function must be quick and must not use this object. An exception of it leaves the value as it was. Against
        a plain write of a shared variable, which takes no lock, only other updates are held back.
        """
        if table == INTEGER_TABLE:
            return self._update_shared_variable(key, function)
        address = _address(table, key)
        with self._write() as transaction:
            value = function(_load(transaction.get(address)))
            self._put(transaction, table, key, address, value)
            return value

    def _update_shared_variable(self, key: str, function: Callable[[Any], Any]) -> Any:
        with self.transaction():
            before = self.get_object(INTEGER_TABLE, key)
            value = function(before)
            if value is not before:
                self.put_object(INTEGER_TABLE, key, value)
            return value

    # -- many -----------------------------------------------------------------------------------------------------

    def items(self, table: str) -> list[tuple[str, Any]]:
        """All keys of a table with their values, in the order of the keys' bytes (keys over 500 bytes last)."""
        found = self._items(_prefix(table))
        if table != INTEGER_TABLE:
            return list(found)
        return sorted({**dict(found), **dict(self._numbers())}.items(), key=lambda item: _address(table, item[0]))

    def _numbers(self) -> Iterator[tuple[str, int]]:
        """The integers that are kept apart."""
        prefix = _prefix(_PLACES)
        return self.integers.items((a[len(prefix) :].decode("latin-1"), data) for a, data in self._scan(prefix))

    def tables(self) -> list[str]:
        """Names of the tables that hold something, without those that begin with `OWN`."""
        found = {bytes(address).partition(b"\0")[0] for address, _ in self._scan(b"")}
        names = {name.decode("latin-1") for name in found}
        if _PLACES in names:
            names.discard(_PLACES)
            names.update([INTEGER_TABLE] if any(True for _ in self._numbers()) else [])
        return sorted(name for name in names if not name.startswith(OWN))

    def clear(self, table: str | None = None) -> None:
        """Remove every key of a table; of all tables when none is named."""
        with self.transaction():
            self._delete_all(b"" if table is None else _prefix(table))
            if table in (None, INTEGER_TABLE):
                self._delete_all(_prefix(_PLACES))
                self.integers.clear()
        if table in (None, INTEGER_TABLE):
            self.integers.move_on()

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
                self._pages.begin()
                yield self
        except (lmdb.MapFullError, lmdb.BadTxnError):  # the latter: a write of it had failed already
            raise SharedMemoryFull from None
        finally:
            self._transaction = None

    @property
    def is_held(self) -> bool:
        """Whether a transaction of this process is under way: nobody else can write meanwhile."""
        return self._transaction is not None

    # -- for who watches (`runtime.watching.sharing`) ------------------------------------------------------------------

    @property
    def plain(self) -> Shared:
        """The memory itself: what is done there is told to nobody."""
        return self

    def step(self, access: Access | None = None) -> contextlib.AbstractContextManager[object]:
        """What is done in this context is one step, as a server has it, whatever it takes here; with an access, that
        one, whatever is read and written of its table."""
        return _STEP

    def tell(self, access: Access) -> None:
        """Something has become of the step: a lock that was asked for is held."""

    # ------------------------------------------------------------------------------------------------------------------

    def abandon(self) -> None:
        """Forget what an interrupt may have cut short: a transaction, a hold on integers. Call it between runs."""
        self._transaction = None
        self.integers.recover()

    @contextlib.contextmanager
    def _writing(self) -> Iterator[Any]:
        """As `_write`, and a full memory is said to be full."""
        with self.transaction():
            self._make_room(0)
            yield self._transaction

    def _write(self) -> Any:
        """A context that gives the transaction to write in: the one under way, or one of its own."""
        if self._transaction is not None:
            return contextlib.nullcontext(self._transaction)
        return self._begin(write=True)

    def _put(self, transaction: Any, table: str, key: str, address: bytes, value: Any) -> None:
        if value is None:
            self._delete(transaction, address)
            return
        data = _dump(value) if len(table) + len(key) < KEY_LIMIT else _fold(key, _dump(value))
        self._writes += 1
        if self._writes % WRITES_BETWEEN_CHECKS == 0 or len(data) > LARGE_VALUE:
            self._check_size(len(data))
        if not self._pages.take(len(data), self._transaction is None):
            if len(transaction.get(address) or b"") < len(data):
                raise SharedMemoryFull(self.path.parent)
            self._make_room_to_delete()  # which is all that replacing takes
        try:
            transaction.put(address, data)
        except lmdb.MapFullError:
            raise SharedMemoryFull from None

    def _delete(self, transaction: Any, address: bytes) -> bool:
        self._make_room_to_delete()
        return bool(transaction.delete(address))

    def _delete_all(self, prefix: bytes) -> None:
        """Delete from the first to the last key: pages that are emptied so serve for the copies of the next ones."""
        self._make_room_to_delete()
        for address, _ in self._scan(prefix):
            self._transaction.delete(address)

    def _make_room_to_delete(self) -> None:
        if not self._pages.take_for_deleting(alone=self._transaction is None):
            raise SharedMemoryFull(self.path.parent)

    def _make_room(self, size: int) -> None:
        """A value of so many bytes is to be written, in a transaction of several writes."""
        if not self._pages.take(size, False):
            raise SharedMemoryFull(self.path.parent)

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
    """A new directory that only this user can enter, with room for the beginning of a session's shared memory.

    In memory where that has room for the whole map. Raises `room.NoRoom` when there is none anywhere.
    """
    return room.make_directory(_make_first, FIRST_SIZE, MAP_SIZE)


def remove_directory(path: Path) -> None:
    """Remove a directory made by `make_directory`; one that is gone already is fine."""
    room.remove_directory(path)


def _remove_own(path: Path, process: int) -> None:
    """The same for who made it; a process that it forked leaves it alone."""
    if os.getpid() == process:
        remove_directory(path)


def _make_first(path: Path) -> None:
    """Make the files, and take room for the first values."""
    try:
        with Shared(path) as shared, shared.transaction():
            shared._make_room(LARGE_VALUE)
    except lmdb.MemoryError:  # the map is larger than what this process may have of addresses
        raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM)) from None
    except lmdb.Error as error:
        raise OSError(str(error)) from error
    except SharedMemoryFull:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from None


def _allocate_locks(path: Path) -> None:
    """LMDB would make a sparse file; it takes one that is large enough already."""
    descriptor = os.open(path / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if os.fstat(descriptor).st_size < LOCK_SIZE:
            room.allocate(descriptor, LOCK_SIZE)
    finally:
        os.close(descriptor)


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
        try:
            return b"s" + value.encode("latin-1")
        except UnicodeEncodeError:  # an object may be any text, a script's value never is
            pass
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
