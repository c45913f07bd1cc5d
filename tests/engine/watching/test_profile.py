"""`Session.profile()`: how often lines are run, and how long."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator

import pytest

from evroute_kernel import Session
from evroute_kernel.engine.replay.summary import in_words
from evroute_kernel.engine.results.times import duration, shown_time
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


def test_a_killed_worker_loses_what_its_task_took_and_no_more(
    session: Session, wait: Callable[[Callable[[], bool]], None]
) -> None:
    session.load('loadmodule "cfgutils.so"\nevent_route[E_X] {\n$shv(n) += 1;\nif ($shv(n) > 2)\nsleep(30);\n}')
    with session.profile() as profile:
        for _ in range(2):
            session.raise_event("E_X")
        future = session.submit("E_X")
        wait(lambda: session.shv["n"] == 3)
        (pid,) = [worker.pid for worker in session.workers() if worker.running]
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        assert [error.cause for error in future.result().errors] == ["worker died"]
        session.shv["n"] = 0
        session.raise_event("E_X")
    assert {line.line: line.hits for line in profile.lines()} == {3: 3, 4: 3}


def test_as_text(server: Session) -> None:
    server.load(SCRIPT)
    with server.profile() as profile:
        assert profile.text() == "nothing was run\n"
        server.raise_event("E_X")
    assert profile.text().splitlines()[0].split() == ["hits", "time", "share", "line"]
    assert "script:10: usleep(20000);" in profile.text()


def test_times_have_no_powers_of_ten() -> None:
    for one in (0.9994e-3, 0.9996e-3, 0.9999, 999.6):
        assert "e" not in shown_time(one) + duration(int(one * 1e9)), one
    assert (shown_time(0.9996e-3), duration(999_600), in_words(0.9996e-3)) == ("1 ms", "1 ms", "1 ms")
