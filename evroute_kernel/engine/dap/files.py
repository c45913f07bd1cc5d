"""Scripts that client and session both know by path, whatever links lead to them on either side."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from evroute_kernel.engine.dap.requests import Arguments
from evroute_kernel.source import Source

Handle = Callable[[str, Arguments], Any]


class ClientFiles:
    """What both call a text (`engine.dap.adapter.Texts`). A client is told of a file by the path that it has used."""

    def __init__(self) -> None:
        #: where a file really is -> what the client calls it
        self._called: dict[str, str] = {}

    def keys(self, source: Source) -> set[str]:
        """The names by which breakpoints of a text are kept."""
        return {source.path, source.name, _real(source.path)}

    def source(self, source: Source) -> dict[str, Any]:
        """A text as the protocol names it."""
        return {"name": Path(source.path).name, "path": self._called.get(_real(source.path), source.path)}

    def handle(self, handle: Handle, command: str, arguments: Arguments) -> Any:
        """Let `handle` answer a request, in which a file is called what the session calls it."""
        source = arguments.get("source")
        if command != "setBreakpoints" or not isinstance(source, dict):
            return handle(command, arguments)
        path = source.get("path")
        if not isinstance(path, str) or not path.startswith("/"):
            return handle(command, arguments)
        real = _real(path)
        self._called[real] = path
        body = handle(command, {**arguments, "source": {**source, "path": real}})
        for each in body["breakpoints"]:
            each["source"] = {"name": Path(path).name, "path": path}
        return body


def _real(path: str) -> str:
    if "\0" in path or not path.startswith("/"):
        return path
    return os.path.realpath(path)
