"""The same run twice: a clock that stands, and chance that begins with a seed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from evroute_kernel import Session
from evroute_kernel.engine.events.given import GivenError

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
