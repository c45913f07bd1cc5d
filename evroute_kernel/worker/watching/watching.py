"""Joins the hook (`runtime.watching.hook`) to a worker: who watches, and the routes that run while somebody does.

The supervisor says who watches (`messages.Watch`) before it gives a task. While somebody does, the routes in
`process.slots`, `process.routes` and `process.error_route` are others; what they log and raise passes by here. When
nobody does any more all is as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from evroute_kernel.runtime.context import Context, LinkedRoute, Params, Process, Record, unnoticed
from evroute_kernel.runtime.watching.hook import Hook, Watcher
from evroute_kernel.runtime.watching.stepping import Stepper, Stepping
from evroute_kernel.worker.messages import Watch, WatchCommand
from evroute_kernel.worker.watching.covering import Covering
from evroute_kernel.worker.watching.debugging import Debugging
from evroute_kernel.worker.watching.line import Line, Wire
from evroute_kernel.worker.watching.profiling import Profiling
from evroute_kernel.worker.watching.racing import Racing
from evroute_kernel.worker.watching.timing import Timing
from evroute_kernel.worker.watching.tracing import Tracing

#: kind -> what makes a watcher of it: the process, how it tells what it has seen, and what it was asked for
KINDS: Final[Mapping[str, Callable[[Process, Wire, Any], Watcher]]] = {
    "trace": Tracing,
    "debug": Debugging,
    "coverage": Covering,
    "profile": Profiling,
    "timeline": Timing,
    "race": Racing,
}


class Watching:
    """Who watches the runs of one process. `line`: what is told goes out by it, in order with log lines."""

    def __init__(self, process: Process, line: Line) -> None:
        self._process = process
        self._line = line
        line.hear = self._hear
        self._hook = Hook(process)
        self._stepping = Stepping(process)
        self._known: dict[tuple[int, str], Watcher] = {}
        #: commands that came before the message which begins their watcher
        self._early: list[WatchCommand] = []
        #: the routes as they are while nobody watches, by slot
        self._routes: dict[int, LinkedRoute] = {}
        self._emit: Callable[[Record], None] | None = None
        #: how events are raised while nobody watches
        self.raise_plainly = process.raise_event

    @property
    def is_on(self) -> bool:
        """Whether somebody watches."""
        return bool(self._known)

    def change(self, message: Watch) -> None:
        """From now on these watch, and nobody else. Those who did before go on with what they know, and hear if what
        they are asked for has changed."""
        before, self._known = self._known, {}
        for number, kind, asked in message.watchers:
            watcher = before.get((number, kind))
            if watcher is None:
                watcher = KINDS[kind](self._process, Wire(number, self._line, self._stepping), asked)
            else:
                watcher.asks(asked)
            self._known[number, kind] = watcher
        self._process.slots.update(self._routes)
        self._routes.clear()
        self._hook.watchers = self._known.values()
        self._listen()
        self.dress()
        early, self._early = self._early, []
        for command in early:
            if command.kind or any(known == command.number for known, _ in self._known):
                self._hear(command)

    def _hear(self, command: WatchCommand) -> None:
        """A command for a watcher: it may have ended meanwhile, or not begun yet. One that steps can also begin in the
        midst of a run."""
        for (known, _), watcher in self._known.items():
            if known == command.number:
                hear = watcher.asks if command.kind else watcher.commands
                hear(command.data)
                return
        if command.kind and not self._line.changes_watchers:
            was_on = self.is_on
            made = KINDS[command.kind](self._process, Wire(command.number, self._line, self._stepping), command.data)
            self._known = {**self._known, (command.number, command.kind): made}
            if not was_on:  # else records pass by here already, or go elsewhere for the moment
                self._listen()
            self._step()
        else:
            self._early.append(command)

    def _listen(self) -> None:
        """Log records pass by here, or do not any more."""
        process = self._process
        is_heard = process.emit == self._log
        if self._known and not is_heard:
            self._emit, process.emit = process.emit, self._log
            process.notice = self._notice
        elif not self._known and is_heard and self._emit is not None:
            process.emit, self._emit = self._emit, None
            process.notice = unnoticed

    def _step(self) -> None:
        """Those who step do so from now on, also in what runs already."""
        steppers = [watcher for watcher in self._known.values() if isinstance(watcher, Stepper)]
        if steppers:
            self._stepping.learn(self._routes.get(slot, route) for slot, route in self._process.slots.items())
        self._stepping.change(steppers)

    def dress(self) -> None:
        """All routes that there are are watched as is wanted."""
        slots = self._process.slots
        for slot, route in slots.items() if self._hook.is_needed else ():
            # those below stand for something else (`messages.NOTIFY`), and have no statements
            if slot >= 0 and slot not in self._routes:
                self._routes[slot], slots[slot] = route, self._hook.watch(route)
        self._step()

    def look(self) -> None:
        """There may be commands."""
        self._line.look()

    def settle(self) -> None:
        """A task is about to end."""
        for watcher in self._known.values():
            watcher.settles()
        self._hook.forget()
        self._stepping.follow()

    # -- what passes by -----------------------------------------------------------------------------------------------

    def _log(self, record: Record) -> None:
        if self._emit is not None:
            self._emit(record)
        for watcher in self._known.values():
            watcher.logs(self._hook.frame, record)

    def _notice(self, what: str, value: str | int) -> None:
        for watcher in self._known.values():
            watcher.notices(self._hook.frame, what, value)

    def raise_event(self, context: Context, event: str, params: Params | None) -> Any:
        """`Process.raise_event` while somebody watches."""
        for watcher in self._known.values():
            watcher.raises(self._hook.frame, event, params)
        return self.raise_plainly(context, event, params)
