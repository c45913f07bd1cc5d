"""`Session.debug()`: real workers stop at statements, show what is there, go on; and nobody waits for whom is gone."""

from __future__ import annotations

import os
import queue
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent import futures
from contextlib import suppress
from typing import Any, TypeVar

import pytest

from evroute_kernel import Session
from evroute_kernel.engine.debugging.breakpoints import Breakpoint
from evroute_kernel.engine.debugging.debugger import Debugger
from evroute_kernel.engine.debugging.news import ConditionFailed, How, Moved, News, NotStopped, Said, Stopped, WentOn
from evroute_kernel.errors import ScriptError
from evroute_kernel.runtime.versions import VERSIONS
from evroute_kernel.source import Source

Wait = Callable[[Callable[[], bool]], None]
DEADLINE = 30.0
T = TypeVar("T", Stopped, WentOn, Said, ConditionFailed, Moved)

SCRIPT = """event_route[E_X] {
    $var(n) = 1;
    $avp(list) = 1;
    $avp(list) = "b";
    route(inner, $param(ip), 7);

    $var(n) = $var(n) + 10;
    xlog("n is $var(n)\\n");
}
route[inner] {
    $var(inside) = $param(2);
    $var(n) += 1;
}
"""


class Client:
    """A debugger, and what it is told."""

    def __init__(self, session: Session) -> None:
        self.news: queue.Queue[News] = queue.Queue()
        self.session = session
        self.debugger: Debugger = session.debug(self.news.put)

    def next(self, kind: type[T]) -> T:
        """The next that is told of a kind."""
        while True:
            found = self.news.get(timeout=DEADLINE)
            if isinstance(found, kind):
                return found

    def line(self) -> int:
        """Where it stops next."""
        span = self.next(Stopped).places[0].span
        return span.line if span is not None else 0

    def go(self, how: How) -> int:
        """Let it go on, up to the next stop."""
        (worker,) = self.debugger.stops
        self.debugger.go(worker, how)
        return self.line()

    def scopes(self, worker: int = 1, frame: int = 0) -> dict[str, dict[str, Any]]:
        return {name: dict(pairs) for name, pairs in self.debugger.variables(worker, frame).result(DEADLINE)}

    def value(self, text: str, frame: int = 0) -> Any:
        reply = self.debugger.evaluate(1, text, frame).result(DEADLINE)
        assert reply.ok
        return reply.values[-1] if reply.values else None


@pytest.fixture(params=VERSIONS)
def server(request: pytest.FixtureRequest) -> Iterator[Session]:
    """A session with two workers, of each version."""
    with Session(workers=2, version=request.param, timeout=DEADLINE) as opened:
        opened.settings["max_while_loops"] = 2**31 - 1
        yield opened


@pytest.fixture
def client(server: Session) -> Iterator[Client]:
    made = Client(server)
    yield made
    made.debugger.close()


def begin(client: Client, *lines: int | Breakpoint, script: str = SCRIPT) -> Any:
    client.session.load(script, "x.cfg")
    asked = [line if isinstance(line, Breakpoint) else Breakpoint(line) for line in lines]
    client.debugger.set_breakpoints("x.cfg", asked)
    return client.session.submit("E_X", {"ip": "192.0.2.1"})


def test_a_run_stops_at_a_breakpoint_and_goes_on(client: Client) -> None:
    run = begin(client, 5)
    stop = client.next(Stopped)
    assert (stop.worker, stop.event, stop.reason) == (1, "E_X", "breakpoint")
    assert [(place.route, place.span and place.span.text) for place in stop.places] == [
        ("event_route[E_X]", "route(inner, $param(ip), 7)")
    ]
    assert not run.done()
    client.debugger.go(1)
    assert client.next(WentOn) == WentOn(1)
    assert [record.text for record in run.result(DEADLINE).log] == ["n is 12\n"]
    assert not client.debugger.stops


def test_steps_go_into_over_and_out_of_routes(client: Client) -> None:
    run = begin(client, 4)
    assert client.line() == 4
    assert client.go("over") == 5
    assert client.go("in") == 11
    assert [place.route for place in client.debugger.stops[1].places] == ["route[inner]", "event_route[E_X]"]
    assert client.go("over") == 12
    assert client.go("out") == 7
    client.debugger.go(1, "over")
    assert client.line() == 8
    client.debugger.go(1, "over")
    assert run.result(DEADLINE).ok
    begin(client, 5)
    assert client.line() == 5
    assert client.go("over") == 7


