"""Colours of JupyterLab's own themes that cannot be read well enough, and what takes their place in OpenSIPS script.

Text should differ from what it stands on by 4.5 to 1 (WCAG 2). Comments, `"L_WARN"`, numbers, `%raise` and names of
events do not, in one of the two themes or in both. Other themes are left as their authors made them.
"""

from __future__ import annotations

from typing import Final

#: name of a theme -> part of the name of its variable, `--jp-mirror-editor-PART-color` -> colour
COLOURS: Final[dict[str, dict[str, str]]] = {
    "JupyterLab Light": {
        "atom": "#5a4fcf",
        "comment": "#356f6f",
        "error": "#cc0000",
        "meta": "#8f1ae6",
        "number": "#007000",
    },
    "JupyterLab Dark": {
        "comment": "#60a0a0",
        "def": "#3a9bf0",
        "error": "#ff5555",
        "meta": "#bb77ff",
    },
}
