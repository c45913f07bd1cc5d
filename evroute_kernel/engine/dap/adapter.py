"""Answers the requests of the Debug Adapter Protocol with a `Debugger`. Threads are workers.

`request` may be called from any thread but the supervisor's: it waits for the worker that stands still. A request that
is malformed or cannot be granted is answered as the protocol has it, with `success: false` and a message.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from typing import Any, Final

from evroute_kernel.engine.dap.requests import Arguments, Refused, answer, given, optional, whole
from evroute_kernel.engine.dap.standing import Standing, Texts
from evroute_kernel.engine.debugging.breakpoints import Breakpoint, Placed, path_and_name
from evroute_kernel.engine.debugging.debugger import Debugger
from evroute_kernel.engine.debugging.news import ConditionFailed, How, Moved, News, NotStopped, Said, Stopped, WentOn
from evroute_kernel.engine.session.session import Session
from evroute_kernel.source import Source

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
        self._standing = standing = Standing(self._texts, self._say)
        self._handlers: dict[str, Callable[[Arguments], Any]] = {
            "initialize": self._initialize,
            "attach": lambda arguments: self._event("initialized"),
            "configurationDone": lambda arguments: None,
            "disconnect": lambda arguments: self.close(),
            "setBreakpoints": self._set_breakpoints,
            "setExceptionBreakpoints": self._set_filters,
            "threads": self._threads,
            "stackTrace": self._asker(standing.stack_trace),
            "scopes": self._asker(standing.scopes),
            "variables": self._asker(standing.variables),
            "setVariable": self._asker(standing.set_variable),
            "evaluate": self._asker(standing.evaluate),
            "pause": self._pause,
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

    def _say(self, text: str, **place: Any) -> None:
        self._event("output", category="console", output=text, **place)

    def _hear(self, news: News) -> None:
        """In the supervisor's thread."""
        if isinstance(news, Stopped):
            words = {"text": news.words, "description": news.words} if news.words else {}
            self._event("stopped", reason=news.reason, threadId=news.worker, allThreadsStopped=False, **words)
        elif isinstance(news, WentOn):
            self._standing.forget(news.worker)
            self._event("continued", threadId=news.worker, allThreadsContinued=False)
        elif isinstance(news, Said):
            place = (
                {} if news.span is None else {"line": news.span.line, "source": self._texts.source(news.span.source)}
            )
            self._say(f"{news.text}\n", **place)
        elif isinstance(news, Moved):
            self._event("breakpoint", reason="changed", breakpoint=_shown(news.placed, news.path))
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

    def _pause(self, arguments: Arguments) -> None:
        """Stop a worker that runs something; if that one does not, whatever runs, or will run next."""
        thread = whole(arguments, "threadId")
        is_running = any(worker.running and worker.number == thread for worker in self._session.workers())
        if thread not in self._debugging.stops:
            self._debugging.pause(thread if is_running else None)

    def _goer(self, how: How) -> Callable[[Arguments], Any]:
        def go(arguments: Arguments) -> Any:
            self._debugging.go(whole(arguments, "threadId"), how)
            return {"allThreadsContinued": False}

        return go

    # -- what stands still --------------------------------------------------------------------------------------------

    def _threads(self, arguments: Arguments) -> Any:
        numbers = [worker.number for worker in self._session.workers()]
        return {"threads": [{"id": number, "name": f"worker {number}"} for number in numbers]}

    def _asker(self, answer: Callable[[Debugger, Arguments], Any]) -> Callable[[Arguments], Any]:
        return lambda arguments: answer(self._debugging, arguments)


def _shown(placed: Placed, path: str) -> dict[str, Any]:
    """A breakpoint whose text is not loaded yet is set, as far as anybody knows."""
    shown = {"id": placed.number, "verified": not placed.fault, "line": placed.line, "source": {"path": path}}
    return {**shown, "message": placed.fault} if placed.fault else shown
