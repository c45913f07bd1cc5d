"""Hands over to coverage.py what a test has run of scripts, where that is wanted: `evroute_kernel.coverage` is among
its plugins."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Mapping, Sequence, Set
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from evroute_kernel.engine.session.session import Session

#: the module that coverage.py is told to load
PLUGIN: Final = "evroute_kernel.coverage"

#: lines, or pairs of them
Found: TypeAlias = Set[Any]


class Covered:
    """How far the session of one test has run scripts. Names of texts are those of files from one of `folders`."""

    def __init__(self, session: Session, folders: Sequence[Path]) -> None:
        self._covering = session.coverage()
        self._folders = folders
        self._handed: dict[str, Found] = {}

    def close(self) -> None:
        """No more is collected; hand over what is left."""
        self._covering.close()
        self.hand_over()

    def hand_over(self) -> None:
        """Add what was run since the last time, of files and of cells of notebooks, to the data of coverage.py."""
        measuring = _measuring()
        if measuring is None:
            return
        from evroute_kernel.coverage.named import named_file
        from evroute_kernel.coverage.scope import Scope
        from evroute_kernel.kernel.export.cell_texts import notebook_of

        scope, branch = Scope(measuring), measuring.get_option("run:branch")
        run: dict[str, Found] = {}
        for text in self._covering.texts():
            path = os.path.realpath(named_file(text.source, self._folders) or text.source.path)
            if (notebook_of(path) or Path(path)).is_file() and scope.holds(path):
                found: Found = text.taken if branch else text.executed
                run[path] = run.get(path, frozenset()) | found  # a file may be loaded more than once
        _add(measuring, {path: found - self._handed.get(path, frozenset()) for path, found in run.items()})
        self._handed = run


def begin(session: Session, folders: Sequence[Path]) -> Covered | None:
    """Collect what a session runs, if anybody wants to know; `folders` are those in which names of files begin."""
    return Covered(session, folders) if _measuring() is not None else None


def touch_scripts() -> None:
    """Tell coverage.py of the scripts that there are, so that those that no test runs are reported too."""
    measuring = _measuring()
    if measuring is not None:
        from evroute_kernel.coverage.scope import Scope

        _add(measuring, dict.fromkeys(Scope(measuring).scripts(), frozenset[Any]()))


def _add(measuring: Any, new: Mapping[str, Found]) -> None:
    from evroute_kernel.coverage import NAME

    with warnings.catch_warnings():
        # so far perhaps nothing was measured: coverage.py tells that at the end too, if it stays so
        warnings.filterwarnings("ignore", "No data was collected")
        data = measuring.get_data()
    add = data.add_arcs if measuring.get_option("run:branch") else data.add_lines
    add({path: found for path, found in new.items() if found})
    data.touch_files(new, NAME)


def _measuring() -> Any:
    """The running coverage.py that has our plugin, or None."""
    module = sys.modules.get("coverage")
    current = module.Coverage.current() if module is not None else None
    return current if current is not None and PLUGIN in (current.get_option("run:plugins") or ()) else None
