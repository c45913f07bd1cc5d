"""Scripts, changes, documents and long values under cells, and tooltips, in the light and the dark theme."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.lab_page import DARK, LIGHT, expect, pieces

if TYPE_CHECKING:
    from support.lab_page import Lab

THEMES = pytest.mark.parametrize("theme", [LIGHT, DARK])
READABLE = 4.5

ROUTE = """event_route[E_PIKE_BLOCKED] {
    # the address
    if ($param(ip) != NULL)
        xlog("blocked $param(ip)\\n");
}"""
OLD = """%%migrate
event_route[E_PIKE_BLOCKED, async] {
    fetch_event_params("ip=$avp(s:ip)");
    cache_store("local", "ban_$avp(s:ip)", "1", "600");
}"""
LONG = """$var(long) = "start";
$var(i) = 0;
while ($var(i) < 8) { $var(long) = $var(long) + $var(long); $var(i) += 1; }
$json(d) := "{\\"gateways\\": [{\\"address\\": \\"192.0.2.1\\", \\"up\\": true}]}";
%vars
$json(d)"""


#: the characters below an element, each with its colour, and whether it is bold or italic
LOOKS = """root => {
    const found = [], texts = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
        const { color, fontWeight, fontStyle } = getComputedStyle(texts.currentNode.parentElement);
        for (const character of texts.currentNode.data)
            if (character.trim()) found.push(`${character} ${color} ${fontWeight} ${fontStyle}`);
    }
    return found;
}"""


@THEMES
def test_scripts_and_changes_are_in_colour(lab: Lab, theme: str) -> None:
    lab.choose_theme(theme)
    notebook = lab.open_cells(ROUTE, "%route E_PIKE_BLOCKED", OLD)
    for number in range(3):
        notebook.run(number)
    script = notebook.output(1).locator("pre").evaluate(LOOKS)
    in_cell = notebook.editor(0).evaluate(LOOKS)
    # the first line of the output says where the route is defined
    assert script[-len(in_cell) :] == in_cell
    assert len({look.partition(" ")[2] for look in script}) >= 6
    lines = notebook.output(2).locator("pre > span")
    tints = lines.evaluate_all("lines => lines.map(line => getComputedStyle(line).backgroundColor)")
    assert len(set(tints)) == 3, "old, new and unchanged"
    found = pieces(notebook.output(2).locator("pre"))
    assert {piece.text: piece.contrast for piece in found if piece.contrast < READABLE} == {}
    lab.shoot()


@THEMES
def test_long_values_fit_and_documents_are_trees(lab: Lab, theme: str) -> None:
    lab.choose_theme(theme)
    notebook = lab.open_cells(LONG, "%config")
    notebook.run(0)
    notebook.run(1)
    table = notebook.output(0).locator("table")
    value = table.locator("details")
    for width in (1280, 620):
        lab.page.set_viewport_size({"width": width, "height": 1000})
        assert table.evaluate("table => table.scrollWidth <= table.parentElement.clientWidth")
        value.locator("summary").click()
        assert table.evaluate("table => table.scrollWidth <= table.parentElement.clientWidth")
        lab.shoot(str(width))
        value.locator("summary").click()
    lab.page.set_viewport_size({"width": 1280, "height": 1000})
    tree = notebook.output(0).locator(".jp-RenderedJSON")
    expect(tree).to_contain_text("gateways")


@THEMES
def test_a_tooltip_begins_on_the_left(lab: Lab, theme: str) -> None:
    lab.choose_theme(theme)
    notebook = lab.open_cells("%raise E_PIKE_BLOCKED")
    notebook.editor(0).click()
    lab.page.keyboard.press("End")
    notebook.pop_up("Shift+Tab", notebook.tooltip)
    expect(notebook.tooltip).to_contain_text("E_PIKE_BLOCKED")
    table = notebook.tooltip.locator("table").first
    expect(table).to_be_visible()
    lab.shoot()
    left = table.evaluate("table => table.getBoundingClientRect().left")
    assert abs(left - notebook.tooltip.locator("pre").first.evaluate("pre => pre.getBoundingClientRect().left")) < 12
    aligned = table.locator("td").evaluate_all("cells => cells.map(cell => getComputedStyle(cell).textAlign)")
    assert set(aligned) <= {"left", "start"}
