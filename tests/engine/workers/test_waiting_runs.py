"""Runs that wait for an event or a time: who goes on, in which worker, whose log, what one that dies costs."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable, Iterator

import pytest

from evroute_kernel import Session
from evroute_kernel.engine.results.runs import LogRecord, RouteRuns, Run
from evroute_kernel.runtime.versions import VERSIONS
from support.mi_clients import wait_until

DEADLINE = 30.0
MODULE = 'loadmodule "event_routing.so"\nloadmodule "tm.so"\nloadmodule "cfgutils.so"\n'
#: E_ARM, then E_BEGIN runs the route `begin`, which counts as the route of a request
ARMED = (
    MODULE
    + 'event_route[E_ARM] { notify_on_event("E_BEGIN", $avp(none), "begin", 1000000); }\n'
    + "event_route[E_BEGIN] { exit; }\n"
)
WAITING = (
    ARMED
    + r"""
route[begin] { $var(v) = $avp(id); async(wait_for_event("E_X", $avp(f), 5), resumed); xlog("never\n"); }
route[resumed] { xlog("resumed $rc [$avp(k)] [$avp(id)] [$param(k)] $var(v)\n"); }
event_route[E_X] { xlog("event $param(k)\n"); }
"""
)


@pytest.fixture(params=VERSIONS)
def session(request: pytest.FixtureRequest) -> Iterator[Session]:
    with Session(workers=1, version=request.param, timeout=DEADLINE) as opened:
        yield opened


@pytest.fixture
def server() -> Iterator[Session]:
    """A 4.0 with several workers."""
    with Session(workers=3, version="4.0", timeout=DEADLINE) as opened:
        yield opened


def begin(session: Session, script: str, id: str = "7") -> Run:
    """Load a script, and let its route `begin` run."""
    session.load(script)
    session.raise_event("E_ARM")
    return session.raise_event("E_BEGIN", {"id": id})


def texts(log: Iterable[LogRecord]) -> list[str]:
    return [record.text.rstrip("\n") for record in log if not record.diagnostic]


def told(log: Iterable[LogRecord]) -> list[str]:
    """What the runtime itself said, but for what it says at each subscription."""
    return [record.text for record in log if record.diagnostic and "no transaction here" not in record.text]


def waiting(session: Session) -> list[tuple[str, str]]:
    return [(each.manner, each.route) for each in session.notifications() if each.waits_in]


# -- in async() -------------------------------------------------------------------------------------------------------


def test_what_goes_on_is_part_of_the_raise_that_woke_it_and_is_marked(session: Session) -> None:
    assert texts(begin(session, WAITING).log) == []
    assert waiting(session) == [("held", "resumed")]
    run = session.raise_event("E_X", {"k": "a"})
    assert texts(run.log) == ["event a", "resumed 1 [a] [7] [<null>] 7"]
    assert [(record.route, record.manner) for record in run.log] == [
        ("event_route[E_X]", ""),
        ("route[resumed]", "resumed"),
    ]
    assert set(run.ran) == {RouteRuns("E_X", "event_route[E_X]", 1), RouteRuns("E_X", "route[resumed]", 1)}
    assert waiting(session) == []
    assert texts(session.raise_event("E_X", {"k": "b"}).log) == ["event b"]


def test_a_notified_route_is_marked_too(session: Session) -> None:
    run = begin(session, ARMED + 'route[begin] { xlog("begun\\n"); }')
    assert [record.manner for record in run.log] == ["notified"]


def test_the_run_goes_on_in_the_worker_where_it_waits() -> None:
    with Session(workers=2, timeout=DEADLINE) as session:
        begin(session, WAITING + "event_route[E_BUSY] { sleep(600); }")
        assert session.notifications()[0].waits_in == 1
        busy = session.submit("E_X", {"k": "a"})
        assert {record.process for record in busy.result().log} == {1}
        session.tick(clock=6)  # the transaction is forgotten
        session.raise_event("E_BEGIN", {"id": "8"})
        occupied = session.submit("E_BUSY", origin="busy")
        wait_until(lambda: any(worker.running for worker in session.workers()))
        woken = session.submit("E_X", {"k": "b"})
        wait_until(lambda: waiting(session) == [])
        session.interrupt("busy")
        assert not occupied.result().ok
        assert [(r.process, r.text) for r in woken.result().log] == [
            (2, "event b\n"),
            (1, "resumed 1 [b] [8] [<null>] 8\n"),
        ]


def test_an_interrupt_of_what_wakes_a_run_ends_that_too() -> None:
    with Session(workers=2, timeout=DEADLINE) as session:
        begin(session, WAITING + "event_route[E_BUSY] { sleep(600); }")
        session.submit("E_BUSY", origin="busy")
        wait_until(lambda: any(worker.running for worker in session.workers()))
        woken = session.submit("E_X", {"k": "a"}, origin="cell")
        wait_until(lambda: texts(session.log) == ["event a"])
        session.interrupt("cell")
        assert texts(woken.result().log) == ["event a"]
        session.interrupt("busy")
        assert not session.raise_event("E_BEGIN", {"id": "8"}).remarks, "its transaction is over"


def test_nobody_has_to_move_the_clock(session: Session) -> None:
    begin(session, WAITING.replace(", 5)", ", 1)"))
    wait_until(lambda: texts(session.log) == ["resumed 1 [<null>] [7] [<null>] 7"])
    assert [record.manner for record in session.log if not record.diagnostic] == ["resumed"]


def test_what_ends_by_itself_comes_to_whoever_began_it() -> None:
    origins: list[object] = []
    with Session(workers=1, on_record=lambda record, origin: origins.append(origin)) as session:
        session.load(WAITING.replace(", 5)", ", 0)"))
        session.raise_event("E_ARM")
        session.raise_event("E_BEGIN", {"id": "7"}, origin="cell")
        wait_until(lambda: texts(session.log))
    assert origins[-1] == "cell"


def test_a_moved_clock_ends_a_wait_up_to_a_second_early(session: Session) -> None:
    begin(session, WAITING)
    assert session.tick(clock=3.5).routes == 0
    run = session.tick(clock=1.5)
    assert texts(run.log) == ["resumed 1 [<null>] [7] [<null>] 7"]
    assert run.ran == (RouteRuns("E_X", "route[resumed]", 1),)


def test_an_event_that_does_not_exist_lets_the_route_go_on_at_once(session: Session) -> None:
    run = begin(session, WAITING.replace('wait_for_event("E_X"', 'wait_for_event("E_NONE"'))
    assert texts(run.log) == ["resumed -1 [<null>] [7] [<null>] 7"]
    assert told(run.log) == [
        "wait_for_event: no event E_NONE is known; define event_route[E_NONE]",
        "wait_for_event: nothing is waited for",
    ]
    assert waiting(session) == []


@pytest.mark.parametrize(
    ("event", "way"),
    [
        ("E_PIKE_BLOCKED", "subscribed"),
        ("E_UL_AOR_INSERT", 'write loadmodule "usrloc.so", or define event_route[E_UL_AOR_INSERT]'),
        ("E_PIKE_BLOKED", "did you mean 'E_PIKE_BLOCKED'? else define event_route[E_PIKE_BLOKED]"),
        ("E_OF_MINE", "define event_route[E_OF_MINE]"),
    ],
)
def test_an_event_that_nobody_publishes_is_told_with_what_makes_it_known(
    session: Session, event: str, way: str
) -> None:
    notify = f'notify_on_event("{event}", $avp(f), "seen", 5)'
    routes = f'route[seen] {{ exit; }} event_route[E_Y] {{ if ({notify}) xlog("subscribed"); }}'
    session.load(f'{MODULE}loadmodule "pike.so"\n{routes}')
    run = session.raise_event("E_Y")
    expected = way if way == "subscribed" else f"notify_on_event: no event {event} is known; {way}"
    assert [*told(run.log), *texts(run.log)] == [expected]


def test_changes_of_the_message_and_avps_stay(session: Session) -> None:
    script = r"""
