"""The tour, run in JupyterLab: what it shows is what it was saved with."""

from __future__ import annotations

import re
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat

from support.lab_server import ROOT

if TYPE_CHECKING:
    from support.lab_page import Lab, Notebook

TOUR = ROOT / "notebooks" / "tour.ipynb"
ANSI = re.compile(r"\x1b\[[0-9;]*m")


def test_every_cell_shows_what_was_saved(lab: Lab) -> None:
    notebook = lab.open_notebook(without_outputs(TOUR, lab.folder))
    assert all(notebook.outputs(number) == [] for number in range(notebook.cells.count()))
    lab.page.get_by_role("menuitem", name="Run", exact=True).click()
    lab.page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    saved = nbformat.read(TOUR, as_version=4).cells
    notebook.wait_until_done(len(saved) - 1)
    for number, cell in enumerate(saved):
        if cell.cell_type == "code":
            assert notebook.prompt(number).inner_text() == f"[{cell.execution_count}]:"
            shown = merged(notebook.outputs(number))
            assert shown == merged([expected(lab, output) for output in cell.outputs]), cell.source
    for number in (4, 18, 26, 30):
        notebook.cell(number).scroll_into_view_if_needed()
        lab.shoot(f"cell-{number}")


def test_restart_and_run_all_begins_anew(lab: Lab) -> None:
    notebook = lab.open_cells("$shv(runs) += 1;", 'xlog("run $shv(runs)\\n");')
    notebook.run(0)
    notebook.run(0)
    notebook.run(1)
    assert texts(notebook, 1) == ["run 2\n"]
    notebook.press("restart-and-run")
    notebook.confirm()
    lab.page.wait_for_function("document.querySelectorAll('.jp-InputPrompt')[1].textContent === '[2]:'")
    notebook.wait_until("idle")
    assert texts(notebook, 1) == ["run 1\n"]


def texts(notebook: Notebook, number: int) -> list[str]:
    return [text for _, text in notebook.outputs(number)]


def without_outputs(source: Path, folder: Path) -> Path:
    notebook = nbformat.read(source, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    nbformat.write(notebook, folder / source.name)
    return folder / source.name


def expected(lab: Lab, output: Any) -> tuple[str, str]:
    """The MIME type by which JupyterLab shows an output of a notebook, and the text that one can read then."""
    if output.output_type == "stream":
        return f"application/vnd.jupyter.{output.name}", output.text
    if output.output_type == "error":
        return "application/vnd.jupyter.stderr", ANSI.sub("", "\n".join(output.traceback))
    if "text/html" in output.data:
        return "text/html", lab.page.evaluate(
            "html => new DOMParser().parseFromString(html, 'text/html').body.textContent", output.data["text/html"]
        )
    return "text/plain", output.data["text/plain"]


def merged(outputs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Outputs of the same kind that follow each other as one; how a stream was cut into messages does not matter."""
    return [(kind, "".join(text for _, text in group)) for kind, group in groupby(outputs, key=lambda pair: pair[0])]
