"""Dialogs in event routes: every program recorded on a 3.6.8 and on a 4.0.1, with dialogs in the place of calls."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from evroute_kernel import Session
from evroute_kernel.runtime.versions import VERSIONS
from support.flows import FLOWS, Step, read_flows, run_flow
from support.recorded import Case, differences

#: programs that cannot be run, and why
NOT_RUN = {
    "dialog-notified-from-the-call": "a SIP request subscribes with notify_on_event()",
}


@pytest.fixture(scope="module", params=VERSIONS)
def used_session(request: pytest.FixtureRequest) -> Iterator[Session]:
    with Session(workers=1, version=request.param) as session:
        yield session


@pytest.fixture
def session(used_session: Session) -> Session:
    """As new: one worker process that has run nothing, empty shared memory, no routes."""
    used_session.reset()
    return used_session


def names() -> list[str]:
    return [case.name for case, _ in read_flows(FLOWS / "dialog-context.json", "3.6")]


def flow(name: str, version: str) -> tuple[Case, list[Step]]:
    return next(f for f in read_flows(FLOWS / "dialog-context.json", version) if f[0].name == name)


@pytest.mark.parametrize("name", [name for name in names() if name not in NOT_RUN])
def test_logs_what_the_server_logged(name: str, session: Session) -> None:
    case, steps = flow(name, session.version)
    assert not differences(case, run_flow(case, steps, session))


def test_what_is_not_run_is_there() -> None:
    assert set(NOT_RUN) <= set(names())


def test_the_values_that_a_request_would_find(session: Session) -> None:
    """In the recording the route of the BYE logs who [alice] digits [123] status [5]."""
    run_flow(*flow("dialog-values-last", session.version), session)
    dialog = session.dialogs["call1"]
    assert (dialog.vals["who"], dialog.vals["digits"], dialog.status) == ("alice", "123", 5)
