"""How much of its work each process of a 4.0 tells by E_PROFILING_PROC, as MI `profiling_proc` sets it."""

from __future__ import annotations

from typing import Final

#: nothing is told, and all is
OFF: Final = 0
FULL: Final = 3


class ProfilingLevels:
    """Levels by the number of a process: 0 for the one that serves, then those of the workers."""

    def __init__(self) -> None:
        self._all = OFF
        self._of: dict[int, int] = {}

    def level(self, process: int) -> int:
        """The level of a process, also of one that is still to be started."""
        return self._of.get(process, self._all)

    def table(self) -> dict[int | None, int]:
        """The levels of processes that have one of their own, and under None that of the others; empty for none."""
        levels: dict[int | None, int] = {None: self._all} if self._of or self._all else {}
        levels.update(self._of.items())
        return levels

    def set(self, level: int, process: int | None = None) -> None:
        """Set the level of one process, or of all; one that is out of range becomes the nearest that is not."""
        level = min(max(level, OFF), FULL)
        if process is None:
            self._all = level
            self._of.clear()
        else:
            self._of[process] = level
