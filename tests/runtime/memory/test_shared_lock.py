"""A lock between processes, of both kinds: who waits gets it, and nobody keeps it beyond his end."""

from __future__ import annotations

import mmap
import os
import signal
import tempfile
from collections.abc import Callable, Iterator

import pytest

from evroute_kernel.runtime.memory import shared_lock
from evroute_kernel.runtime.memory.shared_lock import SIZE, FileLock, Mutex, SharedLock, make, open_lock

#: opens the lock; every process does so by itself
Open = Callable[[], SharedLock]
COUNTS = 20_000


@pytest.fixture
def words() -> mmap.mmap:
    return mmap.mmap(-1, 4096)


@pytest.fixture(params=["mutex", "file"])
def lock(request: pytest.FixtureRequest, words: mmap.mmap, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    if request.param == "file":
        monkeypatch.setattr(shared_lock, "_library", lambda: None)
    elif shared_lock._library() is None:
        pytest.skip("this system has no robust mutexes")
    make(memoryview(words)[64 : 64 + SIZE])
    with tempfile.NamedTemporaryFile() as file:

        def open_again() -> SharedLock:
            opened = open_lock(memoryview(words)[64 : 64 + SIZE], os.open(file.name, os.O_RDWR))
            assert isinstance(opened, Mutex if request.param == "mutex" else FileLock)
            return opened

        yield open_again


def forked(function: Callable[[], object]) -> int:
    if (pid := os.fork()) == 0:
        try:
            function()
            os._exit(0)
        finally:
            os._exit(1)
    return pid


def test_nobody_counts_meanwhile(lock: Open, words: mmap.mmap) -> None:
    numbers = memoryview(words).cast("q")

    def count() -> None:
        mine = lock()
        for _ in range(COUNTS):
            mine.hold()
            numbers[0] += 1
            mine.release()

    processes = [forked(count) for _ in range(3)]
    assert [os.waitpid(pid, 0)[1] for pid in processes] == [0, 0, 0]
    assert numbers[0] == 3 * COUNTS


def test_who_is_killed_gives_it_back(lock: Open, words: mmap.mmap) -> None:
    def die() -> None:
        lock().hold()
        os.kill(os.getpid(), signal.SIGKILL)

    mine = lock()
    for _ in range(3):
        assert os.waitpid(forked(die), 0)[1] == signal.SIGKILL
        mine.hold()
        mine.release()


def test_who_waits_hears_signals(lock: Open) -> None:
    held, holder = os.pipe(), lock()

    class Struck(Exception):
        pass

    def strike(*_: object) -> None:
        raise Struck

    def hold() -> None:
        os.write(held[1], b"x")
        lock().hold()

    def wait() -> None:
        signal.signal(signal.SIGUSR1, strike)
        with pytest.raises(Struck):
            hold()

    holder.hold()
    pid = forked(wait)
    os.read(held[0], 1)
    os.kill(pid, signal.SIGUSR1)
    assert os.waitpid(pid, 0)[1] == 0
    holder.release()
    for descriptor in held:
        os.close(descriptor)


def test_giving_back_what_one_has_not_is_harmless(lock: Open) -> None:
    mine = lock()
    for give_back in (mine.release, mine.recover, mine.recover):
        give_back()
        mine.hold()
        mine.recover()
    mine.close()
