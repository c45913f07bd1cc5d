"""What routes raise: it runs in order in the worker that raised it, whatever happens to that worker meanwhile."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Thread
from time import monotonic

import pytest

from evroute_kernel.engine.results.runs import Run
from evroute_kernel.engine.session.session import Session

#: seconds for what should take milliseconds
DEADLINE = 30.0
Define = Callable[..., None]
Wait = Callable[[Callable[[], bool]], None]
COUNT = 300
GO = f'for n in range({COUNT}):\n    at(n)\n    p.raise_event(c, "E_N", [("n", n)])\nsay("raised")'
DIE = 'load("os").kill(load("os").getpid(), 9)'
#: raises itself until somebody says that it is enough
ENDLESS = 'if p.shared.get("shv", "enough") != 1: p.raise_event(c, "E_ON", [])\np.shared.put("shv", "begun", 1)'


def texts(run: Run) -> list[str]:
    return [record.text for record in run.log if not record.diagnostic]


def numbers(*missing: int, count: int = COUNT) -> list[str]:
    return [str(n) for n in range(count) if n not in missing]


def runs(run: Run) -> dict[str, int]:
    return {ran.event: ran.runs for ran in run.ran}


# -- workers that die -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("at", [0, 1, 63, 64, 150, COUNT - 1])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_worker_that_dies_costs_the_event_that_it_was_running(
    session: Session, define: Define, at: int, when: str
) -> None:
    die = f"if c.params[0][1] == {at}: {DIE}"
    lines = [die, 'say("%d" % c.params[0][1])']
    define(session, E_GO=GO, E_N="\n".join(lines if when == "before" else lines[::-1]))
    run = session.raise_event("E_GO")
    assert texts(run) == ["raised", *numbers(*([at] if when == "before" else []))]
    [error] = run.errors
    assert (error.cause, error.event, error.route) == ("worker died", "E_N", "event_route[E_N]")
    assert run.routes == COUNT + 1
    assert runs(run) == {"E_GO": 1, "E_N": COUNT - 1}


def test_what_was_raised_before_a_route_died_is_run(session: Session, define: Define) -> None:
    define(session, E_GO=GO.replace("    at(n)", f"    if n == 150: {DIE}"), E_N='say("%d" % c.params[0][1])')
    run = session.raise_event("E_GO")
    assert texts(run) == numbers(count=150)
    assert [error.event for error in run.errors] == ["E_GO"]


def test_the_other_routes_of_an_event_whose_route_died_are_run(session: Session, define: Define) -> None:
    define(
        session,
        E_GO='for n in range(3): p.raise_event(c, "E_N", [("n", n)])',
        E_N='say("own %d" % c.params[0][1])',
        E_LAST='say("last %d" % c.params[0][1])',
        E_DIES=f'say("dies %d" % c.params[0][1])\nif c.params[0][1] == 1: {DIE}',
        E_SUB='p.subscribe("E_N", "route:E_DIES", None)\np.subscribe("E_N", "route:E_LAST", None)',
    )
    session.raise_event("E_SUB")
    run = session.raise_event("E_GO")
    assert texts(run) == [f"{word} {n}" for n in range(3) for word in ("last", "dies", "own")]
    assert [error.route for error in run.errors] == ["event_route[E_DIES]"]
    assert run.routes == 10


def test_workers_killed_at_random_moments(session: Session, define: Define) -> None:
    """Order and counts are those of a run that nobody disturbs, but for the events that were running."""
    define(session, E_GO=GO, E_N='for i in range(300): pass\nsay("%d" % c.params[0][1])')
    session.raise_event("E_GO")
    stop = False

    def kill() -> None:
        moments = random.Random(5)
        while not stop:
            end = monotonic() + moments.random() * 0.01
            while monotonic() < end:
                pass
            for worker in session.workers():
                if worker.pid is not None and worker.state == "running":
                    with suppress(ProcessLookupError):  # it is just gone
                        os.kill(worker.pid, signal.SIGKILL)

    killer = Thread(target=kill)
    killer.start()
    lost = 0
    try:
        for _ in range(20):
            run = session.submit("E_GO").result(DEADLINE)
            logged = [int(text) for text in texts(run) if text != "raised"]
            assert logged == sorted(set(logged)), "in order, none twice"
            failed = [error.event for error in run.errors]
            lost += len(failed)
            if "E_GO" not in failed:  # else it did not raise all
                assert COUNT - len(logged) <= failed.count("E_N")
                assert run.routes == COUNT + 1
                assert runs(run).get("E_N", 0) == COUNT - failed.count("E_N")
    finally:
        stop = True
        killer.join()
    assert lost


def test_out_of_memory_in_a_raised_event(session: Session, define: Define) -> None:
    session.memory_limit = 64 * 2**20
    define(session, E_GO=GO, E_N='n = c.params[0][1]\nif n == 7: bytearray(2**31)\nsay("%d" % n)')
    run = session.raise_event("E_GO")
    assert texts(run) == ["raised", *numbers(7)]
    assert [error.cause for error in run.errors] == ["out of memory"]


@pytest.mark.parametrize("fault", [DIE, 'raise ScriptCrash("no")'])
def test_what_a_batch_raises_outlives_its_worker(session: Session, define: Define, fault: str) -> None:
    define(
        session,
        E_A='p.raise_event(c, "E_N", c.params)',
        E_N=f'n = c.params[0][1]\nif n == 100: {fault}\nsay("%d" % n)',
    )
    result = session.submit_batch("E_A", [{"n": n} for n in range(COUNT)]).result(DEADLINE)
    assert [r.text for r in result.log if not r.diagnostic] == numbers(100)
    assert (result.events, [error.event for error in result.errors]) == (COUNT, ["E_N"])


@pytest.mark.parametrize("many", ["batch", "replay"])
def test_what_events_had_raised_before_their_worker_died_is_run(session: Session, define: Define, many: str) -> None:
    define(
        session,
        E_A=f'p.raise_event(c, "E_N", c.params)\nif c.params[0][1] == 20: {DIE}',
        E_N='p.shared.put("shv", "n%d" % c.params[0][1], 1)',
    )
    events = [{"n": n} for n in range(40)]
    if many == "batch":
        assert session.submit_batch("E_A", events).result(DEADLINE).failed == 1
    else:
        assert session.replay([("E_A", event) for event in events], workers=1).failed == 1
    assert [session.shared.get("shv", f"n{n}") for n in range(40)] == [1] * 40


# -- interrupts and time ----------------------------------------------------------------------------------------------


def test_an_interrupt_ends_a_flow(session: Session, define: Define, wait: Wait) -> None:
    define(session, E_ON=ENDLESS, E_A='say("a")')
    for _ in range(10):
        future = session.submit("E_ON")
        wait(lambda: session.shared.get("shv", "begun") == 1)
        assert session.interrupt() == 1
        error = future.result(DEADLINE).error
        assert error is not None
        assert error.cause == "interrupted"
        session.shared.put("shv", "begun", 0)
        assert texts(session.raise_event("E_A")) == ["a"]


@pytest.mark.parametrize("times", [1, 2])
def test_a_batch_whose_event_raises_itself_ends_in_time(session: Session, define: Define, times: int) -> None:
    define(session, E_A=f'if c.params[0][1] == 3:\n    for i in range({times}): p.raise_event(c, "E_A", c.params)')
    result = session.submit_batch("E_A", [{"n": n} for n in range(100)], timeout=1.0).result(DEADLINE)
    assert result.events == 100
    assert [(error.cause, error.event) for error in result.errors] == [("timed out", "E_A")]
    assert session.interrupt() == 0


def test_a_replay_whose_event_raises_itself_ends_in_time(session: Session, define: Define) -> None:
    define(session, E_A='if c.params[0][1] == 3: p.raise_event(c, "E_A", c.params)')
    result = session.replay((("E_A", {"n": n}) for n in range(100)), timeout=1.0)
    assert (result.events, result.failed, result.causes) == (100, 1, {"timed out": 1})


def test_a_raised_event_of_a_batch_that_takes_too_long_costs_itself(session: Session, define: Define) -> None:
    define(
        session,
        E_A='p.raise_event(c, "E_N", c.params)',
        E_N='n = c.params[0][1]\nwhile n == 5: pass\nsay("%d" % n)',
    )
    result = session.submit_batch("E_A", [{"n": n} for n in range(20)], timeout=1.0).result(DEADLINE)
    assert [r.text for r in result.log] == numbers(5, count=20)
    assert [(error.cause, error.event) for error in result.errors] == [("timed out", "E_N")]


# -- limits, order, others --------------------------------------------------------------------------------------------


def test_so_many_events_may_wait(session: Session, define: Define) -> None:
    define(
        session,
        E_GO='for n in range(100_009): p.raise_event(c, "E_N", [])',
        E_N='p.var["n"] = p.var.get("n", 0) + 1',
        E_SAY='say("%d" % p.var["n"])',
    )
    run = session.raise_event("E_GO")
    assert [record.text for record in run.log] == [
        "10 raised events were dropped: 100000, or 64 MiB, were waiting already"
    ]
    assert texts(session.raise_event("E_SAY")) == ["99999"]


def test_so_many_bytes_may_wait(session: Session, define: Define) -> None:
    """Where more wait, no worker could take over those of another one: it needs several times as much memory."""
    define(
        session,
        E_GO='for n in range(5): p.raise_event(c, "E_N", [("s", "x" * 30_000_000), ("n", n)])',
        E_N='say("%d" % c.params[1][1])',
    )
    dropped = "3 raised events were dropped: 100000, or 64 MiB, were waiting already"
    assert sorted(record.text for record in session.raise_event("E_GO").log) == ["0", "1", dropped]


def test_one_that_is_larger_waits_all_the_same(session: Session, define: Define) -> None:
    define(session, E_GO='p.raise_event(c, "E_N", [("s", "x" * 70_000_000)])', E_N="say(c.params[0][1][-3:])")
    assert texts(session.raise_event("E_GO")) == ["xxx"]


def test_others_are_run_between(session: Session, define: Define, wait: Wait) -> None:
    """One worker, and a flow that does not end: an event raised meanwhile, and statements, need not wait for it."""
    define(session, E_ON=ENDLESS, E_A='say("a")')
    endless = session.submit("E_ON")
    wait(lambda: session.shared.get("shv", "begun") == 1)
    for _ in range(3):
        assert texts(session.submit("E_A").result(DEADLINE)) == ["a"]
    loaded = session.load('xlog("now");', scratch=True)
    assert loaded.run is not None
    assert texts(loaded.run) == ["now"]
    session.shared.put("shv", "enough", 1)
    assert endless.result(DEADLINE).ok


def test_two_flows_share_a_worker_and_keep_their_order_and_their_log(session: Session, define: Define) -> None:
    """Thousands of events wait of each: they are carried over when the other one's turn has come."""
    define(
        session,
        E_GO='for n in range(3000): p.raise_event(c, "E_N", [("who", c.params[0][1]), ("n", n)])',
        E_N='say("%s %d" % (c.params[0][1], c.params[1][1]))\nfor i in range(200): pass',
    )
    futures = {who: session.submit("E_GO", {"who": who}, origin=who) for who in ("one", "two")}
    for who, future in futures.items():
        run = future.result(DEADLINE)
        assert texts(run) == [f"{who} {n}" for n in range(3000)]
        assert run.routes == 3001


