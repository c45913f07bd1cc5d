"""Who listens to the events of a session, and what is closed with it."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from evroute_kernel import Session
from evroute_kernel.engine.delivery.interface import SocketError
from evroute_kernel.engine.events.params import Params
from evroute_kernel.engine.workers.supervisor import SupervisorFailed

SCRIPT = """
event_route[E_A] { $avp(v) = 7; $avp(n) = "x"; raise_event("E_B", $avp(n), $avp(v)); }
event_route[E_B] { xlog("B $param(x)\\n"); }
"""


def test_a_tap_is_told_of_events_raised_from_outside_and_by_scripts(session: Session) -> None:
    seen: list[tuple[str, Params]] = []
    end = session.tap(lambda event, params, time: seen.append((event, params)))
    session.load(SCRIPT)
    session.raise_event("E_A", {"ip": "é"})
    assert seen == [("E_A", (("ip", "Ã©"),)), ("E_B", (("x", 7),))]
    end()
    session.raise_event("E_A")
    assert len(seen) == 2


def test_a_tap_is_told_of_every_event_of_a_batch(session: Session) -> None:
    seen: list[Params] = []
    session.tap(lambda event, params, time: seen.append(params))
    session.load(SCRIPT)
    session.submit_batch("E_B", [{"x": i} for i in range(100)]).result()
    assert seen == [(("x", i),) for i in range(100)]


class Door:
    def __init__(self, name: str, closed: list[str]) -> None:
        self.name, self.closed = name, closed

    def close(self) -> None:
        self.closed.append(self.name)


def test_what_is_attached_is_closed_with_the_session_last_first() -> None:
    closed: list[str] = []
    first, second, third = (Door(name, closed) for name in ("first", "second", "third"))
    with Session(workers=1) as session:
        for door in (first, second, third):
            session.attach(door)
        session.detach(second)
        assert not closed
    assert closed == ["third", "first"]
    session.close()
    assert closed == ["third", "first"]


def test_a_tap_that_fails_costs_no_run(session: Session) -> None:
    def fail(event: str, params: Params, time: float) -> None:
        raise LookupError(event)

    seen: list[str] = []
    session.tap(fail)
    session.tap(lambda event, params, time: seen.append(event))
    session.load(SCRIPT)
    assert [record.text for record in session.raise_event("E_A").log] == ["B 7\n"]
    assert seen == ["E_A", "E_B"]


def test_what_is_attached_too_late_is_closed_at_once(tmp_path: Path) -> None:
    closed: list[str] = []
    with Session(workers=1) as session:
        pass
    session.attach(Door("late", closed))
    assert closed == ["late"]
    assert session.record(tmp_path / "x").is_closed


def test_what_cannot_be_closed_leaves_no_process() -> None:
    class Stuck:
        def close(self) -> None:
            raise OSError("stuck")

    closed: list[str] = []
    session = Session(workers=1)
    session.load(SCRIPT)
    session.raise_event("E_B")
    pid = session.workers()[0].pid
    session.attach(Door("first", closed))
    session.attach(Stuck())
    with pytest.raises(OSError, match="stuck"):
        session.close()
    assert closed == ["first"]
    assert pid is not None
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


@pytest.mark.parametrize("socket", ["udp:127.0.0.1:9", "route:E_B"])
def test_nobody_subscribes_a_closed_session(socket: str) -> None:
    with Session(workers=1) as session:
        session.load(SCRIPT)
    with pytest.raises(SocketError, match="the session is closed"):
        session.subscribe("E_A", socket)


def test_who_waits_is_told_when_the_supervisor_fails(session: Session) -> None:
    session.load("event_route[E_A] { sleep(60); }")
    run = session.submit("E_A")
    replaying = session.start_replay([("E_A", {})] * 10_000)
    session._backend.supervisor.post(lambda: 1 // 0)
    for future in (run, replaying.future):
        with pytest.raises(SupervisorFailed, match="ZeroDivisionError"):
            future.result(30)
    for thread in threading.enumerate():
        if thread.name == "evroute replay":
            thread.join(30)
            assert not thread.is_alive()
    with pytest.raises(SupervisorFailed, match="reset"):
        session.raise_event("E_A")
