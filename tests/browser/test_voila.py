"""A notebook as a page of Voila: its cells have run before anybody sees them, and only its widgets go on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
import pytest

from support.lab_page import DEADLINE, expect
from support.voila_server import voila

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytest.importorskip("voila", reason="needs pip install '.[browser]'")

SPEC = {"name": "evroute", "display_name": "OpenSIPS event_route", "language": "opensips"}
CELLS = (
    'event_route[E_PIKE_BLOCKED] { xlog("L_WARN", "blocked $param(ip)\\n"); xlog("and told\\n"); }',
    "%raise E_PIKE_BLOCKED ?",
    "%raise E_CORE_TCP_DISCONNECT ?",
)


@pytest.fixture
def app(tmp_path: Path, browser: Browser, artefacts: Path) -> Iterator[Page]:
    """The page of a notebook with two forms, one of an event that nobody handles."""
    cells = [nbformat.v4.new_code_cell(text) for text in CELLS]
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": SPEC}), tmp_path / "app.ipynb")
    with voila(tmp_path / "app.ipynb", tmp_path) as address:
        page = browser.new_page(viewport={"width": 1000, "height": 600})
        page.set_default_timeout(DEADLINE)
        page.goto(address)
        yield page
        page.screenshot(path=artefacts / "voila.png")


def test_the_log_of_a_form_appears(app: Page) -> None:
    buttons = app.get_by_role("button", name="Raise")
    expect(buttons).to_have_count(2)
    app.get_by_label("ip", exact=True).fill("192.0.2.77")
    buttons.nth(0).click()
    expect(app.locator("body")).to_contain_text("blocked 192.0.2.77")
    expect(app.locator("body")).to_contain_text("and told")
    app.get_by_label("ip", exact=True).fill("192.0.2.78")
    buttons.nth(0).click()
    expect(app.locator("body")).to_contain_text("blocked 192.0.2.78")
    expect(app.locator("body")).to_contain_text("blocked 192.0.2.77")
    buttons.nth(1).click()
    expect(app.locator("body")).to_contain_text("no route handles the event E_CORE_TCP_DISCONNECT")
