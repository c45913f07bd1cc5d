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
    from evroute_kernel.source import Source

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
        from evroute_kernel.coverage.scope import Scope
        from evroute_kernel.kernel.export.cell_texts import notebook_of

        scope, branch = Scope(measuring), measuring.get_option("run:branch")
        run: dict[str, Found] = {}
        for text in self._covering.texts():
            path = os.path.realpath(_named(text.source, self._folders) or text.source.path)
            if (notebook_of(path) or Path(path)).is_file() and scope.holds(path):
                found: Found = text.taken if branch else text.executed
                run[path] = run.get(path, frozenset()) | found  # a file may be loaded more than once
        _add(measuring, {path: found - self._handed.get(path, frozenset()) for path, found in run.items()})
        self._handed = run


def begin(session: Session, folders: Sequence[Path]) -> Covered | None:
    """Collect what a session runs, if anybody wants to know; `folders` are those in which names of files begin."""
    return Covered(session, folders) if _measuring() is not None else None


def _named(source: Source, folders: Sequence[Path]) -> Path | None:
    """The file of whose text a test has made a script of this name; None where there is no such file, or its text is
    another one: its lines would be taken for those of the script."""
    if source.path != f"<{source.name}>":
        return None  # it comes from a file
    return next((path for folder in folders if _holds(path := folder / source.name, source.text)), None)


def _holds(path: Path, text: str) -> bool:
    """Whether a file has this text. Python's `read_text` has other line breaks than a file of Windows."""
    from evroute_kernel.lang.files import read_text
    from evroute_kernel.runtime.files import FileError

    try:
        return path.is_file() and read_text(path).replace("\r\n", "\n") == text.replace("\r\n", "\n")
    except (FileError, OSError):
        return False  # a name that cannot be one of a file, or a file that holds no script


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
