"""`Session.coverage()`: what real workers tell of the lines that they run, and the ways between them."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from evroute_kernel import Session
from evroute_kernel.engine.results.coverage import Covered, lcov
from evroute_kernel.engine.watching.covering import Covering
from evroute_kernel.runtime.versions import VERSIONS
from evroute_kernel.source import Source

DEADLINE = 30.0
SCRIPT = """\
event_route[E_X] {
    if ($param(n) == 1) {
        route(one);
    }
    switch ($param(n)) {
        case 1:
            xlog("one\\n");
            break;
        case 2:
            xlog("two\\n");
            break;
    }
    xlog("end\\n");
}
route[one] {
    exit;
}
route[never] {
    xlog("never\\n");
}
"""


@pytest.fixture(params=VERSIONS)
def server(request: pytest.FixtureRequest) -> Iterator[Session]:
    """A session with one worker, of each version."""
    with Session(workers=1, version=request.param, timeout=DEADLINE) as opened:
        yield opened


def load(session: Session, text: str = SCRIPT) -> None:
    session.load(Source("limits.cfg", text, "/tests/limits.cfg"))


def of(coverage: Covering, path: str = "/tests/limits.cfg") -> Covered:
    return next(text for text in coverage.texts() if text.source.path == path)


def test_lines_and_ways_of_a_run(server: Session) -> None:
    load(server)
    with server.coverage() as coverage:
        server.raise_event("E_X", {"n": 2})
        covered = of(coverage)
        assert (covered.statements, covered.executed) == (
            {2, 3, 5, 6, 7, 8, 9, 10, 11, 13, 16, 19},
            {2, 5, 6, 9, 10, 11, 13},
        )
        assert covered.branches == {2: [3, 5], 6: [7, 9], 9: [10, 13]}
        assert covered.partial == {2: [3], 6: [7], 9: [13]}
        server.raise_event("E_X", {"n": 1})
        server.raise_event("E_X", {"n": 3})
        covered = of(coverage)
    assert covered.missing == [7, 8, 19]
    assert covered.partial == {6: [7]}
    assert (16, -15) in covered.taken
    assert covered.share == (9 + 5) / (12 + 6)


def test_what_is_not_collected_is_not_there(server: Session) -> None:
    load(server)
    server.raise_event("E_X", {"n": 1})
    with server.coverage() as coverage:
        pass
    server.raise_event("E_X", {"n": 1})
    covered = of(coverage)
    assert (covered.executed, covered.taken, covered.share) == (set(), set(), 0.0)


def test_batches_and_replays_are_covered_on_all_workers(server: Session, tmp_path: Path) -> None:
    load(server)
    with server.coverage() as coverage:
        server.submit_batch("E_X", [{"n": 3}] * 5 + [{"n": 1}]).result()
        assert of(coverage).executed == {2, 3, 5, 6, 9, 13, 16}
        recorded = tmp_path / "events.jsonl"
        recorded.write_text('{"event": "E_X", "params": {"n": 2}}\n' * 3)
        server.replay(str(recorded))
    assert of(coverage).executed == {2, 3, 5, 6, 9, 10, 11, 13, 16}


def test_a_killed_worker_has_told_what_it_ran(session: Session, wait: Callable[[Callable[[], bool]], None]) -> None:
    load(session, 'loadmodule "cfgutils.so"\nevent_route[E_X] {\n$var(n) = 1;\nsleep(30);\n$var(n) = 2;\n}')
    with session.coverage() as coverage:
        future = session.submit("E_X")
        wait(lambda: any(worker.running for worker in session.workers()))
        (pid,) = [worker.pid for worker in session.workers() if worker.running]
        assert pid is not None
        wait(lambda: of(coverage).executed == {3, 4})
        os.kill(pid, signal.SIGKILL)
        assert [error.cause for error in future.result().errors] == ["worker died"]
    assert of(coverage).executed == {3, 4}


def test_startup_timers_called_routes_and_bare_statements(server: Session) -> None:
    with server.coverage() as coverage:
        load(server, "startup_route {\n$shv(a) = 1;\n}\nroute[r] {\nreturn(2);\n}")
        server.load("$var(x) = 1;\nroute(r);", name="cell", scratch=True)
        texts = {text.source.path: text.executed for text in coverage.texts()}
    assert texts.pop("/tests/limits.cfg") == {2, 5}
    assert list(texts.values()) == [{1, 2}]


def test_an_event_raised_on_the_way(server: Session) -> None:
    """Worked out by hand. In 4.0 its route runs within the one that raises it, and `exit` there ends that one alone."""
    load(
        server,
        'event_route[E_X] {\nif (raise_event("E_Y"))\n$var(a) = 1;\nelse\n$var(a) = 2;\n$var(b) = 1;\n}\n'
        "event_route[E_Y] {\n$var(c) = 1;\nif ($var(c) == 1)\nexit;\n$var(d) = 1;\n}",
    )
    with server.coverage() as coverage:
        server.raise_event("E_X")
    covered = of(coverage)
    assert covered.arcs == {
        *((-1, 2), (2, 3), (2, 5), (3, 6), (5, 6), (6, -1)),
        *((-8, 9), (9, 10), (10, 11), (10, 12), (11, -8), (12, -8)),
    }
    assert covered.taken == covered.arcs - {(2, 5), (5, 6), (10, 12), (12, -8)}


def test_an_edited_text_begins_anew_and_an_edited_comment_does_not(server: Session) -> None:
    first = '# one\nevent_route[E_X] {\nxlog("x\\n");\n}\n'
    with server.coverage() as coverage:
        load(server, first)
        server.raise_event("E_X")
        load(server, first.replace("# one", "# the first"))
        assert of(coverage).executed == {3}
        load(server, "\n" + first)
        assert (of(coverage).statements, of(coverage).executed) == ({4}, set())
        load(server, first)
        assert of(coverage).executed == {3}


def test_a_tracefile(server: Session) -> None:
    load(server)
    with server.coverage() as coverage:
        server.raise_event("E_X", {"n": 2})
    lines = lcov(coverage.texts()).splitlines()
    assert lines[:2] == ["TN:", "SF:/tests/limits.cfg"]
    assert lines[2:8] == [
        "FN:1,event_route[E_X]",
        "FN:15,route[one]",
        "FN:18,route[never]",
        "FNDA:1,event_route[E_X]",
        "FNDA:0,route[one]",
        "FNDA:0,route[never]",
    ]
    branches = [line for line in lines if line.startswith("BR")]
    assert branches == [
        *"BRDA:2,0,0,0 BRDA:2,0,1,1 BRDA:6,0,0,0 BRDA:6,0,1,1 BRDA:9,0,0,1 BRDA:9,0,1,0".split(),
        "BRF:6",
        "BRH:3",
    ]
    assert "DA:13,1" in lines
    assert "DA:19,0" in lines
    assert lines[-3:] == ["LF:12", "LH:7", "end_of_record"]
