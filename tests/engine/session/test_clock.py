"""The clock of a session: what expires or times out does so by it, and nobody has to wait."""

from __future__ import annotations

from time import localtime, time

import pytest

from evroute_kernel import Session
from evroute_kernel.engine.events.given import GivenError

NOTIFIED = """
loadmodule "event_routing.so"
event_route[E_SUB] { notify_on_event("E_X", $avp(f), "got", 10); }
event_route[E_X] { exit; }
route[got] { xlog("got $avp(k)\\n"); }
"""


@pytest.fixture
def session() -> Session:
    with Session(workers=1) as session:
        yield session


def texts(session: Session) -> list[str]:
    return [record.text for record in session.log if not record.diagnostic]


def test_a_subscription_expires(session: Session) -> None:
    session.load(NOTIFIED)
    session.raise_event("E_SUB")
    session.tick(clock=9)
    session.raise_event("E_X", {"k": "a"})
    assert session.notifications()[0].ttl in (0, 1)
    session.tick(clock=3)
    session.raise_event("E_X", {"k": "b"})
    assert texts(session) == ["got a\n"]
    assert session.notifications() == []


def test_a_subscription_to_a_socket_expires(session: Session) -> None:
    session.load("event_route[E_X] { exit; }")
    session.subscribe("E_X", "udp:127.0.0.1:9", 60)
    session.tick(clock=62)
    assert [each.protocol for each in session.subscribers("E_X")] == ["route"]


def test_a_dialog_times_out(session: Session) -> None:
    session.dialog("call1", timeout=100)
    session.tick(clock=40)
    assert session.dialogs["call1"].lifetime in (40, 41)
    assert session.dialogs["call1"].timeout in (59, 60)
    session.tick(clock=62)
    assert session.dialogs["call1"].status == 5


def test_a_reset_shows_the_time_of_the_system_again(session: Session) -> None:
    session.tick(clock=1000)
    assert session.shared.clock.now() - time() > 990
    session.reset()
    assert session.shared.clock.ahead == 0


@pytest.mark.parametrize("seconds", [0, -1, "5", None, float("nan"), float("inf"), 1e12])
def test_a_clock_is_moved_on_by_some_seconds(session: Session, seconds: float) -> None:
    with pytest.raises(GivenError, match="what the clock is moved by"):
        session.tick(clock=seconds)
    assert session.shared.clock.ahead == 0


def test_scripts_read_the_time_of_the_session(session: Session) -> None:
    session.load(
        'event_route[E_T] { get_timestamp($avp(s), $avp(u)); xlog("$Ts $Tf $time(%Y) $ctime(year) $avp(s)"); }'
    )
    session.tick(clock=2 * 366 * 24 * 3600)
    year = localtime(session.shared.clock.now()).tm_year
    [text] = [record.text for record in session.raise_event("E_T").log]
    seconds, *date, formatted, field, stamp = text.split(" ")
    assert abs(int(seconds) - session.shared.clock.now()) < 60
    assert int(stamp) - int(seconds) in (0, 1)
    assert {int(date[-1]), int(formatted), int(field)} == {year}
    assert year >= localtime().tm_year + 2


def test_what_scripts_keep_expires_by_it(session: Session) -> None:
    session.load('event_route[E_T] { cache_store("local", "k", "v", 60); }')
    session.raise_event("E_T")
    session.tick(clock=40)
    assert session.cache["k"] == "v"
    session.tick(clock=40)
    assert "k" not in session.cache
