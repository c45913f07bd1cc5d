"""Recorded programs in real sessions of both versions, while somebody looks at everything: they log the same.

A sample by default; all of them with `EVERY_PROGRAM=1 pytest tests/runtime/watching/test_watched_sessions.py`.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from evroute_kernel import Session
from evroute_kernel.engine.debugging.breakpoints import Breakpoint
from evroute_kernel.runtime.versions import VERSIONS
from support.receivers import Receivers
from support.recorded import HERE_4_0, Case, Outcome, differences, read_cases, run_in_session

#: every so many programs; each once with each of those who watch
STEP: Final = 1 if os.environ.get("EVERY_PROGRAM") else 80
#: names that a text has there
NAMES: Final = ("script", "case.cfg", "settings", "globals")


@contextmanager
def all_at_once(session: Session) -> Iterator[None]:
    with ExitStack() as stack:
        for watch in (session.trace, session.coverage, session.profile, session.timeline):
            stack.enter_context(watch())
        yield


@contextmanager
def asked_at_each_statement(session: Session) -> Iterator[None]:
    """A condition is looked at before each statement, and never holds."""
    news: list[Any] = []
    with session.debug(news.append, keys=lambda source: ["any"]) as debugger:
        debugger.set_breakpoints("any", [Breakpoint(line, "$var(nobody_sets_this) == 815") for line in range(1, 200)])
        yield
    assert not news


@contextmanager
def stepped_through(session: Session) -> Iterator[None]:
    """It stops at each statement, and goes on to the next."""
    from evroute_kernel.engine.debugging.debugger import Stopped

    with session.debug(lambda news: debugger.go(news.worker, "in") if isinstance(news, Stopped) else None) as debugger:
        debugger.stop_on_entry()
        yield


WATCHERS: Final[dict[str, Callable[[Session], AbstractContextManager[Any]]]] = {
    "coverage": lambda session: session.coverage(),
    "all at once": all_at_once,
    "asked": asked_at_each_statement,
    "stepped": stepped_through,
}


@pytest.fixture(scope="module", params=VERSIONS)
def used_session(request: pytest.FixtureRequest) -> Iterator[Session]:
    with Session(workers=1, version=request.param) as session:
        yield session


def outcome_of(case: Case, session: Session, folder: Path) -> Outcome:
    session.reset()
    folder.mkdir(exist_ok=True)
    if "pref.db" in case.script:
        shutil.copy(HERE_4_0 / "pref.db", folder)
    with Receivers(case.sockets, folder) as receivers:
        outcome = run_in_session(case, session, receivers.fill_in(case.script))
        if case.sockets and not outcome.errors:
            outcome.payloads = receivers.got(case.expect.get("payloads", {}))
        return outcome


@pytest.mark.parametrize("who", WATCHERS)
def test_programs_log_what_they_log_when_nobody_watches(who: str, used_session: Session, tmp_path: Path) -> None:
    session = used_session
    for number, case in enumerate(list(read_cases(version=str(session.version)))[::STEP]):
        plain = differences(case, outcome_of(case, session, tmp_path / f"{number}"))
        with WATCHERS[who](session):
            watched = differences(case, outcome_of(case, session, tmp_path / f"{number}w"))
        assert watched == plain, f"{case.file}: {case.name}"