def test_variables_are_shown_as_scripts_know_them(client: Client) -> None:
    script = SCRIPT.replace("route(inner", '$json(doc) := "{\\"a\\": [1, {}, null]}"; $shv(s) = 3; route(inner')
    begin(client, 11, script=script)
    client.next(Stopped)
    inner, outer = client.scopes(), client.scopes(frame=1)
    assert inner["$param"] == {"1": "192.0.2.1", "2": 7}
    assert outer["$param"] == {"ip": "192.0.2.1"}
    assert inner["$var"] == {"n": 1}
    assert inner["$avp"] == {"list": ("list", ("b", 1))}
    assert inner["$shv"] == {"s": 3}
    assert inner["$json"] == {"doc": ("map", (("a", ("list", (1, ("map", ()), None))),))}
    assert inner["run"]["event"] == "E_X"


def test_expressions_are_told_and_values_changed(client: Client) -> None:
    run = begin(client, 12)
    client.next(Stopped)
    assert client.value("$var(n) + 41") == 42
    assert client.value('"$param(1) of $var(n)"') == "192.0.2.1 of 1"
    assert client.value("$param(ip)", frame=1) == "192.0.2.1"
    code = client.scopes()["run"]["$rc"]
    assert client.value("$var(n) = 100;") is None
    assert client.scopes()["run"]["$rc"] == code
    logged = client.debugger.evaluate(1, 'xlog("L_WARN", "heard\\n");').result(DEADLINE).logged
    assert logged == (("WARNING", "heard\n"),)
    with pytest.raises(ScriptError):
        client.debugger.evaluate(1, "$var(n) +")
    client.debugger.go(1)
    assert [record.text for record in run.result(DEADLINE).log] == ["n is 111\n"]
    with pytest.raises(NotStopped):
        client.debugger.evaluate(1, "$var(n)")


LOOP = 'event_route[E_X] {\n$var(i) = 0;\nwhile ($var(i) < 10) {\n$var(i) += 1;\n}\nxlog("$var(i)\\n");\n}'


def test_conditions_and_hits_choose_when_to_stop(client: Client) -> None:
    run = begin(client, Breakpoint(4, condition="$var(i) == 3"), script=LOOP)
    assert client.line() == 4
    assert client.value("$var(i)") == 3
    client.debugger.set_breakpoints("x.cfg", [Breakpoint(4, hits="== 2")])
    assert client.go("run") == 4
    assert client.value("$var(i)") == 5
    client.debugger.set_breakpoints("x.cfg", [])
    client.debugger.go(1)
    assert run.result(DEADLINE).ok


def test_a_logpoint_says_something_and_does_not_stop(client: Client) -> None:
    run = begin(client, Breakpoint(4, hits="% 5", log="now {$var(i)}, {$var(i) + 1}."), script=LOOP)
    assert run.result(DEADLINE).ok
    assert [client.next(Said).text for _ in range(2)] == ["now 4, 5.", "now 9, 10."]


def test_breakpoints_move_to_a_statement_or_say_why_not(client: Client) -> None:
    client.session.load(SCRIPT, "x.cfg")
    asked = [Breakpoint(6), Breakpoint(99), Breakpoint(4, condition="$var(n) =="), Breakpoint(4, hits="often")]
    placed = client.debugger.set_breakpoints("x.cfg", asked)
    assert [(each.line, each.is_found, bool(each.fault)) for each in placed] == [
        (7, True, False),
        (99, False, True),
        (4, False, True),
        (4, False, True),
    ]


def test_a_breakpoint_may_be_set_before_its_text_is_loaded_and_while_it_runs(client: Client) -> None:
    client.debugger.set_breakpoints("x.cfg", [Breakpoint(2)])
    client.session.load(LOOP, "x.cfg")
    run = client.session.submit("E_X")
    assert client.line() == 2
    client.debugger.set_breakpoints("x.cfg", [Breakpoint(6)])
    assert client.go("run") == 6
    client.debugger.go(1)
    assert run.result(DEADLINE).ok


ENDLESS = 'event_route[E_X] {\nwhile (1) {\n$var(i) += 1;\n}\n}\nevent_route[E_Y] {\nxlog("y\\n");\n}'


