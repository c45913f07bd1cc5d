"""A client of the management interface: JSON-RPC 2.0 over datagrams, a FIFO or HTTP.

    client = open_client(MiAddress.parse("datagram:127.0.0.1:8080"))
    client.call("events_list")["Events"]

A client may be used from any thread; calls take their turns. Nothing is sent twice: a command that was lost may have
been carried out all the same.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import count
from threading import Lock
from time import monotonic
from typing import Any, Final, TypeAlias

from evroute_kernel.errors import Diagnostic, ScriptError

#: seconds that a call may take
TIMEOUT: Final = 5.0

#: parameters of a command: by name, or in order
MiParams: TypeAlias = "Mapping[str, Any] | Sequence[Any] | None"


class MiError(ScriptError):
    """A call of the management interface that had no good end. One message, and a hint where there is one."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__([Diagnostic("error", "mi", message, None, hint)])
        self.message = message
        self.hint = hint


class NoAnswerError(MiError):
    """Nobody answers: nothing listens there, it may not be reached, or it takes too long."""


class BadReplyError(MiError):
    """What answers does not speak JSON-RPC."""


class MiFaultError(MiError):
    """The server refused the command: `code`, `fault` and `data` as it sent them."""

    def __init__(self, method: str, code: int, fault: str, data: Any = None) -> None:
        detail = "" if data is None else f" ({data})"
        super().__init__(f"the server answers {method} with {code} {fault}{detail}")
        self.code = code
        self.fault = fault
        self.data = data


class MiClient(ABC):
    """One server's management interface. Subclasses say how bytes get there and back."""

    def __init__(self, address: str) -> None:
        self.address = address
        #: names of 3.6 -> those by which this server is to be asked
        self.names: Mapping[str, str] = {}
        self._ids = count(1)
        self._lock = Lock()

    def call(self, method: str, params: MiParams = None, timeout: float = TIMEOUT) -> Any:
        """Run a command; its result. Waits `timeout` seconds at most, and for calls of other threads before.

        A name of 3.6 becomes the one that the server has, where that is known.

        Raises NoAnswerError, BadReplyError, or MiFaultError when the server refuses.
        """
        method = self.names.get(method, method)
        with self._lock:
            identifier = next(self._ids)
            request = {"jsonrpc": "2.0", "id": identifier, "method": method}
            if params is not None:
                request["params"] = params
            text = json.dumps(request, ensure_ascii=False, separators=(",", ":"))
            try:
                reply = self.exchange(text.encode("utf-8", "surrogateescape"), identifier, monotonic() + timeout)
            except TimeoutError:
                raise self.no_answer(method, timeout) from None
        return self.result(method, reply)

    def no_answer(self, method: str, timeout: float) -> NoAnswerError:
        return NoAnswerError(f"{self.address} does not answer {method} within {timeout:g} seconds", self.silence_hint)

    #: what to look at when there is silence
    silence_hint: str | None = None

    @abstractmethod
    def exchange(self, request: bytes, identifier: int, deadline: float) -> bytes:
        """Send a request and return what answers it. Raises TimeoutError past the deadline (monotonic), MiError."""

    @abstractmethod
    def close(self) -> None:
        """Give back sockets and files. Closing twice is harmless."""

    def result(self, method: str, reply: bytes) -> Any:
        """What a reply says. Raises BadReplyError, MiFaultError."""
        found = parsed(reply)
        if not isinstance(found, dict) or not found.keys() & {"result", "error"}:
            raise BadReplyError(
                f"{self.address} does not answer with JSON-RPC: {excerpt(reply)}", self.reply_hint(reply)
            )
        error = found.get("error")
        if isinstance(error, dict):
            code, fault = error.get("code"), error.get("message")
            raise MiFaultError(method, code if isinstance(code, int) else 0, str(fault), error.get("data"))
        return found.get("result")

    def reply_hint(self, reply: bytes) -> str | None:
        """Why a reply may be none."""
        return None


def parsed(reply: bytes) -> Any:
    """A JSON text, None if it is none."""
    with suppress(ValueError, RecursionError):
        return json.loads(reply.decode("utf-8", "surrogateescape"), strict=False)
    return None


def answers(reply: bytes, identifier: int) -> bool:
    """Whether a reply is for this request, and not for an earlier one that came too late."""
    found = parsed(reply)
    # an error about a request that could not be read has no id
    return not isinstance(found, dict) or found.get("id") in (identifier, None)


def excerpt(reply: bytes) -> str:
    """The beginning of a reply that is none, on one line."""
    text = reply[:60].decode("utf-8", "replace")
    return repr(text) + (" ..." if len(reply) > 60 else "") if reply else "an empty reply"


def remaining(deadline: float) -> float:
    """Seconds until a deadline. Raises TimeoutError past it."""
    seconds = deadline - monotonic()
    if seconds <= 0:
        raise TimeoutError
    return seconds
