"""What front ends and kernel call a cell that is debugged: a path that both make of its whole text."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Collection
from pathlib import Path
from typing import Any, Final

from evroute_kernel.source import Source

SEED: Final = 0xC70F6907
SUFFIX: Final = ".cfg"
#: characters of the texts that are kept, at most; those with breakpoints are kept besides
KEPT: Final = 2**24


def murmur2(text: str, seed: int = SEED) -> int:
    """Austin Appleby's MurmurHash2 of a text's UTF-8, as Jupyter's front ends compute it."""
    multiplier, mask, data = 0x5BD1E995, 0xFFFFFFFF, text.encode("utf-8", "replace")
    found, whole = (seed ^ len(data)) & mask, len(data) & ~3
    for i in range(0, whole, 4):
        word = int.from_bytes(data[i : i + 4], "little") * multiplier & mask
        word = (word ^ word >> 24) * multiplier & mask
        found = found * multiplier & mask ^ word
    if rest := data[whole:]:
        found = (found ^ int.from_bytes(rest, "little")) * multiplier & mask
    found = (found ^ found >> 13) * multiplier & mask
    return found ^ found >> 15


class Cells:
    """What both call a cell: `engine.dap.standing.Texts`."""

    def __init__(self) -> None:
        self.prefix: Final = f"{Path(tempfile.gettempdir(), f'evroute_{os.getpid()}')}/"
        #: paths of texts that must be kept
        self.needed: Collection[str] = ()
        #: path -> text, of what a front end has asked for or been told of; what was named last is at the end
        self._texts: dict[str, str] = {}
        self._size = 0

    def path(self, text: str) -> str:
        path = f"{self.prefix}{murmur2(text)}{SUFFIX}"
        self._keep(path, text)
        return path

    def text(self, path: str) -> str:
        """The text with this path; "" if nobody has named it, or not for a long time."""
        return self._texts.get(path, "")

    def keys(self, source: Source) -> set[str]:
        if Path(source.path).is_absolute():
            return {source.path}
        return {self.path(source.shown or source.text)}

    def source(self, source: Source) -> dict[str, Any]:
        (path,) = self.keys(source)
        self._keep(path, source.shown or source.text)
        return {"name": source.name, "path": path}

    def _keep(self, path: str, text: str) -> None:
        self._size += len(text) - len(self._texts.pop(path, ""))
        self._texts[path] = text
        if self._size > KEPT:
            for old in [old for old in self._texts if old != path and old not in self.needed]:
                self._size -= len(self._texts.pop(old))
                if self._size <= KEPT:
                    break
