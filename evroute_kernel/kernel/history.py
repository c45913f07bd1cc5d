"""The cells that have been run, for `history_request`. Kept in memory: it ends with the kernel."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Final

#: the one session there is
SESSION: Final = 1
#: cells that are kept
MOST: Final = 10_000


@dataclass(slots=True)
class Entry:
    """One cell: its number, its text, and the text of its result, if it had one."""

    line: int
    text: str
    output: str | None = None


@dataclass(slots=True)
class History:
    """All cells in the order they were run."""

    entries: list[Entry] = field(default_factory=list)

    def add(self, line: int, text: str, output: str | None = None) -> None:
        self.entries.append(Entry(line, text, output))
        del self.entries[:-MOST]

    def tail(self, n: int | None) -> list[Entry]:
        return self.entries[-n:] if n else []

    def range(self, session: int | None, start: int | None, stop: int | None) -> list[Entry]:
        """Cells `start` to `stop` (exclusive) of a session; 0 and SESSION mean this one."""
        if session not in (None, 0, SESSION):
            return []
        return [e for e in self.entries if (start or 0) <= e.line and (stop is None or e.line < stop)]

    def search(self, pattern: str, n: int | None, unique: bool) -> list[Entry]:
        """The last `n` cells that a pattern with `*` and `?` matches as a whole."""
        found = [e for e in self.entries if fnmatchcase(e.text, pattern)]
        if unique:
            found = list({e.text: e for e in found}.values())
            found.sort(key=lambda e: e.line)
        return found[-n:] if n else found

    def reply(self, kind: str, output: bool = False, **request: Any) -> list[tuple[int, int, Any]]:
        """What a history_request asks for, as the protocol wants it: (session, line, text or (text, output))."""
        if kind == "range":
            found: Iterable[Entry] = self.range(request.get("session"), request.get("start"), request.get("stop"))
        elif kind == "search":
            found = self.search(request.get("pattern") or "*", request.get("n"), bool(request.get("unique")))
        else:
            found = self.tail(request.get("n"))
        return [(SESSION, e.line, (e.text, e.output) if output else e.text) for e in found]
