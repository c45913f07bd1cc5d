"""How lints, remarks of the runtime, a script's own warnings and errors look, in both themes, wide and narrow."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from support.lab_page import DARK, LIGHT, box, expect, pieces
from support.themes import READABLE

if TYPE_CHECKING:
    from support.lab_page import Lab

THEMES = pytest.mark.parametrize("theme", [LIGHT, DARK])
#: of streams, and of errors too
STDERR, HTML = "application/vnd.jupyter.stderr", "text/html"

LINT = """event_route[E_PIKE_BLOCKED] {
    $var(n) = $param(ip);
    if ($var(colour) = "blue") xlog("L_WARN", "$param(ip) is blocked by the script itself\\n");
    $var(total) = $var(total) + 1;
}
%raise E_PIKE_BLOCKED ip=192.0.2.66"""
LONG = """event_route[E_DISPATCHER_STATUS] {
    if ($param(status) == "inactive" and $param(reason) =~ "probing" and $param(address) != "sip:192.0.2.10:5060" \
and $parm(group) == 1) xlog("L_ERR", "gateway $param(address) of group $param(group)\\n");
}"""


@THEMES
def test_four_things_look_like_four(lab: Lab, theme: str) -> None:
    lab.choose_theme(theme)
    notebook = lab.open_cells(LINT, LONG, "%raise E_NONE")
    for number in range(3):
        notebook.run(number)
    lab.shoot()
    kinds = [kind for kind, _ in notebook.outputs(0)]
    assert (kinds[0], kinds.count(STDERR), [kind for kind, _ in notebook.outputs(1)]) == (HTML, 1, [STDERR])
    found = [piece for number in range(3) for piece in pieces(notebook.output(number))]
    assert {piece.text: piece.contrast for piece in found if piece.contrast < READABLE} == {}
    severities = {p.text.strip(": "): p.behind for p in found if p.text.strip(": ") in ("warning", "error", "info")}
    assert len(set(severities.values())) == len(severities) >= 2
    # the script's own line, the lint and the error stand on different backgrounds, or are marked apart
    assert "warning" not in notebook.outputs(0)[[kind for kind, _ in notebook.outputs(0)].index(STDERR)][1]


@THEMES
@pytest.mark.parametrize("width", [1280, 700])
def test_carets_stand_under_their_text(lab: Lab, theme: str, width: int) -> None:
    lab.choose_theme(theme)
    lab.page.set_viewport_size({"width": 1280, "height": 1000})
    notebook = lab.open_cells(LONG, LONG.replace("$parm", "$param"))
    for number in range(2):
        notebook.run(number)
    lab.page.set_viewport_size({"width": width, "height": 1000})
    lab.shoot(str(width))
    output = notebook.output(0)
    at, caret = box(output, "$parm", 1), box(output, "^")
    assert caret["left"] == pytest.approx(at["left"], abs=1)
    assert at["height"] <= caret["top"] - at["top"] < 2 * at["height"]
    for _, text in notebook.outputs(0):
        assert re.search(r"\nRouteCheckError: unknown variable \$parm\(\.\.\.\)\n?$", text)
    lab.page.set_viewport_size({"width": 1280, "height": 1000})


def test_a_click_on_a_place_leads_there(lab: Lab) -> None:
    notebook = lab.open_cells('xlog("first\\n");', LONG, LINT)
    for number in range(3):
        notebook.run(number)
    for number, place in ((1, "In[2]:2:119"), (2, "In[3]:3:9")):
        notebook.output(number).get_by_text(place, exact=True).click()
        line, column = place.split(":")[1:]
        expect(lab.page.get_by_text(f"Ln {line}, Col {column}")).to_be_visible()
        expect(notebook.editor(number)).to_be_focused()
