"""A pytest fixture for tests of scripts: `def test_x(evroute_session): ...`.

Its session is a server of the version that is named nearest to the test: a parameter of the fixture, a marker, the ini
option `evroute_server`, the project's `[tool.evroute]`, else the default.

    @pytest.mark.evroute_server("4.0")
    def test_x(evroute_session): ...

    @pytest.mark.parametrize("evroute_session", ["3.6", "4.0"], indirect=True)
    def test_y(evroute_session): ...
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from evroute_kernel.engine.session.session import Session

#: the ini option, and the marker
SERVER: Final = "evroute_server"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addini(SERVER, "the version of OpenSIPS that evroute_session is a server of, such as 4.0")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", f"{SERVER}(version): evroute_session is a server of this version of OpenSIPS")


@pytest.fixture
def evroute_session(request: pytest.FixtureRequest) -> Iterator[Session]:
    """A fresh Session with one worker, closed when the test ends."""
    from evroute_kernel.engine.session.session import Session

    with Session(workers=1, version=_known(_version(request))) as session:
        yield session


def _known(version: str) -> str:
    """A version that there is, or pytest's own failure, which has no traceback through this package."""
    from evroute_kernel.runtime.versions import server_version

    try:
        return server_version(version)
    except ValueError as error:
        pytest.fail(f"evroute_session: {error}", pytrace=False)


def _version(request: pytest.FixtureRequest) -> str:
    """The version that is named nearest to a test. Raises ProjectError, and pytest's own for a wrong marker."""
    from evroute_kernel.engine.project import project_version
    from evroute_kernel.runtime.versions import DEFAULT_VERSION

    if (given := getattr(request, "param", None)) is not None:
        return str(given)
    if (marker := request.node.get_closest_marker(SERVER)) is not None:
        if len(marker.args) != 1 or marker.kwargs:
            pytest.fail(f'@pytest.mark.{SERVER} takes one version: {SERVER}("4.0")', pytrace=False)
        return str(marker.args[0])
    found = str(request.config.getini(SERVER) or "")
    return found or project_version(request.path.parent) or DEFAULT_VERSION
