"""Hands over to coverage.py what a test has run of scripts, where that is wanted: `evroute_kernel.coverage` is among
its plugins."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from evroute_kernel.engine.session.session import Session
    from evroute_kernel.engine.watching.covering import Covering

#: the module that coverage.py is told to load
PLUGIN: Final = "evroute_kernel.coverage"


def begin(session: Session) -> Covering | None:
    """Collect what a session runs, if anybody wants to know."""
    return session.coverage() if _measuring() is not None else None


def hand_over(covering: Covering) -> None:
    """Add what was run of files to the data of coverage.py."""
    measuring = _measuring()
    covering.close()
    if measuring is None:
        return
    from evroute_kernel.coverage import NAME

    texts = {os.path.realpath(t.source.path): t for t in covering.texts() if Path(t.source.path).is_file()}
    data = measuring.get_data()
    if measuring.get_option("run:branch"):
        data.add_arcs({path: text.taken for path, text in texts.items()})
    else:
        data.add_lines({path: text.executed for path, text in texts.items()})
    data.add_file_tracers(dict.fromkeys(data.measured_files() & texts.keys(), NAME))


def _measuring() -> Any:
    """The running coverage.py that has our plugin, or None."""
    module = sys.modules.get("coverage")
    current = module.Coverage.current() if module is not None else None
    return current if current is not None and PLUGIN in (current.get_option("run:plugins") or ()) else None
