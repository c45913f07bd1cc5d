"""Replays with real workers: what runs, what is told, what a killed worker or an interrupt costs."""

from __future__ import annotations

import gc
import gzip
import json
import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from evroute_kernel.engine.replay.feeding import NoTimesError, seconds_of
from evroute_kernel.engine.replay.formats import UnknownFormatError
from evroute_kernel.engine.session.session import Session
from evroute_kernel.library.functions.cache import table_of

DEADLINE = 30.0
#: counters that two workers can add to at once: of all events, and of each
COUNT = """
event_route[E_X] {
    cache_add("local", "all", 1, 0);
    cache_add("local", "n$param(n)", 1, 0);
}
"""


@pytest.fixture
def session() -> Iterator[Session]:
    with Session(workers=2, timeout=DEADLINE) as session:
        yield session


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., Path]:
    def write(lines: list[Any], name: str = "events.jsonl") -> Path:
        text = "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)
        path = tmp_path / name
        path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
        return path

    return write


def numbered(count: int, event: str = "E_X") -> list[Any]:
    return [{"event": event, "params": {"n": n}} for n in range(1, count + 1)]


def counters(session: Session) -> dict[str, Any]:
    found = dict(session.shared.items(table_of("default")))
    return {name: value[0] if isinstance(value, tuple | list) else value for name, value in found.items()}


@pytest.mark.parametrize("name", ["events.jsonl", "events.jsonl.gz"])
def test_every_event_is_run_once_by_two_workers(session: Session, written: Callable[..., Path], name: str) -> None:
    session.load(COUNT)
    result = session.replay(written(numbered(20_000), name))
    assert (result.events, result.failed, result.broken, result.last_line) == (20_000, 0, 0, 20_000)
    assert result.ok
    assert len(result.latencies) == 20_000
    assert 0 < result.latencies.percentile(50) <= result.latencies.percentile(100)
    found = counters(session)
    assert str(found.pop("all")) == "20000"
    assert len(found) == 20_000
    assert {str(value) for value in found.values()} == {"1"}
    assert len(session.workers()) == 2
    assert [(ran.event, ran.route, ran.runs) for ran in result.ran] == [("E_X", "event_route[E_X]", 20_000)]


def test_shared_variables_count_exactly_with_one_worker(session: Session, written: Callable[..., Path]) -> None:
    session.load("event_route[E_X] { $shv(n) += 1; $shv(sum) += $param(n); }")
    session.replay(written(numbered(5000)), workers=1)
    assert (session.shared.get("shv", "n"), session.shared.get("shv", "sum")) == (5000, 12_502_500)


def test_one_worker_keeps_the_order(session: Session, written: Callable[..., Path]) -> None:
    session.load('event_route[E_X] { xlog("$param(n)\\n"); }\nevent_route[E_Y] { xlog("y$param(n)\\n"); }')
    lines = [{"event": "E_Y" if n % 3 else "E_X", "params": {"n": n}} for n in range(500)]
    result = session.replay(written(lines), workers=1)
    expected = [f"y{n}\n" if n % 3 else f"{n}\n" for n in range(500)]
    assert [record.text for record in result.log] == expected
    assert {record.event for record in result.log} == {"E_X", "E_Y"}
    assert all((record.event == "E_Y") == record.text.startswith("y") for record in result.log)


def test_unhandled_events_and_broken_lines_are_told(session: Session, written: Callable[..., Path]) -> None:
    session.load("event_route[E_X] { $var(x) = 1; }")
    lines = [*numbered(3), "{broken", *numbered(2, "E_OTHER"), "", {"event": "Ö"}, "[1]", *numbered(1)]
    result = session.replay(written(lines))
    assert (result.events, result.handled) == (4, {"E_X": 4})
    assert result.unhandled == {"E_OTHER": 2, "Ö": 1}
    assert [broken.line for broken in result.broken_lines] == [4, 9]
    assert result.ok


def test_names_without_end_are_counted_together(session: Session) -> None:
    result = session.replay((f"E_{n}", {}) for n in range(3000))
    assert sum(result.unhandled.values()) == 3000
    assert len(result.unhandled) == 1001
    assert result.unhandled["(other names)"] == 2000


