"""A client that attaches by way of `evroute dap`: what it sends goes to the socket of an `evroute serve`, and back.

A `conversation.Debuggee`: the other end answers.
"""

from __future__ import annotations

import os
import socket
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from evroute_kernel.engine.dap.conversation import LAST_WORDS, Publish
from evroute_kernel.engine.dap.launch import ATTACH, check
from evroute_kernel.engine.dap.requests import Arguments, Refused
from evroute_kernel.engine.dap.stream import Stream, StreamError

#: where the token may be, if the configuration does not hold it
TOKEN_VARIABLE: Final = "EVROUTE_DEBUG_TOKEN"
#: seconds for a server to answer that one may attach
PATIENCE: Final = 10.0


class Relay:
    """One attachment."""

    def __init__(self, arguments: Arguments, client: Arguments, publish: Publish) -> None:
        """Raises Refused."""
        check(arguments, ATTACH)
        path = arguments.get("socket")
        if not path:
            raise Refused('attach wants a "socket": the path behind --debug of an evroute serve that runs')
        token = _token(arguments)
        self._publish = publish
        self._has_ended = self._is_closed = False
        self._thread = threading.Thread(target=self._pump, name="evroute dap relay", daemon=True)
        self._socket = _connected(path)
        self._stream = Stream(self._socket.makefile("rb"), self._socket.makefile("wb"))
        try:
            self._ask("initialize", client)
            self._ask("attach", {"token": token})
        except BaseException:
            self._close()
            raise
        self._socket.settimeout(None)

    def _ask(self, command: str, arguments: Arguments) -> None:
        try:
            self._stream.write({"type": "request", "seq": 0, "command": command, "arguments": dict(arguments)})
            answer = self._stream.read()
        except (OSError, StreamError) as error:
            raise Refused(f"what listens there is no evroute serve: {error}") from None
        if not isinstance(answer, dict) or answer.get("success") is not True:
            said = answer.get("message") if isinstance(answer, dict) else None
            raise Refused(str(said or "evroute serve has closed the connection: it lets in its own user alone"))

    def begin(self) -> None:
        """What the other end says goes to the client from now on."""
        self._thread.start()

    def pass_on(self, message: Any) -> bool:
        """Whether the other end has got it."""
        if self._has_ended:
            return False
        self._stream.write(message)
        return True

    def handle(self, command: str, arguments: Arguments) -> Any:
        """The other end is gone."""
        raise Refused("evroute serve has ended")

    def end(self, arguments: Arguments) -> None:
        """Say that the client disconnects."""
        if not self._has_ended:
            self._is_closed = True
            message = {"type": "request", "seq": 0, "command": "disconnect", "arguments": dict(arguments)}
            self._stream.write(message)
            self._thread.join(LAST_WORDS)
        self.vanish()

    def vanish(self) -> None:
        """The connection ends as the client has."""
        self._is_closed = True
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        if self._thread.ident is not None:
            self._thread.join(LAST_WORDS)
        self._close()

    def _close(self) -> None:
        self._stream.close()
        self._socket.close()

    def _pump(self) -> None:
        has_told = False
        with suppress(OSError, ValueError):  # of a connection that ends in the midst of a message
            while (message := self._stream.read()) is not None:
                if self._is_closed:
                    continue
                has_told = has_told or message.get("event") == "terminated"
                self._publish(message)
        self._has_ended = True
        if not has_told and not self._is_closed:
            self._publish({"type": "event", "seq": 0, "event": "terminated", "body": {}})


def _token(arguments: Arguments) -> str:
    if (token := arguments.get("token")) is not None:
        return str(token)
    if (file := arguments.get("tokenFile")) is None:
        return os.environ.get(TOKEN_VARIABLE, "")
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise Refused(f"cannot read the token in {file}: {reason}") from None


def _connected(path: str) -> socket.socket:
    opened = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    opened.settimeout(PATIENCE)
    try:
        opened.connect(path)
    except (OSError, ValueError) as error:
        opened.close()
        reason = (error.strerror or str(error)).lower() if isinstance(error, OSError) else str(error)
        raise Refused(f"no evroute serve --debug {path} can be reached: {reason}") from None
    return opened
