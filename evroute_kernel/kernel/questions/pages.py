"""What is known about a name: pages of `assist`, and those of magics."""

from __future__ import annotations

from collections.abc import Iterable

from evroute_kernel.assist import describing
from evroute_kernel.assist.former import former
from evroute_kernel.assist.pages import Page, bundle
from evroute_kernel.kernel.cell.notebook import Notebook
from evroute_kernel.kernel.magics.declaration import MAGICS
from evroute_kernel.kernel.magics.habits import HABITS
from evroute_kernel.kernel.questions.defined import Question


def bundle_of(name: str, notebook: Notebook) -> dict[str, str] | None:
    """All that is known about a name as text and HTML, several things parted; None for an unknown one."""
    pages = named(name, notebook)
    return bundle(pages) if pages else None


def named(name: str, notebook: Notebook) -> list[Page]:
    """The pages about a name as people write it: `%raise`, or what `describing.named` takes, questions as they are; of
    one that only another version of the server has, what became of it."""
    found = [] if name[:1] in ("$", "{") else magic_pages(name.strip("%?$(){}"))
    defined = Question(notebook).defined
    others = [] if name[:1] == "%" else describing.named(name.strip("%?"), defined)
    return [*found, *others] or former(name, defined.library)


def magic_pages(name: str) -> list[Page]:
    """The help of a magic, or of one of IPython's what does its job here; none for an unknown one."""
    found = MAGICS.get(name)
    if found is None:
        return [Page(f"%{name}", "a magic of IPython", (f"Here {HABITS[name]}.",))] if name in HABITS else []
    return [Page(found.usage, "", (found.doc,))]


def known_names(notebook: Notebook) -> Iterable[str]:
    """Every name that `bundle_of` knows, routes apart."""
    yield from (f"%{name}" for name in MAGICS)
    yield from MAGICS
    yield from describing.known_names(Question(notebook).defined.library)
