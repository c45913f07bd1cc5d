"""What a cell does while one writes in it: completion, tooltips, folding, brackets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.lab_page import DARK, expect

if TYPE_CHECKING:
    from playwright.sync_api import Locator

    from support.lab_page import Lab


def offered(completer: Locator) -> dict[str, str]:
    """What the completer offers: text -> kind."""
    expect(completer.locator(".jp-Completer-item").first).to_be_visible()
    names = completer.locator(".jp-Completer-item .jp-Completer-match").all_inner_texts()
    kinds = completer.locator(".jp-Completer-item .jp-Completer-typeExtended").all_inner_texts()
    return dict(zip(names, kinds, strict=True))


def test_tab_offers_the_parameters_of_the_event(lab: Lab) -> None:
    notebook = lab.open_cells('event_route[E_CORE_TCP_DISCONNECT] {\n    xlog("é $param(')
    notebook.type(0, "")
    notebook.pop_up("Tab", notebook.completer)
    assert list(offered(notebook.completer))[:3] == ["src_ip", "src_port", "dst_ip"]
    lab.shoot()
    lab.page.keyboard.press("ArrowDown")
    lab.page.keyboard.press("Enter")
    expect(notebook.editor(0).locator(".cm-line").last).to_have_text('    xlog("é $param(src_port')


def test_tab_tells_what_it_offers(lab: Lab) -> None:
    notebook = lab.open_cells('event_route[E_PIKE_BLOCKED] { xlog("$param(')
    notebook.type(0, "")
    notebook.pop_up("Tab", notebook.completer)
    assert offered(notebook.completer) == {"ip": "string"}


def test_tab_offers_values_and_keeps_our_order(lab: Lab) -> None:
    notebook = lab.open_cells('event_route[E_DISPATCHER_STATUS] {\n    if ($param(status) == "', "event_route[E_X] { $")
    notebook.type(0, "")
    notebook.pop_up("Tab", notebook.completer)
    assert list(offered(notebook.completer)) == ["active", "inactive"]
    lab.shoot()
    lab.page.keyboard.press("Escape")
    notebook.type(1, "")
    notebook.pop_up("Tab", notebook.completer)
    assert list(offered(notebook.completer))[:5] == ["param", "var", "avp", "shv", "json"]
    lab.shoot()


def test_tab_completes_a_magic(lab: Lab) -> None:
    notebook = lab.open_cells("%rai")
    notebook.type(0, "")
    notebook.pop_up("Tab", notebook.completer)
    assert offered(notebook.completer) == {"%raise": "magic"}
    lab.page.keyboard.press("Enter")
    expect(notebook.editor(0)).to_have_text("%raise")


def test_tab_offers_magics_in_the_dark(lab: Lab) -> None:
    lab.choose_theme(DARK)
    notebook = lab.open_cells("%r")
    notebook.type(0, "")
    notebook.pop_up("Tab", notebook.completer)
    assert {"%raise", "%routes", "%reset"} <= offered(notebook.completer).keys()
    lab.shoot()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_shift_tab_tells_about_an_event(lab: Lab, theme: str) -> None:
    if theme == "dark":
        lab.choose_theme(DARK)
    notebook = lab.open_cells("event_route[E_CORE_TCP_DISCONNECT] { }")
    notebook.editor(0).click()
    lab.page.keyboard.press("Home")
    for _ in range(len("event_route[E_CORE")):
        lab.page.keyboard.press("ArrowRight")
    notebook.pop_up("Shift+Tab", notebook.tooltip)
    expect(notebook.tooltip).to_contain_text("E_CORE_TCP_DISCONNECT")
    for parameter in ("src_ip", "src_port", "dst_ip", "dst_port", "proto"):
        expect(notebook.tooltip).to_contain_text(parameter)
    lab.shoot()


def test_a_route_can_be_folded(lab: Lab) -> None:
    text = "event_route[E_A] {\n    if ($var(i)) {\n        exit;\n    }\n}\n%vars"
    notebook = lab.open_cells(text)
    lines = notebook.editor(0).locator(".cm-line")
    expect(lines).to_have_count(6)
    notebook.cell(0).get_by_title("Fold line").filter(visible=True).first.click()
    expect(lines).to_have_text(["event_route[E_A] {…}", "%vars"])
    lab.shoot()


def test_the_other_bracket_is_marked(lab: Lab) -> None:
    notebook = lab.open_cells('xlog("$(var(x){s.len})");')
    notebook.editor(0).click()
    lab.page.keyboard.press("Home")
    for _ in "xlog":
        lab.page.keyboard.press("ArrowRight")
    expect(notebook.cell(0).locator(".cm-matchingBracket")).to_have_text(["(", ")"])
    assert notebook.cell(0).locator(".cm-nonmatchingBracket").count() == 0
    lab.shoot()


def test_a_new_line_in_a_block_is_indented(lab: Lab) -> None:
    notebook = lab.open_cells("")
    notebook.type(0, "route[a] {\nexit;\n}")
    expect(notebook.editor(0).locator(".cm-line")).to_have_text(["route[a] {", "    exit;", "}"])
