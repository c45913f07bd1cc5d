"""The debugger as Jupyter has it: the Debug Adapter Protocol, and a few requests besides.

Front ends and kernel call a cell by a path that both make of its whole text (`debugInfo` says how), so a cell has its
breakpoints before it is run, and loses them with its text.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from evroute_kernel.engine.dap.adapter import Adapter
from evroute_kernel.engine.session.session import Session
from evroute_kernel.source import Source

SEED: Final = 0xC70F6907
SUFFIX: Final = ".cfg"
_MIME: Final = "text/x-opensips"
#: lists that front ends expect in a response, also where the request has failed
_LISTS: Final = {
    "stackTrace": "stackFrames",
    "scopes": "scopes",
    "variables": "variables",
    "setBreakpoints": "breakpoints",
    "threads": "threads",
}


def murmur2(text: str, seed: int = SEED) -> int:
    """Austin Appleby's MurmurHash2 of a text's UTF-8, as Jupyter's front ends compute it."""
    multiplier, mask, data = 0x5BD1E995, 0xFFFFFFFF, text.encode("utf-8", "replace")
    found, whole = (seed ^ len(data)) & mask, len(data) & ~3
    for i in range(0, whole, 4):
        word = int.from_bytes(data[i : i + 4], "little") * multiplier & mask
        word = (word ^ word >> 24) * multiplier & mask
        found = found * multiplier & mask ^ word
    if rest := data[whole:]:
        found = (found ^ int.from_bytes(rest, "little")) * multiplier & mask
    found = (found ^ found >> 13) * multiplier & mask
    return found ^ found >> 15


class Cells:
    """What both call a cell: `engine.dap.adapter.Texts`."""

    def __init__(self) -> None:
        self.prefix: Final = f"{Path(tempfile.gettempdir(), f'evroute_{os.getpid()}')}/"
        #: path -> text, of what a front end has asked for or been told of
        self.texts: dict[str, str] = {}

    def path(self, text: str) -> str:
        path = f"{self.prefix}{murmur2(text)}{SUFFIX}"
        self.texts[path] = text
        return path

    def keys(self, source: Source) -> set[str]:
        if Path(source.path).is_absolute():
            return {source.path}
        return {self.path(source.shown or source.text)}

    def source(self, source: Source) -> dict[str, Any]:
        (path,) = self.keys(source)
        self.texts.setdefault(path, source.shown or source.text)
        return {"name": source.name, "path": path}


class Debugging:
    """Answers debug requests. `session` gives the session, and begins it if there is none."""

    def __init__(self, session: Callable[[], Session], publish: Callable[[dict[str, Any]], None]) -> None:
        self._session = session
        self._publish = publish
        self._cells = Cells()
        self._adapter: Adapter | None = None
        self._breakpoints: dict[str, list[dict[str, Any]]] = {}
        self._stopped: set[int] = set()
        self._own: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "debugInfo": self._info,
            "dumpCell": self._dump_cell,
            "source": self._source,
            "inspectVariables": lambda arguments: {"variables": []},
            "modules": lambda arguments: {"modules": [], "totalModules": 0},
        }

    def request(self, message: dict[str, Any]) -> dict[str, Any]:
        """The response to a request."""
        command, arguments = message.get("command"), message.get("arguments") or {}
        own = self._own.get(command) if isinstance(command, str) and isinstance(arguments, dict) else None
        if own is not None:
            seq = message.get("seq", 0)
            reply = {"type": "response", "request_seq": seq, "seq": seq, "command": command}
            return {**reply, "success": True, "body": own(arguments)}
        reply = self._begun(command).request(message)
        if command == "setBreakpoints" and reply["success"]:
            self._breakpoints[arguments["source"]["path"]] = reply["body"]["breakpoints"]
        elif command in _LISTS and not reply["success"]:
            reply["body"] = {_LISTS[command]: [], **reply["body"]}
        elif command == "disconnect":
            self._adapter = None
            self._stopped.clear()
            self._breakpoints.clear()
        return reply

    def _begun(self, command: Any) -> Adapter:
        adapter = self._adapter or Adapter(self._session(), self._tell, self._cells)
        if command == "initialize":
            self._adapter = adapter
        return adapter

    def _tell(self, event: dict[str, Any]) -> None:
        thread = event["body"].get("threadId")
        if event["event"] == "stopped":
            self._stopped.add(thread)
        elif event["event"] == "continued":
            self._stopped.discard(thread)
        self._publish(event)

    def _info(self, arguments: dict[str, Any]) -> dict[str, Any]:
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

    def _dump_cell(self, arguments: dict[str, Any]) -> dict[str, Any]:
        code = arguments.get("code")
        return {"sourcePath": self._cells.path(code if isinstance(code, str) else "")}

    def _source(self, arguments: dict[str, Any]) -> dict[str, Any]:
        source = arguments.get("source")
        path = source.get("path") if isinstance(source, dict) else None
        return {"content": self._cells.texts.get(str(path), ""), "mimeType": _MIME}
