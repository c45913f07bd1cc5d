"""Takes up the cells of a notebook: each is planned as the kernel plans it, and takes effect on a rehearsal."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from evroute_kernel.errors import Diagnostic, ScriptError
from evroute_kernel.kernel.cell.cells import cut
from evroute_kernel.kernel.cell.notebook import HOME
from evroute_kernel.kernel.cell.planning import MagicStep, planned, script_taken
from evroute_kernel.kernel.export.configuration import Configuration, configuration
from evroute_kernel.kernel.export.members import Members
from evroute_kernel.kernel.export.nodes import node_of, numbered
from evroute_kernel.kernel.export.notebooks import NotebookCell
from evroute_kernel.kernel.export.rehearsal import Rehearsal, Section, without_foreign_text
from evroute_kernel.runtime.versions import DEFAULT_VERSION, ServerVersion
from evroute_kernel.source import Source


def export_cells(
    cells: Iterable[NotebookCell],
    title: str,
    folder: Path = Path(),
    *,
    reads_outside: bool = False,
    version: ServerVersion = DEFAULT_VERSION,
    is_version_fixed: bool = False,
) -> Configuration:
    """The configuration that cells amount to. `title` says in it where it comes from; paths start at `folder`.

    Files that the cells name are read for what they define, never copied, and outside of the folder (links followed)
    only with `reads_outside`. It is one for a server of this `version`, unless a cell chooses another one
    (`%config version=`), which `is_version_fixed` forbids.
    """
    options = {"reads_outside": reads_outside, "version": version, "is_version_fixed": is_version_fixed}
    return export_nodes(cells, title, folder, **options)[HOME]


def export_nodes(
    cells: Iterable[NotebookCell], title: str, folder: Path = Path(), **options: Any
) -> dict[str, Configuration]:
    """The same for each node of the notebook, by name; that of the notebook's own session is HOME, and comes first."""
    cells = list(cells)
    ids = numbered(cells)
    made = {}
    for node in ids or (HOME,):
        rehearsal = Rehearsal(folder, members=Members(node, ids) if ids else None, **options)
        for cell in cells:
            rehearse(rehearsal, cell)
        made[node] = configuration(rehearsal, f"{title}: node {node}" if ids else title)
    return made


def judge_cells(rehearsal: Rehearsal, cells: Iterable[NotebookCell]) -> list[Diagnostic]:
    """Every finding about the cells, taken up one after another, as a kernel would tell them."""
    cells = list(cells)
    ids = numbered(cells)
    if ids:
        return [
            found
            for node in ids
            for found in _judged(rehearsal.another(Members(node, ids)), [c for c in cells if node_of(c) == node])
        ]
    return _judged(rehearsal, cells)


def _judged(rehearsal: Rehearsal, cells: Iterable[NotebookCell]) -> list[Diagnostic]:
    for cell in cells:
        rehearse(rehearsal, cell)
    parts = [part for section in rehearsal.sections for part in (section, *section.loaded.values())]
    return [found for part in parts for found in (part.refused or [d for u in part.units for d in u.diagnostics])]


def rehearse(rehearsal: Rehearsal, cell: NotebookCell) -> None:
    """Take up a cell."""
    text = cell.text.encode("utf-8", "replace").decode()  # halves of characters cannot be in a file
    section = Section(Source(cell.name, text), is_prose=cell.kind == "prose")
    members = rehearsal.members
    if members is not None and cell.kind == "code" and (node := node_of(cell)) != members.own:
        text = f"{cell.name} is a cell of the node {node}, which has a configuration of its own."
        section = Section(Source(cell.name, text), is_prose=True)
    rehearsal.begin(section)
    if not section.is_prose:
        try:
            _run(rehearsal, section, cell.owner)
        except ScriptError as error:
            section.refused = without_foreign_text(error)


def _run(rehearsal: Rehearsal, section: Section, owner: str) -> None:
    """Let what a cell holds take effect. Raises ScriptError."""
    pieces = script_taken(cut(section.source))
    section.script, section.magics = pieces.script, tuple(line for line in pieces.magics if not line.closes)
    world = rehearsal.world
    steps = planned(
        pieces,
        world.environment(owner),
        files=rehearsal.files,
        compile=rehearsal.compile,
        is_version_fixed=rehearsal.is_version_fixed,
    )
    for step in steps:
        if isinstance(step, MagicStep):
            if step.magic.on_export is not None:
                step.magic.on_export(rehearsal, step.offset, step.prepared)
        else:
            of = owner if step.defines else None
            rehearsal.define(section, step.compiled(world.environment(of)), of)