def test_a_running_route_is_paused_while_others_run_and_is_interrupted(client: Client, wait: Wait) -> None:
    run = begin(client, script=ENDLESS)
    wait(lambda: any(worker.running for worker in client.session.workers()))
    client.debugger.pause()
    stop = client.next(Stopped)
    assert stop.reason == "pause"
    assert client.session.raise_event("E_Y").ok
    assert client.session.interrupt() == 1
    assert client.next(WentOn) == WentOn(stop.worker)
    assert [error.cause for error in run.result(DEADLINE).errors] == ["interrupted"]
    assert client.session.raise_event("E_Y").ok


def test_several_workers_stop_for_themselves(client: Client) -> None:
    first, second = begin(client, 5), client.session.submit("E_X", {"ip": "192.0.2.2"})
    assert {client.next(Stopped).worker, client.next(Stopped).worker} == {1, 2}
    ips = {client.scopes(worker)["$param"]["ip"] for worker in (1, 2)}
    assert ips == {"192.0.2.1", "192.0.2.2"}
    client.debugger.go(2)
    assert client.next(WentOn) == WentOn(2)
    client.debugger.go(1)
    assert first.result(DEADLINE).ok
    assert second.result(DEADLINE).ok


def test_a_diagnostic_stops_the_run_that_caused_it(client: Client) -> None:
    client.debugger.stop_at_diagnostics(["ERROR", "CRITICAL"])
    script = 'event_route[E_X] {\n$var(x) = 1;\n$var(y) = "a" + 1;\n$var(z) = 1 / 0;\n}'
    run = begin(client, script=script)
    stop = client.next(Stopped)
    assert stop.reason == "exception"
    assert stop.words
    client.debugger.close()
    assert run.result(DEADLINE).ok


def test_no_time_counts_while_a_run_stands_still(client: Client) -> None:
    client.session.load(SCRIPT, "x.cfg")
    client.debugger.set_breakpoints("x.cfg", [Breakpoint(5)])
    run = client.session.submit("E_X", {"ip": "192.0.2.1"}, timeout=0.2)
    client.next(Stopped)
    assert not threading.Event().wait(0.5)
    client.debugger.go(1)
    assert run.result(DEADLINE).ok


def test_time_counts_again_when_it_goes_on(client: Client) -> None:
    client.session.load(ENDLESS, "x.cfg")
    client.debugger.set_breakpoints("x.cfg", [Breakpoint(3, hits="== 1")])
    run = client.session.submit("E_X", timeout=0.2)
    client.next(Stopped)
    client.debugger.go(1)
    assert [error.cause for error in run.result(DEADLINE).errors] == ["timed out"]


def test_whom_the_debugger_leaves_goes_on(client: Client) -> None:
    run = begin(client, 4)
    client.next(Stopped)
    pending = client.debugger.evaluate(1, "$var(n)")
    client.debugger.close()
    assert run.result(DEADLINE).ok
    assert pending.exception(DEADLINE) is None or isinstance(pending.exception(), NotStopped)
    assert client.session.raise_event("E_X", {"ip": "192.0.2.1"}).ok


def test_a_stop_that_comes_when_the_debugger_is_gone_is_ended(client: Client) -> None:
    ended = threading.Event()
    debugger = client.debugger

    def close_late(what: News) -> None:
        """The debugger ends when its stop is on its way already."""
        ended.set()

    client.session.load(SCRIPT, "x.cfg")
    debugger.set_breakpoints("x.cfg", [Breakpoint(2)])
    for _ in range(20):
        again = client.session.debug(close_late)
        again.set_breakpoints("x.cfg", [Breakpoint(3), Breakpoint(7)])
        run = client.session.submit("E_X", {"ip": "192.0.2.1"})
        client.debugger.go(client.next(Stopped).worker)
        again.close()
        assert run.result(DEADLINE).ok


def test_a_worker_that_dies_while_it_stands_still_is_told(client: Client) -> None:
    run = begin(client, 4)
    stop = client.next(Stopped)
    (pid,) = [worker.pid for worker in client.session.workers() if worker.number == stop.worker]
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    assert client.next(WentOn) == WentOn(stop.worker)
    assert [error.cause for error in run.result(DEADLINE).errors] == ["worker died"]
    client.debugger.set_breakpoints("x.cfg", [])
    assert client.session.raise_event("E_X", {"ip": "192.0.2.1"}).ok


