"""The debugger's part in a worker: it stops runs between two statements, shows what is there, and lets them go on.

What it is asked for (`asked`): `(points, levels, halt)`. Each point is `(number, slot, statement, condition, hits,
log)`: `condition` a piece that returns a positive code where it holds, or None; `hits` `(op, count)` or None; `log`
parts of text, and pieces whose value stands between them, or None: then it stops. A diagnostic of one of the `levels`
stops too. `halt`: a wish to stop at the next statement, whatever it is: pause or entry, and its number; or ().

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
from evroute_kernel.runtime.shared import OWN
from evroute_kernel.runtime.values import text_of
from evroute_kernel.runtime.watching.hook import Frame
from evroute_kernel.runtime.watching.stepping import Stepper
from evroute_kernel.worker.watching.evaluating import Evaluator
from evroute_kernel.worker.watching.line import Wire
from evroute_kernel.worker.watching.showing import variables

#: number, condition, hits, log
Point = tuple[int, Any, Any, Any]

#: the code of a piece where a condition holds is above this
_FALSE: Final = 0
#: what processes share to count hits: by the number of the watcher and that of the point
_TABLE: Final = f"{OWN}hits"
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


class Debugging(Stepper):
    """Debugs the runs of one process."""

    def __init__(self, process: Process, wire: Wire, asked: Any) -> None:
        self._process = process
        self._wire, self._line, self._stepping = wire, wire.line, wire.stepping
        self._evaluator = Evaluator(process, wire.line)
        #: slot -> statement -> what is there
        self._points: dict[int, dict[int, list[Point]]] = {}
        self._wanted: dict[int, frozenset[int]] = {}
        self._levels: frozenset[int] = frozenset()
        #: number of a point -> why its condition could not be told last
        self._failed: dict[int, str] = {}
        #: the last wish to halt that was heard
        self._halted: tuple[Any, ...] = ()
        #: a diagnostic that stops the run as soon as that holds nothing that others need
        self._words: str | None = None
        #: how the run goes on: run, in, over, out, pause or entry; and the depth from which that counts
        self._how, self._depth = "run", 0
        self._frame: Frame | None = None
        self._is_stopped = False
        self.asks(asked)

    def asks(self, asked: Any) -> None:
        points, levels, halt = asked
        if halt and halt != self._halted and not self._is_stopped:
            self._how, self._halted = halt[0], halt
        self._levels = frozenset(levels)
        self._points = {}
        for number, slot, statement, *rest in points:
            self._points.setdefault(slot, {}).setdefault(statement, []).append((number, *rest))
        self._wanted = {slot: frozenset(statements) for slot, statements in self._points.items()}
        self._stepping.change()

    @property
    def wanted(self) -> Mapping[int, frozenset[int]]:
        return self._wanted

    @property
    def is_stepping(self) -> bool:
        return self._how != "run" or self._words is not None

    def steps_in(self, depth: int) -> bool:
        how = self._how
        return (
            how == "in"
            or how in _HALTS
            or self._words is not None
            or (how != "run" and (depth <= self._depth if how == "over" else depth < self._depth))
        )

    # -- what happens --------------------------------------------------------------------------------------------------

    def reaches(self, frame: Frame, statement: int) -> None:
        if self._line.is_evaluating:  # a condition may call the route in which it stands
            return
        here = self._points.get(frame.route.slot)
        found = here.get(statement) if here is not None else None
        if self._words is not None:
            words, self._words = self._words, None
            self._stop(frame, "exception", words)
        elif found is not None and self._strikes(frame, found):
            self._stop(frame, "breakpoint", "")
        elif self.steps_in(frame.depth):
            self._stop(frame, self._how if self._how in _HALTS else "step", "")

    def logs(self, frame: Frame | None, record: Record) -> None:
        level, text, is_diagnostic, _ = record
        if not is_diagnostic or level not in self._levels or self._is_stopped or self._line.is_evaluating:
            return
        if self._process.shared.plain.is_held:
            self._words = text
            self._stepping.follow()
        elif (frame := self._stepping.frame) is not None:
            self._stop(frame, "exception", text)
            self._stepping.follow()

    def settles(self) -> None:
        """A step ends with the task; a pause waits for the next one."""
        self._words = None
        if self._how not in _HALTS:
            self._how = "run"

    def _strikes(self, frame: Frame, points: list[Point]) -> bool:
        """Whether one of the points stops the run; those that log do so."""
        stops = False
        for number, condition, hits, log in points:
            if condition is not None and not self._holds(frame, number, condition):
                continue
            if hits is not None and not _HITS[hits[0]](self._count(number), hits[1]):
                continue
            if log is None:
                stops = True
            else:
                text = "".join(part if isinstance(part, str) else self._text(frame, part) for part in log)
                self._wire(("log", number, frame.route.slot, frame.statement, text))
        return stops

    def _count(self, number: int) -> int:
        """How often a point was reached where its condition held, in all processes of the session."""
        key = f"{self._wire.number} {number}"
        try:
            return int(self._process.shared.plain.update(_TABLE, key, lambda count: (count or 0) + 1))
        except ScriptCrash as error:  # the shared memory is full
            self._fails(number, error)
            return 0

    def _holds(self, frame: Frame, number: int, condition: Any) -> bool:
        """A condition that fails does not hold, and says why, not again and again."""
        try:
            return self._evaluator.code(condition, frame) > _FALSE
        except (ScriptCrash, RecursionError) as error:
            self._fails(number, error)
            return False

    def _fails(self, number: int, error: BaseException) -> None:
        why = str(error)
        if self._failed.get(number) != why:
            self._failed[number] = why
            self._wire(("condition", number, why))

    def _text(self, frame: Frame, piece: Any) -> str:
        try:
            values = self._evaluator.shown(piece, frame)
        except (ScriptCrash, RecursionError) as error:
            return f"<{error}>"
        return (text_of(values[-1]) if values else None) or "<null>"

    # -- standing still ------------------------------------------------------------------------------------------------

    def _stop(self, frame: Frame, reason: str, words: str) -> None:
        with self._line.shield.closed():  # who hears that it stops hears that it goes on
            self._frame, self._is_stopped, self._how = frame, True, "run"
            self._wire.now(("stopped", reason, words, tuple((f.route.slot, f.statement) for f in _frames(frame))))
            try:
                self._line.stand_still(lambda: not self._is_stopped)
            finally:
                self._frame, self._is_stopped = None, False
                self._wire.now(("goes on",))

    def commands(self, data: Any) -> None:
        verb, *rest = data if data is not None else ("leave",)
        if verb == "points":
            self.asks(*rest)
        elif verb == "pause":
            self._how = "run" if self._is_stopped else "pause"
            self._stepping.follow()
        elif verb == "leave":
            self._levels, self._how, self._is_stopped = frozenset(), "run", False
            self.asks(((), (), ()))
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
