"""JupyterLab as a user sees it: documents, cells, what stands under them, and what pops up."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
import pytest

from support.lab_server import ROOT, Server

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

# every module of tests imports this one, and is skipped as a whole where there is nothing to drive a browser with
expect = pytest.importorskip("playwright.sync_api", reason="needs pip install '.[browser]'").expect

#: milliseconds after which something that should appear on the page does not any more
DEADLINE = 30_000
expect.set_options(timeout=DEADLINE)

LIGHT, DARK = "JupyterLab Light", "JupyterLab Dark"

#: the pieces of text below an element, each with its colour on the page and those behind it, the nearest first
_PIECES = """root => {
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    const pieces = [];
    while (walker.nextNode()) {
        const text = walker.currentNode.data;
        const behind = [];
        for (let node = walker.currentNode.parentElement; node; node = node.parentElement)
            behind.push(getComputedStyle(node).backgroundColor);
        if (text.trim())
            pieces.push({text, colour: getComputedStyle(walker.currentNode.parentElement).color, behind});
    }
    return pieces;
}"""

#: the outputs of a cell: of each its MIME type and its text
_OUTPUTS = """cell => [...cell.querySelectorAll('.jp-OutputArea-output')].map(output => [
    output.dataset.mimeType, output.textContent
])"""

#: whether the kernel of the document in front has answered
_KERNEL_IS_READY = """async () => {
    const {sessionContext} = window.jupyterapp.shell.currentWidget;
    await sessionContext.ready;
    return sessionContext.session?.kernel?.info.then(() => true);
}"""

#: where a piece of text stands: the box around its first character on the page
_BOX = """(root, [text, occurrence]) => {
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        for (let at = -1; (at = walker.currentNode.data.indexOf(text, at + 1)) >= 0;) {
            if (occurrence-- > 0) continue;
            const range = document.createRange();
            range.setStart(walker.currentNode, at);
            range.setEnd(walker.currentNode, at + 1);
            const {left, top, width, height} = range.getBoundingClientRect();
            return {left, top, width, height};
        }
    }
    throw new Error(`no ${text}`);
}"""


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of text, and the colours (red, green, blue; 0 to 255) of it and of what it stands on."""

    text: str
    colour: tuple[float, ...]
    behind: tuple[float, ...]

    @property
    def contrast(self) -> float:
        """The ratio that WCAG 2 defines: 1 to 21, of which text should have 4.5."""
        dark, light = sorted([luminance(self.colour), luminance(self.behind)])
        return (light + 0.05) / (dark + 0.05)


def luminance(colour: tuple[float, ...]) -> float:
    parts = [c / 255 for c in colour]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return sum(part * weight for part, weight in zip(linear, (0.2126, 0.7152, 0.0722), strict=True))


def rgb(colour: str, behind: tuple[float, ...]) -> tuple[float, ...]:
    """`rgb(1, 2, 3)` or `rgba(1, 2, 3, 0.5)` as numbers: what one sees of that colour in front of another."""
    *parts, alpha = [*(float(number) for number in re.findall(r"[\d.]+", colour)), 1.0][:4]
    return tuple(alpha * front + (1 - alpha) * back for front, back in zip(parts, behind, strict=True))


def pieces(root: Locator) -> list[Piece]:
    """All text below an element, piece by piece."""
    found = []
    for piece in root.evaluate(_PIECES):
        behind: tuple[float, ...] = (255.0, 255.0, 255.0)
        for colour in reversed(piece["behind"]):
            behind = rgb(colour, behind)
        found.append(Piece(piece["text"], rgb(piece["colour"], behind), behind))
    return found


def box(root: Locator, text: str, occurrence: int = 0) -> dict[str, float]:
    """Left, top, width and height of the first character of a text on the page, in pixels."""
    found: dict[str, float] = root.evaluate(_BOX, [text, occurrence])
    return found


