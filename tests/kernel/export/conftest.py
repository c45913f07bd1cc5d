"""Shared by the tests of exporting: cells in, configuration out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from evroute_kernel.kernel.export.configuration import Configuration
from evroute_kernel.kernel.export.notebooks import NotebookCell
from evroute_kernel.kernel.export.standalone import export

Exported = Callable[..., Configuration]


@pytest.fixture
def exported(tmp_path: Path) -> Exported:
    """The configuration of code cells; a text that begins with `md:` is prose. Whatever comes out must load."""

    def exported(*texts: str, loads: bool = True) -> Configuration:
        cells, count = [], 0
        for text in texts:
            if text.startswith("md:"):
                cells.append(NotebookCell("prose", text.removeprefix("md:")))
            else:
                count += 1
                cells.append(NotebookCell("code", text, f"In[{count}]", f"cell-{count}"))
        made = export(cells, "a test", tmp_path)
        assert (made.findings == ()) == loads, made.text
        return made

    return exported
