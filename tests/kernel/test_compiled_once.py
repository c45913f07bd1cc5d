"""A cell is parsed once, however its script stands between magic lines: counted in this process."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from evroute_kernel.kernel.cell.cell import Cell
from evroute_kernel.kernel.cell.notebook import Notebook
from evroute_kernel.kernel.cell.output import Outlet
from evroute_kernel.kernel.cell.running import run
from evroute_kernel.kernel.export.notebooks import NotebookCell
from evroute_kernel.kernel.export.standalone import export
from evroute_kernel.lang import parser
from evroute_kernel.source import Source

ROUTE = 'event_route[E_ONE] { xlog("one\\n"); }\n'
OTHER = 'event_route[E_TWO] { xlog("two\\n"); }\n'
CELLS = {
    "script": ROUTE,
    "script, then magics": f"{ROUTE}%raise E_ONE\n%raise E_ONE\n",
    "magics first": f"%config strict=on\n{ROUTE}",
    "statements between": f"{ROUTE}%raise E_ONE\n$shv(x) = 1;\n%raise E_ONE\n$shv(y) = 2;\n{OTHER}%raise E_TWO\n",
}


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts that the parser has been given."""
    texts: list[str] = []
    expand = parser.expand

    def counted(source: Source, *arguments: Any) -> Any:
        texts.append(source.text)
        return expand(source, *arguments)

    monkeypatch.setattr(parser, "expand", counted)
    return texts


@pytest.fixture
def notebook() -> Iterator[Notebook]:
    notebook = Notebook()
    yield notebook
    notebook.close()


def ran(notebook: Notebook, text: str) -> list[str]:
    """What the routes of a cell logged."""

    async def play() -> list[str]:
        outlet = Outlet(lambda *_: None, lambda *_: None, {}, notebook.text_of, silent=True)
        await run(Cell(notebook, Source("In[1]", text), outlet, "a"))
        return [record.text for record in outlet.records]

    return asyncio.run(play())


@pytest.mark.parametrize("text", CELLS.values(), ids=CELLS)
def test_a_cell_is_parsed_once(notebook: Notebook, parsed: list[str], text: str) -> None:
    assert ran(notebook, text) == [f"{word}\n" for word in ("one", "one", "two")[: text.count("%raise")]]
    assert len(parsed) == 1


@pytest.mark.parametrize("text", CELLS.values(), ids=CELLS)
def test_an_exported_cell_is_parsed_once(parsed: list[str], text: str) -> None:
    export([NotebookCell("code", text, "In[1]", "a")], "a test")
    assert len([each for each in parsed if "exported from" not in each and "# a test" not in each]) == 1


def test_what_stands_before_is_heeded(notebook: Notebook) -> None:
    """The second part is checked again where it takes effect: by then the route that it calls is gone."""
    call = 'route[greet] { xlog("hello\\n"); }\nroute(greet);\n%forget greet\nroute(greet);\n'
    with pytest.raises(Exception, match="greet"):
        ran(notebook, call)


def test_findings_come_once(notebook: Notebook) -> None:
    written: list[tuple[str, dict[str, Any]]] = []

    async def play() -> None:
        outlet = Outlet(lambda kind, content, parent: written.append((kind, content)), later, {}, notebook.text_of)
        text = f'{ROUTE}%routes\nxlog("here\\n");\n%routes\n$var(x) = 2 + 3 * 4;\n'
        await run(Cell(notebook, Source("In[1]", text), outlet, "a"))
        outlet.settle()

    def later(seconds: float, call: Any) -> None:
        asyncio.get_running_loop().call_later(seconds, call)

    asyncio.run(play())
    shown = "".join(content["data"]["text/plain"] for _, content in written if "data" in content)
    assert shown.count("[precedence]") == 1, shown
