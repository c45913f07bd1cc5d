"""Answers the requests of the Debug Adapter Protocol with a `Debugger`. Threads are workers.

`request` may be called from any thread but the supervisor's: it waits for the worker that stands still. A request that
is malformed or cannot be granted is answered as the protocol has it, with `success: false` and a message.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Any, Final, Protocol, TypeVar

from evroute_kernel.engine.dap.requests import Arguments, Refused, answer, given, optional, whole
from evroute_kernel.engine.dap.tree import Node, Tree, text_of, written_as
from evroute_kernel.engine.debugging.breakpoints import Breakpoint, Placed, path_and_name
from evroute_kernel.engine.debugging.debugger import (
    ConditionFailed,
    Debugger,
    How,
    News,
    NotStopped,
    Said,
    Stopped,
    WentOn,
)
from evroute_kernel.engine.session.session import Session
from evroute_kernel.errors import ScriptError
from evroute_kernel.source import Source

T = TypeVar("T")

#: seconds in which a worker that stands still answers
ANSWER: Final = 10.0
#: what `setExceptionBreakpoints` may name -> levels of diagnostics
FILTERS: Final = {"warnings": ("WARNING",), "errors": ("ERROR", "CRITICAL", "ALERT")}
CAPABILITIES: Final = {
    "supportsConfigurationDoneRequest": True,
    "supportsConditionalBreakpoints": True,
    "supportsHitConditionalBreakpoints": True,
    "supportsLogPoints": True,
    "supportsEvaluateForHovers": True,
    "supportsSetVariable": True,
    "exceptionBreakpointFilters": [
        {"filter": "errors", "label": "Errors of the runtime"},
        {"filter": "warnings", "label": "Warnings of the runtime"},
    ],
}
_MODES: Final[Mapping[str, How]] = {"continue": "run", "next": "over", "stepIn": "in", "stepOut": "out"}


class Texts(Protocol):
    """How the front end and the session call the same text."""

    def keys(self, source: Source) -> set[str]:
        """The paths by which the front end may know a text of the session."""

    def source(self, source: Source) -> dict[str, Any]:
        """A text of the session as the protocol names it."""


class Files:
    """Both call files by their paths."""

    def keys(self, source: Source) -> set[str]:
        return path_and_name(source)

    def source(self, source: Source) -> dict[str, Any]:
        return {"name": source.name, "path": source.path}


class Adapter:
    """Debugs one session, from `initialize` to `disconnect`. `publish` takes events, in whatever thread they happen."""

    def __init__(self, session: Session, publish: Callable[[dict[str, Any]], None], texts: Texts | None = None) -> None:
        self._session = session
        self._publish = publish
        self._texts: Texts = texts or Files()
        self._numbers = itertools.count(1)
        self._debugger: Debugger | None = None
        self._tree = Tree()
        self._frames: dict[int, tuple[int, int]] = {}
        self._frame_numbers = itertools.count(1)
        self._handlers: dict[str, Callable[[Arguments], Any]] = {
            "initialize": self._initialize,
            "attach": lambda arguments: self._event("initialized"),
            "configurationDone": lambda arguments: None,
            "disconnect": lambda arguments: self.close(),
            "setBreakpoints": self._set_breakpoints,
            "setExceptionBreakpoints": self._set_filters,
            "threads": self._threads,
            "stackTrace": self._stack_trace,
            "scopes": self._scopes,
            "variables": self._variables,
            "setVariable": self._set_variable,
            "evaluate": self._evaluate,
            "pause": lambda arguments: self._debugging.pause(whole(arguments, "threadId")),
            **{name: self._goer(how) for name, how in _MODES.items()},
        }

    def close(self) -> None:
        """Nothing is debugged any more; what stands still goes on."""
        debugger, self._debugger = self._debugger, None
        if debugger is not None:
            debugger.close()

    def stop_on_entry(self) -> None:
        """Stop before the first statement that will run. Raises Refused."""
        self._debugging.stop_on_entry()

    @property
    def has_stops(self) -> bool:
        """Whether anything stands still."""
        return self._debugger is not None and bool(self._debugger.stops)

    def tell_stops(self) -> None:
        """Tell once more what stands still."""
        for stop in self._debugging.stops.values():
            self._hear(stop)

    def forget_breakpoints(self) -> None:
        """Nothing stops any more; what stands still does so."""
        self._debugging.forget_breakpoints()

    def request(self, message: Any) -> dict[str, Any]:
        """The response to a request."""
        return {**answer(message, self.handle), "seq": next(self._numbers)}

    def handle(self, command: str, arguments: Arguments) -> Any:
        """What the body of a response holds. Raises Refused."""
        handler = self._handlers.get(command)
        if handler is None:
            raise Refused(f"there is no {command} here")
        try:
            return handler(arguments)
        except NotStopped as error:
            raise Refused(str(error)) from None

    # -- events -------------------------------------------------------------------------------------------------------

    def _event(self, name: str, **body: Any) -> None:
        self._publish({"type": "event", "seq": next(self._numbers), "event": name, "body": body})

    def _hear(self, news: News) -> None:
        """In the supervisor's thread."""
        if isinstance(news, Stopped):
            words = {"text": news.words, "description": news.words} if news.words else {}
            self._event("stopped", reason=news.reason, threadId=news.worker, allThreadsStopped=False, **words)
        elif isinstance(news, WentOn):
            self._tree.forget(news.worker)
            for number, (worker, _) in tuple(self._frames.items()):
                if worker == news.worker:
                    self._frames.pop(number, None)
            self._event("continued", threadId=news.worker, allThreadsContinued=False)
        elif isinstance(news, Said):
            place = (
                {} if news.span is None else {"line": news.span.line, "source": self._texts.source(news.span.source)}
            )
            self._event("output", category="console", output=f"{news.text}\n", **place)
        elif isinstance(news, ConditionFailed):
            changed = {"id": news.number, "verified": True, "message": news.words}
            self._event("breakpoint", reason="changed", breakpoint=changed)

    # -- begin and end ------------------------------------------------------------------------------------------------

    @property
    def _debugging(self) -> Debugger:
        if self._debugger is None:
            raise Refused("nothing is debugged: initialize comes first")
        return self._debugger

    def _initialize(self, arguments: Arguments) -> Any:
        if self._debugger is None:
            self._debugger = self._session.debug(self._hear, keys=self._texts.keys)
        return CAPABILITIES

    # -- what stops ---------------------------------------------------------------------------------------------------

    def _set_breakpoints(self, arguments: Arguments) -> Any:
        source = given(arguments, "source", dict)
        path = given(source, "path", str)
        asked = [
            Breakpoint(
                whole(each, "line"), *(optional(each, name) for name in ("condition", "hitCondition", "logMessage"))
            )
            for each in given(arguments, "breakpoints", list, [])
        ]
        placed = self._debugging.set_breakpoints(path, asked)
        return {"breakpoints": [_shown(each, path) for each in placed]}

    def _set_filters(self, arguments: Arguments) -> None:
        names = given(arguments, "filters", list, [])
        levels = [level for name, levels in FILTERS.items() if name in names for level in levels]
        self._debugging.stop_at_diagnostics(levels)

    def _goer(self, how: How) -> Callable[[Arguments], Any]:
        def go(arguments: Arguments) -> Any:
            self._debugging.go(whole(arguments, "threadId"), how)
            return {"allThreadsContinued": False}

        return go

    # -- what stands still --------------------------------------------------------------------------------------------

    def _threads(self, arguments: Arguments) -> Any:
        numbers = [worker.number for worker in self._session.workers()]
        return {"threads": [{"id": number, "name": f"worker {number}"} for number in numbers]}

    def _stack_trace(self, arguments: Arguments) -> Any:
        worker = whole(arguments, "threadId")
        stop = self._debugging.stops.get(worker)
        if stop is None:
            raise NotStopped(f"worker {worker} does not stand still")
        frames = []
        for depth, place in enumerate(stop.places):
            number = next(self._frame_numbers)
            self._frames[number] = worker, depth
            frame: dict[str, Any] = {"id": number, "name": place.route, "line": 0, "column": 0}
            if (span := place.span) is not None:
                frame |= {"line": span.line, "column": span.column, "source": self._texts.source(span.source)}
            frames.append(frame)
        start, levels = given(arguments, "startFrame", int, 0), given(arguments, "levels", int, 0)
        return {"stackFrames": frames[start : start + levels if levels else None], "totalFrames": len(frames)}

    def _frame(self, arguments: Arguments) -> tuple[int, int]:
        found = self._frames.get(whole(arguments, "frameId"))
        if found is None:
            raise Refused("there is no such frame")
        return found

    def _scopes(self, arguments: Arguments) -> Any:
        worker, frame = self._frame(arguments)
        found = _answer(self._debugging.variables(worker, frame))
        return {
            "scopes": [
                {
                    "name": name,
                    "variablesReference": self._tree.add(Node(worker, frame, name, "", pairs)),
                    "expensive": False,
                }
                for name, pairs in found
            ]
        }

    def _node(self, arguments: Arguments) -> Node:
        node = self._tree[whole(arguments, "variablesReference")]
        if node is None:
            raise Refused("there is no such variable any more")
        return node

    def _variables(self, arguments: Arguments) -> Any:
        return {"variables": list(self._tree.shown(self._node(arguments)))}

    def _set_variable(self, arguments: Arguments) -> Any:
        node, name = self._node(arguments), given(arguments, "name", str)
        written = written_as(node, name)
        if not written:
            raise Refused(f"{name} cannot be set")
        self._value(node.worker, node.frame, f"{written} = {given(arguments, 'value', str)};")
        return {"value": self._value(node.worker, node.frame, written), "variablesReference": 0}

    def _evaluate(self, arguments: Arguments) -> Any:
        text = given(arguments, "expression", str)
        if "frameId" in arguments:
            worker, frame = self._frame(arguments)
        else:
            worker, frame = next(iter(self._debugging.stops), 0), 0
        return {"result": self._value(worker, frame, text), "variablesReference": 0}

    def _value(self, worker: int, frame: int, text: str) -> str:
        try:
            reply = _answer(self._debugging.evaluate(worker, text, frame))
        except ScriptError as error:
            raise Refused("; ".join(each.message for each in error.diagnostics)) from None
        if not reply.ok:
            raise Refused(text_of(reply.values[0]))
        for level, said in reply.logged:
            self._event("output", category="console", output=f"{level}: {said.rstrip()}\n")
        return text_of(reply.values[-1]) if reply.values else ""


def _shown(placed: Placed, path: str) -> dict[str, Any]:
    """A breakpoint whose text is not loaded yet is set, as far as anybody knows."""
    shown = {"id": placed.number, "verified": not placed.fault, "line": placed.line, "source": {"path": path}}
    return {**shown, "message": placed.fault} if placed.fault else shown


def _answer(future: Future[T]) -> T:
    try:
        return future.result(ANSWER)
    except TimeoutError:
        raise Refused(f"the worker did not answer within {ANSWER:g} s") from None
