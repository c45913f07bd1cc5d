"""What docs/watching.md shows is true."""

from __future__ import annotations

import ast
import json
import re
from itertools import pairwise
from pathlib import Path
from typing import get_args

import pytest

from evroute_kernel import Session
from evroute_kernel.engine.dap.launch import ATTACH, LAUNCH
from evroute_kernel.engine.debugging.news import How
from support.frontend import started

PAGE = (Path(__file__).parent.parent / "docs" / "watching.md").read_text(encoding="utf-8")
BLOCKS = list(re.finditer(r"^```(\w*)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
#: a cell that defines a route, and what stands below it
SHOWN = [
    (cell[2], output[2])
    for cell, output in pairwise(BLOCKS)
    if not cell[1] and PAGE[cell.end() : output.start()] == "\n\n" and "route[" in cell[2]
]
PYTHON = [block[2] for block in BLOCKS if block[1] == "python"]


@pytest.mark.parametrize(("cell", "output"), SHOWN, ids=lambda text: text.splitlines()[0])
def test_cells_show_what_stands_below_them(cell: str, output: str, tmp_path: Path) -> None:
    with started(tmp_path) as kernel:
        found = kernel.run(cell)
    assert found.status == "ok", found.traceback
    assert output.rstrip() in [data["data"]["text/plain"].rstrip() for data in found.contents("display_data")]


@pytest.mark.parametrize("text", PYTHON, ids=lambda text: text.splitlines()[0])
def test_what_python_asks_of_a_session_is_there(text: str) -> None:
    names = {
        node.attr
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id in ("session", "evroute_session")
    }
    assert [name for name in names if not hasattr(Session, name)] == []


def test_the_debugger_in_python_runs_as_it_stands(capfd: pytest.CaptureFixture[str]) -> None:
    (text,) = [text for text in PYTHON if "session.debug" in text]
    exec(compile(text, "watching.md", "exec"), {"__name__": "page"})
    assert capfd.readouterr().out.splitlines() == [
        "breakpoint event_route[E_CALL] calls.cfg 3",
        "(5,)",
        "True",
    ]
    assert [how for how in get_args(How) if f'`"{how}"`' not in PAGE] == []


def test_json_of_configurations_is_json_and_names_what_there_is() -> None:
    (text,) = [block[2] for block in BLOCKS if block[1] == "json"]
    for configuration in json.loads(text)["configurations"]:
        known = LAUNCH if configuration["request"] == "launch" else ATTACH
        assert configuration.keys() - {"type", "request", "name"} <= known.keys()


def test_all_that_a_configuration_can_say_is_told() -> None:
    assert [name for name in (*LAUNCH, *ATTACH) if f"`{name}`" not in PAGE] == []
