"""`Session.profile()`: how often lines are run, and how long."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from evroute_kernel import Session
from evroute_kernel.runtime.versions import VERSIONS

SCRIPT = """\
loadmodule "cfgutils.so"
event_route[E_X] {
    $var(i) = 0;
    while ($var(i) < 3) {
        $var(i) += 1;
        route(slow);
    }
}
route[slow] {
    usleep(20000);
}
"""


@pytest.fixture(params=VERSIONS)
def server(request: pytest.FixtureRequest) -> Iterator[Session]:
    """A session with two workers, of each version."""
    with Session(workers=2, version=request.param, timeout=30.0, check=True) as opened:
        yield opened


def test_hits_and_times_without_what_is_called(server: Session) -> None:
    server.load(SCRIPT)
    server.raise_event("E_X")
    with server.profile() as profile:
        server.raise_event("E_X")
        server.submit_batch("E_X", [{}] * 2).result()
    server.raise_event("E_X")
    lines = profile.lines()
    assert {line.line: line.hits for line in lines} == {3: 3, 4: 12, 5: 9, 6: 9, 10: 9}
    assert (lines[0].line, lines[0].text, lines[0].hits) == (10, "usleep(20000);", 9)
    assert lines[0].seconds >= 9 * 0.02
    assert all(line.seconds < lines[0].seconds / 2 for line in lines[1:])
