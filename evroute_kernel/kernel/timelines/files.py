"""Timelines as files: `.json` for Perfetto and speedscope, `.svg` and `.html` for people."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from evroute_kernel.engine.results.timeline import Timeline

FORMATS: Final = (".json", ".svg", ".html")
OTHERS: Final = "a timeline is written as .json (for Perfetto and speedscope), .svg or .html"


def is_known(path: Path) -> bool:
    """Whether the ending of a name says how a timeline is written."""
    return path.suffix.lower() in FORMATS


def content(timeline: Timeline, path: Path) -> str:
    """What a file of this name holds."""
    kind = path.suffix.lower()
    if kind == ".json":
        from evroute_kernel.engine.results.chrome import chrome

        return json.dumps(chrome(timeline))
    from evroute_kernel.kernel.timelines.drawing import page, svg

    return svg(timeline, alone=True) if kind == ".svg" else page(timeline, path.stem)
