"""A debugger that comes in the midst of a run, or changes its mind there; and one that goes."""

from __future__ import annotations

import os
import queue
import signal
from collections.abc import Callable, Iterator

import pytest

from evroute_kernel import Session
from evroute_kernel.engine.debugging.breakpoints import Breakpoint
from evroute_kernel.engine.debugging.debugger import Debugger
from evroute_kernel.engine.debugging.news import How, News, Stopped, WentOn
from evroute_kernel.runtime.versions import VERSIONS

Wait = Callable[[Callable[[], bool]], None]
DEADLINE = 30.0

#: runs until somebody sets $var(stop)
LOOP = """event_route[E_X] {
    $var(stop) = 0; $var(i) = 1;
    route(spin, 5);
    xlog("over\\n");
}
route[spin] {
    while ($var(stop) == 0) {
        $var(i) += 1;
        if ($var(i) > 0 && route(same)) {
            $var(j) = $var(i);
        }
    }
}
route[same] {
    return(1);
}
"""


@pytest.fixture(params=VERSIONS)
def server(request: pytest.FixtureRequest) -> Iterator[Session]:
    with Session(workers=1, version=request.param, timeout=DEADLINE) as opened:
        opened.settings["max_while_loops"] = 2**31 - 1
        yield opened


class Client:
    """A debugger that begins now."""

    def __init__(self, session: Session) -> None:
        self.news: queue.Queue[News] = queue.Queue()
        self.debugger: Debugger = session.debug(self.news.put)

    def stop(self, *lines: int) -> list[tuple[str, int]]:
        """Where it stops next, with these breakpoints if there are any."""
        if lines:
            self.debugger.set_breakpoints("x.cfg", [Breakpoint(line) for line in lines])
        while not isinstance(found := self.news.get(timeout=DEADLINE), Stopped):
            pass
        return [(place.route, place.span.line if place.span is not None else 0) for place in found.places]

    def go(self, how: How) -> list[tuple[str, int]]:
        self.debugger.go(1, how)
        return self.stop()

    def end(self) -> None:
        """Let the loop end."""
        assert self.debugger.evaluate(1, "$var(stop) = 1;").result(DEADLINE).ok
        self.debugger.set_breakpoints("x.cfg", [])
        self.debugger.go(1)


OUTER = ("event_route[E_X]", 3)


def test_one_that_comes_in_the_midst_of_a_run_stops_it(server: Session, wait: Wait) -> None:
    server.load(LOOP, "x.cfg")
    run = server.submit("E_X")
    wait(lambda: any(worker.running for worker in server.workers()))
    client = Client(server)
    client.debugger.pause()
    assert client.stop()[-1][0] == "event_route[E_X]"
    client.debugger.go(1)
    assert client.stop(8) == [("route[spin]", 8), OUTER]
    assert client.go("over") == [("route[spin]", 9), OUTER]
    assert client.go("in") in ([("route[same]", 15), ("route[spin]", 9), OUTER], [("route[spin]", 9), OUTER])
    client.end()
    assert [record.text for record in run.result(DEADLINE).log] == ["over\n"]


def test_breakpoints_are_set_while_a_route_runs_and_taken_away(server: Session, wait: Wait) -> None:
    server.load(LOOP, "x.cfg")
    client = Client(server)
    run = server.submit("E_X")
    wait(lambda: any(worker.running for worker in server.workers()))
    for line in (10, 8, 15):
        assert client.stop(line)[0][1] == line
        client.debugger.set_breakpoints("x.cfg", [])  # or it might stop here once more
        client.debugger.go(1)
    assert client.stop(7)[0] == ("route[spin]", 7)
    assert client.go("run")[0] == ("route[spin]", 7)  # the head, at each round
    client.end()
    assert run.result(DEADLINE).ok


def test_a_step_out_leads_to_the_caller_that_ran_before_anybody_came(server: Session, wait: Wait) -> None:
    server.load(LOOP, "x.cfg")
    run = server.submit("E_X")
    wait(lambda: any(worker.running for worker in server.workers()))
    client = Client(server)
    assert client.stop(8)[0] == ("route[spin]", 8)
    client.debugger.set_breakpoints("x.cfg", [])
    assert client.debugger.evaluate(1, "$var(stop) = 1;").result(DEADLINE).ok
    assert client.go("out") == [("event_route[E_X]", 4)]
    client.debugger.close()
    assert run.result(DEADLINE).ok


