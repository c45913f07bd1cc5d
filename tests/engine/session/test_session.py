"""The product without Jupyter: scripts in, log records out."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from evroute_kernel.engine.events.params import UnknownEventError
from evroute_kernel.engine.session.session import LogRecord, Run, Session
from evroute_kernel.errors import ScriptError
from evroute_kernel.source import Source


def texts(run: Run | None) -> list[str]:
    assert run is not None
    return [record.text for record in run.log]


# -- raising ------------------------------------------------------------------------------------------------------


def test_an_event_runs_its_route(session: Session) -> None:
    loaded = session.load('event_route[E_A] {\n  xlog("L_WARN", "$param(ip) $param(2)\\n");\n}', name="a.cfg")
    assert loaded.routes == ("event_route[E_A]",)
    assert list(loaded) == list(loaded.diagnostics)
    run = session.raise_event("E_A", {"ip": "Zoë", "n": 42})
    assert run.ok
    assert run.error is None
    assert (run.event, run.routes) == ("E_A", 1)
    (record,) = run.log
    assert (record.level, record.text, record.diagnostic) == ("WARNING", "Zoë 42\n", False)
    assert (record.event, record.route, record.process) == ("E_A", "event_route[E_A]", 1)
    assert record.span is not None
    assert (record.span.source.name, record.span.line) == ("a.cfg", 2)
    assert session.log == [record]


def test_names_beyond_ascii(session: Session) -> None:
    session.load('event_route["Ë"] { xlog("$param(ö)"); route("ü"); } route["ü"] { xlog("u"); }')
    run = session.raise_event("Ë", {"ö": "ä"})
    assert run.event == "Ë"
    assert [(r.text, r.event, r.route) for r in run.log] == [("ä", "Ë", "event_route[Ë]"), ("u", "Ë", "route[ü]")]
    assert session.events() == ["Ë"]
    assert session.raise_event("Ë").log[0].diagnostic


def test_what_a_worker_keeps_and_what_all_share(session: Session) -> None:
    session.load(
        "startup_route { $var(n) = 1; $shv(n) = 10; }"
        'event_route[E_A] { $var(n) += 1; $shv(n) += 1; xlog("$var(n) $shv(n)"); }'
    )
    assert texts(session.raise_event("E_A")) == ["2 11"]
    assert texts(session.raise_event("E_A")) == ["3 12"]
    assert session.shared.get("shv", "n") == 12


def test_an_event_that_nobody_handles(session: Session) -> None:
    session.load('event_route[E_PIKE_BLOCKED] { xlog("x"); }')
    with pytest.raises(UnknownEventError, match="did you mean 'E_PIKE_BLOCKED'"):
        session.raise_event("E_PIKE_BLOKED")
    with pytest.raises(ScriptError, match="did you mean 'E_RTPPROXY_STATUS'"):
        session.submit("E_RTPPROXY_STATS")


def test_events_that_a_route_raises_run_after_it_in_order_and_belong_to_the_run(session: Session) -> None:
    session.load(
        """
        event_route[E_A] { $avp(v) = "1"; raise_event("E_B", , $avp(v)); raise_event("E_C"); xlog("a"); }
        event_route[E_B] { xlog("b $param(1) [$avp(v)]"); raise_event("E_D"); }
        event_route[E_C] { xlog("c"); }
        event_route[E_D] { xlog("d"); }
        """
    )
    run = session.raise_event("E_A")
    assert texts(run) == ["a", "b 1 [<null>]", "c", "d"]
    assert [record.event for record in run.log] == ["E_A", "E_B", "E_C", "E_D"]
    assert run.routes == 4


def test_what_was_raised_earlier_runs_earlier(session: Session) -> None:
    """As in the server's queue of jobs: the second event was raised before the first one's route raised another."""
    session.load(
        'event_route[E_A] { $var(i) = 0; while ($var(i) < 9000) $var(i) += 1; raise_event("E_B"); xlog("$param(1)"); }'
        'event_route[E_B] { xlog("b"); }'
    )
    futures = [session.submit("E_A", [text]) for text in ("first", "second")]
    assert [texts(future.result()) for future in futures] == [["first", "b"], ["second", "b"]]
    assert [record.text for record in session.log] == ["first", "second", "b", "b"]


def test_raised_events_run_on_the_worker_that_raised_them(pair: Session) -> None:
    pair.load(
        'event_route[E_A] { $var(x) = $param(1); raise_event("E_B"); xlog("a"); }event_route[E_B] { xlog("$var(x)"); }'
    )
    runs = [future.result() for future in [pair.submit("E_A", [str(i)]) for i in range(20)]]
    assert {len({record.process for record in run.log}) for run in runs} == {1}
    assert [texts(pair.raise_event("E_A", [str(i)])) for i in range(3)] == [["a", "0"], ["a", "1"], ["a", "2"]]


def test_every_subscriber_gets_the_event_the_newest_first(session: Session) -> None:
    session.load(
        """
        event_route[E_EXTRA] { xlog("extra $param(x)"); raise_event("E_LATER"); }
        event_route[E_LATER] { xlog("later"); }
        event_route[E_A] { subscribe_event("E_A", "route:E_EXTRA"); xlog("a $param(x)"); }
        event_route[E_NEW] { subscribe_event("E_ONLY", "route:E_LATER"); raise_event("E_ONLY"); }
        """
    )
    assert texts(session.raise_event("E_A", {"x": 1})) == ["a 1"]
    assert texts(session.raise_event("E_A", {"x": 2})) == ["extra 2", "a 2", "later"]
    assert texts(session.raise_event("E_A", {"x": 3})) == ["extra 3", "extra 3", "a 3", "later", "later"]
    assert texts(session.raise_event("E_NEW")) == ["later"]
    assert texts(session.raise_event("E_ONLY")) == ["later"]


def test_an_event_whose_only_subscriber_is_a_socket_is_accepted(session: Session) -> None:
    session.load('event_route[E_A] { subscribe_event("E_OUT", "udp:127.0.0.1:9"); xlog("$rc"); }')
    assert texts(session.raise_event("E_A")) == ["1"]
    run = session.raise_event("E_OUT")
    assert (run.ok, run.routes) == (True, 0)


def test_two_workers_run_two_routes_at_once(pair: Session) -> None:
    pair.load('event_route[E_WAIT] { sleep(60); } event_route[E_A] { xlog("$pp"); }')
    pair.raise_event("E_A")
    waiting = pair.submit("E_WAIT", origin="waiting")
    assert [record.process for record in pair.raise_event("E_A").log] == [2]
    assert [(w.number, w.state, w.running) for w in pair.workers()] == [
        (1, "running", "event_route[E_WAIT]"),
        (2, "idle", None),
    ]
    assert pair.interrupt("waiting") == 1
    assert not waiting.result().ok
    assert [record.process for record in pair.raise_event("E_A").log] == [1]


def test_fewer_workers(pair: Session, wait: Callable[[Callable[[], bool]], None]) -> None:
    pair.load("event_route[E_WAIT] { sleep(60); }")
    for _ in range(2):
        pair.submit("E_WAIT")
    wait(lambda: [w.state for w in pair.workers()] == ["running", "running"])
    pair.worker_limit = 1
    assert pair.interrupt() == 2
    wait(lambda: [w.number for w in pair.workers()] == [1])
    with pytest.raises(ValueError, match="one worker at least"):
        pair.worker_limit = 0


def test_many_threads_raise_at_once(pair: Session) -> None:
    pair.load("event_route[E_A] { $shv(n) += 1; }")
    with ThreadPoolExecutor(8) as threads:
        runs = list(threads.map(lambda i: pair.raise_event("E_A"), range(400)))
    assert all(run.ok for run in runs)
    registered = {d.title: d.runs for d in pair.registry}
    assert registered == {"event_route[E_A]": 400}


# -- loading ------------------------------------------------------------------------------------------------------


def test_a_text_with_errors_changes_nothing(session: Session) -> None:
    session.load('event_route[E_A] { xlog("old"); }', owner="cell")
    with pytest.raises(ScriptError) as caught:
        session.load('event_route[E_A] { xlog("new"); } event_route[E_B] { nosuch(); $nope = 1; }', owner="cell")
    assert len(caught.value.diagnostics) == 2
    assert texts(session.raise_event("E_A")) == ["old"]
    assert session.events() == ["E_A"]


def test_a_cell_that_runs_again_replaces_and_drops(session: Session) -> None:
    session.load('event_route[E_A] { route(f); } route[f] { xlog("1"); } event_route[E_B] { xlog("b"); }', owner="c1")
    assert texts(session.raise_event("E_A")) == ["1"]
    loaded = session.load('event_route[E_A] { route(f); } route[f] { xlog("2"); }', owner="c1")
    assert (loaded.routes, loaded.replaced) == (("event_route[E_A]", "route[f]"), ())
    assert loaded.dropped == ("event_route[E_B]",)
    assert texts(session.raise_event("E_A")) == ["2"]
    assert session.events() == ["E_A"]
    loaded = session.load(Source("In[2]", 'route[f] { xlog("3"); }'), owner="c2")
    assert loaded.replaced == (("route[f]", "script"),)
    assert texts(session.raise_event("E_A")) == ["3"]


def test_a_strict_session_refuses_redefinition(session: Session) -> None:
    session.load('route[f] { xlog("1"); } event_route[E_A] { route(f); }', name="In[1]", owner="c1")
    session.strict = True
    with pytest.raises(ScriptError, match=r"In\[2\]:1:1: error: route\[f\] is defined in In\[1\] already"):
        session.load('route[f] { xlog("2"); }', name="In[2]", owner="c2")
    session.load('route[f] { xlog("3"); } event_route[E_A] { route(f); }', name="In[3]", owner="c1")
    assert texts(session.raise_event("E_A")) == ["3"]


def test_startup_route_runs_once_when_it_is_loaded(pair: Session) -> None:
    loaded = pair.load('startup_route { xlog("start"); raise_event("E_A"); } event_route[E_A] { xlog("a"); }')
    assert texts(loaded.run) == ["start", "a"]
    assert texts(pair.raise_event("E_A")) == ["a"]


def test_bare_statements_run_at_once_in_the_first_worker(pair: Session) -> None:
    pair.load("$var(x) = 7; startup_route { $var(x) = 5; }", scratch=True)
    loaded = pair.load('xlog("$var(x)\\n"); "sum " + $var(x)', scratch=True)
    assert texts(loaded.run) == ["7\n"]
    assert loaded.run is not None
    assert loaded.run.shown == ("sum 7",)
    with pytest.raises(ScriptError):
        pair.load('xlog("x");')


def test_checking_a_text_changes_nothing(session: Session) -> None:
    assert [d.severity for d in session.check("event_route[E_A] { nosuch(); }")] == ["error"]
    assert all(d.severity != "error" for d in session.check('event_route[E_A] { xlog("a"); }'))
    assert session.events() == []


def test_globals_and_module_parameters_reach_the_workers(session: Session) -> None:
    session.load("max_while_loops=3 log_level=-1", owner="settings")
    session.load('event_route[E_A] { $var(i) = 0; while (1) $var(i) += 1; xlog("$var(i) $log_level"); }')
    assert texts(session.raise_event("E_A"))[-1] == "3 -1"
    session.settings["max_while_loops"] = 5
    assert texts(session.raise_event("E_A"))[-1] == "5 -1"
    session.load("", owner="settings")
    assert texts(session.raise_event("E_A"))[-1] == "5 2"


def test_routes_can_be_forgotten(session: Session) -> None:
    session.load('event_route[E_A] { xlog("a"); } event_route[E_B] { xlog("b"); }', owner="cell")
    assert session.forget("E_A") == ["event_route[E_A]"]
    with pytest.raises(UnknownEventError):
        session.raise_event("E_A")
    assert session.forget_owner("cell") == ["event_route[E_B]"]
    assert session.events() == []


def test_timer_routes_run_on_request(session: Session) -> None:
    session.load('timer_route[beat, 5] { xlog("one"); } timer_route[beat, 7] { xlog("two"); }')
    assert texts(session.run_timer("beat")) == ["one", "two"]
    with pytest.raises(ScriptError, match="did you mean 'beat'"):
        session.run_timer("beet")


def test_error_route_follows_the_registry(session: Session) -> None:
    session.load('event_route[E_A] { $ru = "garbage"; $var(u) = $rU; xlog("after"); }')
    assert "error" not in texts(session.raise_event("E_A"))
    session.load('error_route { xlog("error"); }')
    assert texts(session.raise_event("E_A"))[-2:] == ["error", "after"]


# -- batches ------------------------------------------------------------------------------------------------------


def test_a_batch(session: Session) -> None:
    session.load('event_route[E_A] { $var(sum) = $param(n) + $param(n); $shv(n) += 1; if ($param(n) == 7) xlog("7"); }')
    result = session.submit_batch("E_A", [{"n": i} for i in range(5000)]).result()
    assert (result.ok, result.events, result.failed) == (True, 5000, 0)
    assert [record.text for record in result.log] == ["7"]
    assert session.shared.get("shv", "n") == 5000
    assert session.submit_batch("E_A", []).result().events == 0


def test_a_batch_of_any_iterable_with_subscribers_and_raised_events(session: Session) -> None:
    session.load(
        """
        event_route[E_A] { xlog("a$param(1)"); raise_event("E_B"); }
        event_route[E_B] { $shv(raised) += 1; }
        event_route[E_C] { xlog("c$param(1)"); }
        event_route[E_SUB] { subscribe_event("E_A", "route:E_C"); }
        """
    )
    session.raise_event("E_SUB")
    result = session.submit_batch("E_A", ([str(i)] for i in range(100))).result()
    assert [record.text for record in result.log] == [f"{route}{i}" for i in range(100) for route in "ca"]
    assert session.shared.get("shv", "raised") == 100


def test_a_fault_of_the_callers_items_is_the_callers(session: Session) -> None:
    session.load('event_route[E_A] { xlog("a"); }')
    items: list[Any] = [{"n": 1}] * 5000
    items[4000] = "no parameters"
    with pytest.raises(ScriptError, match="not one text"):
        session.submit_batch("E_A", items).result()
    assert session.raise_event("E_A").ok


def test_the_log_of_a_batch_is_bounded(define: Callable[..., None]) -> None:
    with Session(workers=1, log_limit=100) as session:
        session.load('event_route[E_A] { xlog("$param(1)"); }')
        result = session.submit_batch("E_A", ([str(i)] for i in range(1000))).result()
        assert [r.text for r in result.log[:100]] == [str(i) for i in range(100)]
        assert [r.text for r in result.log[100:]] == ["900 more log lines were not kept: the limit of 100 is reached"]


# -- around it ----------------------------------------------------------------------------------------------------


def test_records_are_told_as_they_come_with_the_origin_of_the_raise() -> None:
    told: list[tuple[str, object, str]] = []

    def on_record(record: LogRecord, origin: object) -> None:
        told.append((record.text, origin, threading.current_thread().name))
        raise RuntimeError("a fault of the caller stops nobody")

    with Session(workers=1, on_record=on_record) as session:
        session.load('event_route[E_A] { xlog("a"); raise_event("E_B"); } event_route[E_B] { xlog("b"); }')
        session.raise_event("E_A", origin={"cell": 3})
    assert told == [("a", {"cell": 3}, "evroute supervisor"), ("b", {"cell": 3}, "evroute supervisor")]


def test_reset_goes_back_to_the_beginning(session: Session) -> None:
    session.load('startup_route { $var(x) = 1; $shv(x) = 1; } event_route[E_A] { xlog("$var(x) $shv(x)"); }')
    session.settings["log_level"] = 4
    before = session.workers()[0].pid
    session.reset()
    assert (session.events(), session.log, session.settings["log_level"]) == ([], [], 2)
    session.load('event_route[E_A] { xlog("$var(x) $shv(x)"); }')
    assert texts(session.raise_event("E_A")) == ["<null> 0"]
    assert session.workers()[0].pid != before


def test_a_closed_session_answers_everybody(define: Callable[..., None]) -> None:
    session = Session(workers=1)
    session.load('event_route[E_WAIT] { sleep(60); } event_route[E_A] { xlog("a"); }')
    running, queued = session.submit("E_WAIT"), session.submit("E_A")
    session.close()
    session.close()
    for future in (running, queued, session.submit("E_A")):
        error = future.result(10).error
        assert error is not None
        assert error.cause == "closed"
    assert session.workers() == []
    assert session.interrupt() == 0


def test_numbers_of_workers() -> None:
    with pytest.raises(ValueError, match="one worker at least"):
        Session(workers=0)


def test_the_fixture_for_tests_of_scripts(evroute_session: Session) -> None:
    evroute_session.load('event_route[E_A] { xlog("a"); }')
    assert texts(evroute_session.raise_event("E_A")) == ["a"]


def test_an_event_route_without_statements_switches_off_those_after_it(session: Session) -> None:
    """A bug of the server, observed on OpenSIPS 3.6; the lint empty-route points it out."""
    session.load('event_route[E_A] { xlog("a\\n"); } event_route[E_B] { ; } event_route[E_C] { xlog("c\\n"); }')
    assert session.raise_event("E_A").ok
    for event in ("E_B", "E_C"):
        with pytest.raises(UnknownEventError, match="holds only ';'"):
            session.raise_event(event)


# -- what was run -------------------------------------------------------------------------------------------------


def test_a_run_tells_which_routes_were_run(session: Session) -> None:
    session.load(
        'event_route[E_A] { raise_event("E_B"); raise_event("E_B"); }\nevent_route[E_B] { $var(x) = 5; $var(x) /= 0; }'
    )
    found = [(ran.event, ran.route, ran.runs) for ran in session.raise_event("E_A").ran]
    assert found == [("E_A", "event_route[E_A]", 1), ("E_B", "event_route[E_B]", 2)]
    batch = session.submit_batch("E_A", [None] * 3).result()
    assert [ran.runs for ran in batch.ran] == [3, 6]
