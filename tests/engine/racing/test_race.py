"""Events that race on real workers: what they can come to, and that nothing of it is left in the session."""

from __future__ import annotations

import os
import pickle
import re
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from evroute_kernel import Session
from evroute_kernel.engine.events.given import GivenError
from evroute_kernel.engine.events.params import ParameterError, UnknownEventError
from evroute_kernel.engine.racing.racing import prepare
from evroute_kernel.engine.results.races import RaceFoundError, RaceResult
from support.random_races import random_pair

#: what finding a race may take; it is less than one on a machine that does nothing else, and two are allowed there
SECONDS = 10.0
SCRIPT = """
event_route[E_HIT] {
    $var(n) = $shv(n);
    $var(n) = $var(n) + 1;
    $shv(n) = $var(n);
}
event_route[E_ADD] {
    $shv(n) += 1;
}
event_route[E_LIMIT] {
    if ($shv(calls) < 1) {
        $shv(calls) = 1;
        xlog("admitted $param(1)\\n");
    } else
        xlog("refused $param(1)\\n");
}
event_route[E_LOCKED] {
    get_static_lock("n");
    route(count);
    release_static_lock("n");
}
event_route[E_POOL] {
    get_dynamic_lock("n");
    route(count);
    release_dynamic_lock("n");
}
route[count] {
    $var(n) = $shv(n);
    $shv(n) = $var(n) + 1;
}
event_route[E_CACHE] {
    cache_add("local", "n", 1, 0);
}
event_route[E_STORED] {
    if (cache_fetch("local", "n", $var(n)))
        cache_store("local", "n", "$(var(n){s.int}) more");
    else
        cache_store("local", "n", "1");
}
event_route[E_AB] {
    get_static_lock("a"); get_static_lock("b");
    release_static_lock("b"); release_static_lock("a");
}
event_route[E_BA] {
    get_static_lock("b"); get_static_lock("a");
    release_static_lock("a"); release_static_lock("b");
}
event_route[E_FIRST] {
    if ($shv(first) == 0)
        $shv(first) = $param(1);
}
event_route[E_RAISES] {
    raise_event("E_HIT");
}
event_route[E_NOTHING] {
    xlog("$param(1)\\n");
}
"""


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    with Session(workers=1, timeout=60) as session:
        session.load(SCRIPT, name="race.cfg")
        yield session


def values(result: RaceResult, name: str, *, races: bool) -> set[str | None]:
    return {outcome.state.get(name) for outcome in result.outcomes if outcome.is_race == races}


@pytest.mark.parametrize("event", ["E_HIT", "E_ADD"])
def test_a_lost_update_is_found(session: Session, event: str) -> None:
    result = session.race([event, event])
    assert values(result, "$shv(n)", races=False) == {"2"}
    assert values(result, "$shv(n)", races=True) == {"1"}
    assert result.seconds < SECONDS
    (race,) = result.races
    assert [step.event for step in race.steps] == [0, 1, 1, 0]
    assert race.steps[0].does == ("reads $shv(n)",)
    assert not result.ok


def test_two_are_admitted_where_there_is_room_for_one(session: Session) -> None:
    result = session.race([("E_LIMIT", ["a"]), ("E_LIMIT", ["b"])])
    (race,) = result.races
    assert race.logs == ((("NOTICE", "admitted a"),), (("NOTICE", "admitted b"),))
    assert result.seconds < SECONDS
    assert [outcome.serial for outcome in result.outcomes] == [((0, 1),), ((1, 0),), ()]


@pytest.mark.parametrize("event", ["E_LOCKED", "E_POOL", "E_CACHE"])
def test_what_locks_or_counts_in_one_step_is_clean(session: Session, event: str) -> None:
    result = session.race([event] * 2)
    assert result.ok
    assert len(result.outcomes) == 1
    session.assert_no_race([event] * 2)


def test_a_lock_of_one_alone_keeps_nobody_out(session: Session) -> None:
    assert values(session.race(["E_LOCKED", "E_HIT"]), "$shv(n)", races=True) == {"1"}


def test_three_events_race(session: Session) -> None:
    result = session.race(["E_HIT", "E_ADD", "E_LOCKED"])
    assert values(result, "$shv(n)", races=False) == {"3"}
    assert values(result, "$shv(n)", races=True) == {"1", "2"}
    assert "a race, in 18 of 36 orders" in str(result)


