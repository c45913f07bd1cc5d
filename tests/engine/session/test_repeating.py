"""The same run twice: a clock that stands, and chance that begins with a seed."""

from __future__ import annotations

import json
import os
import signal
import socket
from datetime import UTC, datetime
from pathlib import Path

import pytest

from evroute_kernel import Session
from evroute_kernel.engine.events.given import GivenError
from evroute_kernel.runtime.versions import VERSIONS

NOON = "2026-11-30T12:00:00"
SCRIPT = r"""
loadmodule "cfgutils.so"
loadmodule "uuid.so"
startup_route { $shv(first) = $RANDOM; }
event_route[E_T] {
    uuid($var(a)); uuid($var(b), 1);
    xlog("$Ts $Tsm $TS $Tf $time(%c) $ctime(hour)|$shv(first) $RANDOM $uuid $var(a) $var(b) $pp\n");
    if (rand_event(50)) xlog("lucky\n");
    $avp(x) = 1; $avp(x) = 2; $avp(x) = 3; $avp(x) = 4; $avp(x) = 5; $avp(x) = 6;
    shuffle_avps($avp(x));
    xlog("$(avp(x)[*])\n");
    set_select_weight($avp(x));
    xlog("$rc\n");
}
"""

WAITS = r"""
loadmodule "tm.so"
loadmodule "cfgutils.so"
event_route[E_T] { async(sleep(5), later); }
route[later] { xlog("$time(%S)"); }
"""


def logged(session: Session, times: int = 5) -> list[str]:
    return [record.text for _ in range(times) for record in session.raise_event("E_T").log]


def of_new_session(**options: object) -> list[str]:
    with Session(workers=1, check=True, **options) as session:
        session.load(SCRIPT)
        return logged(session)


def test_two_sessions_log_the_same() -> None:
    first = of_new_session(clock=NOON, seed=7)
    assert first == of_new_session(clock=NOON, seed=7)
    assert first != of_new_session(clock=NOON, seed=8)
    assert first != of_new_session(clock="2026-11-30T12:00:01", seed=7)
    assert len({text for text in first if "|" in text}) == 5, "each draw is another"


def test_without_a_seed_they_differ() -> None:
    assert of_new_session(clock=NOON) != of_new_session(clock=NOON)


def test_a_clock_stands_until_it_is_moved() -> None:
    with Session(workers=1, clock=NOON) as session:
        session.load('event_route[E_T] { xlog("$time(%H:%M:%S)"); }')
        assert logged(session, 1) == ["12:00:00"]
        assert session.log[-1].time == datetime.fromisoformat(NOON).timestamp()
        session.tick(clock=61.5)
        assert logged(session, 2) == ["12:01:01"] * 2
        assert session.clock == datetime.fromisoformat(NOON).timestamp() + 61.5
        session.clock = datetime(2030, 1, 1, tzinfo=UTC)
        assert session.clock == datetime(2030, 1, 1, tzinfo=UTC).timestamp()
        session.clock = None
        assert session.clock is None
        assert logged(session, 1) != ["12:01:01"]


def test_what_is_due_by_a_clock_that_stands_happens_when_it_is_moved() -> None:
    with Session(workers=1, clock=NOON) as session:
        session.load(WAITS)
        waiting = session.submit("E_T")
        session.tick(clock=4)
        assert not waiting.done()
        run = session.tick(clock=2)
        texts = [record.text for record in (*waiting.result(10).log, *run.log) if not record.diagnostic]
        assert texts in (["05"], ["06"])


def test_a_reset_begins_anew_in_the_same_way() -> None:
    with Session(workers=1, clock=NOON, seed=1) as session:
        session.load(SCRIPT)
        first = logged(session)
        session.tick(clock=100)
        session.reset()
        session.load(SCRIPT)
        assert logged(session) == first
        assert session.seed == 1


def test_the_same_seed_again_begins_anew() -> None:
    with Session(workers=1) as session:
        session.load('event_route[E_T] { xlog("$RANDOM $pp"); }')
        session.seed = 3
        first = logged(session)
        assert logged(session) != first
        session.seed = 3
        assert logged(session) == first
        session.seed = None
        assert logged(session) != first


def test_another_setting_does_not_begin_anew() -> None:
    with Session(workers=1, seed=3) as session:
        session.load('event_route[E_T] { xlog("$RANDOM"); }')
        first = logged(session, 1)
        session.settings["max_while_loops"] = 5
        assert logged(session, 1) != first


