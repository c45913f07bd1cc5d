"""The picture of README.md, `docs/cell.png`: made again here, to be looked at and copied when it has become another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.lab_page import LIGHT, expect

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