def test_failing_events_are_told_by_line(session: Session, written: Callable[..., Path]) -> None:
    session.load("event_route[E_X] {\n\t$var(x) = 10;\n\t$var(x) /= $param(n);\n}")
    for n in range(5):  # so that the failing route is not by chance the first of all
        session.load(f"event_route[E_OTHER_{n}] {{ exit; }}")
    lines = [{"event": "E_X", "params": {"n": 0 if n % 100 == 7 else 1}} for n in range(1, 501)]
    result = session.replay(written(lines))
    assert (result.events, result.failed, result.causes) == (500, 5, {"crashed": 5})
    assert [failure.line for failure in result.failures] == [7, 107, 207, 307, 407]
    assert {failure.error.span.line for failure in result.failures if failure.error.span} == {3}
    assert {failure.error.event for failure in result.failures} == {"E_X"}
    assert all(failure.error.message.startswith("event_route[E_X]: /= 0") for failure in result.failures)
    assert not result.ok


def test_a_killed_worker_costs_one_event(session: Session, written: Callable[..., Path]) -> None:
    result = replay_with_kills(session, written(numbered(3000)), every=1000)
    found = counters(session)
    lost = {f"n{failure.line}" for failure in result.failures}
    assert result.events == 3000
    assert {failure.error.cause for failure in result.failures} == {"worker died"}
    assert result.failed == len(lost) >= 1
    run = {name for name in found if name.startswith("n")}
    assert run | lost == {f"n{n}" for n in range(1, 3001)}
    assert {str(found[name]) for name in run} == {"1"}


def replay_with_kills(session: Session, path: Path, every: int) -> Any:
    """Kills the first worker while it runs the replay."""
    session.load('event_route[E_X] { cache_add("local", "n$param(n)", 1, 0); usleep(300); }')
    replaying = session.start_replay(path, workers=1)
    seen = 0
    deadline = monotonic() + DEADLINE
    while not replaying.future.done():
        assert monotonic() < deadline
        if replaying.events > seen:
            seen = replaying.events + every
            for worker in session.workers():
                if worker.pid is not None and worker.running is not None:
                    os.kill(worker.pid, signal.SIGKILL)
    return replaying.future.result()


def test_an_interrupt_stops_at_once_and_says_how_far_it_came(session: Session, written: Callable[..., Path]) -> None:
    session.load("event_route[E_X] { usleep(2000); }")
    path = written(numbered(5000))
    replaying = session.start_replay(path)
    deadline = monotonic() + DEADLINE
    while replaying.events < 20:
        assert monotonic() < deadline
    session.interrupt()
    result = replaying.future.result(DEADLINE)
    assert result.ended == "interrupted"
    assert 20 <= result.events < 5000
    assert 0 < result.last_line <= result.events
    assert not result.ok
    assert session.replay(written(numbered(10), "more.jsonl")).ok


def test_an_interrupt_does_not_wait_for_the_source(session: Session) -> None:
    session.load("event_route[E_X] { $var(x) = 1; }")
    gate = threading.Event()

    def events() -> Iterator[Any]:
        yield "E_X", {}
        gate.wait(DEADLINE)

    replaying = session.start_replay(events())
    session.interrupt()
    try:
        assert replaying.future.result(DEADLINE).ended == "interrupted"
    finally:
        gate.set()


def test_an_endless_event_is_timed_out_alone(session: Session, written: Callable[..., Path]) -> None:
    session.load(
        "max_while_loops=100000000\nevent_route[E_X] { if ($param(n) == 50) { while (1) { $var(i) += 1; } } }\n"
    )
    result = session.replay(written(numbered(100)), timeout=1.0, workers=1)
    assert (result.events, result.causes) == (100, {"timed out": 1})
    assert [failure.line for failure in result.failures] == [50]


def test_only_and_limit(session: Session, written: Callable[..., Path]) -> None:
    session.load(COUNT + "event_route[E_Y] { $var(x) = 1; }")
    path = written([*numbered(5), *numbered(5, "E_Y"), *numbered(5, "E_Z")] * 4)
    assert session.replay(path, only=["E_X"]).handled == {"E_X": 20}
    assert session.replay(path, only="E_X").filtered == 40
    assert session.replay(path, limit=7).handled == {"E_X": 5, "E_Y": 2}
    limited = session.replay(path, limit=7, only=["E_Y", "E_Z"])
    assert (limited.handled, limited.unhandled) == ({"E_Y": 5}, {"E_Z": 2})


