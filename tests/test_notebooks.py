"""Every notebook runs from top to bottom and shows what it was saved with."""

from __future__ import annotations

import re
import subprocess
from itertools import groupby
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

FOLDER = Path(__file__).parent.parent / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
#: tag of a cell whose output differs from run to run
VOLATILE = "volatile-output"
ANSI = re.compile(r"\x1b\[[0-9;]*m")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_shows_what_was_saved(path: Path) -> None:
    saved = nbformat.read(path, as_version=4)
    nbformat.validate(saved)
    fresh = nbformat.read(path, as_version=4)
    NotebookClient(fresh, timeout=60, resources={"metadata": {"path": str(FOLDER)}}).execute()
    for before, after in zip(saved.cells, fresh.cells, strict=True):
        if after.cell_type == "code" and VOLATILE not in after.metadata.get("tags", []):
            assert texts(after.outputs) == texts(before.outputs), f"the output of this cell changed:\n{after.source}"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_was_saved_whole(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    assert notebook.metadata.kernelspec.name == "evroute"
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1)), "saved after a run from the top"
    for cell in code:
        failed = any(output.output_type == "error" for output in cell.outputs)
        assert failed == ("raises-exception" in cell.metadata.get("tags", [])), cell.source
        assert "execution" not in cell.metadata, "saved with times: use notebooks/refresh.py"


def test_there_are_notebooks() -> None:
    assert NOTEBOOKS


def test_the_event_interface_says_first_what_is_to_be_installed() -> None:
    notebook = nbformat.read(FOLDER / "event-interface.ipynb", as_version=4)
    cell = next(cell for cell in notebook.cells if cell.cell_type == "code")
    magic, _, command = cell.source.partition("\n")[0].partition(" ")
    assert magic == "%sh"
    done = subprocess.run(["/bin/sh", "-c", command], env={"PATH": "/bin"}, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "opensips-mi is missing: pip install opensips\n")


def texts(outputs: list[Any]) -> list[tuple[str, str]]:
    """The outputs as (kind, text); how a stream was cut into messages does not matter."""
    plain = [text_of(output) for output in outputs]
    return [(kind, "".join(text for _, text in group)) for kind, group in groupby(plain, key=lambda pair: pair[0])]


def text_of(output: Any) -> tuple[str, str]:
    if output.output_type == "stream":
        return output.name, output.text
    if output.output_type == "error":
        return "error", ANSI.sub("", "\n".join(output.traceback))
    return output.output_type, output.data.get("text/plain", "")
