"""Answers what is asked of runs that stand still: their blocks, their variables, what an expression comes to."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Final, Protocol, TypeVar

from evroute_kernel.engine.dap.requests import Arguments, Refused, given, optional, whole
from evroute_kernel.engine.dap.tree import SCOPES, Entry, Place, Scopes, Tree, entries, text_of
from evroute_kernel.engine.debugging.debugger import Debugger
from evroute_kernel.engine.debugging.news import NotStopped
from evroute_kernel.errors import ScriptError
from evroute_kernel.source import Source

T = TypeVar("T")

#: seconds in which a worker that stands still answers
ANSWER: Final = 10.0
#: what people write who mean a text: no expression of a script is without these
_PLAIN: Final = re.compile(r"[^$\"'\\\s(){}][^$\"'\\(){}]*")


class Texts(Protocol):
    """How the front end and the session call the same text."""

    def keys(self, source: Source) -> set[str]:
        """The paths by which the front end may know a text of the session."""

    def source(self, source: Source) -> dict[str, Any]:
        """A text of the session as the protocol names it."""


class Standing:
    """Frames and variables with a number, good until their worker goes on. `say`: what an expression has logged."""

    def __init__(self, texts: Texts, say: Callable[[str], None]) -> None:
        self._texts = texts
        self._say = say
        self._tree = Tree()
        self._frames: dict[int, tuple[int, int]] = {}
        self._numbers = itertools.count(1)
        #: what is in the frames that were asked for: worker -> frame -> its scopes
        self._seen: dict[int, dict[int, Scopes]] = {}

    def forget(self, worker: int) -> None:
        """It goes on."""
        self._tree.forget(worker)
        self._seen.pop(worker, None)
        for number, (other, _) in tuple(self._frames.items()):
            if other == worker:
                self._frames.pop(number, None)

    def stack_trace(self, debugger: Debugger, arguments: Arguments) -> Any:
        worker = whole(arguments, "threadId")
        stop = debugger.stops.get(worker)
        if stop is None:
            raise NotStopped(f"worker {worker} does not stand still")
        start, levels = given(arguments, "startFrame", int, 0), given(arguments, "levels", int, 0)
        frames = []
        for depth, place in list(enumerate(stop.places))[max(start, 0) :][: levels if levels > 0 else None]:
            number = next(self._numbers)
            self._frames[number] = worker, depth
            frame: dict[str, Any] = {"id": number, "name": place.route, "line": 0, "column": 0}
            if (span := place.span) is not None:
                frame |= {"line": span.line, "column": span.column, "source": self._texts.source(span.source)}
            frames.append(frame)
        return {"stackFrames": frames, "totalFrames": len(stop.places)}

    def scopes(self, debugger: Debugger, arguments: Arguments) -> Any:
        worker, frame = self._frame(arguments)
        self._scopes(debugger, worker, frame)
        return {
            "scopes": [
                {"name": name, "variablesReference": self._tree.add(Place(worker, frame, name)), "expensive": False}
                for name in SCOPES
            ]
        }

    def variables(self, debugger: Debugger, arguments: Arguments) -> Any:
        place = self._place(arguments)
        found = list(self._tree.shown(place, self._scopes(debugger, place.worker, place.frame)))
        start, count = given(arguments, "start", int, 0), given(arguments, "count", int, 0)
        return {"variables": found[max(start, 0) :][: count if count > 0 else None]}

    def set_variable(self, debugger: Debugger, arguments: Arguments) -> Any:
        """The value is an expression; a word or number that is none is taken as the text that it is."""
        place, name, value = self._place(arguments), given(arguments, "name", str), given(arguments, "value", str)
        entry = self._entry(debugger, place, name)
        if entry is None or entry.is_fixed or not entry.written:
            raise Refused(f"{name} cannot be set")
        if entry.is_many and entry.written.startswith("$avp("):
            raise Refused(f"{name} has several values: set one of them")
        sets = f"{entry.written} {':=' if entry.is_many else '='}"
        try:
            self._value(debugger, place.worker, place.frame, f"{sets} {value};")
        except Refused:
            if not _PLAIN.fullmatch(value):
                raise
            self._value(debugger, place.worker, place.frame, f'{sets} "{value}";')
        entry = self._entry(debugger, place, name)
        return {"value": "", "variablesReference": 0} if entry is None else self._tree.value(place, entry)

    def evaluate(self, debugger: Debugger, arguments: Arguments) -> Any:
        text = given(arguments, "expression", str)
        if arguments.get("frameId") is not None:
            worker, frame = self._frame(arguments)
        elif stops := debugger.stops:
            worker, frame = next(iter(stops)), 0
        else:
            raise NotStopped("no run stands still: that is where expressions have a value")
        if optional(arguments, "context") == "hover" and not text.startswith("$"):
            raise Refused("there is nothing to be said of that")
        if text.startswith("$") and (many := self._many(debugger, worker, frame, text.strip())) is not None:
            return many
        return {"result": self._value(debugger, worker, frame, text), "variablesReference": 0}

    def _many(self, debugger: Debugger, worker: int, frame: int, text: str) -> Any:
        """An AVP or a document as it can be unfolded, where an expression is just the name of one."""
        for name in SCOPES:
            place = Place(worker, frame, name)
            for entry in entries(place, self._scopes(debugger, worker, frame)):
                if entry.is_many and entry.written == text:
                    found = self._tree.value(place, entry)
                    return {"result": found["value"], "variablesReference": found["variablesReference"]}
        return None

    # -- workers ------------------------------------------------------------------------------------------------------

    def _frame(self, arguments: Arguments) -> tuple[int, int]:
        found = self._frames.get(whole(arguments, "frameId"))
        if found is None:
            raise Refused("there is no such frame any more: its run has gone on")
        return found

    def _place(self, arguments: Arguments) -> Place:
        place = self._tree[whole(arguments, "variablesReference")]
        if place is None:
            raise Refused("there is no such variable any more: its run has gone on")
        return place

    def _entry(self, debugger: Debugger, place: Place, name: str) -> Entry | None:
        scopes = self._scopes(debugger, place.worker, place.frame)
        return next((each for each in entries(place, scopes) if each.name == name), None)

    def _scopes(self, debugger: Debugger, worker: int, frame: int) -> Scopes:
        """What is in a frame: asked for once, and again when something may have changed it."""
        seen = self._seen.setdefault(worker, {})
        if frame not in seen:
            seen[frame] = _answer(debugger.variables(worker, frame))
        return seen[frame]

    def _value(self, debugger: Debugger, worker: int, frame: int, text: str) -> str:
        try:
            reply = _answer(debugger.evaluate(worker, text, frame))
        except ScriptError as error:
            raise Refused("; ".join(each.message for each in error.diagnostics)) from None
        self._seen.pop(worker, None)
        if not reply.ok:
            raise Refused(text_of(reply.values[0]))
        for level, said in reply.logged:
            self._say(f"{level}: {said.rstrip()}\n")
        return text_of(reply.values[-1]) if reply.values else ""


def _answer(future: Future[T]) -> T:
    try:
        return future.result(ANSWER)
    except TimeoutError:
        raise Refused(f"the worker did not answer within {ANSWER:g} s") from None
