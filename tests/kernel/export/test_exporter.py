"""nbconvert finds the exporter, and so do notebooks that were never run."""

from __future__ import annotations

from importlib.metadata import entry_points
from pathlib import Path

import nbformat
import pytest
from nbconvert import ScriptExporter
from nbconvert.exporters import get_exporter

A = "event_route[E_A] { exit; }"


@pytest.mark.parametrize("language", [{"name": "opensips", "nbconvert_exporter": "opensips"}, {"name": "opensips"}])
def test_to_script(language: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "a.inc").write_text(A)
    cells = [nbformat.v4.new_markdown_cell("prose"), nbformat.v4.new_code_cell('include_file "a.inc"')]
    path = tmp_path / "pike.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"language_info": language}), path)
    text, resources = ScriptExporter().from_filename(str(path))
    assert text.startswith("# pike, exported from a notebook by evroute_kernel\n# for OpenSIPS 3.6\n")
    assert text.endswith('# prose\n\ninclude_file "a.inc"\n')
    assert resources["output_extension"] == ".cfg"


def test_to_opensips() -> None:
    exporter = get_exporter("opensips")()
    text, _ = exporter.from_notebook_node(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(A)]))
    assert text.endswith(f"\n{A}\n")


def test_it_is_for_the_server_that_the_notebook_names(tmp_path: Path) -> None:
    def exported(**metadata: object) -> str:
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(A)], metadata=metadata)
        return str(get_exporter("opensips")().from_notebook_node(notebook, {"metadata": {"path": str(tmp_path)}})[0])

    assert "# for OpenSIPS 4.0\n" in exported(evroute={"server": "4.0"})
    assert "# for OpenSIPS 4.0\n" in exported(language_info={"name": "opensips", "version": "4.0"})
    assert "# for OpenSIPS 3.6\n" in exported()
    (tmp_path / "pyproject.toml").write_text('[tool.evroute]\nserver = "4.0"\n')
    assert "# for OpenSIPS 4.0\n" in exported()


def test_preprocessors_come_first() -> None:
    cell = nbformat.v4.new_code_cell(A, metadata={"tags": ["secret"]})
    exporter = get_exporter("opensips")(preprocessors=["nbconvert.preprocessors.TagRemovePreprocessor"])
    exporter._preprocessors[-1].remove_cell_tags = {"secret"}
    text, _ = exporter.from_notebook_node(nbformat.v4.new_notebook(cells=[cell]))
    assert "E_A" not in text


def test_the_kernel_names_it() -> None:
    from evroute_kernel.kernel.protocol.kernel import LANGUAGE

    names = {point.name for point in entry_points(group="nbconvert.exporters")}
    assert LANGUAGE["nbconvert_exporter"] in names
    assert LANGUAGE["name"] in {point.name for point in entry_points(group="nbconvert.exporters.script")}
