"""The cells of a notebook file as texts of their own, for what runs them, or tells of them, without a kernel.

A cell is called as if it were a file: `limits.ipynb:In[2]`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from evroute_kernel.kernel.cell.cells import cut
from evroute_kernel.kernel.export.notebooks import NotebookCell, read_file
from evroute_kernel.source import Source

SUFFIX: Final = ".ipynb"
_PATH: Final = re.compile(rf"(?P<file>.+{re.escape(SUFFIX)}):In\[\d+\]", re.DOTALL)


def cell_texts(path: Path, name: str) -> Iterator[tuple[NotebookCell, Source]]:
    """The code cells of a notebook that hold script, with that alone: blanks stand where its magics are.

    `name` is what people call the file. A cell that begins with `%%` is that magic's, and left out. Raises
    NotebookError.
    """
    for cell in read_file(path).cells:
        found = cut(Source(cell.name, cell.text))
        if cell.kind == "code" and found.has_script:
            source = Source(f"{name}:{cell.name}", found.script, f"{path.absolute()}:{cell.name}", shown=cell.text)
            yield cell, source


def notebook_of(path: str) -> Path | None:
    """The notebook whose cell has this path; None for the path of something else."""
    found = _PATH.fullmatch(path)
    return Path(found["file"]) if found else None


def cell_text(path: str) -> Source | None:
    """The cell that has this path, if there is one still. Raises NotebookError."""
    notebook = notebook_of(path)
    if notebook is None:
        return None
    return next((source for _, source in cell_texts(notebook, notebook.name) if source.path == path), None)