def test_two_locks_in_two_orders_are_waited_for_for_ever(session: Session) -> None:
    (race,) = session.race(["E_AB", "E_BA"]).races
    assert race.waits == ("the lock 'b'", "the lock 'a'")
    assert "E_AB waits for the lock 'b' for ever" in session.race(["E_AB", "E_BA"]).effects(race)


def test_an_order_that_matters_is_no_race(session: Session) -> None:
    result = session.race([("E_FIRST", [1]), ("E_NOTHING", ["x"])])
    assert result.verdict == "no race: E_FIRST and E_NOTHING come to the same in every order"
    assert result.schedules == 1
    with Session(workers=1) as other:
        other.load("event_route[E_SET] {\n$shv(x) = $param(1);\n}\n")
        result = other.race([("E_SET", ["a"]), ("E_SET", ["b"])])
    assert result.ok
    assert len(result.outcomes) == 2
    assert "rests on which of them is first" in result.verdict


def test_what_an_event_raises_takes_part(session: Session) -> None:
    assert values(session.race(["E_RAISES", "E_HIT"]), "$shv(n)", races=True) == {"1"}


def test_it_begins_with_what_the_session_has_and_leaves_that_alone(session: Session) -> None:
    session.shv["n"] = 10
    session.cache["n"] = "7"
    try:
        result = session.race(["E_HIT", "E_HIT"])
        assert values(result, "$shv(n)", races=True) == {"11"}
        assert values(session.race(["E_STORED", "E_NOTHING"]), "key 'n' of the cache", races=False) == {'"7 more"'}
        assert (session.shv["n"], session.cache["n"]) == (10, "7")
        assert not session.log
    finally:
        session.shared.clear()


def test_each_attempt_begins_alike() -> None:
    with Session(workers=2) as other:
        other.load(
            'event_route[E_X] {\n$shv(n) = $shv(n) + 1;\nxlog("$var(seen) $RANDOM $pp $Ts\\n");\n$var(seen) = 1;\n}\n'
        )
        result = other.race(["E_X", "E_X"])
    assert len(result.outcomes) == 2
    (logs,) = {outcome.logs for outcome in result.outcomes}
    assert logs[0][0][1].startswith("<null> ")
    assert logs[0] != logs[1]
    assert not result.strays


def test_presets_are_there_in_each_attempt() -> None:
    """Also where the session itself has run nothing yet."""
    with Session() as session:
        session.load(
            'modparam("cfgutils", "shvset", "limit=i:1")\n'
            'event_route[E_X] { if ($shv(limit) == 1) xlog("$param(1)\\n"); $shv(n) += 1; }'
        )
        result = session.race([("E_X", ["a"]), ("E_X", ["b"])])
    assert {tuple(line for _, line in log) for outcome in result.outcomes for log in outcome.logs} == {("a",), ("b",)}


def test_databases_take_part_and_are_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "x.db"
    with sqlite3.connect(file) as base:
        base.execute("create table hits (n integer)")
        base.execute("insert into hits values (5)")
    base.close()
    with Session(workers=1) as session:
        session.load(
            f'loadmodule "sqlops.so"\nloadmodule "db_sqlite.so"\nmodparam("sqlops", "db_url", "sqlite://{file}")\n'
            "event_route[E_X] {\n"
            'sql_query_one("select n from hits where n > 0", "$var(n)");\n'
            "$var(n) = $var(n) + 1;\n"
            'sql_query("update hits set n = $var(n)");\n'
            "}\n"
            'event_route[E_Y] {\nsql_query("update hits set n = n + 1");\n}\n'
        )
        lost, kept = session.race(["E_X", "E_X"]), session.race(["E_Y", "E_Y"])
    assert ["VALUES(6)" in race.state[f"database sqlite://{file}"] for race in lost.races] == [True]
    assert kept.ok
    base = sqlite3.connect(file)
    assert base.execute("select n from hits").fetchall() == [(5,)]
    base.close()


