"""`%time`, `%%time`: how long a line or a cell takes, in a real kernel."""

from __future__ import annotations

import re

import pytest

from evroute_kernel.engine.results.times import shown_time
from support.frontend import Frontend

TIME = r"wall time: [0-9.]+ (µs|ms|s)\n"
LOGS = 'event_route[E_X] { xlog("$param(n)\\n"); }\n'


def shown(kernel: Frontend, text: str) -> str:
    """What a cell prints, with T for times."""
    done = kernel.run(text)
    assert done.status == "ok", done.traceback
    return re.sub(TIME, "T\n", done.stdout)


def test_a_line_is_timed(kernel: Frontend) -> None:
    kernel.run(LOGS)
    assert shown(kernel, "%time %raise E_X n=1") == "1\nT\n"
    assert shown(kernel, '%time xlog("a\\n");\nxlog("b\\n");\n%time xlog("c\\n");') == "a\nT\nb\nc\nT\n"
    assert shown(kernel, "%time !echo a") == "a\nT\n"
    assert shown(kernel, '%time %raise E_X n=1 --async\nxlog("end\\n");') == "1\nT\nend\n"
    assert kernel.run("%time 1").shown == ["1"]


def test_a_cell_is_timed(kernel: Frontend) -> None:
    assert shown(kernel, f"%%time\n{LOGS}%raise E_X n=1\n%raise E_X n=2 --async") == "1\n2\nT\n"
    assert shown(kernel, '%%time\n%%raise E_X\n{"n": 3}') == "3\nT\n"
    assert shown(kernel, '%%time xlog("a\\n");\nxlog("b\\n");') == "a\nb\nT\n"
    assert shown(kernel, '%%time\n%time xlog("a\\n");') == "a\nT\nT\n"


def test_what_is_wrong_stands_where_it_is(kernel: Frontend) -> None:
    assert "%time needs a statement" in kernel.run("%time").traceback
    assert "%time needs a statement" in kernel.run("%%time\n").traceback
    assert "too often" in kernel.run("%time " * 3000 + "1").traceback
    assert "too often" in kernel.run("%%time " + "%time " * 20 + "1").traceback
    found = kernel.run('xlog("a\\n");\n%time xlog("b\\n")\n')
    assert found.error["ename"] == "RouteSyntaxError"
    assert not found.stdout
    assert re.search(r"In\[\d+\]:2:", found.traceback)
    found = kernel.run("%%time\n%rais E_X").traceback
    assert re.search(r"In\[\d+\]:2:1", found)
    assert "unknown magic %rais" in found


def test_comments_are_timed_with_the_rest(kernel: Frontend) -> None:
    kernel.run(LOGS)
    assert shown(kernel, '%%time # all of it\n# the log\nxlog("a\\n"); # here') == "a\nT\n"
    assert shown(kernel, '%%time # all of it\n%%raise E_X # so\n{"n": 3}') == "3\nT\n"
    assert shown(kernel, "%time %raise E_X n=1 # once") == "1\nT\n"
    assert "%time needs a statement" in kernel.run("%time # nothing").traceback


@pytest.mark.parametrize("line", ["%time nonsense(1);", "%time %time nonsense(1);", "%%time nonsense(1);"])
def test_the_line_is_shown_as_it_was_written(kernel: Frontend, line: str) -> None:
    assert f" | {line}\n" in kernel.run(line).traceback
    found = kernel.run(line.replace("nonsense(1)", "$var(z) = 1 / $var(null)"))
    assert [text for text in found.shown if "$var(z) = 1 /" in text]
    assert all("time " in text for text in found.shown if "|" in text)


def test_what_is_defined_belongs_to_the_cell(kernel: Frontend) -> None:
    kernel.run(f"%%time\n{LOGS}", metadata={"cellId": "one"})
    assert kernel.run("%time %route E_X").shown[0].splitlines()[1].startswith("event_route[E_X]")


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.00001234, "12.3 µs"), (0.0123, "12.3 ms"), (1.234, "1.23 s"), (4321.0, "4321 s")]
)
def test_times_are_written_with_three_digits(seconds: float, text: str) -> None:
    assert shown_time(seconds) == text
