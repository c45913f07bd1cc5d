"""Faults of our own in the supervisor's thread: each costs the worker or the raise it is about, and nothing else."""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from evroute_kernel.engine.results.records import Records
from evroute_kernel.engine.results.runs import Run
from evroute_kernel.engine.session.session import Session
from evroute_kernel.engine.state.registry import Registry
from evroute_kernel.engine.state.world import World
from evroute_kernel.engine.workers.batches import Chunk
from evroute_kernel.engine.workers.decisions import Decisions
from evroute_kernel.engine.workers.flows import Delivery, Flow
from evroute_kernel.engine.workers.portion_schedule import Replays
from evroute_kernel.engine.workers.processes.pool import Pool
from evroute_kernel.engine.workers.processes.process import Process
from evroute_kernel.engine.workers.route_messages import RouteMessages
from evroute_kernel.engine.workers.supervisor import Supervisor, SupervisorFailed
from evroute_kernel.engine.workers.worker import Worker

Define = Callable[..., None]
Wait = Callable[[Callable[[], bool]], None]
PATIENCE = 30


def broken(*arguments: Any, **more: Any) -> Any:
    raise IndexError("list index out of range")


@contextmanager
def fault_in(owner: Any, name: str) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(owner, name, broken)
        yield


def texts(run: Run) -> list[str]:
    return [record.text for record in run.log]


def pid_of(session: Session) -> int:
    pid = session.workers()[0].pid
    assert pid is not None
    return pid


def goes_on(session: Session) -> bool:
    return texts(session.submit("E_OTHER").result(PATIENCE)) == ["other"]


@pytest.fixture
def routes(session: Session, define: Define) -> Session:
    define(
        session,
        E_A='say("a")',
        E_PRINT='load("os").write(2, b"printed\\n")\nload("time").sleep(60)',
        E_WAIT='say("waits")\nload("time").sleep(60)',
        E_OTHER='say("other")',
    )
    session.raise_event("E_OTHER")  # its worker is there
    return session


# -- one worker, one raise ----------------------------------------------------------------------------------------


def test_what_is_printed_before_any_route_was_compiled(session: Session, wait: Wait) -> None:
    """A worker that runs part of a replay has no route then; the message asks for its title."""
    replaying = session.start_replay({"event": "E_A", "params": {}} for _ in iter(int, 1))
    wait(lambda: any(worker.state == "running" for worker in session.workers()))  # asks for the title, too
    os.kill(pid_of(session), signal.SIGABRT)  # faulthandler prints where it was
    wait(lambda: any("Fatal Python error" in record.text for record in session.log))
    session.interrupt()
    assert replaying.future.result(PATIENCE).ended == "interrupted"
    session.load('event_route[E_OTHER] { xlog("other"); }')
    assert goes_on(session)


HEARD = [
    (RouteMessages, "handle"),
    (Records, "publish"),
    (Flow, "heard"),
    (Registry, "count_runs"),
    (Supervisor, "record"),
]


@pytest.mark.parametrize(("owner", "name"), HEARD)
def test_an_exception_about_what_a_worker_says_costs_the_worker(routes: Session, owner: Any, name: str) -> None:
    before = pid_of(routes)
    with fault_in(owner, name):
        error = routes.submit("E_A").result(PATIENCE).error
    assert error is not None
    assert error.cause == "internal error"
    assert error.message == "the event E_A failed inside the kernel: IndexError: list index out of range"
    assert "Traceback" in error.render()
    assert "report it" in (error.hint or "")
    assert goes_on(routes)
    assert pid_of(routes) != before


def test_an_exception_about_what_is_printed(routes: Session) -> None:
    with fault_in(Supervisor, "printed"):
        error = routes.submit("E_PRINT").result(PATIENCE).error
    assert error is not None
    assert error.cause == "internal error"
    assert goes_on(routes)


@pytest.mark.parametrize(
    ("owner", "name"),
    [(Process, "give"), (World, "program"), (Decisions, "put"), (Worker, "begin"), (Delivery, "started")],
)
def test_an_exception_while_a_run_is_handed_out(routes: Session, owner: Any, name: str) -> None:
    with fault_in(owner, name):
        error = routes.submit("E_A").result(PATIENCE).error
    assert error is not None
    assert error.cause == "internal error"
    assert goes_on(routes)


@pytest.mark.parametrize(("owner", "name"), [(Flow, "lost"), (Flow, "_after_loss"), (Registry, "place")])
def test_an_exception_about_the_end_of_a_worker(routes: Session, wait: Wait, owner: Any, name: str) -> None:
    future = routes.submit("E_WAIT")
    wait(lambda: any(record.text == "waits" for record in routes.log))
    pid = pid_of(routes)
    with fault_in(owner, name):
        os.kill(pid, signal.SIGKILL)
        error = future.result(PATIENCE).error
    assert error is not None
    assert error.cause == "internal error"
    assert goes_on(routes)


