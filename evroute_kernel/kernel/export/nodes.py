"""Notebooks of several nodes: which cell belongs to which."""

from __future__ import annotations

from collections.abc import Iterable

from evroute_kernel.errors import ScriptError
from evroute_kernel.kernel.cell.cells import cut
from evroute_kernel.kernel.cell.notebook import HOME
from evroute_kernel.kernel.cell.planning import at_the_head
from evroute_kernel.kernel.export.notebooks import NotebookCell
from evroute_kernel.source import Source


def node_of(cell: NotebookCell) -> str:
    """The node that a cell belongs to."""
    return _named(cell)[0] or HOME


def _named(cell: NotebookCell) -> tuple[str, int | None]:
    """The node that it names, if it does, and the number that this gets there."""
    if cell.kind == "code" and "%node" in cell.text:
        try:
            for entrance, line in at_the_head(cut(Source(cell.name, cell.text))):
                arguments = entrance.read(line)
                word = arguments.flags.get("id")
                return arguments.words[0].text, None if word is None else int(word.text)
        except ScriptError:  # the cell is refused, and says why
            pass
    return "", None


def numbered(cells: Iterable[NotebookCell]) -> dict[str, int]:
    """The nodes of a notebook and their numbers, as a kernel gives them; nothing where there is only one."""
    found: dict[str, int] = {}
    for cell in cells:
        name, id = _named(cell)
        if name and not found:
            found[HOME] = id if name == HOME and id else 2 if id == 1 else 1
        if name and name not in found:
            found[name] = max(found.values()) + 1 if id is None else id
    return found