def test_queues_and_statistics_are_clean_and_a_queue_tells_its_order() -> None:
    with Session(workers=1) as session:
        session.load(
            'loadmodule "mqueue.so"\nloadmodule "statistics.so"\nmodparam("mqueue", "mqueue", "name=q")\n'
            'event_route[E_X] {\nmq_add("q", "k", "$param(1)");\nupdate_stat("x", 1);\n}\n'
        )
        result = session.race([("E_X", ["a"]), ("E_X", ["b"])])
    assert result.ok
    assert {outcome.state["queue q"] for outcome in result.outcomes} == {'"k": "a", "k": "b"', '"k": "b", "k": "a"'}
    assert {outcome.state["$stat(dynamic:x)"] for outcome in result.outcomes} == {"2"}


FAILING = """
event_route[E_CR] {
    $var(x) = 1;
    $var(x) /= $param(n);
}
event_route[E_OK] {
    $shv(n) = 1;
}
event_route[E_SECOND] {
    if ($shv(n) == 1)
        abort();
    $shv(n) = 1;
}
event_route[E_HOLD] {
    get_static_lock("n");
}
event_route[E_BETWEEN] {
    $shv(b) = $shv(n);
    $var(x) = 1;
    if ($shv(n) != $shv(b))
        $var(x) /= 0;
}
"""


@pytest.fixture(scope="module")
def failing() -> Iterator[Session]:
    with Session(workers=1, timeout=60) as session:
        session.load(FAILING, name="failing.cfg")
        yield session


def test_an_event_that_fails_in_every_order_is_no_race_and_not_well(failing: Session) -> None:
    events: list[Any] = [("E_CR", {"n": 0}), "E_OK"]
    result = failing.race(events)
    assert (len(result.outcomes), result.races, result.ok) == (1, (), False)
    assert result.verdict == "failed: E_CR does not come to its end, in whatever order"
    assert result.failures == ("E_CR",)
    assert re.search(r"in 1 of 1 order\n    E_CR: crashed: .*/= 0: .*, in line 4\n", result.text())
    with pytest.raises(RaceFoundError, match="failed: E_CR does not come to its end") as caught:
        failing.assert_no_race(events)
    assert "test the divisor first" in str(caught.value)
    failing.assert_no_race([("E_CR", {"n": 1}), "E_OK"])


def test_events_that_fail_where_they_are_second_are_named(failing: Session) -> None:
    result = failing.race(["E_SECOND", "E_SECOND"])
    assert not result.ok
    assert any("crashed" in text for outcome in result.outcomes for lines in outcome.logs for _, text in lines)
    assert result.failures == ("E_SECOND (1)", "E_SECOND (2)")
    assert failing.race(["E_HOLD", "E_HOLD"]).verdict == (
        "failed: E_HOLD (1) and E_HOLD (2) do not come to their end, in some order one after the other"
    )
    assert not failing.race(["E_HOLD", "E_HOLD"]).ok


def test_what_fails_only_between_the_steps_of_another_is_a_race(failing: Session) -> None:
    result = failing.race(["E_BETWEEN", "E_OK"])
    assert result.verdict.startswith("race: ")
    assert (result.failures, [race.failed for race in result.races]) == ((), [(0,)])


@pytest.mark.parametrize("version", ["3.6", "4.0"])
def test_a_4_0_races_too(version: str) -> None:
    with Session(workers=1, version=version) as session:
        session.load(SCRIPT, name="race.cfg")
        assert values(session.race(["E_RAISES", "E_ADD"]), "$shv(n)", races=True) == {"1"}


def test_long_routes_end_by_reduction(session: Session) -> None:
    """Thirty statements each, that touch what the other one does not, and in two places what it does."""

    def route(name: str) -> str:
        own = [f"$shv({name}{i}) = {i};" for i in range(28)]
        return "\n".join(
            [f"event_route[E_{name}] {{", *own[:14], "$var(x) = $shv(n);", "$shv(n) = $var(x) + 1;", *own[14:], "}"]
        )

    with Session(workers=1) as other:
        other.load(route("A") + "\n" + route("B"))
        result = other.race(["E_A", "E_B"], seconds=30)
    assert result.stopped is None
    assert result.steps == 60
    assert result.schedules <= 10
    assert values(result, "$shv(n)", races=True) == {"1"}


@pytest.mark.parametrize("seed", range(4))
def test_random_pairs_come_to_what_all_orders_come_to(seed: int) -> None:
    """All of them: `python -m campaigns races`."""
    with Session(workers=1) as session:
        session.load(random_pair(Random(seed)))
        reduced, every = session.race(["E_A", "E_B"]), session.race(["E_A", "E_B"], reduce=False)
    assert {_key(outcome) for outcome in reduced.outcomes} == {_key(outcome) for outcome in every.outcomes}
    assert (reduced.stopped, every.stopped, reduced.strays, every.strays) == (None, None, False, False)
    assert reduced.schedules <= every.schedules