def test_log_is_sampled(session: Session, written: Callable[..., Path]) -> None:
    session.load('event_route[E_X] { xlog("L_INFO", "$param(n)\\n"); if ($param(n) == 3) xlog("L_ERR", "three\\n"); }')
    path = written(numbered(1000))

    def texts(log: Any) -> list[str]:
        seen = len(session.log)
        result = session.replay(path, workers=1, log=log)
        assert result.unshown + len(result.log) == 1001
        assert session.log[seen:] == list(result.log)
        return [record.text for record in result.log]

    assert len(texts("all")) == 1001
    assert texts("errors") == ["three\n"]
    assert texts("none") == []
    assert texts(5) == ["1\n", "2\n", "3\n", "three\n", "4\n"]


def test_events_that_routes_raise_run_too(session: Session, written: Callable[..., Path]) -> None:
    session.load(
        """
        event_route[E_X] { $avp(v) = $param(n); raise_event("E_NEXT", , $avp(v)); }
        event_route[E_NEXT] { cache_add("local", "all", 1, 0); xlog("L_ERR", "$param(1)\\n"); }
        """
    )
    result = session.replay(written(numbered(300)))
    assert str(counters(session)["all"]) == "300"
    assert result.events == 300
    assert sorted(int(record.text) for record in result.log) == list(range(1, 301))
    assert {record.event for record in result.log} == {"E_NEXT"}


def test_iterables(session: Session) -> None:
    session.load('event_route[E_X] { xlog("$param(1) $param(n)\\n"); }')

    def texts(items: Any) -> list[str]:
        return [record.text for record in session.replay(items, workers=1).log if not record.diagnostic]

    assert texts([("E_X", {"n": 1}), ("E_X", {"n": "ü"}, 5.0), {"event": "E_X", "params": {"n": 3}}]) == [
        "1 1\n",
        "ü ü\n",
        "3 3\n",
    ]
    assert texts(['{"event":"E_X","params":{"n":1}}', b'{"method":"E_X","params":{"n":2}}\n']) == ["1 1\n", "2 2\n"]
    assert texts(iter(["E_X\n", "n::7\n", "\n"])) == ["7 7\n"]
    assert session.replay([]).events == 0
    result = session.replay([("E_X", {"n": 1}), 5, ("", None), ("E_X", object())])
    assert (result.events, [broken.line for broken in result.broken_lines]) == (1, [2, 3, 4])


def test_unnamed_integers_stay_integers(session: Session, written: Callable[..., Path]) -> None:
    session.load('event_route[E_X] { if ($param(1) == 7) xlog("number\\n"); }')
    assert len(session.replay([("E_X", [7])]).log) == 1
    assert len(session.replay(written([{"event": "E_X", "params": [7]}])).log) == 1


def test_what_the_caller_s_iterator_raises_is_the_caller_s(session: Session) -> None:
    session.load("event_route[E_X] { $var(x) = 1; }")

    def events() -> Iterator[Any]:
        yield "E_X", {}
        raise LookupError("no more")

    with pytest.raises(LookupError, match="no more"):
        session.replay(events())
    assert session.replay([("E_X", {})]).events == 1


def test_an_iterator_that_ends_its_thread_is_no_good_end(session: Session) -> None:
    def events() -> Iterator[Any]:
        yield "E_X", {}
        raise SystemExit("no more")

    session.load("event_route[E_X] { $var(x) = 1; }")
    with pytest.raises(SystemExit, match="no more"):
        session.replay(events())


def test_none_is_no_event_and_no_end(session: Session) -> None:
    session.load("event_route[E_X] { $var(x) = 1; }")
    result = session.replay([None, ("E_X", {}), None, ("E_X", {})])
    assert (result.events, result.broken) == (2, 2)
    with pytest.raises(TypeError, match="expected one more line, not NoneType"):
        session.replay(['{"event": "E_X"}', None, '{"event": "E_X"}'])


def test_the_last_event_that_is_wanted_waits_for_no_other(session: Session) -> None:
    session.load("event_route[E_X] { $var(x) = 1; }")
    gate = threading.Event()

    def events() -> Iterator[Any]:
        yield "E_X", {}
        yield "E_X", {}
        gate.wait(DEADLINE)

    replaying = session.start_replay(events(), limit=2)
    try:
        assert replaying.future.result(DEADLINE / 2).events == 2
    finally:
        gate.set()


def test_who_is_told_of_the_start_may_prevent_it(session: Session, written: Callable[..., Path]) -> None:
    def refuse(replaying: Any) -> None:
        raise LookupError("not now")

    with pytest.raises(LookupError, match="not now"):
        session.start_replay(written(numbered(3)), on_start=refuse)
    gc.collect()  # would tell of a file that was left open
    assert session.interrupt() == 0


