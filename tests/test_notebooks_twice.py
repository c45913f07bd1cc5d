"""Every notebook can be run again from the top in the same kernel: the cells end as before, and show the same."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from support.frontend import Frontend, Result, plain, started

FOLDER = Path(__file__).parent.parent / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
VOLATILE = "volatile-output"
#: the kernelspec that the tests write beside the notebooks
KERNELSPEC = "evroute"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for path in NOTEBOOKS:
        shutil.copy(path, tmp_path)
    shutil.copytree(FOLDER / "data", tmp_path / "data")
    return tmp_path


@pytest.mark.parametrize("name", [path.name for path in NOTEBOOKS])
def test_run_all_twice(name: str, folder: Path) -> None:
    """As JupyterLab does it, with the identity of each cell; and nothing is left behind."""
    cells = [cell for cell in nbformat.read(folder / name, as_version=4).cells if cell.cell_type == "code"]
    before = files(folder)
    with started(folder) as kernel:
        first, second = (list(run_all(kernel, cells)) for _ in range(2))
    for number, (cell, *results) in enumerate(zip(cells, first, second, strict=True), 1):
        expected = "error" if "raises-exception" in cell.metadata.get("tags", []) else "ok"
        for result in results:
            assert result.status == expected, f"{cell.source}\n-- {result.stdout}{result.stderr}{result.traceback}"
        if VOLATILE not in cell.metadata.get("tags", []):
            once, again = map(shown, results)
            assert numbered(again, -len(cells)) == numbered(once, 0), f"In[{number}]\n{cell.source}"
    assert files(folder) == before, "what a notebook makes it takes away again"


def run_all(kernel: Frontend, cells: list[NotebookNode]) -> Iterator[Result]:
    for cell in cells:
        yield kernel.gather(kernel.execute(cell.source, {"cellId": cell.id}, stop_on_error=False))


def files(folder: Path) -> set[str]:
    return {str(path) for path in folder.rglob("*") if path.relative_to(folder).parts[0] != KERNELSPEC}


def shown(result: Result) -> list[tuple[str, str]]:
    """What can be read below a cell; how a stream was cut into messages does not matter."""
    texts = [pair for message in result.messages for pair in readable(message["msg_type"], message["content"])]
    return [(kind, "".join(text for _, text in group)) for kind, group in groupby(texts, key=lambda pair: pair[0])]


def readable(kind: str, content: dict[str, object]) -> Iterator[tuple[str, str]]:
    if kind == "stream":
        yield str(content["name"]), str(content["text"])
    elif kind == "error":
        yield kind, plain("\n".join(content["traceback"]))  # type: ignore[call-overload]
    elif kind in ("display_data", "execute_result"):
        yield kind, str(content["data"]["text/plain"])  # type: ignore[index]


def numbered(texts: list[tuple[str, str]], shift: int) -> list[tuple[str, str]]:
    """The texts with other numbers of cells; blanks that fill a column do not count."""

    def moved(text: str) -> str:
        renamed = re.sub(r"In\[(\d+)\]", lambda found: f"In[{int(found[1]) + shift}]", text)
        return re.sub(r"  +|--+", "  ", renamed)

    return [(kind, moved(text)) for kind, text in texts]
