"""`jupyter nbconvert --to script` (or `--to opensips`): the configuration as a file. Imported by nbconvert alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nbconvert.exporters import Exporter

from evroute_kernel.engine.project import project_version
from evroute_kernel.kernel.cell.notebook import HOME
from evroute_kernel.kernel.export.files import of_node
from evroute_kernel.kernel.export.notebooks import cells_of, title_of, version_of
from evroute_kernel.kernel.export.standalone import export_nodes
from evroute_kernel.runtime.versions import DEFAULT_VERSION


class OpensipsExporter(Exporter):  # type: ignore[misc] # nbconvert has no types
    """A notebook as an `opensips.cfg`."""

    file_extension = ".cfg"
    output_mimetype = "text/x-opensips"

    def from_notebook_node(self, nb: Any, resources: Any = None, **options: Any) -> tuple[str, Any]:
        """The text, after nbconvert's preprocessors; and the resources, which name the file's extension."""
        notebook, resources = super().from_notebook_node(nb, resources, **options)
        metadata = resources.get("metadata") or {}
        folder = Path(metadata.get("path") or ".")
        version = version_of(notebook) or project_version(folder) or DEFAULT_VERSION
        title = title_of(metadata.get("name") or "a notebook")
        made = export_nodes(cells_of(notebook.cells), title, folder, version=version)
        outputs = {
            of_node(f"{metadata.get('name') or 'notebook'}.cfg", n): c.text.encode()
            for n, c in made.items()
            if n != HOME
        }
        if outputs:
            resources.setdefault("outputs", {}).update(outputs)
        return made[HOME].text, resources
