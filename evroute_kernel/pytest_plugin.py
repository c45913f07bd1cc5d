"""A pytest fixture for tests of scripts: `def test_x(evroute_session): ...`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from evroute_kernel.engine.session.session import Session


@pytest.fixture
def evroute_session() -> Iterator[Session]:
    """A fresh Session with one worker, closed when the test ends."""
    from evroute_kernel.engine.session.session import Session

    with Session(workers=1) as session:
        yield session