route[begin] { $ru = "sip:a@b"; $avp(k) = "old"; async(wait_for_event("E_X", $avp(f), 5), resumed); }
route[resumed] { xlog("$ru $avp(k) $(avp(k)[1]) $(avp(k)[*])\n"); }
event_route[E_X] { exit; }
"""
    begin(session, ARMED + script)
    assert texts(session.raise_event("E_X", {"k": "new"}).log) == ["sip:a@b new old new, old"]


def test_what_goes_on_has_a_transaction_to_subscribe_with(session: Session) -> None:
    """Observed on 3.6.8 and 4.0.1: tm says nothing there."""
    script = WAITING.replace("route[resumed] {", 'route[resumed] { notify_on_event("E_Y", $avp(f), "begin", 60);')
    begin(session, script + "event_route[E_Y] { exit; }")
    assert len(session.raise_event("E_X", {"k": "a"}).log) == 2
    assert len(session.notifications("E_Y")) == 1


def test_a_second_async_comes_to_nothing_and_a_remark_says_so(session: Session) -> None:
    begin(session, WAITING)
    run = session.raise_event("E_BEGIN", {"id": "8"})
    assert [remark.code for remark in run.remarks] == ["wait-for-event"]
    assert "nothing comes of this async()" in run.remarks[0].message
    span = run.remarks[0].span
    assert span is not None
    assert span.text.startswith("async(")
    session.raise_event("E_X", {"k": "a"})
    assert session.raise_event("E_BEGIN", {"id": "9"}).remarks
    session.tick(clock=6)
    assert not session.raise_event("E_BEGIN", {"id": "10"}).remarks
    assert texts(session.raise_event("E_X", {"k": "b"}).log)[-1] == "resumed 1 [b] [10] [<null>] 10"


def test_tm_says_how_long_a_transaction_is_remembered(session: Session) -> None:
    begin(session, WAITING.replace(ARMED, ARMED + 'modparam("tm", "wt_timer", 60)\n'))
    session.raise_event("E_X", {"k": "a"})
    session.tick(clock=50)
    assert session.raise_event("E_BEGIN", {"id": "8"}).remarks
    session.tick(clock=11)
    assert not session.raise_event("E_BEGIN", {"id": "8"}).remarks


def test_a_batch_wakes_a_run(session: Session) -> None:
    begin(session, WAITING)
    result = session.submit_batch("E_X", [{"k": n} for n in range(3)]).result()
    assert result.ok
    assert sorted(texts(result.log)) == ["event 0", "event 1", "event 2", "resumed 1 [0] [7] [<null>] 7"]


def test_a_worker_that_dies_loses_what_waits_in_it(session: Session) -> None:
    begin(session, WAITING)
    os.kill(session.workers()[0].pid or 0, signal.SIGKILL)
    wait_until(lambda: waiting(session) == [])
    lost = "the run that waits for E_X is lost with worker 1: route[resumed] does not go on"
    wait_until(lambda: lost in told(session.log))
    run = session.raise_event("E_BEGIN", {"id": "8"})
    assert not run.remarks, "its transaction is over too"
    assert texts(session.raise_event("E_X", {"k": "b"}).log)[-1] == "resumed 1 [b] [8] [<null>] 8"


def test_a_wait_that_is_over_harms_nobody(session: Session) -> None:
    begin(session, WAITING)
    session.raise_event("E_X", {"k": "a"})
    assert session.raise_event("E_X").ok


def test_an_event_without_parameters_kills_the_server(session: Session) -> None:
    begin(session, WAITING)
    run = session.raise_event("E_X")
    assert run.error is not None
    assert run.error.cause == "crashed"
    assert "wait_for_event()" in run.error.message


def test_an_event_whose_name_no_call_has_never_times_out(session: Session) -> None:
    script = WAITING.replace('async(wait_for_event("E_X"', '$var(e) = "E_X"; async(wait_for_event($var(e)')
    begin(session, script)
    assert session.tick(clock=100).routes == 0
    assert session.notifications()[0].ttl is None
    # the next event finds that its time is over
    assert texts(session.raise_event("E_X", {"k": "a"}).log) == ["event a", "resumed 1 [<null>] [7] [<null>] 7"]


def test_a_negative_timeout_never_comes(session: Session) -> None:
    """As on a server that has just been started, 3.6.8 and 4.0.1."""
    begin(session, WAITING.replace(", 5)", ", -5)"))
    assert session.tick(clock=1000).routes == 0
    assert texts(session.raise_event("E_X", {"k": "a"}).log)[-1] == "resumed 1 [a] [7] [<null>] 7"


def test_a_reload_between(session: Session) -> None:
    begin(session, WAITING)
    session.load(MODULE + 'route[resumed] { xlog("new $avp(k)\\n"); }')
    assert texts(session.raise_event("E_X", {"k": "a"}).log) == ["event a", "new a"]


def test_a_route_that_is_gone_when_the_event_comes(session: Session) -> None:
    session.load(ARMED + 'route[begin] { async(wait_for_event("E_X", $avp(f), 5), resumed); }', owner="a")
    session.load('route[resumed] { xlog("resumed\\n"); }\nevent_route[E_X] { exit; }', owner="b")
    session.raise_event("E_ARM")
    session.raise_event("E_BEGIN", {"id": "7"})
    session.forget("route[resumed]")
    run = session.raise_event("E_X", {"k": "a"})
    assert told(run.log) == ["route[resumed], which was to go on, does not exist any more"]
    session.tick(clock=6)
    assert not waiting(session)


# -- sleeping ---------------------------------------------------------------------------------------------------------

SLEEPING = (
    ARMED
    + r"""
