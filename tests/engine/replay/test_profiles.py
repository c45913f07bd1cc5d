"""Recordings that an OpenSIPS 4.0.1 has sent of its own runs, drawn as timelines.

`profiling-4.0.1-script.jsonl`: E_PROFILING_SCRIPT of one worker that ran three events, each of which raises another.
`profiling-4.0.1-workers.jsonl`: both events, level 1, of three workers that ran six such events at once. The names of
files were shortened.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from evroute_kernel.engine.replay.formats import UnknownFormatError
from evroute_kernel.engine.replay.profiles import NoProfileError, recorded_timeline
from evroute_kernel.engine.results.chrome import chrome
from support.trace_events import check

RECORDINGS = Path(__file__).parent / "recordings"
ONE_WORKER, THREE_WORKERS = (RECORDINGS / f"profiling-4.0.1-{name}.jsonl" for name in ("script", "workers"))


def test_one_worker() -> None:
    timeline = recorded_timeline(ONE_WORKER)
    each = [
        ("run", "E_CALL", 0),
        ("route", "check", 1),
        ("route", "note", 2),
        ("route", "answer", 1),
        ("run", "E_DONE", 1),
        ("route", "note", 2),
    ]
    assert [(bar.kind, bar.name, bar.depth) for bar in timeline] == 3 * each
    assert all(bar.end is not None and bar.begin < bar.end for bar in timeline)
    assert {timeline.title(lane) for lane in timeline.lanes} == {"routes"}
    for call, *inner in zip(*[iter(timeline.bars)] * 6, strict=True):
        assert all(call.begin <= bar.begin <= (bar.end or 0) <= (call.end or 0) for bar in inner)


def test_three_workers_have_lanes_of_their_own() -> None:
    timeline = recorded_timeline(THREE_WORKERS)
    titles = [timeline.title(lane) for lane in timeline.lanes]
    assert len(titles) == 3
    assert all(title.startswith("process ") for title in titles)
    assert sum(bar.name == "E_CALL" for bar in timeline) == 6
    assert all(bar.end is not None for bar in timeline)


@pytest.mark.parametrize("path", [ONE_WORKER, THREE_WORKERS])
def test_other_programs_open_it(path: Path) -> None:
    check(chrome(recorded_timeline(path)))


def test_what_holds_no_such_events(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_text('{"jsonrpc": "2.0", "method": "E_X", "params": {"sec": 1}}\n')
    with pytest.raises(NoProfileError, match="neither E_PROFILING_SCRIPT nor E_PROFILING_PROC"):
        recorded_timeline(path)
    path.write_bytes(b"\0\1\2")
    with pytest.raises(UnknownFormatError):
        recorded_timeline(path)
    with pytest.raises(FileNotFoundError):
        recorded_timeline(tmp_path / "none")


def test_lines_that_are_no_events_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"{broken\n" + ONE_WORKER.read_bytes() + b'{"method": 5}\n')
    assert len(recorded_timeline(path)) == 18
