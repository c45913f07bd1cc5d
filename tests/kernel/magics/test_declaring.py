"""Adding a magic touches one file: a magic that is declared here is found by all who speak of magics."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from evroute_kernel.highlighting.words import magic_words
from evroute_kernel.kernel.cell.cell import Cell
from evroute_kernel.kernel.cell.completeness import completeness
from evroute_kernel.kernel.cell.notebook import Notebook
from evroute_kernel.kernel.cell.output import Outlet
from evroute_kernel.kernel.cell.running import run
from evroute_kernel.kernel.documentation import page
from evroute_kernel.kernel.export.notebooks import NotebookCell
from evroute_kernel.kernel.export.standalone import export
from evroute_kernel.kernel.magics.arguments import Arguments
from evroute_kernel.kernel.magics.declaration import MAGICS, Offers, magic
from evroute_kernel.kernel.questions.completion import complete
from evroute_kernel.kernel.questions.inspection import inspect
from evroute_kernel.source import Source

if TYPE_CHECKING:
    from evroute_kernel.assist.pages import Page
    from evroute_kernel.kernel.export.rehearsal import Rehearsal
    from evroute_kernel.kernel.questions.asked import Asked

DOCS = Path(__file__).parents[3] / "docs" / "magics.md"


def exported_toll(rehearsal: Rehearsal, offset: int, arguments: Arguments) -> None:
    rehearsal.set(offset, {"max_while_loops": 7})


def described_zone(asked: Asked, before: str) -> list[Page]:
    from evroute_kernel.assist.pages import Page

    return [Page("north", "a zone", ("Where it is cold.",))] if asked.word == "north" else []


@pytest.fixture(autouse=True)
def toll() -> Iterator[None]:
    @magic(
        "toll",
        "NAME [rate=low|high] [zone=ZONE] [--free]",
        body="script",
        offers=Offers(
            words={"NAME": lambda asked: asked.values(["north", "south"])},
            values=lambda asked, key: asked.offer(asked.values(["inner", "outer"])),
        ),
        describes=described_zone,
        on_export=exported_toll,
    )
    async def toll(cell: Cell, arguments: Arguments) -> None:
        """Say what a zone costs.

        It is a magic of a test.
        """
        cell.outlet.write(f"{arguments.words[0].text} costs 3\n")

    yield
    del MAGICS["toll"]


def shown(text: str) -> str:
    """All that a cell shows."""
    found: list[Any] = []

    async def play() -> None:
        notebook = Notebook()
        outlet = Outlet(lambda _, content, __: found.append(content), lambda *_: None, {}, notebook.text_of)
        await run(Cell(notebook, Source("In[1]", text), outlet, "a"))
        outlet.settle()

    asyncio.run(play())
    return "".join(map(str, found))


def test_it_runs() -> None:
    assert "north costs 3" in shown("%toll north")


@pytest.mark.parametrize("asking", ["%lsmagic", "%help", "%help toll"])
def test_help(asking: str) -> None:
    assert "Say what a zone costs." in shown(asking)


def test_a_wrong_name_is_told() -> None:
    with pytest.raises(Exception, match="unknown option --fre"):
        shown("%toll north --fre")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("%to", "%toll"),
        ("%%to", "%%toll"),
        ("%toll no", "north"),
        ("%toll north ra", "rate="),
        ("%toll north rate=h", "high"),
        ("%toll north zone=o", "outer"),
        ("%toll north --f", "--free"),
        ("%help to", "toll"),
        ("%%toll north\nxl", "xlog"),
    ],
)
def test_completion(line: str, expected: str) -> None:
    assert expected in complete(Notebook(), line, len(line))["matches"]


@pytest.mark.parametrize(
    ("line", "position", "expected"),
    [("%toll north", 2, "It is a magic of a test"), ("%toll north", 8, "Where it is cold"), ("?toll", 3, "of a test")],
)
def test_inspection(line: str, position: int, expected: str) -> None:
    assert expected in inspect(Notebook(), line, position, 1)["data"]["text/plain"]


def test_a_console_knows_its_body() -> None:
    assert completeness("%%toll north\nroute[a] {\n", "3.6")["status"] == "incomplete"
    assert completeness("%%toll north\nroute[a] {\n}\n", "3.6")["status"] == "complete"


def test_export() -> None:
    made = export([NotebookCell("code", "%toll north", "In[1]", "a")], "a test")
    assert "max_while_loops=7" in made.text.splitlines()


def test_highlighting() -> None:
    words = {name: set(found) for name, found in magic_words([Path(__file__)]).items()}
    assert words == {
        "magics": {"toll"},
        "name_magics": {"toll"},
        "body_magics": {"toll"},
        "json_magics": set(),
        "expression_magics": set(),
        "around_magics": set(),
        "shell_magics": set(),
    }


def test_documentation() -> None:
    assert "## toll\n\n```\n%toll NAME [rate=low|high] [zone=ZONE] [--free]\n\nSay what a zone costs.\n" in page()


def test_the_documentation_is_current() -> None:
    """If this fails: python -m evroute_kernel.kernel.documentation > docs/magics.md"""
    own = MAGICS.pop("toll")
    try:
        assert DOCS.read_text(encoding="utf-8") == page()
    finally:
        MAGICS["toll"] = own
