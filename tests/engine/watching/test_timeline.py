"""`Session.timeline()`: who ran when, and what led to what."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from time import time_ns
from xml.etree import ElementTree

import pytest

from evroute_kernel import Session
from evroute_kernel.engine.events.given import GivenError
from evroute_kernel.engine.results.timeline import QUEUE, Bar, Timeline
from evroute_kernel.engine.results.timeline_text import plain
from evroute_kernel.kernel.timelines.drawing import svg
from evroute_kernel.runtime.versions import VERSIONS
from support.trace_events import check

SCRIPT = """
event_route[E_X] {
    $var(n) = 1;
    route(r);
    raise_event("E_Y");
}
route[r] {
    $var(m) = 2;
}
event_route[E_Y] {
    $var(y) = 1;
}
"""


@pytest.fixture(params=VERSIONS)
def server(request: pytest.FixtureRequest) -> Iterator[Session]:
    """A session with one worker, of each version."""
    with Session(workers=1, version=request.param, timeout=30, check=True) as opened:
        opened.load(SCRIPT)
        yield opened


def drawn(session: Session, event: str = "E_X") -> Timeline:
    with session.timeline() as timeline:
        session.raise_event(event)
    return timeline


def ran(timeline: Timeline) -> list[Bar]:
    """All but how long the event waited for its worker."""
    return [bar for bar in timeline if bar.kind != "queue"]


def named(timeline: Timeline, name: str) -> Bar:
    [found] = [bar for bar in ran(timeline) if bar.name == name]
    return found


def test_bars_are_runs_routes_and_statements(server: Session) -> None:
    before = time_ns()
    timeline = drawn(server)
    assert [(bar.kind, bar.name, bar.event, bar.line) for bar in ran(timeline)] == [
        ("run", "event_route[E_X]", "E_X", 0),
        ("statement", "$var(n) = 1", "E_X", 3),
        ("statement", "route(r)", "E_X", 4),
        ("route", "route[r]", "E_X", 0),
        ("statement", "$var(m) = 2", "E_X", 8),
        ("statement", 'raise_event("E_Y")', "E_X", 5),
        ("run", "event_route[E_Y]", "E_Y", 0),
        ("statement", "$var(y) = 1", "E_Y", 11),
    ]
    assert all(bar.end is not None and before <= bar.begin <= bar.end <= time_ns() for bar in timeline)


def test_what_is_called_lies_inside_of_the_call(server: Session) -> None:
    timeline = drawn(server)
    outer, call, inner, last = (
        named(timeline, name) for name in ("event_route[E_X]", "route(r)", "route[r]", "$var(m) = 2")
    )
    assert [bar.depth for bar in (outer, call, inner, last)] == [0, 1, 2, 3]
    moments = [outer.begin, call.begin, inner.begin, last.begin, last.end, inner.end, call.end, outer.end]
    assert moments == sorted(moments)


def test_an_event_that_a_route_raises_runs_behind_it_or_in_4_0_inside(server: Session) -> None:
    timeline = drawn(server)
    first, second, statement = (
        named(timeline, name) for name in ("event_route[E_X]", "event_route[E_Y]", 'raise_event("E_Y")')
    )
    if server.version == "3.6":
        assert first.end <= second.begin
        assert second.depth == 0
    else:
        assert statement.begin <= second.begin <= second.end <= statement.end
        assert second.depth == 2
    [arrow] = timeline.arrows
    assert arrow.event == "E_Y"
    assert statement.begin <= arrow.source[1]
    assert arrow.target == (("", 1), second.begin)


def test_an_event_that_nobody_handles_leads_nowhere() -> None:
    with Session(workers=1) as session:
        session.load('event_route[E_X] { raise_event("E_NOBODY"); }')
        assert drawn(session).arrows == []
        session.subscribe("E_NOBODY", "udp:127.0.0.1:9")
        assert [(arrow.event, arrow.target) for arrow in drawn(session).arrows] == [("E_NOBODY", None)]


def test_chrome_has_bars_and_both_ends_of_each_arrow(server: Session) -> None:
    timeline = drawn(server)
    events = json.loads(json.dumps(timeline.chrome()))["traceEvents"]
    assert {"name": "worker 1"} in [event["args"] for event in events if event["ph"] == "M"]
    bars = [event for event in events if event["ph"] == "B"]
    assert [event["name"] for event in bars] == [bar.name for bar in ran(timeline)]
    assert bars[0]["ts"] >= 0
    assert bars[1]["args"] == {"event": "E_X", "file": "script", "line": 3}
    start, end = (event for event in events if event["ph"] in "sf")
    assert (start["ph"], end["ph"], start["id"]) == ("s", "f", end["id"])
    target = named(timeline, "event_route[E_Y]")
    assert end["ts"] == (target.begin - min(bar.begin for bar in timeline)) / 1000


def test_a_run_that_waits_is_as_long_as_it_waits() -> None:
    with Session(workers=1) as session:
        session.load('loadmodule "cfgutils.so"\nevent_route[E_X] { usleep(50000); }')
        timeline = drawn(session)
        bar = named(timeline, "usleep(50000)")
        assert bar.end is not None
        assert bar.end - bar.begin >= 50_000_000


def test_the_clock_of_the_session_does_not_matter() -> None:
    with Session(workers=1, clock="2001-01-01T00:00:00") as session:
        session.load(SCRIPT)
        before = time_ns()
        assert all(bar.begin >= before for bar in ran(drawn(session)))


def test_several_workers_have_bars_of_their_own() -> None:
    with Session(workers=2) as session:
        session.load('loadmodule "cfgutils.so"\nevent_route[E_X] { usleep(300000); }')
        with session.timeline() as timeline:
            runs = [session.submit("E_X") for _ in range(2)]
            assert all(run.result(30).ok for run in runs)
        assert sorted(bar.process for bar in timeline if bar.kind == "run") == [1, 2]


def test_a_worker_that_is_killed_leaves_its_bars_open() -> None:
    with Session(workers=1) as session:
        session.load('event_route[E_X] { route(r); }\nroute[r] { xlog("in\\n"); while (1) { $var(i) = 1; } }')
        session.settings["max_while_loops"] = 2**31 - 1
        with session.timeline(limit=50) as timeline:  # the next run finds the bars of the dead one
            future = session.submit("E_X")
            while not session.log:
                assert not future.done()
            os.kill(session.workers()[0].pid, signal.SIGKILL)
            assert not future.result(30).ok
            session.load(SCRIPT)
            assert session.raise_event("E_X").ok
        assert [bar.is_cut for bar in timeline if bar.kind in ("run", "route")] == [True, True]
        assert all(bar.end is not None for bar in timeline)
        assert len(timeline) == 50
        assert timeline.left_out > 0
        assert timeline.chrome()


def test_what_has_another_origin_is_not_drawn(server: Session) -> None:
    mine, other = object(), object()
    with server.timeline(origin=mine) as timeline:
        server.raise_event("E_Y", origin=other)
        server.raise_event("E_X", origin=mine)
    assert ran(timeline)[0].event == "E_X"
    server.raise_event("E_X", origin=mine)
    assert len(ran(timeline)) == 8


@pytest.mark.parametrize("limit", [0, -1, "9"])
def test_a_limit_is_a_number(limit: object) -> None:
    with Session(workers=1) as session, pytest.raises(GivenError, match="the limit of a timeline"):
        session.timeline(limit=limit)


LOCKED = """
loadmodule "cfgutils.so"
event_route[E_X] {
    get_static_lock("limit");
    usleep(200000);
    release_static_lock("limit");
}
"""


def test_locks_that_are_held_and_waited_for() -> None:
    with Session(workers=2, check=True) as session:
        session.load(LOCKED + "event_route[E_WARM] { usleep(500000); }")
        assert all(run.result(30).ok for run in [session.submit("E_WARM") for _ in range(2)])  # both workers are there
        with session.timeline() as timeline:
            runs = [session.submit("E_X") for _ in range(2)]
            assert all(run.result(30).ok for run in runs)
    first, second = (bar for bar in timeline if bar.kind == "lock")
    assert first.name == second.name == "lock limit"
    assert first.process != second.process
    assert first.end is not None
    assert first.end <= second.begin + 1_000_000, "whoever gives it back tells a moment after it is free"
    assert first.end - first.begin >= 200_000_000
    [wait] = (bar for bar in timeline if bar.name == "waits for lock limit")
    assert wait.process == second.process
    assert wait.begin < second.begin
    assert sum(bar.name == "waits: sleep" for bar in timeline) == 2


def test_a_lock_of_the_pool_is_named_by_its_number() -> None:
    with Session(workers=1) as session:
        session.load('loadmodule "cfgutils.so"\nevent_route[E_X] { get_dynamic_lock("a"); release_dynamic_lock("a"); }')
        assert [bar.name for bar in drawn(session) if bar.kind == "lock"] == ["lock 13 of the pool"]


def test_an_event_that_waits_for_a_worker() -> None:
    with Session(workers=1) as session:
        session.load('loadmodule "cfgutils.so"\nevent_route[E_X] { usleep(100000); }')
        session.raise_event("E_X")
        with session.timeline() as timeline:
            runs = [session.submit("E_X") for _ in range(2)]
            assert all(run.result(30).ok for run in runs)
    first, second = (bar for bar in timeline if bar.kind == "run")
    [waited] = [bar for bar in timeline if bar.kind == "queue" and bar.end == second.begin]
    assert waited.begin <= first.begin + 90_000_000
    assert timeline.title(waited.lane) == "waiting for a worker"


WAITS = """
loadmodule "tm.so"
loadmodule "cfgutils.so"
loadmodule "event_routing.so"
event_route[E_START] { notify_on_event("E_GO", $avp(all), "go", 10); }
event_route[E_GO] { $var(x) = 1; }
route[go] { async(sleep(1), later); }
route[later] { $var(y) = 1; }
"""


def test_an_arrow_leads_from_where_async_leaves_a_run_to_where_it_goes_on() -> None:
    with Session(workers=1, clock="2026-11-30T12:00:00") as session:
        session.load(WAITS)
        session.raise_event("E_START")
        with session.timeline() as timeline:
            assert session.raise_event("E_GO", {"a": 1}).ok
            session.tick(clock=2)
    [arrow] = [arrow for arrow in timeline.arrows if arrow.waits]
    left = next(bar for bar in timeline if bar.name.startswith("async"))
    assert left.begin <= arrow.source[1] <= (left.end or 0)
    assert arrow.target is not None
    assert arrow.target[1] in [bar.begin for bar in timeline if bar.kind == "run"]


REQUESTS = (
    'event_route[E_X] { cluster_send_req(1, 2, "hello"); }\nevent_route[E_CLUSTERER_RPL_RECEIVED] { $var(x) = 1; }'
)
REPLIES = (
    'event_route[E_CLUSTERER_REQ_RECEIVED] { $var(y) = 2; cluster_send_rpl(1, $param(src_id), "yes", $param(tag)); }'
)


def test_arrows_lead_from_node_to_node() -> None:
    with Session.cluster(["a", "b"], workers=1) as cluster:
        cluster["a"].load(REQUESTS)
        cluster["b"].load(REPLIES)
        with cluster.timeline() as timeline:
            assert cluster["a"].raise_event("E_X").ok
    ends = [(arrow.event, arrow.source[0], (arrow.target or ("",))[0]) for arrow in timeline.arrows]
    assert ends == [
        ("E_CLUSTERER_REQ_RECEIVED", ("a", 1), ("b", 1)),
        ("E_CLUSTERER_RPL_RECEIVED", ("b", 1), ("a", 1)),
    ]
    assert [timeline.title(lane) for lane in timeline.lanes if lane[1]] == ["a: worker 1", "b: worker 1"]
    check(timeline.chrome())


def test_a_message_to_all_leads_to_a_run_on_each() -> None:
    with Session.cluster(["a", "b", "c"], workers=1) as cluster:
        cluster["a"].load('event_route[E_X] { cluster_broadcast_req(1, "hello"); }')
        for node in "bc":
            cluster[node].load("event_route[E_CLUSTERER_REQ_RECEIVED] { $var(y) = 2; }")
        with cluster.timeline() as timeline:
            assert cluster["a"].raise_event("E_X").ok
    assert sorted(arrow.target[0][0] for arrow in timeline.arrows if arrow.target) == ["b", "c"]


def test_other_programs_open_what_is_written() -> None:
    with Session(workers=2) as session:
        session.load(LOCKED + SCRIPT.replace("E_X", "E_Z"))
        with session.timeline() as timeline:
            runs = [session.submit(event) for event in ("E_X", "E_Z", "E_X", "E_Z")]
            assert all(run.result(30).ok for run in runs)
    check(json.loads(json.dumps(timeline.chrome())))


def test_bars_of_several_processes_stand_in_the_order_of_time() -> None:
    timeline = Timeline()
    for process, begin in ((2, 1_700_000), (1, 0), (1, 2_000_000)):
        timeline.begin(Bar(process, "run", "event_route[E_X]", "E_X", 0, begin, begin + 1_000))
    timeline.begin(Bar(1, "route", "route[r]", "E_X", 2, 0, 500))
    assert [(bar.begin, bar.process, bar.kind) for bar in timeline] == [
        (0, 1, "run"),
        (0, 1, "route"),
        (1_700_000, 2, "run"),
        (2_000_000, 1, "run"),
    ]


def test_as_text(server: Session) -> None:
    with server.timeline() as timeline:
        server.raise_event("E_X")
    names = [line.split()[4] for line in timeline.text().splitlines() if "worker 1" in line]
    assert names == ["event_route[E_X]", "route[r]", "event_route[E_Y]"]
    assert timeline.text(most=1).count("more ...") == 1
    assert len(timeline.text(most=1).splitlines()) == 2


def test_times_count_from_the_first_bar_also_of_an_event_that_waits() -> None:
    timeline = Timeline()
    timeline.begin(Bar(QUEUE, "queue", "event_route[E_X]", "E_X", 0, 1_000_000, 9_000_000))
    timeline.begin(Bar(1, "run", "event_route[E_X]", "E_X", 0, 9_000_000, 19_000_000))
    assert [line.split()[:2] for line in plain(timeline).splitlines()] == [["0", "µs"], ["8", "ms"]]
    drawing = ElementTree.fromstring(svg(timeline))
    svg_ = "{http://www.w3.org/2000/svg}"
    waited, ran = (rect for group in drawing.iter(f"{svg_}g") for rect in group.iter(f"{svg_}rect"))
    assert waited.attrib["x"] == "0.0"
    assert float(ran.attrib["x"]) == pytest.approx(float(waited.attrib["width"]), abs=0.1)
    assert next(text.text for text in drawing.iter(f"{svg_}text")) == "0"
