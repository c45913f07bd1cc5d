"""The shared memory of a session, which several threads use at once."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from evroute_kernel import Session

DEADLINE = 30


class UndoneError(Exception):
    pass


def test_what_another_thread_writes_is_no_part_of_a_transaction() -> None:
    with Session(workers=1) as session, ThreadPoolExecutor(1) as other:
        shared, began = session.shared, threading.Event()

        def write() -> None:
            began.set()
            shared.put_object("t", "other", 2)

        def undo() -> None:
            with shared.transaction():
                shared.put_object("t", "own", 1)
                assert other.submit(shared.get_object, "t", "own").result() is None
                written.append(other.submit(write))
                assert began.wait(DEADLINE)
                raise UndoneError

        written: list[Future[None]] = []
        with pytest.raises(UndoneError):
            undo()
        written[0].result(DEADLINE)
        assert shared.items("t") == [("other", 2)]


def test_many_threads_change_dialogs_and_queues() -> None:
    with Session(workers=1) as session, ThreadPoolExecutor(8) as threads:

        def change(number: int) -> None:
            session.dialog(f"call{number % 5}", vals={f"v{number}": number})
            with session.shared.transaction():
                count = session.shared.get_object("t", "n") or 0
                session.shared.put_object("t", "n", count + 1)

        for done in [threads.submit(change, number) for number in range(200)]:
            done.result()
        assert session.shared.get_object("t", "n") == 200
        assert sum(len(dialog.vals) for dialog in session.dialogs.values()) == 200
