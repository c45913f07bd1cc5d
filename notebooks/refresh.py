"""`python notebooks/refresh.py [NOTEBOOK ...]`: run notebooks from the top and save them with their outputs."""

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

HERE = Path(__file__).parent

for path in [Path(name) for name in sys.argv[1:]] or sorted(HERE.glob("*.ipynb")):
    notebook = nbformat.read(path, as_version=4)
    # times would make every run a change
    NotebookClient(notebook, timeout=60, record_timing=False, resources={"metadata": {"path": str(HERE)}}).execute()
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
    # or Jupytext's Markdown would make text of the cells
    notebook.metadata["jupytext"] = {"custom_language_magics": "opensips"}
    nbformat.write(notebook, path)
    print(f"saved {path}")
