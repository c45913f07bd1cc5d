"""What docs/testing.md shows is true."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import nbformat
import pytest

from evroute_kernel.engine.options import OPTIONS, fault
from evroute_kernel.library import everything as _everything  # noqa: F401 - a name gets its behaviour once

pytest_plugins = ["pytester"]

PAGE = (Path(__file__).parent.parent / "docs" / "testing.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
PIKE = 'event_route[E_PIKE_BLOCKED] { xlog("blocked $param(ip)\\n"); }\n'
ALONE = ("-p", "no:cacheprovider", "-p", "no:xdist")


def blocks(language: str) -> list[str]:
    return [text for name, text in BLOCKS if name == language]


def test_the_tests_pass(pytester: pytest.Pytester) -> None:
    texts = [text for text in blocks("python") if not text.startswith("# no test: needs")]
    pytester.makefile(".cfg", opensips=PIKE)
    pytester.makepyfile("\n\n".join(texts))
    outcomes = pytester.runpytest_inprocess(*ALONE, "--strict-markers").parseoutcomes()
    assert set(outcomes) == {"passed"}
    assert outcomes["passed"] > 6


@pytest.mark.parametrize(
    ("module", "arguments", "again"),
    [
        ("syrupy", ["--snapshot-update"], []),
        ("inline_snapshot", ["--inline-snapshot=disable"], ["--inline-snapshot=disable"]),
    ],
)
def test_snapshots_pass(pytester: pytest.Pytester, module: str, arguments: list[str], again: list[str]) -> None:
    pytest.importorskip(module)
    name = module.replace("_", "-")
    (wanted,) = [text for text in blocks("python") if text.startswith(f"# no test: needs {name}\n")]
    pytester.makepyfile(f"{blocks('python')[0]}\n\n{wanted}")
    for options in (arguments, again):
        pytester.runpytest_subprocess(*ALONE, *options).assert_outcomes(passed=3)


def test_the_options_are_all_there_are() -> None:
    table = tomllib.loads(next(text for text in blocks("toml") if "tool.evroute" in text))
    options = table["tool"]["evroute"]["session"]
    assert options.keys() == OPTIONS.keys()
    assert [name for name, value in options.items() if fault(name, value)] == []


NOTEBOOK = [
    "event_route[E_X] { xlog(\"logged\\n\"); }\n%raise E_X\n%expect logged",
    "# NBVAL_IGNORE_OUTPUT\n%ps",
    "# NBVAL_SKIP\n$var(x) = 1;",
]  # fmt: skip


@pytest.mark.parametrize(
    ("runner", "told"),
    [("nbmake", {"passed": 1}), ("nbval", {"passed": 2, "skipped": 1})],
)
def test_notebooks_are_tests(pytester: pytest.Pytester, runner: str, told: dict[str, int]) -> None:
    cells = [nbformat.v4.new_code_cell(text) for text in NOTEBOOK]
    cells[0].execution_count = 1
    cells[0].outputs = [nbformat.v4.new_output("stream", name="stdout", text="logged\n")]
    metadata = {"kernelspec": {"name": "evroute", "display_name": "", "language": ""}}
    folder = pytester.mkdir("notebooks")
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=metadata), folder / "a.ipynb")
    done = pytester.runpytest_subprocess(*ALONE, f"--{runner}", "notebooks/")
    assert done.parseoutcomes() | {"warnings": 0} == told | {"warnings": 0}
