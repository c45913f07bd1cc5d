"""The hook: what watchers are told, and that nothing comes out differently because of them."""

from __future__ import annotations

from itertools import groupby
from operator import attrgetter

import pytest

from evroute_kernel.runtime.watching.hook import Frame, Watcher
from support.in_process import run_in_process
from support.recorded import Case, differences, read_cases

CASES = {file: list(cases) for file, cases in groupby(read_cases(), attrgetter("file"))}
#: instead of a code, where the script has ended in a block
ENDED = -99


class Recorder(Watcher):
    """Writes down what it is told, and looks whether that can be."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str, int]] = []
        self.frames: list[Frame] = []

    def enters(self, frame: Frame) -> None:
        assert frame.caller is (self.frames[-1] if self.frames else None)
        assert (frame.depth, frame.statement) == (len(self.frames), -1)
        self.frames.append(frame)
        self.told.append(("enters", frame.route.name, frame.is_top))

    def reaches(self, frame: Frame, statement: int) -> None:
        assert frame is self.frames[-1]
        assert frame.statement == statement == frame.context.process.at[0]
        assert 0 <= statement < len(frame.route.lines)
        self.told.append(("reaches", frame.route.name, statement))

    def leaves(self, frame: Frame, code: int | None) -> None:
        assert self.frames.pop() is frame
        self.told.append(("leaves", frame.route.name, ENDED if code is None else code))


def watched(script: str, event: str = "E_T") -> list[tuple[str, str, int]]:
    """What is told of one event."""
    recorder = Recorder()
    run_in_process(Case("", "", script, ((event, None),), "", {}), (recorder,))
    return recorder.told


@pytest.mark.parametrize("file", CASES)
def test_recorded_programs_come_out_the_same(file: str) -> None:
    for case in CASES[file]:
        first, second = Recorder(), Recorder()
        found = differences(case, run_in_process(case, (first, second)))
        assert found == differences(case, run_in_process(case)), case.name
        assert first.told == second.told
        assert not first.frames


def test_blocks_are_entered_and_left_around_their_statements() -> None:
    told = watched("event_route[E_T] {\nroute(a);\n$var(x) = 1;\n}\nroute[a] {\nreturn(3);\n}\n")
    assert told == [
        ("enters", "E_T", True),
        ("reaches", "E_T", 0),
        ("enters", "a", False),
        ("reaches", "a", 0),
        ("leaves", "a", 3),
        ("reaches", "E_T", 1),
        ("leaves", "E_T", 1),
    ]


def test_the_end_of_a_script_leaves_all_blocks_without_a_code() -> None:
    told = watched("event_route[E_T] {\nroute(a);\n}\nroute[a] {\nexit;\n}\n")
    assert told[-2:] == [("leaves", "a", ENDED), ("leaves", "E_T", ENDED)]


def test_the_head_of_a_loop_is_reached_once_a_round() -> None:
    told = watched("event_route[E_T] {\n$var(i) = 0;\nwhile ($var(i) < 2)\n$var(i) += 1;\n}\n")
    assert [statement for what, _, statement in told if what == "reaches"] == [0, 1, 2, 1, 2, 1]


def test_a_traced_loop_is_told_of_at_each_round_and_logged_once() -> None:
    told = watched('event_route[E_T] {\nscript_trace(1, "x");\n$var(i) = 0;\nwhile ($var(i) < 2)\n$var(i) += 1;\n}\n')
    assert [statement for what, _, statement in told if what == "reaches"] == [0, 1, 2, 3, 2, 3, 2]
