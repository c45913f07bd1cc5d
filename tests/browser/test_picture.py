"""The pictures `docs/cell.png` (README.md) and `docs/debugger.png` (docs/watching.md, notebooks/watching.ipynb).

They are made again here, to be looked at and copied when they have become others.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from support.lab_page import LIGHT, expect
from support.lab_server import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from support.lab_page import Lab

CELLS = (
    """event_route[E_PIKE_BLOCKED] {
    $shv(blocks) += 1;
    xlog("L_WARN", "block $shv(blocks): $param(ip)\\n");
    if ($shv(blocks) > 2 && $param(src) != "192.0.2.1")
        raise_event("E_FLOOD");
}
event_route[E_FLOOD] { xlog("tell the operator\\n"); }
%raise E_PIKE_BLOCKED ip=192.0.2.66 --count 3""",
    "%graph",
)


def test_the_picture_of_the_readme(lab: Lab, artefacts: Path) -> None:
    lab.choose_theme(LIGHT)
    lab.page.set_viewport_size({"width": 840, "height": 1200})
    notebook = lab.open_cells(*CELLS)
    for number in range(len(CELLS)):
        notebook.run(number)
    expect(notebook.output(0)).to_contain_text("tell the operator")
    expect(notebook.output(0)).to_contain_text("src")
    first, last = (notebook.cell(number).bounding_box() for number in (0, len(CELLS) - 1))
    assert first
    assert last
    clip = {**first, "height": last["y"] + last["height"] - first["y"]}
    lab.page.screenshot(path=artefacts / "readme.png", clip=clip, animations="disabled")
    lab.page.set_viewport_size({"width": 1280, "height": 1000})


def test_the_picture_of_the_debugger(lab: Lab, artefacts: Path) -> None:
    """What the notebook says of it: its route stands still at the question whether the line is free."""
    lab.choose_theme(LIGHT)
    lab.page.set_viewport_size({"width": 1180, "height": 760})
    notebook = lab.open_cells(story(), "%raise E_CALL caller=alice")
    bug = lab.page.locator(".jp-DebuggerBugButton:visible")
    expect(bug).to_have_attribute("aria-disabled", "false")
    bug.click()
    expect(bug).to_have_attribute("aria-pressed", "true")
    gutter = notebook.cell(0).locator(".cm-breakpoint-gutter .cm-gutterElement")
    gutter.nth(3).click()  # the first one is there for its width alone
    expect(lab.page.locator(".jp-DebuggerBreakpoint")).to_have_count(1)
    notebook.run(0)
    notebook.start(1)
    frames = lab.page.locator(".jp-DebuggerCallstackFrame-name")
    expect(frames).to_have_text(["route[admit]", "event_route[E_CALL]"])
    variable = lab.page.locator(".jp-DebuggerVariables-body:visible jp-tree-item")
    expect(variable.filter(has_text="$var(calls)")).to_contain_text("0")
    expect(notebook.cell(0).locator(".jp-DebuggerEditor-highlight")).to_contain_text("if ($var(calls) >= 1)")
    lab.page.mouse.move(5, 5)
    lab.page.screenshot(path=artefacts / "debugger.png", animations="disabled")
    lab.page.keyboard.press("F9")
    expect(notebook.output(1)).to_contain_text("alice is put through")
    lab.page.locator(".jp-DebuggerBugButton:visible").click()
    lab.page.set_viewport_size({"width": 1280, "height": 1000})


def story() -> str:
    """The cell of notebooks/watching.ipynb that has the routes."""
    cells = json.loads((ROOT / "notebooks" / "watching.ipynb").read_text())["cells"]
    return next("".join(cell["source"]) for cell in cells if "event_route[E_CALL]" in "".join(cell["source"]))
