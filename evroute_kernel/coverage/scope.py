"""Which files coverage.py is to measure, by its own options: what `--cov` names, `source`, `include`, `omit`.

They hold for scripts as they do for modules of Python. A name that is no folder is that of a package, and holds no
script.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from re import MULTILINE, compile
from typing import Any, Final

from coverage import Coverage
from coverage.files import GlobMatcher, prep_patterns

#: a configuration that holds a block of script, and not one of something else
_BLOCK: Final = compile(r"^\s*\w*route\s*(\[.*\]\s*)?\{", MULTILINE)


class Scope:
    """What one coverage.py measures."""

    def __init__(self, measuring: Coverage) -> None:
        self._measuring = measuring

    def _option(self, name: str) -> list[str]:
        value: Any = self._measuring.get_option(f"run:{name}")
        return list(value or ())

    @cached_property
    def _names(self) -> list[str]:
        return [*self._option("source"), *self._option("source_dirs")]

    @cached_property
    def _folders(self) -> list[str]:
        return [os.path.realpath(name) for name in self._names if Path(name).is_dir()]

    @cached_property
    def _include(self) -> GlobMatcher:
        return GlobMatcher(prep_patterns(self._option("include")))

    @cached_property
    def _omit(self) -> GlobMatcher:
        return GlobMatcher(prep_patterns(self._option("omit")))

    def holds(self, path: str) -> bool:
        """Whether a file, by its absolute path, is to be measured."""
        if self._names:
            if not any(os.path.commonpath((folder, path)) == folder for folder in self._folders):
                return False
        elif self._option("include") and not self._include.match(path):
            return False
        return not self._omit.match(path)

    def scripts(self) -> Iterator[str]:
        """The scripts of its folders, of which perhaps none is run."""
        for folder in self._folders:
            for inner, folders, names in os.walk(folder):
                folders[:] = [name for name in folders if not name.startswith(".")]
                paths = (os.path.join(inner, name) for name in names if name.endswith(".cfg"))  # noqa: PTH118
                yield from (path for path in paths if self.holds(path) and _is_script(Path(path)))


def _is_script(path: Path) -> bool:
    try:
        return _BLOCK.search(path.read_text(encoding="utf-8", errors="replace")) is not None
    except OSError:
        return False