@pytest.mark.parametrize("name", ["ended", "feed", "began", "_put"])
def test_an_exception_about_a_replay(routes: Session, name: str) -> None:
    with fault_in(Replays, name):
        result = routes.start_replay([("E_OTHER", {})] * 10).future.result(PATIENCE)
    assert result.ended == "internal error"
    assert not result.ok
    assert goes_on(routes)


def test_an_exception_about_a_batch(routes: Session) -> None:
    with fault_in(Chunk, "heard"):
        result = routes.submit_batch("E_OTHER", [{}] * 1000).result(PATIENCE)
    assert [error.cause for error in result.errors] == ["internal error"]
    assert goes_on(routes)


def test_an_exception_when_a_run_is_overdue(routes: Session) -> None:
    with fault_in(Supervisor, "overdue"):
        error = routes.submit("E_WAIT", timeout=0.1).result(PATIENCE).error
    assert error is not None
    assert error.cause == "internal error"
    assert goes_on(routes)


def test_a_worker_that_talks_nonsense(routes: Session, define: Define) -> None:
    """It has written over its own memory, say: what it sends can be read no more."""
    define(routes, E_MAD='load("os").write(p.emit.__self__._stream.fileno(), b"\\x04\\0\\0\\0gaga" * 10)\nsay("a")')
    error = routes.submit("E_MAD").result(PATIENCE).error
    assert error is not None
    assert error.cause == "internal error"
    assert goes_on(routes)


def test_others_go_on_meanwhile(pair: Session, define: Define, wait: Wait) -> None:
    define(pair, E_SLOW='say("slow")\nwhile p.shared.get("shv", "go") != 1: load("time").sleep(0.001)', E_A='say("a")')
    slow = pair.submit("E_SLOW")
    wait(lambda: any(record.text == "slow" for record in pair.log))
    with fault_in(Flow, "heard"):
        assert not pair.submit("E_A").result(PATIENCE).ok
    pair.shared.put("shv", "go", 1)
    assert slow.result(PATIENCE).ok


def test_no_descriptors_for_a_new_worker_do_not_end_the_others(pair: Session, define: Define, wait: Wait) -> None:
    define(pair, E_SLOW='say("slow")\nwhile p.shared.get("shv", "go") != 1: load("time").sleep(0.001)', E_A='say("a")')
    slow = pair.submit("E_SLOW")
    wait(lambda: any(record.text == "slow" for record in pair.log))

    def none_left(*_: Any) -> Any:
        raise OSError(24, "Too many open files")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("evroute_kernel.engine.workers.processes.process.socket.socketpair", none_left)
        other = pair.submit("E_A")  # waits for the worker that there is
        pair.shared.put("shv", "go", 1)
        assert slow.result(PATIENCE).ok
        assert other.result(PATIENCE).ok


# -- the supervisor itself ----------------------------------------------------------------------------------------


def fail(session: Session, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.CRITICAL), fault_in(Pool, "check_deadlines"):
        session._backend.supervisor.post(lambda: None)
        session._backend.supervisor._loop.join()


def test_after_a_failure_calls_say_so_and_reset_starts_afresh(
    routes: Session, wait: Wait, caplog: pytest.LogCaptureFixture
) -> None:
    run = routes.submit("E_WAIT")
    wait(lambda: any(record.text == "waits" for record in routes.log))
    directory = routes._backend.directory
    fail(routes, caplog)
    calls: list[Callable[[], object]] = [
        lambda: run.result(PATIENCE),
        lambda: routes.raise_event("E_A"),
        lambda: routes.start_replay([("E_A", {})]).future.result(PATIENCE),
        routes.workers,
        lambda: routes.variables(1),
        lambda: routes.shared,
    ]
    for call in calls:
        with pytest.raises(SupervisorFailed, match=r"IndexError: list index out of range\): %reset, .* starts afresh"):
            call()
    assert routes.interrupt() == 0
    for _ in range(2):
        routes.reset()
        routes.load('event_route[E_OTHER] { $shv(n) += 1; xlog("other"); }')
        assert goes_on(routes)
        assert routes.shared.get("shv", "n") == 1
        assert len(routes.workers()) == 1
    assert not directory.exists()


def test_a_session_whose_supervisor_failed_can_be_closed(define: Define, caplog: pytest.LogCaptureFixture) -> None:
    with Session(workers=1) as session:
        define(session, E_A='say("a")')
        session.raise_event("E_A")
        pid, directory = pid_of(session), session._backend.directory
        fail(session, caplog)
    assert not Path(f"/proc/{pid}").exists()
    assert not directory.exists()