def test_one_that_goes_leaves_the_run_as_it_was(server: Session, wait: Wait) -> None:
    server.load(LOOP, "x.cfg")
    run = server.submit("E_X")
    wait(lambda: any(worker.running for worker in server.workers()))
    first = Client(server)
    first.stop(8)
    first.debugger.close()
    second = Client(server)
    assert second.stop(10)[0] == ("route[spin]", 10)
    second.end()
    assert run.result(DEADLINE).ok
    second.debugger.close()
    assert server.raise_event("E_X", timeout=0.2).errors[0].cause == "timed out"


def test_a_worker_dies_while_one_that_came_late_holds_it(server: Session, wait: Wait) -> None:
    server.load(LOOP, "x.cfg")
    run = server.submit("E_X")
    wait(lambda: any(worker.running for worker in server.workers()))
    client = Client(server)
    client.stop(8)
    pid = server.workers()[0].pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    assert [error.cause for error in run.result(DEADLINE).errors] == ["worker died"]
    while not isinstance(client.news.get(timeout=DEADLINE), WentOn):
        pass
    assert not client.debugger.stops


def test_a_batch_is_debugged_from_its_next_event_on(server: Session, wait: Wait) -> None:
    server.load('event_route[E_X] {\n$var(n) += 1;\nif ($var(n) == -1)\nxlog("never");\n}', "x.cfg")
    batch = server.submit_batch("E_X", [None] * 300_000)
    wait(lambda: any(worker.running for worker in server.workers()))
    client = Client(server)
    assert client.stop(2, 3) in ([("event_route[E_X]", 2)], [("event_route[E_X]", 3)])
    assert client.debugger.evaluate(1, "$var(n) = -1000000;").result(DEADLINE).ok
    client.debugger.close()
    result = batch.result(2 * DEADLINE)
    assert result.ok
    assert result.events == 300_000


#: a line -> how often a breakpoint there stops the run: heads of loops at each round, and once more behind the last
STOPS = {2: 1, 3: 4, 4: 3, 5: 4, 6: 3, 7: 1, 8: 1, 9: 1, 10: 1, 11: 1, 12: 1, 15: 1}
KINDS = """event_route[E_X] {
    $var(i) = 0; $avp(l) = 1; $avp(l) = 2; $avp(l) = 3;
    while ($var(i) < 3)
        $var(i) += 1;
    for ($var(x) in $(avp(l)[*]))
        $var(y) = $var(x);
    if ($var(i) == 3
            && route(same)
            && { $var(z) = 1; })
        $var(w) = 1;
    switch ($var(w)) { case 1:
        $var(v) = 1; break; }
}
route[same] {
    return(1);
}
"""


@pytest.mark.parametrize("line", STOPS)
def test_each_kind_of_statement_stops(server: Session, line: int) -> None:
    server.load(KINDS, "x.cfg")
    client = Client(server)
    client.debugger.set_breakpoints("x.cfg", [Breakpoint(line)])
    run = server.submit("E_X")
    for _ in range(STOPS[line]):
        assert client.stop()[0][1] == line
        client.debugger.go(1)
    assert run.result(DEADLINE).ok
    assert not client.debugger.stops


def test_many_come_and_go_while_events_run(server: Session) -> None:
    """Nothing is lost by it: no event, no line of the log."""
    server.load('event_route[E_X] {\n$var(i) += 1;\nif ($var(i) > 0)\nxlog("x\\n");\n}', "x.cfg")
    batch = server.submit_batch("E_X", [None] * 5_000)
    for count in range(30):
        client = Client(server)
        client.debugger.set_breakpoints("x.cfg", [Breakpoint(2 + count % 3, hits="== 100")])
        client.debugger.pause(1)
        client.debugger.close()
    result = batch.result(DEADLINE)
    assert (result.ok, result.events, len(result.log)) == (True, 5_000, 5_000)


def test_one_that_comes_at_the_moment_in_which_a_run_begins_stops_it(server: Session, wait: Wait) -> None:
    """The worker may hear of it before it has taken who watches that run, as was decided before."""
    server.load(LOOP, "x.cfg")
    for _ in range(20):
        run = server.submit("E_X")
        wait(lambda: any(worker.running for worker in server.workers()))
        client = Client(server)
        assert client.stop(7)[0] == ("route[spin]", 7)
        client.debugger.close()
        server.interrupt()
        assert not run.result(DEADLINE).ok
