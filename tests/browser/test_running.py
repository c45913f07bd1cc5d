"""A notebook stays alive while a cell runs: it answers, and the stop button stops."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.frontend import SPIN
from support.lab_page import expect

if TYPE_CHECKING:
    from support.lab_page import Lab, Notebook

CELL = f"{SPIN}%raise E_SPIN --timeout 300"


def spin(notebook: Notebook) -> None:
    """Run the first cell until its route runs."""
    notebook.start(0)
    expect(notebook.output(0)).to_contain_text("spinning")
    expect(notebook.prompt(0)).to_have_text("[*]:")
    notebook.wait_until("busy")


def test_completion_and_tooltip_while_a_cell_runs(lab: Lab) -> None:
    notebook = lab.open_cells(CELL, 'event_route[E_PIKE_BLOCKED] { xlog("$param(')
    spin(notebook)
    notebook.type(1, "")
    notebook.pop_up("Tab", notebook.completer)
    expect(notebook.completer.locator(".jp-Completer-match")).to_have_text("ip")
    lab.shoot("completion")
    lab.page.keyboard.press("Enter")
    for _ in "$param(ip":
        lab.page.keyboard.press("ArrowLeft")
    lab.page.keyboard.press("ArrowRight")
    notebook.pop_up("Shift+Tab", notebook.tooltip)
    expect(notebook.tooltip).to_contain_text("$param")
    lab.shoot("tooltip")
    # neither has ended the cell, nor told the page that it has ended
    expect(notebook.prompt(0)).to_have_text("[*]:")
    notebook.wait_until("busy")


def test_the_stop_button_ends_the_route_and_nothing_else(lab: Lab) -> None:
    notebook = lab.open_cells("$shv(kept) = 7;", CELL, 'xlog("still here: $shv(kept)\\n");')
    notebook.run(0)
    notebook.start(1)
    expect(notebook.output(1)).to_contain_text("spinning")
    notebook.press("interrupt")
    notebook.wait_until_done(1)
    expect(notebook.output(1)).to_contain_text("Interrupted: the cell was stopped")
    lab.shoot()
    notebook.run(2)
    assert notebook.outputs(2) == [("application/vnd.jupyter.stdout", "still here: 7\n")]