def test_each_worker_draws_for_itself() -> None:
    with Session(workers=2, seed=3) as session:
        session.load('event_route[E_T] { usleep(200000); xlog("$pp $RANDOM"); }')
        runs = [session.submit("E_T") for _ in range(2)]
        texts = sorted(record.text for run in runs for record in run.result(20).log)
        assert [text.split()[0] for text in texts] == ["1001", "1002"]
        assert len({text.split()[1] for text in texts}) == 2


@pytest.mark.parametrize(
    "clock", ["noon", "", 0, -1, True, float("nan"), 1e12, b"x", "9999-99-99", "1969-01-01T00:00:00Z"]
)
def test_what_is_no_time_is_refused(clock: object) -> None:
    with pytest.raises(GivenError, match="the clock stands at a time"):
        Session(workers=1, clock=clock)


@pytest.mark.parametrize("seed", ["1", 1.5, True])
def test_what_is_no_seed_is_refused(seed: object) -> None:
    with pytest.raises(GivenError, match="the seed is a whole number"):
        Session(workers=1, seed=seed)


DRAWS = r"""
loadmodule "cfgutils.so"
event_route[E_T] {
    $var(n) = $param(n);
    usleep($param(us));
    xlog("$param(n) $RANDOM $uuid\n");
    raise_event("E_NEXT", $avp(names), $avp(values));
}
event_route[E_NEXT] { xlog("next $RANDOM\n"); }
"""


def drawn(workers: int, version: str = "3.6", sleeps: int = 0) -> dict[int, str]:
    """What each of some events draws, with what it leads to."""
    with Session(workers=workers, seed=5, check=True, version=version) as session:
        session.load(DRAWS)
        runs = [session.submit("E_T", {"n": n, "us": sleeps * (1 + n % 3)}) for n in range(20)]
        return {n: " ".join(record.text for record in run.result(60).log) for n, run in enumerate(runs)}


@pytest.mark.parametrize("version", VERSIONS)
def test_each_event_draws_the_same_whoever_runs_it(version: str) -> None:
    alone = drawn(1, version)
    assert len(set(alone.values())) == 20
    assert drawn(3, version, 20_000) == alone


def test_a_batch_draws_as_single_events_do() -> None:
    with Session(workers=1, seed=5, check=True) as session:
        session.load(DRAWS)
        batch = session.submit_batch("E_T", [{"n": n, "us": 0} for n in range(20)]).result(60)
    texts = [record.text for record in batch.log]
    assert [text for text in texts if "next" not in text] == [
        text.split("next")[0].rstrip() + "\n" for text in drawn(1).values()
    ]


def test_other_events_in_between_do_not_matter() -> None:
    with Session(workers=1, seed=5, check=True) as session:
        session.load(DRAWS + 'event_route[E_OTHER] { xlog("$RANDOM"); }')
        found = []
        for n in range(5):
            session.raise_event("E_OTHER")
            found.append(" ".join(record.text for record in session.raise_event("E_T", {"n": n, "us": 0}).log))
    assert found == list(drawn(1).values())[:5]


REPLAYED = r"""
event_route[E_T] { xlog("$param(n) $time(%H:%M:%S) $Ts $Tsm $RANDOM\n"); raise_event("E_NEXT"); }
event_route[E_NEXT] { xlog("next $time(%H:%M:%S) $RANDOM\n"); }
"""
EIGHT = datetime.fromisoformat("2026-11-30T08:00:00").timestamp()
RECORDED = [f'{{"event": "E_T", "params": {{"n": {n}}}, "time": {EIGHT + 60 * n}}}' for n in range(300)]


def replayed(recorded: object, workers: int, version: str = "3.6", **options: object) -> list[str]:
    with Session(workers=workers, clock=NOON, seed=5, check=True, version=version) as session:
        session.load(REPLAYED)
        result = session.replay(recorded, **options)
        assert result.ok
        assert session.clock == datetime.fromisoformat(NOON).timestamp(), "it stands where it stood"
        assert logged_of(session, "E_NEXT")[0].startswith("next 12:00:00")
        return sorted(record.text for record in result.log)


