"""Notebooks whose routes are tested: `load = "limits.ipynb"`."""

from __future__ import annotations

from pathlib import Path

from evroute_kernel.engine.options import load_script
from evroute_kernel.engine.results.runs import RunFailedError
from evroute_kernel.engine.session.session import Session
from evroute_kernel.errors import Diagnostic, ScriptError
from evroute_kernel.kernel.export.cell_texts import SUFFIX, cell_texts
from evroute_kernel.kernel.export.notebooks import NotebookError


def load_file(session: Session, name: str, path: Path) -> None:
    """Load a script, or what the cells of a notebook hold of script, in their order, as running them would.

    A cell that is tagged `raises-exception` may fail. Raises ScriptError, RunFailedError.
    """
    if path.suffix != SUFFIX:
        load_script(session, name, path)
        return
    try:
        cells = list(cell_texts(path, name))
    except NotebookError as error:
        raise ScriptError([Diagnostic("error", "file", str(error), None)]) from None
    for cell, source in cells:
        try:
            session.load(source, owner=cell.owner, scratch=True)
        except (ScriptError, RunFailedError):
            if not cell.may_fail:
                raise
