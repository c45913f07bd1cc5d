"""Space is allocated before LMDB writes into it, whatever is written."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator

import pytest

from evroute_kernel.runtime.memory import room
from evroute_kernel.runtime.memory.pages import DATA_FILE
from evroute_kernel.runtime.shared import LOCK_FILE, Shared, SharedMemoryFull

SIZES = (1, 10, 300, 1000, 2000, 2100, 4000, 5000, 20_000, 300_000)


@pytest.fixture
def shared() -> Iterator[Shared]:
    with Shared.temporary() as opened:
        yield opened


def key(numbers: random.Random) -> str:
    kind = numbers.randrange(3)
    if kind == 0:
        return f"k{numbers.randrange(2000)}"
    if kind == 1:  # long keys make deep trees
        return numbers.choice("abc") * numbers.randrange(1, 470) + str(numbers.randrange(20_000))
    return "z" * 600 + str(numbers.randrange(200))


def in_one(shared: Shared, write: Callable[[], object]) -> None:
    with shared.transaction():
        for _ in range(40):
            write()


def write_something(shared: Shared, numbers: random.Random) -> None:
    def put() -> None:
        shared.put("cache", key(numbers), "v" * numbers.choice(SIZES))

    def delete() -> None:
        shared.delete("cache", key(numbers))

    steps: list[Callable[[], object]] = [
        put,
        delete,
        lambda: in_one(shared, put),
        lambda: in_one(shared, delete),
        lambda: shared.put("shv", key(numbers), numbers.randrange(100)),
        lambda: shared.update("stat", key(numbers), lambda value: (value or 0) + 1),
        lambda: shared.clear(numbers.choice(("cache", "shv", None))),
    ]
    numbers.choices(steps, (30, 20, 3, 3, 20, 20, 0.2))[0]()


@pytest.mark.parametrize("seed", range(4))
def test_lmdb_is_never_beyond_what_is_allocated(shared: Shared, seed: int) -> None:
    numbers = random.Random(seed)
    data = shared.path / DATA_FILE
    for _ in range(600):
        write_something(shared, numbers)
        used = (shared._environment.info()["last_pgno"] + 1) * shared._environment.stat()["psize"]
        assert used <= data.stat().st_blocks * 512


def test_nothing_that_is_mapped_is_sparse(shared: Shared) -> None:
    """But for the data, whose pages are taken as they are needed."""
    for name in (LOCK_FILE, "integers"):
        status = (shared.path / name).stat()
        assert status.st_blocks * 512 >= status.st_size > 0
    shared.put("shv", "x", "text")
    status = (shared.path / DATA_FILE).stat()
    assert 0 < status.st_blocks * 512 < 4 * 2**20 < status.st_size


def test_a_refused_value_changes_nothing(shared: Shared, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    shared.put("cache", "a", "text")
    monkeypatch.setattr("evroute_kernel.runtime.memory.pages.allocate", full)
    with pytest.raises(SharedMemoryFull, match="cannot grow"):
        shared.put("cache", "b", "x" * 2**20)
    with pytest.raises(SharedMemoryFull):
        in_one(shared, lambda: (shared.delete("cache", "a"), shared.put("cache", "b", "x" * 2**20)))
    assert shared.items("cache") == [("a", "text")]
    monkeypatch.undo()
    shared.put("cache", "b", "x" * 2**20)


def test_where_there_are_no_files_in_memory_a_nameless_one_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: object) -> int:
        raise PermissionError

    monkeypatch.setattr(os, "memfd_create", forbidden)
    descriptor = room.anonymous_file(5000)
    status = os.fstat(descriptor)
    os.close(descriptor)
    assert (status.st_size, status.st_nlink) == (5000, 0)
    assert status.st_blocks * 512 >= 5000


def test_where_nothing_can_be_allocated_zeros_are_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on macOS."""
    monkeypatch.delattr(os, "posix_fallocate")
    descriptor = room.anonymous_file(200_000)
    assert os.fstat(descriptor).st_blocks * 512 >= 200_000
    os.pwrite(descriptor, b"kept", 0)
    room.allocate(descriptor, 300_000, 200_000)
    assert (os.fstat(descriptor).st_size, os.pread(descriptor, 4, 0)) == (300_000, b"kept")
    os.close(descriptor)