def test_pace(session: Session, written: Callable[..., Path]) -> None:
    session.load("event_route[E_X] { $var(x) = 1; }")
    lines = [{"event": "E_X", "time": 1000 + n / 10} for n in range(6)]
    begun = monotonic()
    assert session.replay(written(lines), speed=2).events == 6
    assert 0.24 < monotonic() - begun < DEADLINE
    with pytest.raises(NoTimesError):
        session.replay(written(numbered(3), "timeless.jsonl"), speed=1)


@pytest.mark.parametrize("time", [float("inf"), float("nan"), 10**400, True, "0001-01-01", "yesterday", None, []])
def test_what_is_no_time(time: Any) -> None:
    assert seconds_of(time) is None


def test_a_paced_replay_can_be_interrupted(session: Session, written: Callable[..., Path]) -> None:
    session.load("event_route[E_X] { $var(x) = 1; }")
    lines = [{"event": "E_X", "time": 0}, {"event": "E_X", "time": 1e6}]
    replaying = session.start_replay(written(lines), speed=1)
    deadline = monotonic() + DEADLINE
    while replaying.events < 1:
        assert monotonic() < deadline
    session.interrupt()
    assert replaying.future.result(DEADLINE).events == 1


def test_more_workers_for_one_replay(written: Callable[..., Path]) -> None:
    with Session(workers=1) as session:
        session.load('event_route[E_X] { usleep(2000); cache_add("local", "p$pp", 1, 0); }')
        session.replay(written(numbered(2000)), workers=2)
        assert len(counters(session)) == 2
        assert session.worker_limit == 1


def test_replays_that_overlap_leave_the_limit_of_workers_alone(wait: Callable[[Callable[[], bool]], None]) -> None:
    with Session(workers=1) as session:
        session.load("event_route[E_X] { $var(x) = 1; }")
        gates = threading.Event(), threading.Event()

        def events(gate: threading.Event) -> Iterator[Any]:
            yield "E_X", {}
            gate.wait(DEADLINE)

        first, second = (
            session.start_replay(events(gate), workers=workers) for gate, workers in zip(gates, (2, 3), strict=True)
        )
        for gate, replaying in zip(gates, (first, second), strict=True):
            gate.set()
            assert replaying.future.result(DEADLINE).events == 1
        assert session.worker_limit == 1
        session.worker_limit = 1
        futures = [session.submit("E_X") for _ in range(50)]
        assert all(future.result(DEADLINE).ok for future in futures)
        wait(lambda: [worker.number for worker in session.workers()] == [1])


