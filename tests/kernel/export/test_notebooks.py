"""Reading notebook files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from evroute_kernel.kernel.export.notebooks import NotebookCell, NotebookError, read_notebook


def written(tmp_path: Path, notebook: Any) -> Path:
    path = tmp_path / "a.ipynb"
    path.write_text(json.dumps(notebook))
    return path


def test_cells(tmp_path: Path) -> None:
    cells = [
        {"cell_type": "markdown", "source": ["# a\n", "b"]},
        {"cell_type": "code", "source": "  \n", "id": "empty"},
        {"cell_type": "code", "source": "%routes", "id": "x"},
        {"cell_type": "code", "source": "%ps", "metadata": {"tags": ["skip-execution"]}},
        {"cell_type": "raw", "source": "raw"},
        {"cell_type": "code", "source": ["exit;"]},
    ]
    assert read_notebook(written(tmp_path, {"cells": cells})) == [
        NotebookCell("prose", "# a\nb"),
        NotebookCell("code", "%routes", "In[1]", "x"),
        NotebookCell("prose", "%ps"),
        NotebookCell("prose", "raw"),
        NotebookCell("code", "exit;", "In[2]", "In[2]"),
    ]


def test_notebooks_of_version_3(tmp_path: Path) -> None:
    sheet = {"cells": [{"cell_type": "code", "input": ["%routes"]}]}
    assert [cell.text for cell in read_notebook(written(tmp_path, {"worksheets": [sheet]}))] == ["%routes"]


@pytest.mark.parametrize("odd", [None, [], {"cell_type": "code", "metadata": None}, {"source": 7}, "text"])
def test_odd_cells_do_no_harm(tmp_path: Path, odd: Any) -> None:
    assert read_notebook(written(tmp_path, {"cells": [odd], "metadata": None}))[1:] == []


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("event_route[E_A] { exit; }", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("\xff", "not JSON"),
        ("[]", "no list of cells"),
        ('{"cells": {}}', "no list of cells"),
        ('{"worksheets": [7]}', "no list of cells"),
        ('{"cells": [], "metadata": {"kernelspec": {"language": "python"}}}', "a notebook of python"),
    ],
)
def test_what_is_no_notebook_of_ours(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "a.ipynb"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(NotebookError, match=reason) as caught:
        read_notebook(path)
    assert str(caught.value).startswith(str(path))


@pytest.mark.parametrize("metadata", [{}, {"language_info": {"name": "opensips"}}, {"kernelspec": {"name": "evroute"}}])
def test_notebooks_of_ours(tmp_path: Path, metadata: Any) -> None:
    assert read_notebook(written(tmp_path, {"cells": [], "metadata": metadata})) == []
