"""A session is a server of one version."""

from __future__ import annotations

import pytest

from evroute_kernel import Session
from evroute_kernel.engine.events.given import GivenError


def test_it_is_the_one_with_long_term_support_unless_said() -> None:
    with Session(workers=1) as session:
        assert session.version == "3.6"


@pytest.mark.parametrize("given", ["4.0", "4.0.1"])
def test_it_is_chosen_when_the_session_opens(given: str) -> None:
    with Session(workers=1, version=given) as session:
        assert session.version == "4.0"
        session.reset()
        assert session.version == "4.0"


def test_a_reset_can_change_it() -> None:
    with Session(workers=1) as session:
        session.load('event_route[E_X] { xlog("x\\n"); }')
        session.reset("4.0")
        assert session.version == "4.0"
        assert session.registry.names("event_route") == []


@pytest.mark.parametrize("given", ["2.4", "4", "3.60", "", None, 4.0])
def test_others_are_refused(given: object) -> None:
    with pytest.raises(GivenError, match=r"version|OpenSIPS"):
        Session(version=given)  # type: ignore[arg-type]


def test_a_reset_to_another_one_leaves_all_as_it_was() -> None:
    with Session(workers=1) as session:
        session.load('event_route[E_X] { xlog("x\\n"); }')
        with pytest.raises(GivenError, match=r"3\.6 or 4\.0"):
            session.reset("5.0")
        assert session.raise_event("E_X").log[0].text == "x\n"
