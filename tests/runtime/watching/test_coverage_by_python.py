"""Coverage against Python's own tracing, which knows nothing of the hook: the lines that recorded programs run."""

from __future__ import annotations

import dis
import sys
from functools import cache
from itertools import groupby
from operator import attrgetter
from types import CodeType, FrameType
from typing import Any

import pytest

from evroute_kernel.errors import ScriptError
from evroute_kernel.lang.compiler import compile_script
from evroute_kernel.lang.environment import Environment
from evroute_kernel.runtime.watching.hook import Watcher
from evroute_kernel.source import Source
from evroute_kernel.worker.watching.covering import Covering
from support.in_process import run_in_process
from support.recorded import Case, read_cases

CASES = {file: list(cases) for file, cases in groupby(read_cases(), attrgetter("file"))}


@cache
def beginnings(code: CodeType) -> dict[int, int | None]:
    """Where a route's byte code begins a statement: offset -> line. Line events alone would not do: what Python makes
    of the end of an `if` is on a line of either branch."""
    line, found = None, {}
    for instruction in dis.get_instructions(code):
        line = instruction.positions.lineno if instruction.positions else line
        if instruction.opname == "STORE_SUBSCR" or instruction.argval in ("call_inside", "route_inside"):
            found[instruction.offset] = line
    return found


def by_python(case: Case) -> set[int]:
    lines: set[int] = set()

    def trace(frame: FrameType, what: str, _: Any) -> Any:
        if frame.f_code.co_filename != "<case.cfg>":
            return None
        frame.f_trace_opcodes = True
        if what == "opcode" and (line := beginnings(frame.f_code).get(frame.f_lasti)) is not None:
            lines.add(line)
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        run_in_process(case)
    finally:
        sys.settrace(before)
    return lines


def pairs_told(case: Case, *others: Watcher) -> set[tuple[int, int, int]]:
    told: set[tuple[int, int, int]] = set()
    run_in_process(case, (Covering(None, told.add, ()), *others))  # type: ignore[arg-type]
    return told


def by_the_hook(case: Case) -> set[int]:
    told = {(slot, place) for slot, *pair in pairs_told(case) for place in pair}
    routes = compile_script(Source("case.cfg", case.script), Environment()).routes
    return {routes[slot].spans[statement].line for slot, statement in told if statement >= 0}


@pytest.mark.parametrize("file", CASES)
def test_lines_are_those_that_python_runs(file: str) -> None:
    for case in CASES[file]:
        try:
            compile_script(Source("case.cfg", case.script), Environment())
        except ScriptError:
            continue
        assert by_the_hook(case) == by_python(case), case.name


@pytest.mark.parametrize("file", CASES)
def test_who_else_watches_makes_no_difference(file: str) -> None:
    """Coverage has a way of its own while nobody else watches."""
    for case in CASES[file][::10]:
        assert pairs_told(case, Watcher()) == pairs_told(case), case.name
