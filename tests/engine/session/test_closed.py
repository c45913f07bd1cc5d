"""What is asked of a session that was closed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from evroute_kernel import Session
from evroute_kernel.engine.session.backend import SessionClosedError

ASKED: dict[str, Callable[[Session], Any]] = {
    "trace": lambda session: session.trace(),
    "coverage": lambda session: session.coverage(),
    "profile": lambda session: session.profile(),
    "timeline": lambda session: session.timeline(),
    "debug": lambda session: session.debug(print),
    "race": lambda session: session.race(["E_X", "E_X"]),
    "shared variables": lambda session: dict(session.shv),
    "reset": lambda session: session.reset(),
    "the clock": lambda session: setattr(session, "clock", 5),
}


@pytest.mark.parametrize("what", ASKED)
def test_it_says_so(what: str) -> None:
    session = Session()
    session.load("event_route[E_X] {\n    exit;\n}\n")
    session.close()
    with pytest.raises(SessionClosedError, match="this Session is closed"):
        ASKED[what](session)
    session.close()
