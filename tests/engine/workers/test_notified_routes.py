"""Routes that notify_on_event() has subscribed: whose log, which worker, what one that dies costs, what bounds them."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from random import Random
from time import perf_counter

import pytest

from evroute_kernel import Session
from evroute_kernel.engine.results.runs import LogRecord, RouteRuns
from evroute_kernel.runtime.versions import VERSIONS
from evroute_kernel.worker.notifying.subscriptions import Audience, Subscription, values_of
from support.mi_clients import wait_until

DEADLINE = 30.0
MODULE = 'loadmodule "event_routing.so"\n'
ROUTES = (
    MODULE
    + r"""
event_route[E_SUB] { $avp(f) = "k=a*"; notify_on_event("E_X", $avp(f), "got", 60); }
event_route[E_X] { xlog("event_route $param(k)\n"); }
event_route[E_GO] { $avp(n) = "k"; $avp(v) = "abc"; raise_event("E_X", $avp(n), $avp(v)); }
route[got] { xlog("got $avp(k)\n"); route(inner); }
route[inner] { xlog("inner\n"); }
"""
)


@pytest.fixture(params=VERSIONS)
def session(request: pytest.FixtureRequest) -> Iterator[Session]:
    with Session(workers=1, version=request.param, timeout=DEADLINE) as opened:
        yield opened


def told(log: tuple[LogRecord, ...]) -> list[tuple[str, str, str]]:
    return [(record.event, record.route, record.text.rstrip("\n")) for record in log if not record.diagnostic]


def test_the_log_names_route_and_event(session: Session) -> None:
    session.load(ROUTES)
    session.raise_event("E_SUB")
    run = session.raise_event("E_X", {"k": "abc"})
    assert told(run.log) == [
        ("E_X", "event_route[E_X]", "event_route abc"),
        ("E_X", "route[got]", "got abc"),
        ("E_X", "route[inner]", "inner"),
    ]
    assert set(run.ran) == {RouteRuns("E_X", "event_route[E_X]", 1), RouteRuns("E_X", "route[got]", 1)}
    assert not run.errors


def test_an_event_without_a_route_of_its_own(session: Session) -> None:
    session.load(ROUTES.replace("event_route[E_X]", "event_route[E_OTHER]"))
    session.raise_event("E_SUB")
    assert told(session.raise_event("E_GO").log) == [("E_X", "route[got]", "got abc"), ("E_X", "route[inner]", "inner")]
    assert told(session.raise_event("E_X", {"k": "a"}).log)[0] == ("E_X", "route[got]", "got a")
    assert session.raise_event("E_X", {"k": "b"}).log == ()


def test_who_is_notified_can_be_seen(session: Session) -> None:
    session.load(ROUTES)
    assert session.notifications() == []
    session.raise_event("E_SUB")
    [info] = session.notifications("E_X")
    assert (info.event, info.route, info.filters) == ("E_X", "got", ("k=a*",))
    assert 55 <= info.ttl <= 60
    assert [s.socket for s in session.subscribers("E_X")] == ["routing:E_X", "route:E_X"]


def test_remarks_say_why_a_filter_let_an_event_through_or_not(session: Session) -> None:
    session.load(ROUTES)
    session.raise_event("E_SUB")
    assert session.raise_event("E_X", {"k": "abc"}).remarks == ()
    [kept] = session.raise_event("E_X", {"k": "xyz"}).remarks
    assert (kept.code, kept.message) == ("event-filter", "the filter k=a* keeps E_X from route[got]: k is 'xyz'")
    [ignored] = session.raise_event("E_X", {"kk": "ü"}).remarks
    assert ignored.message == "the filter k=a* of route[got] is ignored: E_X came without a parameter 'k'"
    assert ignored.hint == "it has kk"


def test_a_reset_ends_subscriptions(session: Session) -> None:
    session.load(ROUTES)
    session.raise_event("E_SUB")
    session.reset()
    session.load(ROUTES)
    assert session.notifications() == []
    assert [text for _, _, text in told(session.raise_event("E_X", {"k": "abc"}).log)] == ["event_route abc"]


def test_all_workers_know_of_a_subscription() -> None:
    with Session(workers=3, timeout=DEADLINE) as session:
        session.load(ROUTES)
        session.raise_event("E_SUB")
        futures = [session.submit("E_X", {"k": f"a{i}"}) for i in range(30)]
        texts = [[text for _, _, text in told(future.result().log)] for future in futures]
    assert texts == [[f"event_route a{i}", f"got a{i}", "inner"] for i in range(30)]


def test_the_events_of_a_batch_notify(session: Session) -> None:
    session.load(ROUTES)
    session.raise_event("E_SUB")
    result = session.submit_batch("E_X", [{"k": "a1"}, {"k": "b"}, {"k": "a2"}]).result()
    assert sorted(text for _, _, text in told(result.log) if text.startswith("got")) == ["got a1", "got a2"]


def test_an_event_without_parameters_costs_its_run_alone(session: Session) -> None:
    session.load(ROUTES)
    session.raise_event("E_SUB")
    run = session.raise_event("E_X")
    assert [error.cause for error in run.errors] == ["crashed"]
    assert "give E_X a parameter" in run.errors[0].message
    assert told(run.log) == []
    assert told(session.raise_event("E_X", {"k": "a"}).log)[1][2] == "got a"


def test_a_worker_that_dies_in_a_notified_route(session: Session) -> None:
    session.load(ROUTES.replace('xlog("inner\\n");', 'xlog("$pp\\n"); usleep(100000000);'))
    session.raise_event("E_SUB")
    future = session.submit("E_X", {"k": "abc"})
    wait_until(lambda: len(session.log) > 2)
    os.kill(int(next(record.text for record in session.log if record.route == "route[inner]")), signal.SIGKILL)
    run = future.result(DEADLINE)
    assert [(error.route, error.event, error.cause) for error in run.errors] == [("route[inner]", "E_X", "worker died")]
    assert told(session.raise_event("E_X", {"k": "b"}).log) == [("E_X", "event_route[E_X]", "event_route b")]


def test_a_subscription_that_feeds_itself_is_bounded(session: Session) -> None:
    endless = (
        MODULE
        + r"""
    event_route[E_SUB] { notify_on_event("E_X", $avp(f), "got", 60); }
    event_route[E_Y] { xlog("y\n"); }
    route[got] { $avp(n) = "k"; $avp(v) = 1; raise_event("E_X", $avp(n), $avp(v)); }
    """
    )
    session.load(endless)
    session.raise_event("E_SUB")
    future = session.submit("E_X", {"k": "a"}, timeout=3.0)
    assert told(session.raise_event("E_Y").log) == [("E_Y", "event_route[E_Y]", "y")]  # others are let through
    (error,) = future.result(DEADLINE).errors
    assert (error.cause, error.event) == ("timed out", "E_X")
    assert "each event leads to the next" in (error.hint or "")


def test_ten_thousand_subscriptions_with_filters() -> None:
    """An event finds its own within a millisecond."""
    audience = Audience()
    for number in range(10_000):
        audience.add((number, "E_X", (("callid", f"call-{number}"), ("method", "BY*")), "got", 2**40, 0))
    params = (("CallID", "call-4711"), ("method", "BYE"))
    begun = perf_counter()
    for _ in range(100):
        found = audience.reached(params)
    assert perf_counter() - begun < 0.1
    assert [s.number for s in found] == [4711]
    assert len(audience.reached((("method", "BYE"),))) == 10_000  # the key is not there, and so ignored
    assert audience.reached((("callid", "call-1"), ("method", "INVITE"))) == []


FILTERS = (
    "call-4*", "*-4711", "call-*11", "*ll-471*", "[c]all-47??", "c?ll-4711", "call-4711", "*",
    "call\\-4711", "*[!a]1",
)  # fmt: skip


@pytest.mark.parametrize("seed", range(5))
def test_subscriptions_are_found_by_what_their_filters_name(seed: int) -> None:
    """Whichever place they are found in: the same as if each were asked."""
    random = Random(seed)
    audience, everybody = Audience(), []
    for number in range(300):
        filters = [(random.choice(("CallID", "n", "")), random.choice(FILTERS)) for _ in range(random.randint(0, 2))]
        entry = (number, "E_X", tuple(filters), "got", 10 if random.random() < 0.3 else 2**40, 0)
        audience.add(entry)
        everybody.append(entry)
    for now in (5, 100):
        assert not audience.is_empty(now)
        there = [Subscription(entry) for entry in reversed(everybody) if entry[4] >= now]
        for value in ("call-4711", "call-4", "4711", "all-471", "", "call-4711-4711", "1"):
            for params in ((("callid", value),), (("N", value), ("callid", "call-4711")), ((None, value), ("n", 4711))):
                reached = [s.number for s in audience.reached(params)]
                assert reached == [s.number for s in there if s.fits(values_of(params))]
    assert audience.is_empty(2**40 + 1)
    assert audience.reached((("callid", "call-4711"),)) == []


def test_ten_thousand_subscriptions_with_patterns() -> None:
    for pattern in ("call-{}*", "*-{}", "*l-{}@*"):
        audience = Audience()
        for number in range(10_000):
            audience.add((number, "E_X", (("callid", pattern.format(f"{number:05}")),), "got", 2**40, 0))
        begun = perf_counter()
        for _ in range(100):
            found = audience.reached((("callid", "call-04711" + "@h" * pattern.endswith("@*")),))
        assert perf_counter() - begun < 0.1
        assert [s.number for s in found] == [4711]
