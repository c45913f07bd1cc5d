"""A notebook that was written for OpenSIPS 4.0 says so in its metadata, which JupyterLab keeps."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from evroute_kernel.kernel.export.notebooks import version_of
from support.lab_page import expect

if TYPE_CHECKING:
    from support.lab_page import Lab

#: a setting that 4.0 alone has
CELL = 'tcp_threads = 2\nevent_route[E_X] { xlog("there\\n"); }\n%raise E_X'


def saved(lab: Lab, folder: Path) -> str | None:
    """The version that the notebook names when it has been saved."""
    lab.page.evaluate("() => window.jupyterapp.shell.currentWidget.context.save()")
    return version_of(json.loads((folder / "cells.ipynb").read_text("utf-8")))


def test_the_kernel_that_was_chosen_says_it(lab: Lab, tmp_path: Path) -> None:
    notebook = lab.open_cells(CELL, kernel="evroute-4.0")
    notebook.run(0)
    expect(notebook.output(0)).to_contain_text("there")
    assert saved(lab, tmp_path) == "4.0"


def test_a_cell_is_heeded_and_stays_what_counts(lab: Lab, tmp_path: Path) -> None:
    notebook = lab.open_cells(f"%config version=4.0\n{CELL}")
    notebook.run(0)
    expect(notebook.output(0)).to_contain_text("there")
    assert saved(lab, tmp_path) is None, "JupyterLab asked when the kernel had started, before the cell"
