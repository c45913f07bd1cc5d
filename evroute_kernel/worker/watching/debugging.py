"""The debugger's part in a worker: it stops runs between two statements, shows what is there, and lets them go on.

What it is asked for (`asked`): `(points, levels, entry)`; with `entry` it stops before the first statement of all. Each
point is `(number, slot, statement, condition, hits, log)`:
`condition` a piece that returns a positive code where it holds, or None; `hits` `(op, count)` or None; `log` parts of
text, and pieces whose value stands between them, or None: then it stops. A diagnostic of one of the `levels` stops too.

Told: `("stopped", reason, words, frames)`, with `(slot, statement)` of each frame, the innermost first;
`("goes on",)`; `("answer", request, ok, values, logged)`; `("log", number, slot, statement, text)`;
`("condition", number, what)`.

Commands: `("points", asked)`, `("pause",)`, `("go", how)` with one of run, in, over, out; `("evaluate", request, frame,
piece)`, `("variables", request, frame)`; None: the debugger is gone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from evroute_kernel.runtime.context import Process, Record
from evroute_kernel.runtime.control import ScriptCrash
from evroute_kernel.runtime.values import text_of
from evroute_kernel.runtime.watching.hook import Frame, Watcher
from evroute_kernel.worker.watching.evaluating import Evaluator
from evroute_kernel.worker.watching.line import Wire
from evroute_kernel.worker.watching.showing import variables

#: number, condition, hits, log
Point = tuple[int, Any, Any, Any]

#: the code of a piece where a condition holds is above this
_FALSE: Final = 0
#: the next statement is the one to stop at, whatever it is; also reasons of a stop
_HALTS: Final = ("pause", "entry")
_HITS: Final[Mapping[str, Callable[[int, int], bool]]] = {
    "==": int.__eq__,
    ">=": int.__ge__,
    ">": int.__gt__,
    "<": int.__lt__,
    "<=": int.__le__,
    "%": lambda count, n: count % n == 0,
}


class Debugging(Watcher):
    """Debugs the runs of one process."""

    def __init__(self, process: Process, wire: Wire, asked: Any) -> None:
        self._process = process
        self._wire, self._line = wire, wire.line
        self._sent = self._line.sent
        self._evaluator = Evaluator(process)
        #: slot -> statement -> what is there
        self._points: dict[int, dict[int, list[Point]]] = {}
        self._levels: frozenset[int] = frozenset()
        #: number of a point -> how often it was reached where its condition held
        self._counts: dict[int, int] = {}
        #: how the run goes on: run, in, over, out, pause or entry; and the depth from which that counts
        self._how, self._depth = "entry" if asked[-1] else "run", 0
        self._commands_seen = 0
        self._frame: Frame | None = None
        self._is_stopped = False
        self.asks(asked)

    def asks(self, asked: Any) -> None:
        points, levels, _ = asked
        self._levels = frozenset(levels)
        self._points = {}
        for number, slot, statement, *rest in points:
            self._points.setdefault(slot, {}).setdefault(statement, []).append((number, *rest))

    # -- what happens --------------------------------------------------------------------------------------------------

    def reaches(self, frame: Frame, statement: int) -> None:
        if self._sent[0] != self._commands_seen:
            self._look()
        here = self._points.get(frame.route.slot)
        found = here.get(statement) if here is not None else None
        if found is not None and self._strikes(frame, found):
            self._stop(frame, "breakpoint", "")
        elif self._how != "run" and self._steps_to(frame.depth):
            self._stop(frame, self._how if self._how in _HALTS else "step", "")

    def logs(self, frame: Frame | None, record: Record) -> None:
        level, text, is_diagnostic, _ = record
        if frame is not None and is_diagnostic and level in self._levels and not self._is_stopped:
            self._stop(frame, "exception", text)

    def settles(self) -> None:
        """A step ends with the task; a pause waits for the next one."""
        if self._how not in _HALTS:
            self._how = "run"

    def _look(self) -> None:
        self._commands_seen = self._line.sent[0]
        self._line.look()

    def _steps_to(self, depth: int) -> bool:
        how = self._how
        return how == "in" or how in _HALTS or (depth <= self._depth if how == "over" else depth < self._depth)

    def _strikes(self, frame: Frame, points: list[Point]) -> bool:
        """Whether one of the points stops the run; those that log do so."""
        stops = False
        for number, condition, hits, log in points:
            if condition is not None and not self._holds(frame, number, condition):
                continue
            count = self._counts[number] = self._counts.get(number, 0) + 1
            if hits is not None and not _HITS[hits[0]](count, hits[1]):
                continue
            if log is None:
                stops = True
            else:
                text = "".join(part if isinstance(part, str) else self._text(frame, part) for part in log)
                self._wire(("log", number, frame.route.slot, frame.statement, text))
        return stops

    def _holds(self, frame: Frame, number: int, condition: Any) -> bool:
        """A condition that fails does not hold, and says why."""
        try:
            return self._evaluator.code(condition, frame) > _FALSE
        except (ScriptCrash, RecursionError) as error:
            self._wire(("condition", number, str(error)))
            return False

    def _text(self, frame: Frame, piece: Any) -> str:
        try:
            values = self._evaluator.shown(piece, frame)
        except (ScriptCrash, RecursionError) as error:
            return f"<{error}>"
        return (text_of(values[-1]) if values else None) or "<null>"

    # -- standing still ------------------------------------------------------------------------------------------------

    def _stop(self, frame: Frame, reason: str, words: str) -> None:
        if self._evaluator.is_on:
            return
        self._frame, self._is_stopped, self._how = frame, True, "run"
        self._wire.now(("stopped", reason, words, tuple((f.route.slot, f.statement) for f in _frames(frame))))
        try:
            self._line.stand_still(lambda: not self._is_stopped)
        finally:
            self._frame, self._is_stopped = None, False
            self._commands_seen = -1  # there may be more of them
            self._wire.now(("goes on",))

    def commands(self, data: Any) -> None:
        verb, *rest = data if data is not None else ("leave",)
        if verb == "points":
            self.asks(*rest)
        elif verb == "pause":
            self._how = "run" if self._is_stopped else "pause"
        elif verb == "leave":
            self._points, self._levels, self._how, self._is_stopped = {}, frozenset(), "run", False
        elif verb == "go":
            if (frame := self._frame) is not None:
                self._how, self._depth, self._is_stopped = rest[0], frame.depth, False
        else:
            self._answer(verb, *rest)

    def _answer(self, verb: str, request: int, place: int, *rest: Any) -> None:
        """Tell what is in a frame; each request is answered, also one that comes too late."""
        frames = _frames(self._frame) if self._frame is not None else []
        if not 0 <= place < len(frames):
            self._wire.now(("answer", request, False, ("the run has gone on meanwhile",), ()))
            return
        frame = frames[place]
        if verb == "variables":
            self._wire.now(("answer", request, True, tuple(variables(self._process, frame)), ()))
            return
        try:
            ok, values = True, self._evaluator.shown(rest[0], frame)
        except (ScriptCrash, RecursionError) as error:
            ok, values = False, (str(error),)
        logged = tuple((level, text) for level, text, *_ in self._evaluator.logged)
        self._wire.now(("answer", request, ok, values, logged))


def _frames(frame: Frame | None) -> list[Frame]:
    """It and those around it, the innermost first."""
    found = []
    while frame is not None:
        found.append(frame)
        frame = frame.caller
    return found