def test_batches_stop_too(client: Client) -> None:
    client.session.load(SCRIPT, "x.cfg")
    client.debugger.set_breakpoints("x.cfg", [Breakpoint(4, condition='$param(ip) == "5"')])
    batch = client.session.submit_batch("E_X", [{"ip": str(i)} for i in range(10)])
    stop = client.next(Stopped)
    assert client.scopes(stop.worker)["$param"] == {"ip": "5"}
    client.debugger.go(stop.worker)
    assert batch.result(DEADLINE).events == 10


def test_hits_are_counted_in_all_processes(client: Client) -> None:
    client.session.load(SCRIPT, "x.cfg")
    client.debugger.set_breakpoints("x.cfg", [Breakpoint(2)])
    runs = [client.session.submit("E_X", {"ip": "192.0.2.1"}) for _ in range(2)]
    assert {client.next(Stopped).worker, client.next(Stopped).worker} == {1, 2}
    client.debugger.set_breakpoints("x.cfg", [Breakpoint(3, hits="== 2")])
    client.debugger.go(1)
    assert len(futures.wait(runs, DEADLINE, futures.FIRST_COMPLETED).done) == 1
    client.debugger.go(2)
    assert (client.next(Stopped).worker, len(client.debugger.stops)) == (2, 1)
    # another one in the same text changes nothing about those that stay
    before = client.debugger.placed("x.cfg")
    assert client.debugger.set_breakpoints("x.cfg", [Breakpoint(8), Breakpoint(3, hits="== 2")])[1:] == before
    client.debugger.go(2)
    assert client.line() == 8
    client.debugger.go(2)
    assert all(run.result(DEADLINE).ok for run in runs)
    assert not client.session.shared.tables()
    client.session.submit("E_X", {"ip": "192.0.2.1"})
    assert client.line() == 8


def test_a_pause_while_nothing_runs_stops_the_next_run(client: Client) -> None:
    client.session.load(SCRIPT, "x.cfg")
    client.debugger.pause()
    run = client.session.submit("E_X", {"ip": "192.0.2.1"})
    stop = client.next(Stopped)
    assert (stop.reason, stop.places[0].span and stop.places[0].span.line) == ("pause", 2)
    client.debugger.go(stop.worker)
    assert run.result(DEADLINE).ok
    assert client.session.raise_event("E_X", {"ip": "192.0.2.1"}).ok


def test_what_is_true_of_a_breakpoint_is_told_when_its_text_is_loaded(client: Client) -> None:
    asked = [Breakpoint(6), Breakpoint(4), Breakpoint(99)]
    placed = client.debugger.set_breakpoints("x.cfg", asked)
    assert [(each.line, each.is_found, each.fault) for each in placed] == [(line, False, "") for line in (6, 4, 99)]
    client.session.load(SCRIPT, "x.cfg")
    client.debugger.set_breakpoints("another.cfg", [Breakpoint(1)])
    run = client.session.submit("E_X", {"ip": "192.0.2.1"})
    told = {moved.placed.number: moved.placed for moved in (client.next(Moved) for _ in range(3))}
    assert [(told[each.number].line, told[each.number].is_found, bool(told[each.number].fault)) for each in placed] == [
        (7, True, False),
        (4, True, False),
        (99, False, True),
    ]
    assert client.line() == 4
    client.debugger.close()
    assert run.result(DEADLINE).ok


def test_a_text_that_is_loaded_again_and_again_has_its_breakpoints_once(client: Client) -> None:
    client.debugger.set_breakpoints("x.cfg", [Breakpoint(7)])
    for number in range(20):
        client.session.load(Source("x.cfg", SCRIPT, path=f"In[{number}]"))
    ((points, *_),) = [client.debugger.asked]
    assert len(points) == 1


