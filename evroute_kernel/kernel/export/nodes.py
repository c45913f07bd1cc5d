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
    return _named(cell)[0]


def _named(cell: NotebookCell) -> tuple[str, int | None]:
    """The same, and the number that it gets there."""
    if cell.kind == "code" and "%node" in cell.text:
        try:
            for entrance, line in at_the_head(cut(Source(cell.name, cell.text))):
                arguments = entrance.read(line)
                word = arguments.flags.get("id")
                return arguments.words[0].text, None if word is None else int(word.text)
        except ScriptError:  # the cell is refused, and says why
            pass
    return HOME, None


def numbered(cells: Iterable[NotebookCell]) -> dict[str, int]:
    """The nodes of a notebook and their numbers, as a kernel gives them; nothing where there is only one."""
    found: dict[str, int] = {}
    for cell in cells:
        name, id = _named(cell)
        if name != HOME and name not in found:
            if not found:
                found[HOME] = 2 if id == 1 else 1
            found[name] = max(found.values()) + 1 if id is None else id
    return found
