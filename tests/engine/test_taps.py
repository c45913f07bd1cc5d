"""Who listens to the events of a session, and what is closed with it."""

from __future__ import annotations

from evroute_kernel import Session
from evroute_kernel.engine.events import Params

SCRIPT = """
event_route[E_A] { $avp(v) = 7; $avp(n) = "x"; raise_event("E_B", $avp(n), $avp(v)); }
event_route[E_B] { xlog("B $param(x)\\n"); }
"""


def test_a_tap_is_told_of_events_raised_from_outside_and_by_scripts(session: Session) -> None:
    seen: list[tuple[str, Params]] = []
    end = session.tap(lambda event, params, time: seen.append((event, params)))
    session.load(SCRIPT)
    session.raise_event("E_A", {"ip": "é"})
    assert seen == [("E_A", (("ip", "Ã©"),)), ("E_B", (("x", 7),))]
    end()
    session.raise_event("E_A")
    assert len(seen) == 2


def test_a_tap_is_told_of_every_event_of_a_batch(session: Session) -> None:
    seen: list[Params] = []
    session.tap(lambda event, params, time: seen.append(params))
    session.load(SCRIPT)
    session.submit_batch("E_B", [{"x": i} for i in range(100)]).result()
    assert seen == [(("x", i),) for i in range(100)]


class Door:
    def __init__(self, name: str, closed: list[str]) -> None:
        self.name, self.closed = name, closed

    def close(self) -> None:
        self.closed.append(self.name)


def test_what_is_attached_is_closed_with_the_session_last_first() -> None:
    closed: list[str] = []
    first, second, third = (Door(name, closed) for name in ("first", "second", "third"))
    with Session(workers=1) as session:
        for door in (first, second, third):
            session.attach(door)
        session.detach(second)
        assert not closed
    assert closed == ["third", "first"]
    session.close()
    assert closed == ["third", "first"]