def logged_of(session: Session, event: str) -> list[str]:
    return [record.text for record in session.raise_event(event).log]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_replay_runs_at_the_moments_of_the_recording(version: str, tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_text("\n".join(RECORDED) + "\n")
    texts = replayed(path, 1, version)
    first = next(text for text in texts if text.startswith("0 "))
    assert first.startswith(f"0 08:00:00 {int(EIGHT)} ")
    assert next(text for text in texts if text.startswith("61 ")).startswith("61 09:01:00 ")
    assert sum(text.startswith("next 08:00:00 ") for text in texts) == 1
    assert len({text for text in texts if text.startswith("next")}) == 300, "each draws for itself"
    assert replayed(path, 3, version) == texts
    items = [("E_T", {"n": n}, EIGHT + 60 * n) for n in range(300)]
    assert replayed(items, 2, version) == texts
    assert replayed(path, 2, version, limit=300) == texts


def test_events_without_a_time_are_run_when_the_clock_stands() -> None:
    texts = replayed(['{"event": "E_T", "params": {"n": 7}}'], 1)
    assert [text.split()[1] for text in texts] == ["12:00:00", "12:00:00"]


def test_a_clock_that_goes_is_not_that_of_the_recording() -> None:
    with Session(workers=1) as session:
        session.load(REPLAYED)
        result = session.replay(RECORDED[:1])
        assert not result.log[0].text.startswith("0 08:00:00")


def test_what_is_recorded_repeats(tmp_path: Path) -> None:
    recordings = [tmp_path / name for name in ("a.jsonl", "b.jsonl")]
    for path in recordings:
        with Session(workers=1, clock=NOON, seed=5) as session:
            session.load(SCRIPT + 'event_route[E_UP] { raise_event("E_T"); }')
            with session.record(path):
                session.raise_event("E_T", {"a": 1})
                session.raise_event("E_UP")
                session.submit_batch("E_T", [{"n": 1}, {"n": 2}]).result()
    assert recordings[0].read_bytes() == recordings[1].read_bytes()
    assert b'"time": 1' in recordings[0].read_bytes()


def test_profiling_events_tell_of_the_clock_and_of_the_process_as_scripts_do() -> None:
    told = [_profiled() for _ in range(2)]
    assert told[0] == told[1]
    assert {params["sec"] for params in told[0]} == {int(datetime.fromisoformat(NOON).timestamp())}
    assert {params["session"] for params in told[0]} == {0, 1001}


def _profiled() -> list[dict[str, object]]:
    receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    receiver.bind(("127.0.0.1", 0))
    receiver.settimeout(20)
    with receiver, Session(workers=1, version="4.0", clock=NOON, seed=5, check=True) as session:
        session.load("event_route[E_X] { route(r); }\nroute[r] { $var(x) = 1; }")
        session.settings.set_profiling(1)
        for event in ("E_PROFILING_SCRIPT", "E_PROFILING_PROC"):
            session.subscribe(event, f"udp:127.0.0.1:{receiver.getsockname()[1]}")
        session.raise_event("E_X")
        return [json.loads(receiver.recv(65536))["params"] for _ in range(12)]


DEADLY = r"""
event_route[E_T] { xlog("of $param(n)\n"); raise_event("E_NEXT", $avp(names), $avp(values)); }
event_route[E_NEXT] { xlog("next $RANDOM\n"); while ($shv(dead) == 0) { $shv(dead) = 1; abort(); } }
"""


@pytest.mark.parametrize("many", ["batch", "replay"])
def test_what_follows_of_many_is_counted_and_what_fails_is_told(many: str) -> None:
    """With a seed it is run before the next of them."""
    with Session(workers=1, seed=5) as session:
        session.load('loadmodule "cfgutils.so"' + DEADLY)
        params = [{"n": n} for n in range(3)]
        if many == "batch":
            result = session.submit_batch("E_T", params).result(30)
        else:
            result = session.replay([("E_T", each) for each in params])
        texts = [record.text.split()[0] for record in session.log if not record.diagnostic]
    assert texts == ["of", "next"] * 3
    assert result.failed == 1
    assert sum(each.runs for each in result.ran if each.event == "E_NEXT") in (2, 3)


def test_a_worker_that_dies_of_what_follows_runs_it_once() -> None:
    with Session(workers=1, seed=5) as session:
        session.load(
            'event_route[E_T] { raise_event("E_NEXT"); raise_event("E_LAST"); }\n'
            'event_route[E_NEXT] { xlog("next\\n"); while (1) { $var(i) = 1; } }\n'
            'event_route[E_LAST] { xlog("last\\n"); }\n'
        )
        session.settings["max_while_loops"] = 2**31 - 1
        batch = session.submit_batch("E_T", [{}, {}], timeout=60)
        for count in (1, 2):
            while sum(record.text == "next\n" for record in session.log) < count:
                assert not batch.done()
            os.kill(session.workers()[0].pid or 0, signal.SIGKILL)
        result = batch.result(60)
        texts = [record.text for record in session.log if not record.diagnostic]
    assert texts.count("next\n") == 2
    assert texts.count("last\n") == 2
    assert result.failed == 2
