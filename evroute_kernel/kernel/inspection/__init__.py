"""What is known about the thing at the cursor, or about a name: as text and as HTML."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from evroute_kernel.kernel.inspection.describing import DESCRIBERS, pages_of
from evroute_kernel.kernel.inspection.pages import Page, bundle
from evroute_kernel.kernel.inspection.targets import pages_at
from evroute_kernel.kernel.keywords import KEYWORDS
from evroute_kernel.kernel.magics import MAGICS
from evroute_kernel.kernel.notebook import Notebook
from evroute_kernel.library import catalogue

__all__ = ["bundle_of", "inspect", "known_names"]


def inspect(notebook: Notebook, code: str, cursor: int, detail: int = 0) -> dict[str, Any]:
    """An inspect_reply about the thing at the cursor, or the call it stands in. `detail` 1: with all of its source."""
    pages = pages_at(notebook, code, cursor)
    if not pages:
        return {"status": "ok", "found": False, "data": {}, "metadata": {}}
    shown = pages if detail else [page.shortened() for page in pages]
    return {"status": "ok", "found": True, "data": bundle(shown), "metadata": {}}


def bundle_of(name: str, notebook: Notebook) -> dict[str, str] | None:
    """All that is known about a name as text and HTML, several things parted; None for an unknown one."""
    pages = named(name, notebook)
    return bundle(pages) if pages else None


def named(name: str, notebook: Notebook) -> list[Page]:
    """The pages about a name as people write it: `xlog`, `%raise`, `$avp(x)`, `{s.len}`, `route[x]`, `E_X`."""
    if not name:
        return []
    plain_name = name.strip("%?$(){}")
    only = {"%": "magic", "$": "variable", "{": "transformation"}.get(name[0])
    if only == "variable":
        plain_name = plain_name.partition("(")[0].partition("{")[0]
    inside = plain_name.partition("[")[2].removesuffix("]")
    found: list[Page] = []
    for kind in DESCRIBERS if only is None else (only,):
        pages = pages_of(kind, plain_name, notebook)
        if not pages and inside and kind == "event":
            pages = pages_of(kind, inside, notebook)
        found += (page for page in pages if page not in found)
    return found


def known_names() -> Iterable[str]:
    """Every name that `bundle_of` knows, routes apart."""
    from evroute_kernel.lang.lints import LINTS

    yield from (f"%{name}" for name in MAGICS)
    yield from MAGICS
    yield from KEYWORDS
    yield from catalogue.events()
    yield from catalogue.functions()
    yield from (f"${name}" for name in catalogue.variables())
    yield from catalogue.transformations()
    yield from LINTS