route[begin] { $var(n) = 0; async(sleep(3), step); xlog("never\n"); }
route[step] { $var(n) = $var(n) + 1; xlog("step $var(n)\n"); if ($var(n) < 3) async(sleep(3), step); }
event_route[E_OTHER] { xlog("other\n"); }
"""
)


def test_one_step_after_the_other(session: Session) -> None:
    begin(session, SLEEPING)
    assert texts(session.raise_event("E_OTHER").log) == ["other"], "the process is free"
    assert texts(session.tick(clock=7).log) == ["step 1", "step 2"]
    assert texts(session.tick(clock=7).log) == ["step 3"]


def test_what_goes_on_for_ever_is_bounded() -> None:
    script = ARMED + "route[begin] { async(usleep(1000), begin); }"
    with Session(workers=1, timeout=1.0) as session:
        begin(session, script)
        run = session.tick(clock=1_000_000)
        assert run.error is not None
        assert run.error.cause == "timed out"
        assert "has no end" in run.error.message


# -- what kills a server ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("by_clock", [False, True])
@pytest.mark.parametrize("statement", ["async({}, got)", "launch({}, got)", "launch({})"])
def test_a_wait_outside_a_request_is_an_error_where_it_began(session: Session, statement: str, by_clock: bool) -> None:
    call = statement.format('wait_for_event("E_X", $avp(f), 5)')
    session.load(
        MODULE + f"event_route[E_SUB] {{ {call}; }}\nevent_route[E_X] {{ exit; }}\nroute[got] {{ exit; }}",
        name="doomed.cfg",
    )
    assert session.raise_event("E_SUB").ok
    assert waiting(session) == [("doomed", "")]
    run = session.tick(clock=6) if by_clock else session.raise_event("E_X", {"k": "a"})
    assert run.error is not None
    assert run.error.cause == "crashed"
    assert "kills the server" in run.error.message
    assert run.error.span is not None
    assert run.error.span.text.startswith(statement[:5])


@pytest.mark.parametrize("call", ['wait_for_event("E_X", $avp(f), 5)', "sleep(1)"])
def test_a_route_that_is_not_there_is_an_error_where_it_is_named(session: Session, call: str) -> None:
    run = begin(session, ARMED + f"event_route[E_X] {{ exit; }}\nroute[begin] {{ async({call}, nowhere); }}")
    assert run.error is not None
    assert run.error.message.startswith("route[begin]: there is no route[nowhere]")
    assert run.error.span is not None
    assert run.error.span.text.startswith("async(")


def test_an_integer_among_the_filters(session: Session) -> None:
    run = begin(session, WAITING.replace("async(", "$avp(f) = 5; async("))
    assert run.error is not None
    assert "an integer among the filters kills the server" in run.error.message


def test_waiting_in_startup_route_hangs_for_ever(server: Session) -> None:
    loaded = server.load(MODULE + 'event_route[E_X] { exit; }\nstartup_route { wait_for_event("E_X", $avp(f), 1); }')
    assert loaded.run is not None
    assert loaded.run.error is not None
    assert "wait_for_event() in startup_route waits for ever" in loaded.run.error.message


# -- the process itself waits -----------------------------------------------------------------------------------------

BLOCKING = MODULE + (
    'event_route[E_SUB] { wait_for_event("E_X", $avp(f), 5); xlog("$rc $avp(k)\\n"); }\n'
    "event_route[E_X] { exit; }\nevent_route[E_OTHER] { exit; }"
)


def test_each_process_that_waits_gets_the_event(server: Session) -> None:
    server.load(BLOCKING)
    runs = [server.submit("E_SUB"), server.submit("E_SUB")]
    wait_until(lambda: waiting(server) == [("blocked", "")] * 2)
    server.raise_event("E_X", {"k": "a"})
    assert [texts(run.result().log) for run in runs] == [["1 a"]] * 2


def test_no_event_in_time_and_a_remark_says_what_a_server_may_return(server: Session) -> None:
    server.load(BLOCKING)
    future = server.submit("E_SUB")
    wait_until(lambda: waiting(server))
    server.tick(clock=6)
    run = future.result()
    assert texts(run.log) == ["-2 <null>"]
    assert [remark.message for remark in run.remarks] == ["no event came in time, so that wait_for_event() returned -2"]
    assert "a server returns 1 then now and again" in (run.remarks[0].hint or "")


def test_a_moved_clock_does_not_wait_for_a_process_that_waits_for_it(server: Session) -> None:
    script = r"""