class Notebook:
    """An open notebook. Cells are counted from 0, Markdown cells too."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.panel = page.locator(".jp-NotebookPanel:visible")
        self.cells = self.panel.locator(".jp-Notebook .jp-Cell")
        self.completer = page.locator(".jp-Completer:visible")
        self.tooltip = page.locator(".jp-Tooltip:visible")

    def cell(self, number: int) -> Locator:
        return self.cells.nth(number)

    def editor(self, number: int) -> Locator:
        return self.cell(number).locator(".cm-content")

    def prompt(self, number: int) -> Locator:
        return self.cell(number).locator(".jp-InputPrompt")

    def output(self, number: int) -> Locator:
        """All that stands under a cell."""
        return self.cell(number).locator(".jp-Cell-outputArea")

    def outputs(self, number: int) -> list[tuple[str, str]]:
        """What stands under a cell as (MIME type, text), one for each output."""
        return [(kind, text) for kind, text in self.cell(number).evaluate(_OUTPUTS)]

    def wait_until(self, status: str) -> None:
        """Until the kernel is `idle` or `busy`, by the circle beside its name."""
        indicator = self.panel.locator(".jp-Notebook-ExecutionIndicator")
        expect(indicator).to_have_attribute("data-status", status)

    def start(self, number: int) -> None:
        """Run a cell, and do not wait for its end."""
        self.editor(number).click()
        self.page.keyboard.press("Control+Enter")

    def run(self, number: int) -> None:
        """Run a cell to its end."""
        self.start(number)
        self.wait_until_done(number)

    def wait_until_done(self, number: int) -> None:
        expect(self.prompt(number)).to_have_text(re.compile(r"\[\d+\]:"))
        self.wait_until("idle")

    def type(self, number: int, text: str) -> None:
        """Write at the end of a cell, key by key."""
        self.editor(number).click()
        self.page.keyboard.press("Control+End")
        self.page.keyboard.type(text)

    def pop_up(self, key: str, popup: Locator) -> None:
        """Press a key that opens a popup; again where nothing comes, as JupyterLab may not listen in a new cell yet."""
        for _ in range(5):
            self.page.keyboard.press(key)
            try:
                expect(popup).to_be_visible(timeout=DEADLINE / 5)
            except AssertionError:
                continue
            return
        raise AssertionError(f"{key} opens nothing")

    def press(self, item: str) -> None:
        """Press a button of the toolbar, by its name in JupyterLab's settings."""
        self.panel.locator(f"[data-jp-item-name={item}] jp-button").click()

    def confirm(self) -> None:
        """Accept what JupyterLab asks."""
        self.page.locator(".jp-Dialog .jp-mod-accept").click()


class Lab:
    """The page, and the files of one test."""

    def __init__(self, page: Page, server: Server, folder: Path, artefacts: Path, test: str) -> None:
        self.page = page
        self.server = server
        self.folder = folder
        self._artefacts = artefacts
        self._test = re.sub(r"\W+", "-", test.removeprefix("test_")).strip("-_")

    def wait_until_ready(self) -> None:
        self.page.wait_for_function("window.jupyterapp?.restored.then(() => true)")
        # the list of files, which has nothing to do with the tests
        self.page.evaluate("window.jupyterapp.shell.collapseLeft()")

    def command(self, name: str, **arguments: Any) -> None:
        """What a menu entry does; for what a test needs, not for what it tests."""
        self.page.evaluate(
            "([name, arguments]) => { window.jupyterapp.commands.execute(name, arguments) }", [name, arguments]
        )

    def path(self, file: Path) -> str:
        return file.relative_to(self.server.folder).as_posix()

    def open_notebook(self, file: Path) -> Notebook:
        """Open a notebook whose kernel has started."""
        self.command("docmanager:open", path=self.path(file), factory="Notebook")
        notebook = Notebook(self.page)
        expect(notebook.cells.first).to_be_visible()
        # the circle beside the kernel's name is that of an idle kernel before there is one
        self.page.wait_for_function(_KERNEL_IS_READY)
        notebook.wait_until("idle")
        return notebook

    def open_copy(self, name: str) -> Notebook:
        """Open a copy of one of the project's notebooks."""
        return self.open_notebook(Path(shutil.copy(ROOT / "notebooks" / name, self.folder)))

    def open_cells(self, *cells: str, markdown: bool = False, kernel: str = "evroute") -> Notebook:
        """Open a new notebook of code cells, or of Markdown cells: `cells.ipynb`."""
        document = nbformat.v4.new_notebook(
            metadata={"kernelspec": {"name": kernel, "display_name": "OpenSIPS event_route", "language": "opensips"}}
        )
        make = nbformat.v4.new_markdown_cell if markdown else nbformat.v4.new_code_cell
        document.cells = [make(text) for text in cells]
        file = self.folder / "cells.ipynb"
        nbformat.write(document, file)
        return self.open_notebook(file)

    def open_text(self, name: str, text: str) -> Locator:
        """Open a file in the editor; gives the editor."""
        (self.folder / name).write_text(text, "utf-8")
        self.command("docmanager:open", path=self.path(self.folder / name))
        editor = self.page.locator(".jp-FileEditor:visible .cm-content")
        expect(editor).to_be_visible()
        return editor

    def choose_theme(self, name: str) -> None:
        self.command("apputils:change-theme", theme=name)
        expect(self.page.locator("body")).to_have_attribute("data-jp-theme-name", name)

    def shoot(self, station: str = "") -> None:
        """Keep a picture of the page for people to look at."""
        self.page.screenshot(path=self.artefact(station), animations="disabled")

    def artefact(self, station: str = "") -> Path:
        """The file for a picture of this test."""
        self._artefacts.mkdir(parents=True, exist_ok=True)
        return self._artefacts / f"{'-'.join(filter(None, [self._test, station]))}.png"

    def close_all(self) -> None:
        """Close all documents, saved or not, and what popped up over them."""
        self.page.keyboard.press("Escape")
        expect(self.page.locator(".jp-Tooltip, .jp-Completer:visible")).to_have_count(0)
        self.page.evaluate(
            "for (const widget of [...window.jupyterapp.shell.widgets('main')]) if (widget.context) widget.dispose()"
        )
        self.choose_theme(LIGHT)