def _key(outcome: Any) -> Any:
    return outcome.logs, tuple(sorted(outcome.state.items())), outcome.waits, outcome.serial


def test_a_limit_is_told(session: Session) -> None:
    result = session.race(["E_HIT", "E_ADD", "E_LOCKED"], limit=8)
    assert (result.schedules, result.stopped) == (8, "that is the limit of 8 orders")
    assert "not all that matter: that is the limit of 8 orders" in str(result)
    assert session.race(["E_HIT", "E_HIT"], seconds=0.001).stopped == "that is the limit of 0.001 s"
    with pytest.raises(RaceFoundError, match="that is the limit of 2 orders"):
        session.assert_no_race(["E_LOCKED", "E_HIT"], limit=2)


def test_orders_one_after_the_other_are_tried_beyond_a_limit(session: Session) -> None:
    result = session.race(["E_HIT", "E_HIT"], limit=1)
    assert (result.schedules, result.outcomes[0].serial) == (2, ((0, 1), (1, 0)))
    assert result.tried == (
        "2 orders of up to 4 steps tried: not all that matter: that is the limit of 1 order,"
        " though those one after the other are always tried"
    )


def test_it_can_be_stopped(session: Session) -> None:
    session.load("event_route[E_SLEEPS] {\n$shv(x) = 1;\nsleep(60);\n}\n", name="sleeps.cfg")
    racing = prepare(session, ["E_SLEEPS", "E_SLEEPS"])
    found: list[RaceResult] = []
    thread = threading.Thread(target=lambda: found.append(racing.run()))
    thread.start()
    while racing._conductor is None or not racing._conductor._futures:
        thread.join(0.01)
        assert thread.is_alive()
    racing.stop()
    thread.join(20)
    assert found[0].stopped == "it was stopped"


@pytest.mark.parametrize(
    ("events", "error", "words"),
    [
        (["E_HIT"], GivenError, "two or three events can race, not 1"),
        (["E_HIT"] * 4, GivenError, "not 4"),
        ("E_HIT", GivenError, "a list of events, not str"),
        ([("E_HIT",), "E_HIT"], GivenError, "a pair of its name and parameters"),
        (["E_HIT", "E_HITS"], UnknownEventError, "E_HIT"),
        ([("E_HIT", [[]]), "E_HIT"], ParameterError, "list"),
        ([("E_HIT", 5), "E_HIT"], ParameterError, "int"),
    ],
)
def test_bad_input_is_refused(session: Session, events: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        session.race(events)


def test_the_error_tells_the_order_and_travels(session: Session) -> None:
    with pytest.raises(RaceFoundError, match="reads \\$shv\\(n\\)") as caught:
        session.assert_no_race(["E_HIT", "E_HIT"])
    assert caught.value.result.races
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_no_process_is_left(session: Session) -> None:
    session.race(["E_HIT", "E_HIT"])
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    session.race(["E_AB", "E_BA"])
    assert Path(f"/proc/self/task/{os.getpid()}/children").read_text().split() == children


def test_the_time_is_over_also_while_thousands_of_steps_are_thought_about() -> None:
    script = "event_route[E_SPIN] {\n    while ($shv(go) == 0) { $var(x) = 1; }\n}\n"
    with Session() as session:
        session.load(f"max_while_loops=20000\n{script}event_route[E_GO] {{\n    $shv(go) = 1;\n}}\n")
        result = session.race(["E_SPIN", "E_GO"], seconds=2.0)
    assert result.seconds < 60
    assert "that is the limit of 2 s" in str(result)


def test_as_text_nothing_commands_a_terminal() -> None:
    with Session() as session:
        session.load('event_route[E_X] {\n    $shv(n) = $param(x);\n    xlog("$shv(n)\\n");\n}\n')
        text = str(session.race([("E_X", {"x": "a\x1b[2J\x9b\nb"}), ("E_X", {"x": "c"})]))
    assert "a\\x1b[2J\\x9b\\nb" in text
    assert text.replace("\n", "").isprintable()
