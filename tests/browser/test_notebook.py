"""Jupyter Notebook 7, which has an application of its own for the same extension."""

from __future__ import annotations

from pathlib import Path
from shutil import copy
from typing import TYPE_CHECKING

from support.lab_page import Notebook, expect, pieces
from support.lab_server import ROOT, Server

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from support.lab_page import Lab


def test_the_tour_runs_and_has_its_colours(lab: Lab, page: Page, server: Server, tmp_path: Path) -> None:
    file = Path(copy(ROOT / "notebooks" / "tour.ipynb", tmp_path))
    with page.context.browser.new_page() as window:
        window.goto(server.address(f"/notebooks/{lab.path(file)}"))
        notebook = Notebook(window)
        expect(notebook.cells.first).to_be_visible()
        expect(notebook.editor(3).get_by_text("$param(ip)", exact=True)).to_be_visible()
        colours = {piece.text.strip(): piece.colour for piece in pieces(notebook.editor(3))}
        assert len({colours[token] for token in ("event_route", "E_PIKE_BLOCKED", "$param(ip)")}) == 3
        notebook.wait_until("idle")
        notebook.run(3)
        notebook.run(5)
        assert notebook.outputs(5) == [("application/vnd.jupyter.stdout", "pike blocked 192.0.2.66\n")]
        window.screenshot(path=lab.artefact("notebook"))