def test_a_route_defined_anew_meanwhile(session: Session, wait: Wait) -> None:
    """What was raised before runs as it was; what is raised by then comes to the new one within moments."""
    session.load('event_route[E_A] { $shv(old) += 1; raise_event("E_A"); }')
    future = session.submit("E_A")
    wait(lambda: session.shared.get("shv", "old") is not None)
    session.load("event_route[E_A] { $shv(new) = 1; }")
    assert future.result(DEADLINE).ok
    assert session.shared.get("shv", "new") == 1


def test_a_subscriber_added_meanwhile_gets_what_is_raised_then(session: Session) -> None:
    session.load(
        """
        event_route[E_GO] { raise_event("E_A"); raise_event("E_SUB"); raise_event("E_AGAIN"); }
        event_route[E_SUB] { subscribe_event("E_A", "route:E_NEW"); }
        event_route[E_AGAIN] { raise_event("E_A"); }
        event_route[E_A] { xlog("a"); }
        event_route[E_NEW] { xlog("new"); }
        """
    )
    assert texts(session.raise_event("E_GO")) == ["a", "new", "a"]


def test_listeners_are_told_of_all_in_order_and_when_it_was(session: Session, define: Define) -> None:
    define(session, E_GO=GO, E_N='if c.params[0][1] % 2: p.raise_event(c, "E_NOBODY", c.params)')
    told: list[tuple[str, float]] = []
    end = session.tap(lambda event, params, moment: told.append((event, moment)))
    session.raise_event("E_GO")
    end()
    assert [event for event, _ in told] == ["E_GO"] + ["E_N"] * COUNT + ["E_NOBODY"] * (COUNT // 2)
    moments = [moment for _, moment in told]
    assert moments == sorted(moments)
    assert len(set(moments)) > COUNT // 2, "each has its own"


def test_a_log_line_says_which_event_it_is_of(session: Session, define: Define) -> None:
    define(
        session,
        E_GO='p.raise_event(c, "E_A", [])\np.raise_event(c, "E_B", [])\nsay("go")',
        E_A='say("a")',
        E_B='say("b")',
    )
    run = session.raise_event("E_GO")
    assert [(r.event, r.route, r.text) for r in run.log] == [
        ("E_GO", "event_route[E_GO]", "go"),
        ("E_A", "event_route[E_A]", "a"),
        ("E_B", "event_route[E_B]", "b"),
    ]


def test_an_event_larger_than_the_room_for_those_that_wait(session: Session, define: Define) -> None:
    define(
        session,
        E_GO='for n in range(40): p.raise_event(c, "E_N", [("text", "x" * 100_000)])',
        E_N='p.var["n"] = p.var.get("n", 0) + len(c.params[0][1])'.replace("len", 'names["len"]'),
        E_SAY='say("%d" % p.var["n"])',
    )
    for _ in range(2):
        assert session.raise_event("E_GO").ok
    assert texts(session.raise_event("E_SAY")) == ["8000000"]


@pytest.mark.parametrize("many", ["flow", "batch", "replay"])
def test_what_is_logged_is_seen_while_a_later_event_runs(
    session: Session, define: Define, wait: Wait, many: str
) -> None:
    """The worker sends its messages in blocks; nobody waits for the end of a block."""
    body = 'n = c.params[0][1]\nsay("%d" % n)\nif n == 3: load("time").sleep(60)'
    define(session, E_GO='for n in range(5): p.raise_event(c, "E_N", [("n", n)])', E_N=body)
    events = [{"n": n} for n in range(5)]
    if many == "flow":
        session.submit("E_GO")
    elif many == "batch":
        session.submit_batch("E_N", events)
    else:
        session.start_replay([("E_N", event) for event in events])

    def logged() -> list[str]:
        return [record.text for record in session.log if not record.diagnostic]

    wait(lambda: logged() == ["0", "1", "2", "3"])
    session.interrupt()
    session.submit("E_GO")
    wait(lambda: logged() == ["0", "1", "2", "3"] * 2)
    session.interrupt()


# -- sockets ----------------------------------------------------------------------------------------------------------


def test_datagrams_go_out_in_order_and_are_counted(session: Session, define: Define, wait: Wait) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(DEADLINE)
        receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**20)
        name = f"udp:127.0.0.1:{receiver.getsockname()[1]}"
        define(session, E_GO=GO, E_N='say("%d" % c.params[0][1])')
        session.subscribe("E_N", name)
        assert texts(session.raise_event("E_GO")) == ["raised", *numbers()]
        for n in range(COUNT):
            assert json.loads(receiver.recv(4096)) == {"jsonrpc": "2.0", "method": "E_N", "params": {"n": n}}
        wait(lambda: [(s.sent, s.failed) for s in session.subscribers("E_N") if s.socket == name] == [(COUNT, 0)])


