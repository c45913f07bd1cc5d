"""Events inside of events, as 4.0 runs them: whose log, whose failure, how often, and what ends them."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from evroute_kernel import Session
from evroute_kernel.engine.results.runs import LogRecord, RouteRuns, RunError
from support.mi_clients import wait_until

DEADLINE = 30.0
NESTED = r"""
event_route[E_A] {
    xlog("a1 $param(1)\n");
    raise_event("E_B");
    xlog("a2\n");
}
event_route[E_B] { route(r); xlog("b\n"); }
route[r] { xlog("r\n"); }
"""
#: event, route and text of what one E_A logs
LOGGED = [
    ("E_A", "event_route[E_A]", "a1 x"),
    ("E_B", "route[r]", "r"),
    ("E_B", "event_route[E_B]", "b"),
    ("E_A", "event_route[E_A]", "a2"),
]
RAN = {("E_A", "event_route[E_A]"): 1, ("E_B", "event_route[E_B]"): 1}
#: each E_A but the first dies in a route of the event inside it
FAILING = r"""
event_route[E_A] { xlog("a\n"); raise_event("E_B"); xlog("end\n"); }
event_route[E_B] { xlog("b\n"); if ($shv(n) == 1) { route(s); } $shv(n) = $shv(n) + 1; xlog("b2\n"); }
route[s] {
    $var(x) = -2147483648;
    $var(y) = $var(x) / -1;
}
"""


@pytest.fixture(scope="module")
def opened() -> Iterator[Session]:
    with Session(workers=1, version="4.0", timeout=DEADLINE) as opened:
        yield opened


@pytest.fixture
def session(opened: Session) -> Session:
    opened.reset()
    return opened


def told(log: tuple[LogRecord, ...]) -> list[tuple[str, str, str]]:
    return [(record.event, record.route, record.text.rstrip("\n")) for record in log if not record.diagnostic]


def texts(log: tuple[LogRecord, ...]) -> str:
    return " ".join(text for _, _, text in told(log))


def runs(ran: tuple[RouteRuns, ...]) -> dict[tuple[str, str], int]:
    return {(one.event, one.route): one.runs for one in ran}


def recorded(folder: Path, *events: str) -> Path:
    path = folder / "events.jsonl"
    path.write_text("".join(json.dumps({"event": event, "params": ["x"]}) + "\n" for event in events))
    return path


class TestLog:
    def test_of_one_event(self, session: Session) -> None:
        session.load(NESTED)
        run = session.raise_event("E_A", ["x"])
        assert told(run.log) == LOGGED
        assert runs(run.ran) == RAN
        assert run.routes == 2

    def test_of_a_batch(self, session: Session) -> None:
        session.load(NESTED)
        result = session.submit_batch("E_A", [["x"]] * 3).result()
        assert told(result.log) == LOGGED * 3
        assert runs(result.ran) == dict.fromkeys(RAN, 3)
        assert result.events == 3

    def test_of_a_replay(self, session: Session, tmp_path: Path) -> None:
        session.load(NESTED)
        result = session.replay(recorded(tmp_path, "E_A", "E_A", "E_B"))
        assert told(result.log) == LOGGED * 2 + LOGGED[1:3]
        assert runs(result.ran) == {("E_A", "event_route[E_A]"): 2, ("E_B", "event_route[E_B]"): 3}
        assert (result.events, result.handled) == (3, {"E_A": 2, "E_B": 1})

    def test_of_what_the_startup_route_raises(self, session: Session) -> None:
        """It waits; what it raises in turn does not."""
        session.load('startup_route { $avp(v) = "x"; raise_event("E_A", , $avp(v)); xlog("s\\n"); }' + NESTED)
        assert told(tuple(session.log)) == [("", "startup_route", "s"), *LOGGED]

    def test_a_tap_hears_of_all(self, session: Session) -> None:
        session.load(NESTED)
        heard: list[str] = []
        untap = session.tap(lambda event, *rest: heard.append(event))
        session.raise_event("E_A", ["x"])
        untap()
        assert heard == ["E_A", "E_B"]


def place(error: RunError | None) -> tuple[str, str, str, int | None]:
    assert error is not None
    return error.cause, error.event, error.route, error.span.line if error.span else None


class TestFailure:
    """It is that of the inner route, and ends the outer one too; the events after it run."""

    WHERE = ("crashed", "E_B", "route[s]", 5)

    def test_in_a_single_event(self, session: Session) -> None:
        session.load(FAILING.strip())
        first, second, third = (session.raise_event("E_A") for _ in range(3))
        assert (first.ok, texts(first.log)) == (True, "a b b2 end")
        assert place(second.error) == self.WHERE
        assert texts(second.log) == "a b"
        assert second.error is not None
        assert second.error.message.startswith("event_route[E_B], in route[s]: ")
        assert second.error.message.endswith(" (event E_B)")
        assert texts(third.log) == "a b"

    def test_in_a_batch(self, session: Session) -> None:
        session.load(FAILING.strip())
        result = session.submit_batch("E_A", [[n] for n in range(3)]).result()
        assert [place(error) for error in result.errors] == [self.WHERE] * 2
        once = [("E_A", "event_route[E_A]", "a"), ("E_B", "event_route[E_B]", "b")]
        assert told(result.log)[4:] == once * 2
        assert (result.events, result.failed) == (3, 2)

    def test_in_a_replay(self, session: Session, tmp_path: Path) -> None:
        session.load(FAILING.strip())
        result = session.replay(recorded(tmp_path, "E_A", "E_A"))
        assert [(failed.line, place(failed.error)) for failed in result.failures] == [(2, self.WHERE)]
        assert texts(result.log) == "a b b2 end a b"


def test_time_is_over_inside(session: Session) -> None:
    session.load('event_route[E_A] { raise_event("E_B"); xlog("no\\n"); }\nevent_route[E_B] {\n    sleep(60);\n}')
    run = session.submit("E_A", timeout=0.5).result()
    assert place(run.error) == ("timed out", "E_B", "event_route[E_B]", 3)
    assert run.log == ()
    assert session.raise_event("E_A", timeout=0.5).error is not None


def test_a_worker_that_dies_inside_costs_the_outer_event(session: Session) -> None:
    session.load(
        'event_route[E_A] { raise_event("E_B"); xlog("no\\n"); }\n'
        'event_route[E_B] { xlog("$pp\\n"); if ($param(1) == NULL) usleep(100000000); }\n'
        'event_route[E_AFTER] { xlog("after\\n"); }'
    )
    future = session.submit("E_A")
    wait_until(lambda: session.log)
    os.kill(int(session.log[0].text), signal.SIGKILL)
    [error] = future.result().errors
    assert place(error) == ("worker died", "E_A", "event_route[E_B]", 2)
    assert texts(session.raise_event("E_AFTER").log) == "after"


def test_what_is_of_no_event_shares_no_message(session: Session) -> None:
    session.load('startup_route { $ru = "sip:a@b"; $avp(x) = 1; }\nxlog("$ru $avp(x)\\n");', scratch=True)
    assert [record.text for record in session.log] == ["sip:user@dummy.com 1\n"]


@pytest.mark.parametrize("setting", ["no", "0"])
def test_a_log_that_raises_no_event_kills_nothing(session: Session, setting: str) -> None:
    session.load(INNER + LOG.replace("=yes", f"={setting}", 1))
    assert texts(session.raise_event("E_A").log) == "a b no"


INNER = "event_route[E_B] { $var(z) = 1; }\n"
THIRD = r"""event_route[E_A] {
    raise_event("E_B");
    raise_event("E_B");
    raise_event("E_B");
    xlog("no\n");
}
"""
ROUTE = r"""event_route[E_A] {
    raise_event("E_B");
    raise_event("E_B");
    route(r);
    xlog("a\n");
}
route[r] {
    xlog("r\n");
}
"""
ASSERT = r"""enable_asserts=yes
event_route[E_A] {
    raise_event("E_B");
    raise_event("E_B");
    xlog("a\n");
    assert($var(z) == 2, "z");
}
"""
LOG = r"""log_event_enabled=yes
event_route[E_CORE_LOG] { $var(l) = 1; }
event_route[E_A] {
    xlog("a\n");
    raise_event("E_B");
    xlog("b\n");
    xlog("no\n");
}
"""
#: what kills a 4.0.1 -> the line of the error's statement, the log, and what the message says of a way out
CRASHES = {
    THIRD: (5, "", "raise the others from a timer_route"),
    ROUTE: (5, "r a", "call the route before"),
    ASSERT: (7, "a", "a failed assert()"),
    LOG: (7, "a b", "log before raise_event()"),
}


@pytest.mark.parametrize("script", CRASHES)
def test_what_kills_a_server_says_so(session: Session, script: str) -> None:
    line, log, advice = CRASHES[script]
    session.load(INNER + script + '\nevent_route[E_AFTER] { xlog("after\\n"); }')
    run = session.raise_event("E_A")
    assert texts(run.log) == log
    assert place(run.error) == ("crashed", "E_A", "event_route[E_A]", line)
    assert run.error is not None
    assert advice in run.error.message
    assert "4.0.1" in run.error.message
    assert "^^^" in run.error.render()
    assert texts(session.raise_event("E_AFTER").log) == "after"


@pytest.mark.parametrize("variable", ["$route.name", "$(route[*])"])
def test_what_is_asked_of_the_stack_behind_its_end(session: Session, variable: str) -> None:
    """A server looks anywhere in its memory then."""
    session.load(INNER + ROUTE.replace('xlog("r\\n");', f'xlog("r\\n");\n    xlog("{variable}\\n");'))
    run = session.raise_event("E_A")
    assert texts(run.log) == "r"
    assert place(run.error) == ("crashed", "E_A", "route[r]", 10)
    assert run.error is not None
    assert f"{variable} in a route that is called after two events" in run.error.message


def test_3_6_runs_them_all() -> None:
    with Session(workers=1) as session:
        for script in CRASHES:
            session.reset()
            session.load(INNER + script)
            assert session.raise_event("E_A").ok
