"""The debugger in JupyterLab's own interface: a breakpoint in the gutter, the panels beside the notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.lab_page import DARK, LIGHT, expect

if TYPE_CHECKING:
    from support.lab_page import Lab

ROUTES = """event_route[E_PIKE_BLOCKED] {
    $var(count) = 1;
    $avp(seen) = $param(ip);
    $json(call) := "{\\"from\\": {\\"user\\": \\"alice\\"}, \\"tags\\": [1, 2]}";
    route(note, $param(ip));
    xlog("noted $var(count)\\n");
}
route[note] {
    $var(count) += 1;
    xlog("$param(1) is number $var(count)\\n");
}"""
RAISE = "%raise E_PIKE_BLOCKED ip=192.0.2.66"


def test_a_route_is_debugged_in_the_interface(lab: Lab) -> None:
    notebook = lab.open_cells(ROUTES, RAISE)
    page = lab.page
    bug = page.locator(".jp-DebuggerBugButton:visible")
    expect(bug).to_have_attribute("aria-disabled", "false")
    bug.click()
    expect(bug).to_have_attribute("aria-pressed", "true")

    # the first one is there for its width alone
    gutter = notebook.cell(0).locator(".cm-breakpoint-gutter .cm-gutterElement")
    expect(gutter).to_have_count(12)
    gutter.nth(5).click()
    expect(page.locator(".jp-DebuggerBreakpoint")).to_have_count(1)
    notebook.run(0)
    notebook.start(1)

    frames = page.locator(".jp-DebuggerCallstackFrame-name")
    expect(frames).to_have_text(["event_route[E_PIKE_BLOCKED]"])
    variable = page.locator(".jp-DebuggerVariables-body:visible jp-tree-item")
    expect(variable.filter(has_text="$param(ip)")).to_contain_text("192.0.2.66")
    expect(variable.filter(has_text="$var(count)")).to_contain_text("1")

    page.keyboard.press("F11")
    expect(frames).to_have_text(["route[note]", "event_route[E_PIKE_BLOCKED]"])
    expect(variable.filter(has_text="$param(1)")).to_contain_text("192.0.2.66")
    expect(notebook.cell(0).locator(".jp-DebuggerEditor-highlight")).to_contain_text("$var(count) += 1")

    # its triangle
    variable.filter(has_text="$json(call)").click(position={"x": 10, "y": 10})
    expect(variable.filter(has_text="tags").last).to_contain_text("[1, 2]")
    for theme in (DARK, LIGHT):
        lab.choose_theme(theme)
        lab.shoot(theme.replace(" ", "-"))

    page.locator("[data-command='debugger:evaluate']").first.click()
    prompt = page.locator(".jp-CodeConsole-promptCell .cm-content:visible")
    expect(prompt).to_be_editable()
    prompt.click()
    page.keyboard.type("$var(count) = 40;")
    page.keyboard.press("Shift+Enter")
    expect(variable.filter(has_text="$var(count)")).to_contain_text("40")

    page.keyboard.press("F9")
    expect(notebook.prompt(1)).to_have_text("[2]:")
    expect(notebook.output(1)).to_contain_text("192.0.2.66 is number 41")
    expect(notebook.output(1)).to_contain_text("noted 41")
    bug.click()
    expect(bug).to_have_attribute("aria-pressed", "false")
