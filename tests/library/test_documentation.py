"""docs/library.md tells what runs here; it is made from the tables and must follow them."""

from __future__ import annotations

from pathlib import Path

from evroute_kernel.library import catalogue, table
from evroute_kernel.library.__main__ import document

LIBRARY = table.of("3.6")


DOCS = Path(__file__).parents[2] / "docs" / "library.md"


def test_page_is_current() -> None:
    """If this fails: python -m evroute_kernel.library > docs/library.md"""
    assert DOCS.read_text(encoding="utf-8") == "\n".join(document()) + "\n"


def test_everything_of_the_catalogue_runs_or_is_a_stub() -> None:
    facts = catalogue.of("3.6")
    assert set(facts.functions) <= set(LIBRARY.functions)
    assert set(facts.transformations) <= set(LIBRARY.transformations)


def test_page_names_everything() -> None:
    page = DOCS.read_text(encoding="utf-8")
    assert all(f"`{function.signature}`" in page.replace("\\|", "|") for function in LIBRARY.functions.values())
    assert all(f"`{name}`" in page for name in LIBRARY.transformations)
