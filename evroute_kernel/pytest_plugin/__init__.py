"""Tests of scripts with pytest: `def test_x(evroute_session): ...`; docs/testing.md tells all of it.

The session checks: a route that crashes fails the test. It is a server of the version that is named nearest to the
test: a parameter of the fixture, the marker `evroute_server`, the ini option `evroute_server`, the project's
`[tool.evroute]`, else the default. How it is opened is said by the marker `evroute_session`, the ini option of that
name, and the project's `[tool.evroute.session]`; each option counts where it stands nearest.

    @pytest.mark.evroute_session(load="opensips.cfg", workers=2)
    @pytest.mark.evroute_events("E_DISPATCHER_STATUS")
    def test_x(evroute_session, evroute_event):
        evroute_session.raise_event(*evroute_event)
        assert evroute_session.shv["changes"] == 1

Everybody who has this package has this plugin: it imports nothing of the package before a test asks for it.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING

import pytest

from evroute_kernel.pytest_plugin.names import COVERING_KEY, EVENT, EVENTS, SERVER, SESSION, SESSION_KEY, TOUCHED_KEY

if TYPE_CHECKING:
    from evroute_kernel.engine.events.samples import EventSample
    from evroute_kernel.engine.session.session import Session


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addini(SERVER, "the version of OpenSIPS that evroute_session is a server of, such as 4.0")
    parser.addini(SESSION, "how evroute_session is opened, a line of TOML for each option: workers = 2", "linelist")


def pytest_configure(config: pytest.Config) -> None:
    for line in (
        f"{SERVER}(version): evroute_session is a server of this version of OpenSIPS",
        f'{SESSION}(load="opensips.cfg", workers=2, check=False, ...): how evroute_session is opened',
        f'{EVENTS}("E_X", "E_DLG_*", ...): run the test with each sample of these events, as {EVENT}',
    ):
        config.addinivalue_line("markers", line)


@pytest.fixture
def evroute_session(request: pytest.FixtureRequest) -> Iterator[Session]:
    """A fresh Session with one worker, closed when the test ends. A run that does not come to its end fails it."""
    from evroute_kernel.pytest_plugin.coverage import begin
    from evroute_kernel.pytest_plugin.opening import session_for

    def opens(session: Session) -> None:
        config = request.config
        folders = (config.invocation_params.dir, config.rootpath, request.node.path.parent)
        request.node.stash[COVERING_KEY] = begin(session, folders)

    with session_for(request, opens) as session:
        request.node.stash[SESSION_KEY] = session
        yield session
        if (covering := request.node.stash[COVERING_KEY]) is not None:
            covering.close()


@pytest.fixture
def evroute_event(request: pytest.FixtureRequest) -> EventSample:
    """One of the events that the marker `evroute_events` names: `session.raise_event(*evroute_event)`."""
    found: EventSample | None = getattr(request, "param", None)
    if found is None:
        pytest.fail(f'{EVENT} needs the marker that says which events: @pytest.mark.{EVENTS}("E_X")', pytrace=False)
    return found


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    markers = list(metafunc.definition.iter_markers(EVENTS))
    if EVENT in metafunc.fixturenames and markers:
        from evroute_kernel.pytest_plugin.parameters import events_for

        found = events_for(metafunc, markers)
        metafunc.parametrize(EVENT, list(found.values()), ids=list(found), indirect=True)


def pytest_assertrepr_compare(config: pytest.Config, op: str, left: object, right: object) -> list[str] | None:
    from evroute_kernel.pytest_plugin.explanations import explained

    return explained(config, op, left, right)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Before the first test, and not as early as its tests are known: pytest-cov removes the data of all who measure
    when one of pytest-xdist's workers begins, and all have done so by then."""
    if not item.config.stash.get(TOUCHED_KEY, False):
        from evroute_kernel.pytest_plugin.coverage import touch_scripts

        item.config.stash[TOUCHED_KEY] = True
        touch_scripts()


@pytest.hookimpl(trylast=True)
def pytest_runtest_call(item: pytest.Item) -> None:
    """A test that has ended well fails after all where a run that it submitted, and did not ask for, has failed."""
    session: Session | None = item.stash.get(SESSION_KEY, None)
    if session is not None:
        from evroute_kernel.pytest_plugin.reports import fail_for_unasked

        fail_for_unasked(session)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    if call.excinfo is not None:
        from evroute_kernel.pytest_plugin.reports import add_log, cut

        cut(call.excinfo, is_whole=item.config.getoption("fulltrace", False))
        add_log(item, call.when, call.excinfo)
    if call.when == "call" and (covering := item.stash.get(COVERING_KEY, None)) is not None:
        covering.hand_over()  # while coverage.py still knows that it was this test
    return (yield)
