"""What a program logged, on either side, in one form; and where the two differ."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from difflib import unified_diff
from typing import Final

#: levels of the server's own words that count; below, it only chats
ALARMING: Final = frozenset({"WARNING", "ERROR", "CRITICAL", "ALERT"})
#: how a server's log as JSON writes a byte beyond ASCII
BEYOND: Final = "\uffff"


#: blocks that a server runs at once, with the one that is too many, as it tells of them
MOST_ROUTES: Final = 101
_COUNT: Final = re.compile(r"nested routes: (-?\d+)")
_BEYOND: Final = re.compile(r"[^\x00-\x7f]+")


def comparable(text: str) -> str:
    """A text as far as both logs can tell: what lies beyond ASCII is one mark, however many bytes it has."""
    return _BEYOND.sub(BEYOND, text)


@dataclass(slots=True)
class Outcome:
    """`log`: level and text of what the script logged. `alarms`: numbers of log records before words of the server."""

    log: list[tuple[str, str]] = field(default_factory=list)
    alarms: dict[int, str] = field(default_factory=dict)
    #: it was refused: the line, where one is named, and why
    refused: tuple[int | None, str] | None = None
    #: a run killed its process; what comes after is not compared
    died: bool = False
    #: the server has counted what it had written over: what it does from then on is chance
    overwritten: bool = False
    #: how the error is named here that stands for that
    death: str = ""

    def add(self, level: str, text: str, is_own: bool) -> None:
        if not is_own:
            self.log.append((level, comparable(text)))
        elif level in ALARMING:
            found = _COUNT.search(text)
            self.overwritten |= found is not None and int(found[1]) > MOST_ROUTES
            self.alarms[len(self.log)] = f"{level} {text.strip()}"

    def sorted(self) -> Outcome:
        """For what several workers log at once."""
        return Outcome(sorted(self.log), {0: "somewhere"} if self.alarms else {}, self.refused, self.died)


def differences(server: Outcome, ours: Outcome) -> list[str]:
    """What is not the same, as lines to read; empty when all is."""
    if server.refused or ours.refused:
        return _refusals(server, ours)
    lines = []
    if server.log != ours.log:
        one, other = ([f"{level} {text!r}" for level, text in side.log] for side in (server, ours))
        lines += list(unified_diff(one, other, "server", "ours", lineterm="", n=1))[2:]
    if server.died != ours.died:
        lines.append("the server dies here, ours does not" if server.died else "ours dies here, the server does not")
    if server.died:  # the last words of a dying process differ
        return lines
    for number in sorted(server.alarms.keys() - ours.alarms):
        lines.append(f"after {number} records the server says, and we do not: {server.alarms[number]}")
    for number in sorted(ours.alarms.keys() - server.alarms):
        lines.append(f"after {number} records we say, and the server does not: {ours.alarms[number]}")
    return lines


def _refusals(server: Outcome, ours: Outcome) -> list[str]:
    if server.refused and ours.refused:
        return []
    if server.refused:
        return [f"the server refuses it, at line {server.refused[0]}: {server.refused[1]}"]
    assert ours.refused is not None
    return [f"we refuse it, at line {ours.refused[0]}: {ours.refused[1]}"]
