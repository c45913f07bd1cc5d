"""Holds a run before the steps that it takes in what processes share, and lets it take as many as it is told to.

`asked`: the number of the attempt. With another one the process is again what it was when the first began: `$var`,
`$json`, `$rc`, log levels, and what functions keep in the process.

Told: `("begins",)` when the run stands before its first statement (also where it goes on with an event that it has
raised), `("at", accesses)` when it stands before a step, which waits for a lock or is not to be taken yet (accesses: of
what is known of it), `("step", slot, statement)` when one begins, `("access", table, key, verb)` for each access of it.

Commands: a number: take so many steps, then stand still; -1: as many as there are; None: nobody wants to know any more.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any, Final

from evroute_kernel.library.functions.cfgutils import PRESETS
from evroute_kernel.library.functions.locks import is_held_elsewhere
from evroute_kernel.library.sql.database import STATE
from evroute_kernel.runtime.context import Process
from evroute_kernel.runtime.memory.accesses import Access
from evroute_kernel.runtime.watching.hook import Frame, Watcher
from evroute_kernel.worker.watching.line import Wire

#: state of modules that belongs to the process and not to what ran there: connections, what was applied at its start
_KEPT: Final = frozenset({PRESETS, STATE})


class Racing(Watcher):
    """One of the runs, in the process that runs it."""

    def __init__(self, process: Process, wire: Wire, asked: int) -> None:
        self._process = process
        self._wire, self._line = wire, wire.line
        #: steps that it may take; below 0: all
        self._left = 0
        self._has_begun = False
        self._is_told = False
        self._attempt = asked
        self._before = _state(process)

    def asks(self, asked: int) -> None:
        self._left, self._has_begun = 0, False
        if asked != self._attempt:
            self._attempt = asked
            _restore(self._process, self._before)

    def enters(self, frame: Frame) -> None:
        if not self._has_begun:
            self._has_begun = True
            self._stand_still(("begins",))

    def steps(self, frame: Frame | None, access: Access | None) -> None:
        if frame is None:
            return
        while not self._left or (access is not None and self._waits(access)):
            self._left = 0
            self._stand_still(("at", () if access is None else ((access.table, access.key, access.verb),)))
        self._left -= 1
        self._wire(("step", frame.route.slot, frame.statement))

    def accesses(self, frame: Frame | None, access: Access) -> None:
        if frame is not None and access.verb != "hold":
            self._wire(("access", access.table, access.key, access.verb))

    def settles(self) -> None:
        """What it has raised may go on in another process: that is told anew."""
        self._left, self._has_begun = 0, False

    def commands(self, data: int | None) -> None:
        self._is_told = True
        self._left = -1 if data is None else data

    def _waits(self, access: Access) -> bool:
        return access.verb == "take" and is_held_elsewhere(self._process, access.key)

    def _stand_still(self, what: Any) -> None:
        self._is_told = False
        self._wire.now(what)
        self._line.stand_still(lambda: self._is_told)


def _state(process: Process) -> dict[str, Any]:
    """What a process keeps from run to run."""
    return {
        "var": dict(process.var),
        "json": deepcopy(process.json),
        "rc": process.rc,
        "levels": (process.log_level, process.xlog_level),
        "state": process.state.keys() | _KEPT,
    }


def _restore(process: Process, before: dict[str, Any]) -> None:
    process.var.clear()
    process.var.update(before["var"])
    process.json.clear()
    process.json.update(deepcopy(before["json"]))
    process.rc = before["rc"]
    process.log_level, process.xlog_level = before["levels"]
    for module in process.state.keys() - before["state"]:
        del process.state[module]
