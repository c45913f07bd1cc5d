"""Sessions that check: what does not come to its end is an exception for whoever waits."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from evroute_kernel import RunFailedError, Session
from evroute_kernel.engine.results.runs import Ended

SCRIPT = """
event_route[E_CRASH] {
    $var(x) = 1;
    $var(x) /= 0;
}
event_route[E_LEADS] { raise_event("E_CRASH"); }
event_route[E_DLG_STATE_CHANGED] { $var(x) /= 0; }
timer_route[t, 60] { $var(x) /= 0; }
"""
STARTUP = "startup_route { $var(x) /= 0; }"


@pytest.fixture(scope="module")
def checked() -> Iterator[Session]:
    with Session(workers=1, check=True) as session:
        session.load(SCRIPT, name="crash.cfg")
        yield session


CALLS: dict[str, Callable[[Session], object]] = {
    "raise_event": lambda session: session.raise_event("E_CRASH"),
    "inner": lambda session: session.raise_event("E_LEADS"),
    "submit": lambda session: session.submit("E_CRASH").result(),
    "submit_batch": lambda session: session.submit_batch("E_CRASH", [None] * 3).result(),
    "run_timer": lambda session: session.run_timer("t"),
    "load": lambda session: session.load(STARTUP, name="startup.cfg"),
    "replay": lambda session: session.replay([("E_CRASH", {})]),
    "dialog": lambda session: session.dialog("call", anew=True) and session.dialog("call", status=5),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_crash_is_raised(checked: Session, call: Callable[[Session], object]) -> None:
    with pytest.raises(RunFailedError) as caught:
        call(checked)
    error = caught.value
    assert error.errors[0].cause == "crashed"
    assert "/= 0: the server's process dies here" in str(error)
    assert "\n" not in str(error)
    assert error.result.errors == error.errors


def test_it_is_rendered_with_its_statement(checked: Session) -> None:
    with pytest.raises(RunFailedError) as caught:
        checked.raise_event("E_CRASH")
    shown = caught.value.render()
    assert "$var(x) /= 0;" in shown
    assert "^^^" in shown


UNCHECKED: dict[str, Callable[[Session], Ended | None]] = {
    "raise_event": lambda session: session.raise_event("E_CRASH", check=False),
    "submit": lambda session: session.submit("E_CRASH", check=False).result(),
    "submit_batch": lambda session: session.submit_batch("E_CRASH", [None], check=False).result(),
    "run_timer": lambda session: session.run_timer("t", check=False),
    "load": lambda session: session.load(STARTUP, name="startup.cfg", check=False).run,
}


@pytest.mark.parametrize("call", UNCHECKED.values(), ids=UNCHECKED)
def test_a_call_may_ask_not_to(checked: Session, call: Callable[[Session], Ended | None]) -> None:
    result = call(checked)
    assert result is not None
    assert not result.ok
    assert result.errors[0].cause == "crashed"


def test_a_session_does_not_check_unless_asked_to() -> None:
    with Session(workers=1) as session:
        session.load(SCRIPT)
        assert not session.raise_event("E_CRASH").ok
        with pytest.raises(RunFailedError):
            session.raise_event("E_CRASH", check=True)


def test_what_goes_well_is_returned(checked: Session) -> None:
    checked.load('event_route[E_WELL] { xlog("well\\n"); }', name="well.cfg")
    assert checked.raise_event("E_WELL").ok
    assert checked.submit("E_WELL").result().log.text == "well\n"