route[begin] { async(sleep(1), resumed); }
route[resumed] { xlog("resumed\n"); wait_for_event("E_X", $avp(f), 2); xlog("$rc\n"); }
event_route[E_X] { exit; }
"""
    begin(server, ARMED + script)
    assert texts(server.tick(clock=5).log) == ["resumed", "-2"]


def test_an_interrupt_ends_the_wait(server: Session) -> None:
    server.load(BLOCKING.replace(", 5)", ", 100000)"))
    future = server.submit("E_SUB", origin="cell")
    wait_until(lambda: waiting(server))
    server.interrupt("cell")
    error = future.result().error
    assert error is not None
    assert error.cause == "interrupted"
    wait_until(lambda: not waiting(server))
    assert server.raise_event("E_X").ok, "nobody is reached any more"


def test_the_time_of_a_raise_ends_the_wait() -> None:
    with Session(workers=1, version="4.0") as session:
        session.load(BLOCKING)
        error = session.raise_event("E_SUB", timeout=0.2).error
        assert error is not None
        assert error.cause == "timed out"
        assert session.raise_event("E_OTHER").ok


def test_a_reset_ends_all_waits(server: Session) -> None:
    server.load(BLOCKING)
    future = server.submit("E_SUB")
    wait_until(lambda: waiting(server))
    server.reset()
    assert not future.result().ok
    assert waiting(server) == []


@pytest.mark.parametrize("begins", ["route[begin]", "event_route[E_BEGIN]"])
def test_an_async_that_goes_on_at_once_counts_as_a_block(session: Session, begins: str) -> None:
    """Observed on 3.6.8 and 4.0.1: the hundredth block is the last. In an event route each waits where it stands."""
    wait = 'wait_for_event("E_NONE", $avp(f), 5)' if begins == "route[begin]" else "usleep(1)"
    steps = f'{begins} {{ async({wait}, step); }}\nroute[step] {{ xlog("step\\n"); async({wait}, step); }}'
    if begins == "route[begin]":
        run = begin(session, ARMED + steps)
    else:
        session.load(MODULE + steps)
        run = session.raise_event("E_BEGIN")
    assert run.ok
    assert texts(run.log) == ["step"] * 99
    assert told(run.log)[-1] == "route[step], which was to run next, is not run: 100 blocks are active already"


def test_what_kills_in_a_route_that_was_called_names_both(session: Session) -> None:
    called = "route[begin] { route(inner); }\nroute[inner] { async(sleep(1), nowhere); }"
    run = begin(session, ARMED + called)
    assert run.error is not None
    assert run.error.message.startswith("route[begin], in route[inner]: there is no route[nowhere]")