def test_a_datagram_that_nobody_takes_is_the_routes_to_see(session: Session, tmp_path: Path) -> None:
    path = tmp_path / "nobody"
    session.subscribe("E_PIKE_BLOCKED", f"unix:{path}")
    session.load('event_route[E_A] { raise_event("E_PIKE_BLOCKED"); xlog("$rc"); }')
    run = session.raise_event("E_A")
    lines = ["Cannot raise datagram event due to 2:No such file or directory", "cannot raise event", "-1"]
    assert [record.text for record in run.log] == lines
    [info] = session.subscribers("E_PIKE_BLOCKED")
    assert (info.sent, info.failed, info.state) == (0, 1, lines[0])
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(str(path))
        assert texts(session.raise_event("E_A")) == ["1"]
    [info] = session.subscribers("E_PIKE_BLOCKED")
    assert (info.sent, info.failed, info.state) == (1, 1, "ok")


def test_listeners_and_sockets_are_both_told(session: Session, tmp_path: Path) -> None:
    told: list[str] = []
    session.tap(lambda event, params, moment: told.append(event))
    path = tmp_path / "receiver"
    session.subscribe("E_PIKE_BLOCKED", f"unix:{path}")
    session.load('event_route[E_A] { raise_event("E_PIKE_BLOCKED"); }')
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(str(path))
        receiver.setblocking(False)
        for _ in range(3):
            session.raise_event("E_A")
        assert told == ["E_A", "E_PIKE_BLOCKED"] * 3
        for _ in range(3):
            receiver.recv(4096)
        with pytest.raises(BlockingIOError):
            receiver.recv(4096)  # each has come once