def test_files_that_are_none(session: Session, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        session.replay(tmp_path / "absent")
    with pytest.raises(IsADirectoryError):
        session.replay(tmp_path)
    garbage = tmp_path / "garbage"
    garbage.write_bytes(bytes(range(256)) * 10)
    with pytest.raises(UnknownFormatError):
        session.replay(garbage)
    assert session.replay(garbage, format="json").broken > 0
    empty = tmp_path / "empty"
    empty.touch()
    assert session.replay(empty).events == 0


@pytest.mark.parametrize(
    "options",
    [{"speed": 0}, {"speed": -1}, {"workers": 0}, {"limit": 0}, {"log": "some"}, {"log": -1}, {"format": "xml"}],
)
def test_bad_options(session: Session, options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"speed|workers|limit|log|format"):
        session.replay([], **options)


def test_a_session_that_is_closed_ends_its_replay(written: Callable[..., Path]) -> None:
    with Session(workers=1) as session:
        session.load("event_route[E_X] { usleep(2000); }")
        replaying = session.start_replay(written(numbered(5000)))
    assert replaying.future.result(DEADLINE).ended == "closed"


def test_listeners_are_told_of_every_event(session: Session, written: Callable[..., Path]) -> None:
    session.load("event_route[E_X] { $var(x) = 1; }")
    told: list[Any] = []
    end = session.tap(lambda event, params, time: told.append((event, params)))
    session.replay(written([*numbered(100), *numbered(2, "E_OTHER")]))
    end()
    assert sorted(told, key=lambda item: (item[0], item[1][0][1])) == [
        ("E_OTHER", (("n", 1),)),
        ("E_OTHER", (("n", 2),)),
        *[("E_X", (("n", n),)) for n in range(1, 101)],
    ]


@pytest.mark.parametrize("kind", ["text", "csv"])
def test_other_formats_are_read_by_workers(session: Session, tmp_path: Path, kind: str) -> None:
    """Every event once, with its line, whatever block it came in: with names from a header, and values over lines."""
    session.load(COUNT + "event_route[E_BAD] { $var(x) = 1; $var(x) /= $param(zero); }")
    lines, failing, broken = (["event,n,zero"], [], []) if kind == "csv" else ([], [], [])
    for n in range(1, 10_001):
        if n % 1000 == 0:
            failing.append(len(lines) + 1)
            lines += ["E_BAD,1,0"] if kind == "csv" else ["E_BAD", 'text::"over', "", 'lines"', "zero::0", ""]
        if n % 1500 == 0:
            broken.append(len(lines) + 1)
            lines += ["x" * 65 + ",1"] if kind == "csv" else ["no::event"]
        lines += [f"E_X,{n}"] if kind == "csv" else ["E_X", f"n::{n}", ""]
    path = tmp_path / "events.rec"
    path.write_text("\n".join(lines) + "\n")
    result = session.replay(path)
    assert (result.events, result.failed, result.broken, result.last_line) == (10_010, 10, 6, len(lines))
    assert [failure.line for failure in result.failures] == failing
    assert [found.line for found in result.broken_lines] == broken
    found = counters(session)
    assert str(found.pop("all")) == "10000"
    assert {str(value) for value in found.values()} == {"1"}
    assert len(session.workers()) == 2


@pytest.mark.parametrize("kind", ["text", "csv"])
def test_a_killed_worker_costs_one_event_of_any_format(session: Session, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "events.rec"
    if kind == "csv":
        path.write_text("event,n\n" + "".join(f"E_X,{n}\n" for n in range(1, 2001)))
    else:
        path.write_text("".join(f"E_X\nn::{n}\n\n" for n in range(1, 2001)))
    result = replay_with_kills(session, path, every=700)
    lost = {f"n{failure.line - 1 if kind == 'csv' else (failure.line + 2) // 3}" for failure in result.failures}
    assert result.events == 2000
    assert result.failed == len(lost)
    found = counters(session)
    assert {name for name in found if name.startswith("n")} | lost == {f"n{n}" for n in range(1, 2001)}
    assert {str(value) for value in found.values()} == {"1"}


def test_the_engine_leaves_reading_to_workers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is neither paced nor counted is handed on as it is."""
    path = tmp_path / "events.csv"
    path.write_text("event,n\n" + "".join(f"E_X,{n}\n" for n in range(1, 2001)))
    fed: list[Any] = []
    with Session(workers=1) as session:
        session.load("event_route[E_X] { exit; }")
        supervisor = session._backend.supervisor
        monkeypatch.setattr(
            supervisor,
            "feed",
            lambda replay, portion, feed=supervisor.feed: (fed.append(portion), feed(replay, portion)),
        )
        assert session.replay(path).events == 2000
    assert fed
    assert all(portion.entries is None and portion.data for portion in fed)


@pytest.mark.parametrize("kind", ["json", "text", "csv"])
@pytest.mark.parametrize("limit", [1, 700, 2000, 2990, 5000])
@pytest.mark.parametrize("only", [None, "E_X"])
def test_a_limit_counts_what_is_run(session: Session, tmp_path: Path, kind: str, limit: int, only: str | None) -> None:
    """Whatever the format and wherever blocks end, nothing behind the last event is seen to: nor told as broken."""
    session.load("event_route[E_X] { $var(x) = 1; }")
    lines: list[str] = []
    ends: list[int] = []  # the line of each event that counts
    for n in range(3000):
        name = "E_OTHER" if n % 3 == 2 else "E_X"
        if only is None or name == only:
            ends.append(len(lines) + 1)
        if kind == "text":
            lines += [name, f"n::{n}", ""]
        else:
            lines.append(f"{name},{n}" if kind == "csv" else json.dumps({"event": name, "params": {"n": n}}))
        if n % 50 == 0:
            lines.append({"text": "no::event", "csv": "x" * 65 + ",1", "json": "{broken"}[kind])
    path = tmp_path / "events"
    path.write_text("\n".join(lines) + "\n")
    result = session.replay(path, limit=limit, only=only, format=kind)
    counted = result.events + (sum(result.unhandled.values()) if only is None else 0)
    assert counted == min(limit, len(ends))
    last = ends[limit - 1] if limit <= len(ends) else len(lines) + 1
    in_front = [
        number for number, line in enumerate(lines, 1) if line.startswith(("no::", "xxx", "{broken")) and number < last
    ]
    assert result.broken == len(in_front)
    assert [broken.line for broken in result.broken_lines] == in_front