def test_a_diagnostic_stops_while_no_memory_is_held_that_others_need(client: Client) -> None:
    """The sum on a shared variable is done while nobody else counts."""
    client.debugger.stop_at_diagnostics(["ERROR"])
    script = (
        'event_route[E_X] {\n$shv(n) = 1;\n$shv(n) += "x";\nxlog("$shv(n)\\n");\n}\n'
        'event_route[E_Y] {\n$shv(m) += 1;\n$shv(n) += "2";\n$shv(n) += 1;\n}'
    )
    client.session.load(script, "x.cfg")
    run = client.session.submit("E_X")
    assert client.line() == 3
    assert client.session.shv["n"] == 1
    client.session.shv["n"] = 4
    client.debugger.stop_at_diagnostics([])
    assert client.session.raise_event("E_Y", timeout=DEADLINE / 2).ok
    client.debugger.go(1)
    assert [record.text for record in run.result(DEADLINE).log][-1:] == ["5\n"]


def test_a_failing_condition_is_told_once(client: Client) -> None:
    run = begin(client, Breakpoint(4, condition="1) { $var(z) = 1; $var(z) /= 0; } if (1"), Breakpoint(6), script=LOOP)
    assert client.next(ConditionFailed).words
    assert client.line() == 6
    client.debugger.go(1)
    assert run.result(DEADLINE).ok
    assert not [what for what in list(client.news.queue) if isinstance(what, ConditionFailed)]


@pytest.mark.parametrize("version", [None, "other"])
def test_a_reset_ends_what_stands_still_and_the_next_session_is_debugged(client: Client, version: str | None) -> None:
    run = begin(client, 5)
    stop = client.next(Stopped)
    other = next(each for each in VERSIONS if each != client.session.version)
    client.session.reset(other if version else None)
    assert client.next(WentOn) == WentOn(stop.worker)
    with suppress(Exception):
        assert not run.result(DEADLINE).ok
    begin(client, 5)
    assert client.line() == 5


def test_a_session_is_closed_while_a_run_stands_still() -> None:
    session = Session(workers=2, timeout=DEADLINE)
    client = Client(session)
    run = begin(client, 5)
    client.next(Stopped)
    asked = client.debugger.evaluate(1, "$var(n)")
    session.close()
    assert run.done()
    assert isinstance(asked.exception(DEADLINE), NotStopped) or asked.result(DEADLINE).ok
    client.debugger.close()


@pytest.mark.parametrize("end", ["go", "interrupt"])
def test_a_startup_route_stops_while_its_text_is_loaded(client: Client, end: str) -> None:
    client.debugger.set_breakpoints("x.cfg", [Breakpoint(2)])
    with futures.ThreadPoolExecutor() as pool:
        script = 'startup_route {\n$shv(up) = 1;\n}\nevent_route[E_Y] {\nxlog("y\\n");\n}'
        loading = pool.submit(client.session.load, script, "x.cfg")
        assert client.line() == 2
        if end == "go":
            client.debugger.go(1)
        else:
            client.session.interrupt()
        run = loading.result(DEADLINE).run
        assert run is not None
        assert run.ok is (end == "go")
    assert client.session.shv["up"] == (1 if end == "go" else 0)
    assert client.session.raise_event("E_Y").ok


def test_timers_and_replays_stop_too(client: Client) -> None:
    client.debugger.set_breakpoints("x.cfg", [Breakpoint(2), Breakpoint(5)])
    client.session.load('timer_route[t, 60] {\nxlog("t\\n");\n}\nevent_route[E_Y] {\n$var(n) = $param(n);\n}', "x.cfg")
    with futures.ThreadPoolExecutor() as pool:
        timer = pool.submit(client.session.run_timer, "t")
        assert client.line() == 2
        client.debugger.go(next(iter(client.debugger.stops)))
        assert timer.result(DEADLINE).ok
    replay = client.session.start_replay([("E_Y", {"n": n}) for n in range(3)])
    for _ in range(3):
        assert client.line() == 5
        client.debugger.go(next(iter(client.debugger.stops)))
    assert replay.future.result(DEADLINE).events == 3


def test_a_condition_may_call_the_route_in_which_it_stands(session: Session) -> None:
    session.load(SCRIPT, name="script")
    first, second = Client(session), Client(session)
    lines = [Breakpoint(line, condition="route(inner, 1, 2)") for line in (11, 12)]
    for client in (first, second):
        client.debugger.set_breakpoints("script", lines)
    run = session.submit("E_X", {"ip": "192.0.2.1"})
    for client in (first, second, first, second):
        stop = client.next(Stopped)
        client.debugger.go(stop.worker)
    assert run.result(DEADLINE).errors == ()
    for client in (first, second):
        client.debugger.close()
