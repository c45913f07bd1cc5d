"""Parser and checker refuse what the server refused when it started, and nothing else; at its line or a better one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from evroute_kernel.lang.checks.checker import check
from evroute_kernel.lang.parser import parse
from evroute_kernel.source import Source
from support.recorded import line_of_server

RECORDED = Path(__file__).parent.parent / "conformance"
#: reference.json, realistic.json and so on: (file, case)
CASES = [
    pytest.param(case, id=f"{path.stem}:{case['name']}")
    for path in sorted(RECORDED.glob("*.json"))
    for case in json.loads(path.read_text("utf-8"))
]


@pytest.mark.parametrize("case", CASES)
def test_accepts_and_refuses_as_the_server_does(case: dict[str, Any]) -> None:
    settings = case.get("globals") or ""
    settings += "\n" if settings and not settings.endswith("\n") else ""
    script, found = parse(Source(case["name"], settings + case["script"]), version="3.6")
    found = found or check(script)
    expected = case["expect"]
    if expected["accepted"]:
        assert [str(d) for d in found] == []
        return
    assert found, expected["errors"]
    assert found[0].span is not None
    if expected["error_line"] is not None:
        line = line_of_server(found[0])
        assert line is not None
        assert line - settings.count("\n") == expected["error_line"], str(found[0])
