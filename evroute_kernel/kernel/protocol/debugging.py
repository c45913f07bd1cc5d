"""The debugger as Jupyter has it: the Debug Adapter Protocol, and a few requests besides.

Front ends and kernel call a cell by a path that both make of its whole text (`debugInfo` says how), so a cell has its
breakpoints before it is run, and loses them with its text.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from time import monotonic
from typing import Any, Final

from evroute_kernel.engine.dap.adapter import Adapter
from evroute_kernel.engine.dap.tree import Place, Tree
from evroute_kernel.engine.session.session import Session
from evroute_kernel.kernel.protocol.debugged_cells import SEED, SUFFIX, Cells

_MIME: Final = "text/x-opensips"
#: lists that front ends expect in a response, also where the request has failed
_LISTS: Final = {
    "stackTrace": "stackFrames",
    "scopes": "scopes",
    "variables": "variables",
    "setBreakpoints": "breakpoints",
    "threads": "threads",
}
#: requests that let a run go on for good
_GOES: Final = "continue"

Message = dict[str, Any]


class Debugging:
    """Answers debug requests. `session` gives the session, and begins it if there is none; `grace`: seconds without any
    request after which what stands still goes on, 0 for never."""

    def __init__(
        self, session: Callable[[], Session], publish: Callable[[Message], None], grace: Callable[[], float]
    ) -> None:
        self._session = session
        self._publish = publish
        self._cells = Cells()
        self._adapter: Adapter | None = None
        self._breakpoints: dict[str, list[Message]] = {}
        #: what was said of each worker that stands still, the last one at the end
        self._stopped: dict[int, Message] = {}
        #: those that were told to go on for good
        self._going: set[int] = set()
        self._lock = threading.Lock()
        self._watch = Watch(grace, self._leave_alone)
        self._own: dict[str, Callable[[Message], Message]] = {
            "debugInfo": self._info,
            "dumpCell": self._dump_cell,
            "source": self._source,
            "inspectVariables": self._inspect,
            "modules": lambda arguments: {"modules": [], "totalModules": 0},
        }

    def request(self, message: Message) -> Message:
        """The response to a request."""
        self._watch.touch()
        command, arguments = message.get("command"), message.get("arguments") or {}
        own = self._own.get(command) if isinstance(command, str) and isinstance(arguments, dict) else None
        if own is not None:
            seq = message.get("seq", 0)
            reply = {"type": "response", "request_seq": seq, "seq": seq, "command": command}
            return {**reply, "success": True, "body": own(arguments)}
        if command == _GOES and isinstance(arguments, dict) and isinstance(arguments.get("threadId"), int):
            self._going.add(arguments["threadId"])
        reply = self._begun(command).request(message)
        if command in _LISTS and not reply["success"]:
            reply["body"] = {_LISTS[command]: [], **reply["body"]}
        return self._followed(command, arguments, reply)

    def _followed(self, command: Any, arguments: Message, reply: Message) -> Message:
        """What else there is to do after a request."""
        if command == "setBreakpoints" and reply["success"]:
            self._keep(arguments["source"]["path"], reply["body"]["breakpoints"])
        elif command == "evaluate" and not reply["success"] and arguments.get("context") == "repl" and self._stopped:
            # JupyterLab does not show why a request has failed
            return {**reply, "success": True, "body": {"result": f"error: {reply['message']}", "variablesReference": 0}}
        elif command == "pause" and self._stopped:
            self._show_another()
        elif command == "disconnect":
            self._end()
        return reply

    def _keep(self, path: str, breakpoints: list[Message]) -> None:
        self._breakpoints.pop(path, None)
        if breakpoints:
            self._breakpoints[path] = breakpoints
        self._cells.needed = self._breakpoints.keys()

    def _begun(self, command: Any) -> Adapter:
        adapter = self._adapter or Adapter(self._session(), self._tell, self._cells)
        if command == "initialize":
            self._adapter = adapter
        return adapter

    def _end(self) -> None:
        adapter, self._adapter = self._adapter, None
        if adapter is not None:
            adapter.close()
        with self._lock:
            self._stopped.clear()
        self._watch.stop()
        self._breakpoints.clear()

    def _leave_alone(self) -> None:
        """Nobody has asked for anything for a long time: as if the last front end had disconnected."""
        gone = list(self._stopped)
        self._end()
        for thread in gone:
            self._publish(_event("continued", {"threadId": thread, "allThreadsContinued": False}))

    # -- events -------------------------------------------------------------------------------------------------------

    def _tell(self, event: Message) -> None:
        """In the supervisor's thread. A front end knows of one run that stands still; when that goes on for good, the
        next is shown."""
        name, body = event["event"], event["body"]
        thread = body.get("threadId")
        is_next = False
        with self._lock:
            if name == "stopped":
                self._stopped.pop(thread, None)
                self._stopped[thread] = body
                self._going.discard(thread)
            elif name == "continued":
                self._stopped.pop(thread, None)
                is_next = thread in self._going
                self._going.discard(thread)
            is_any = bool(self._stopped)
        if name == "breakpoint":
            self._moved(body["breakpoint"])
        self._watch.guard(is_any)
        self._publish(event)
        if is_next and is_any:
            self._show_another()

    def _show_another(self) -> None:
        with self._lock:
            body = next(reversed(self._stopped.values()), None)
        if body is not None:
            self._publish(_event("stopped", body))

    def _moved(self, found: Message) -> None:
        """Something else is true of a breakpoint now."""
        for breakpoints in self._breakpoints.values():
            for place, each in enumerate(breakpoints):
                if each.get("id") == found["id"]:
                    breakpoints[place] = {**each, **found}

    # -- what Jupyter asks besides ------------------------------------------------------------------------------------

    def _info(self, arguments: Message) -> Message:
        return {
            "isStarted": self._adapter is not None,
            "hashMethod": "Murmur2",
            "hashSeed": SEED,
            "tmpFilePrefix": self._cells.prefix,
            "tmpFileSuffix": SUFFIX,
            "breakpoints": [{"source": path, "breakpoints": found} for path, found in self._breakpoints.items()],
            "stoppedThreads": sorted(self._stopped),
            "richRendering": False,
            "exceptionPaths": [],
            "copyToGlobals": False,
        }

    def _dump_cell(self, arguments: Message) -> Message:
        code = arguments.get("code")
        return {"sourcePath": self._cells.path(code if isinstance(code, str) else "")}

    def _source(self, arguments: Message) -> Message:
        source = arguments.get("source")
        path = source.get("path") if isinstance(source, dict) else None
        return {"content": self._cells.text(str(path)), "mimeType": _MIME}

    def _inspect(self, arguments: Message) -> Message:
        """What is there while no run stands still: the variables that all processes share."""
        if self._adapter is None or self._stopped:
            return {"variables": []}
        shared = tuple((str(name), value) for name, value in self._session().shv.items())
        shown = Tree().shown(Place(0, 0, "Shared"), (("$shv", shared),))
        return {"variables": list(shown)}


class Watch:
    """Looks whether front ends still ask for something, while runs stand still."""

    def __init__(self, grace: Callable[[], float], expired: Callable[[], None]) -> None:
        self._grace = grace
        self._expired = expired
        self._last = monotonic()
        self._timer: threading.Timer | None = None
        self._lock = threading.Lock()

    def touch(self) -> None:
        """Somebody has asked for something."""
        self._last = monotonic()

    def guard(self, is_needed: bool) -> None:
        """Whether something stands still now."""
        if not is_needed:
            self.stop()
            return
        with self._lock:
            if self._timer is None and self._grace() > 0:
                self._last = monotonic()
                self._begin(self._grace())

    def stop(self) -> None:
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None

    def _begin(self, seconds: float) -> None:
        self._timer = threading.Timer(seconds, self._look)
        self._timer.daemon = True
        self._timer.start()

    def _look(self) -> None:
        left = self._last + self._grace() - monotonic()
        with self._lock:
            if self._timer is None:
                return
            if left > 0:
                self._begin(left)
                return
            self._timer = None
        self._expired()


def _event(name: str, body: Message) -> Message:
    return {"type": "event", "seq": 0, "event": name, "body": body}
