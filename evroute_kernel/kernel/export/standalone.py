"""Exporting and judging where no kernel runs: all magics are declared first."""

from __future__ import annotations

from evroute_kernel.kernel.export.rehearsing import export_cells as export
from evroute_kernel.kernel.export.rehearsing import export_nodes as export_nodes
from evroute_kernel.kernel.export.rehearsing import judge_cells as judge
from evroute_kernel.kernel.magics import everything as _everything  # noqa: F401 - fills the table

__all__ = ["export", "export_nodes", "judge"]
