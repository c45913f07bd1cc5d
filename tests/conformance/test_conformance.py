"""Every recorded program logs here what it logged on a real server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from evroute_kernel import Session
from support.recorded import Case, differences, read_cases, run_in_session


@pytest.fixture(scope="module")
def used_session() -> Iterator[Session]:
    with Session(workers=1) as session:
        yield session


@pytest.fixture
def session(used_session: Session) -> Session:
    """As new: one worker process that has run nothing, empty shared memory, no routes."""
    used_session.reset()
    return used_session


@pytest.mark.parametrize("case", [pytest.param(case, id=f"{case.file}:{case.name}") for case in read_cases()])
def test_logs_what_the_server_logged(case: Case, session: Session) -> None:
    assert not differences(case, run_in_session(case, session))
