"""What stands under cells: tables, drawings, forms, errors, in the light and the dark theme."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import nbformat
import pytest

from evroute_kernel.engine.results.timeline import Bar, Timeline
from evroute_kernel.kernel.timelines.drawing import bundle
from support.lab_page import DARK, LIGHT, box, expect, pieces
from support.themes import READABLE

if TYPE_CHECKING:
    from support.lab_page import Lab, Notebook

THEMES = pytest.mark.parametrize("theme", [LIGHT, DARK])

ROUTES = """route[limit] {
    if ($shv(blocks) > 2) raise_event("E_TOO_MANY");
}
event_route[E_PIKE_BLOCKED] {
    $shv(blocks) += 1;
    $var(last) = $param(ip);
    xlog("block $shv(blocks): $param(ip)\\n");
    route(limit);
}
event_route[E_TOO_MANY] { xlog("L_WARN", "too many\\n"); }
%raise E_PIKE_BLOCKED ip=192.0.2.66 --count 3"""
TABLES = ["%routes", "%events E_PIKE*", "%event E_CORE_TCP_DISCONNECT", "%vars", "%shv", "%stubs", "%ps", "%help"]
TABLES.append("%compare E_PIKE_BLOCKED ip=192.0.2.66")


def run_all(notebook: Notebook) -> None:
    for number in range(notebook.cells.count()):
        notebook.run(number)


@THEMES
def test_tables_can_be_read(lab: Lab, theme: str) -> None:
    lab.choose_theme(theme)
    notebook = lab.open_cells(ROUTES, *TABLES, "%raise E_PIKE_BLOCKED ip=192.0.2.1 --report")
    run_all(notebook)
    for number in range(1, notebook.cells.count()):
        found = pieces(notebook.output(number))
        assert found
        assert {piece.text: piece.contrast for piece in found if piece.contrast < READABLE} == {}
    lab.shoot("end")
    notebook.cell(1).scroll_into_view_if_needed()
    notebook.cell(0).scroll_into_view_if_needed()
    lab.shoot()


@THEMES
def test_two_logs_can_be_read_side_by_side(lab: Lab, theme: str) -> None:
    lab.choose_theme(theme)
    gone = "tcp_parallel_read_on_workers = 1"  # 4.0 refuses it
    notebook = lab.open_cells(f"{gone}\n{ROUTES}", "%compare E_PIKE_BLOCKED ip=192.0.2.66")
    run_all(notebook)
    output = notebook.output(1)
    expect(output).to_contain_text("differs: 4.0 refuses the script")
    for width in (1280, 620):
        lab.page.set_viewport_size({"width": width, "height": 1000})
        table = output.locator("table")
        assert table.evaluate("table => table.scrollWidth <= table.parentElement.clientWidth")
        lab.shoot(str(width))
    lab.page.set_viewport_size({"width": 1280, "height": 1000})
    found = pieces(output)
    assert {piece.text: piece.contrast for piece in found if piece.contrast < READABLE} == {}
    assert [piece.text for piece in found][:3] == ["3.6 (this notebook)", "4.0", ">"]
    assert len({piece.behind for piece in found}) > 1, "what differs stands on a tint"


@THEMES
def test_an_error_points_at_its_place(lab: Lab, theme: str) -> None:
    lab.choose_theme(theme)
    line = '    xlog("é $(param(ip){s.touper})\\n");'
    notebook = lab.open_cells(f"event_route[E_PIKE_BLOCKED] {{\n{line}\n\t$vra(x) = 1;\n}}")
    notebook.run(0)
    output = notebook.output(0)
    expect(output).to_contain_text("RouteCheckError")
    lab.shoot()
    # titles tell the name too, before the excerpt; the carets of the first mistake stand before those of the second
    for mistake, occurrence, carets in (("{s.touper}", 1, 0), ("$vra", 1, len("{s.touper}"))):
        at, caret = box(output, mistake, occurrence), box(output, "^", carets)
        assert caret["left"] == pytest.approx(at["left"], abs=1), mistake
        assert at["height"] <= caret["top"] - at["top"] < 2 * at["height"], mistake
    told = pieces(output)
    assert {piece.text: piece.contrast for piece in told if piece.contrast < READABLE} == {}


@THEMES
def test_a_form_raises_an_event(lab: Lab, theme: str) -> None:
    lab.choose_theme(theme)
    route = 'event_route[E_CORE_TCP_DISCONNECT] { xlog("$param(src_ip):$param(src_port) $param(proto)\\n"); }'
    notebook = lab.open_cells(route, "%raise E_CORE_TCP_DISCONNECT ?")
    notebook.run(0)
    notebook.run(1)
    output = notebook.output(1)
    output.get_by_label("src_ip").fill("192.0.2.77")
    output.get_by_label("src_port").fill("1234")
    output.get_by_role("button", name="Raise").click()
    expect(output).to_contain_text("192.0.2.77:1234 ")
    lab.shoot()


@THEMES
def test_a_graph_is_drawn(lab: Lab, theme: str) -> None:
    lab.choose_theme(theme)
    notebook = lab.open_cells(ROUTES, "%graph")
    notebook.run(0)
    notebook.run(1)
    drawing = notebook.output(1).locator("img")
    expect(drawing).to_be_visible()
    drawing.evaluate("image => image.decode()")
    assert drawing.evaluate("image => image.naturalWidth") > 200
    lab.shoot()


@THEMES
def test_a_graph_keeps_the_size_in_which_it_can_be_read(lab: Lab, theme: str) -> None:
    """A long chain, the same in a narrow window, and one that is wider than the page."""
    lab.choose_theme(theme)
    steps = [f'event_route[E_STEP_{n}] {{ raise_event("E_STEP_{n + 1}"); route(common); }}' for n in range(7)]
    calls = " ".join(f"route(called_{n});" for n in range(20))
    routes = [f"route[called_{n}] {{ {'exit;' if n else calls} }}" for n in range(20)]
    script = "\n".join([*steps, *routes, "route[common] { exit; }"])
    notebook = lab.open_cells(script, "%graph E_STEP_0", "%graph")
    run_all(notebook)
    for number in (1, 2):
        drawing = notebook.output(number).locator("img")
        expect(drawing).to_be_visible()
        for width in (1280, 620):
            lab.page.set_viewport_size({"width": width, "height": 1000})
            drawing.evaluate("image => image.decode()")
            assert drawing.evaluate("image => image.width == image.naturalWidth")
            scrolls = "image => image.parentElement.scrollWidth > image.parentElement.clientWidth"
            assert drawing.evaluate(scrolls) == (drawing.evaluate("image => image.width") > width - 150)
            drawing.scroll_into_view_if_needed()
            lab.shoot(f"{number}-{width}")
    lab.page.set_viewport_size({"width": 1280, "height": 1000})
    notebook.output(1).locator("summary").click()
    expect(notebook.output(1).locator("pre")).to_be_visible()
    assert all(piece.contrast >= READABLE for piece in pieces(notebook.output(1).locator("pre")))


def test_many_raises_show_how_far_they_are(lab: Lab) -> None:
    route = "event_route[E_PIKE_BLOCKED] { $shv(n) += 1; }\n"
    notebook = lab.open_cells(
        route + "%raise E_PIKE_BLOCKED ip=a --count 10000000", "%raise E_PIKE_BLOCKED ip=a --count 999"
    )
    notebook.start(0)
    output = notebook.output(0)
    expect(output).to_have_text(re.compile(r"E_PIKE_BLOCKED: [1-9]\d* of 10000000"))
    expect(output.locator("progress")).to_be_visible()
    lab.shoot()
    notebook.press("interrupt")
    notebook.wait_until_done(0)
    expect(output.locator("progress")).to_have_count(0)
    expect(output).to_contain_text(re.compile(r"raised [1-9]\d* of 10000000 times"))
    notebook.run(1)
    assert notebook.outputs(1) == [("text/html", "E_PIKE_BLOCKED: raised 999 times, none failed")]
    lab.shoot("end")


def test_a_timeline_of_a_notebook_that_is_not_trusted_says_so(lab: Lab) -> None:
    lab.choose_theme(LIGHT)
    notebook = lab.open_cells(f"{ROUTES}\n%timeline\n%raise E_PIKE_BLOCKED ip=192.0.2.66")
    run_all(notebook)
    expect(notebook.output(0).locator("svg[aria-label^=Timeline]")).to_be_visible()
    expect(notebook.output(0).locator("svg text").first).not_to_have_css("font-size", "0px")
    expect(notebook.output(0).get_by_text("The drawing is seen")).not_to_be_visible()
    saved = nbformat.read(lab.folder / "cells.ipynb", 4)
    saved.cells[0].outputs = [drawn_with_variables()]
    file = lab.folder / "cloned.ipynb"
    nbformat.write(saved, file)
    cloned = lab.open_notebook(file)
    expect(cloned.output(0).get_by_text("The drawing is seen when the cell is run")).to_be_visible()
    expect(cloned.output(0).locator("mjx-container")).to_have_count(0)
    expect(cloned.output(0).locator("div.mathjax_ignore")).to_have_css("font-size", "0px")
    lab.shoot()


def drawn_with_variables() -> nbformat.NotebookNode:
    """A timeline as somebody else has saved it, with pairs of `$`."""
    timeline = Timeline()
    for begin in (0, 5_000_000):
        timeline.begin(Bar(1, "run", "$var(a) = $var(b)", "E_X", 0, begin, begin + 4_000_000))
    return nbformat.v4.new_output("display_data", bundle(timeline))
