"""A client of the Debug Adapter Protocol on a stream, from its first request to its last: what it may ask for when.

What is debugged is made by one of the `ways` that there are here to begin it (launch, attach), and is asked from then
on. Whatever a client sends gets an answer; only the end of the stream, or `disconnect`, ends the conversation.
"""

from __future__ import annotations

import queue
import threading
import traceback
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

from evroute_kernel.engine.dap.adapter import CAPABILITIES
from evroute_kernel.engine.dap.requests import Arguments, Refused, answer, refusal
from evroute_kernel.engine.dap.stream import Stream, StreamError

#: what stands here can do beside the adapter
OWN_CAPABILITIES: Final = {
    **CAPABILITIES,
    "supportsRestartRequest": True,
    "supportsTerminateRequest": True,
    "supportTerminateDebuggee": True,
}
#: messages that may wait for a client to read them
WAITING: Final = 10_000
#: seconds in which a client reads what is left when all is over
LAST_WORDS: Final = 5.0


class Debuggee(Protocol):
    """What is debugged."""

    def begin(self) -> None:
        """The client knows that it has begun: it may be told of events."""

    def pass_on(self, message: Any) -> bool:
        """Whether somebody else has got the request, and will answer it."""

    def handle(self, command: str, arguments: Arguments) -> Any:
        """What the body of a response holds. Raises Refused."""

    def end(self, arguments: Arguments) -> None:
        """The client disconnects, with these arguments."""

    def vanish(self) -> None:
        """The client is gone without a word."""


Publish = Callable[[dict[str, Any]], None]
Way = Callable[[Arguments, Arguments, Publish], Debuggee]


class Outlet:
    """Messages on their way to a client, numbered, in a thread of its own: nobody waits for a client that reads slowly,
    until there are `WAITING` of them. Then either who publishes does, or the client is given up."""

    def __init__(self, stream: Stream, give_up: Callable[[], None] | None = None) -> None:
        self._stream = stream
        self._give_up = give_up
        self._waiting: queue.Queue[dict[str, Any] | None] = queue.Queue(WAITING)
        self._thread = threading.Thread(target=self._write, name="evroute dap client", daemon=True)
        self._thread.start()

    def __call__(self, message: dict[str, Any]) -> None:
        if self._give_up is None:
            self._waiting.put(message)
            return
        try:
            self._waiting.put_nowait(message)
        except queue.Full:
            self._give_up()

    def close(self) -> None:
        """Write what is left, if the client reads it soon."""
        try:
            self._waiting.put(None, timeout=LAST_WORDS)
        except queue.Full:
            return
        self._thread.join(LAST_WORDS)

    def _write(self) -> None:
        number = 0
        while (message := self._waiting.get()) is not None:
            number += 1
            self._stream.write({**message, "seq": number})


class Conversation:
    """One client."""

    def __init__(self, stream: Stream, ways: Mapping[str, Way], give_up: Callable[[], None] | None = None) -> None:
        """`ways`: command -> what begins, given its arguments, those of `initialize`, and what takes events; it may
        raise Refused. `give_up` is called when the client does not read what it is sent; None: it is waited for."""
        self._stream = stream
        self._ways = ways
        self.say: Final = Outlet(stream, give_up)
        self._client: Arguments | None = None
        self._debuggee: Debuggee | None = None
        self._is_over = False

    def hold(self) -> None:
        """Answer requests until there are no more."""
        try:
            while not self._is_over and (message := self._next()) is not None:
                self._take(message)
        finally:
            debuggee, self._debuggee = self._debuggee, None
            if debuggee is not None:
                debuggee.vanish()
            self.say.close()

    def _next(self) -> Any:
        """The next message; None at the end."""
        while True:
            try:
                return self._stream.read()
            except StreamError as error:
                self.say(refusal(str(error)))
            except (OSError, ValueError):  # closed from this side
                return None

    def _take(self, message: Any) -> None:
        command = message.get("command") if isinstance(message, dict) else None
        if command != "disconnect" and self._debuggee is not None and self._debuggee.pass_on(message):
            return
        before = self._debuggee
        self.say(answer(message, self._handled))
        if self._debuggee is not None and before is None:
            self._debuggee.begin()

    def _handled(self, command: str, arguments: Arguments) -> Any:
        """What cannot be foreseen costs the request, not the conversation: the client is told, and so is who looks at
        standard error."""
        try:
            return self._handle(command, arguments)
        except Refused:
            raise
        except Exception as error:
            traceback.print_exc()
            raise Refused(f"{command} has failed, and that is our fault: {error!r}") from error

    def _handle(self, command: str, arguments: Arguments) -> Any:
        if command == "initialize":
            return self._initialize(arguments)
        if command == "disconnect":
            return self._disconnect(arguments)
        if self._client is None:
            raise Refused("initialize comes first")
        if command in ("launch", "attach"):
            return self._begin(command, arguments)
        if self._debuggee is None:
            raise Refused(f"nothing is debugged: {' or '.join(self._ways)} comes first")
        return self._debuggee.handle(command, arguments)

    def _initialize(self, arguments: Arguments) -> Any:
        if self._client is not None:
            raise Refused("initialize comes once")
        self._client = arguments
        return OWN_CAPABILITIES

    def _begin(self, command: str, arguments: Arguments) -> None:
        way = self._ways.get(command)
        if way is None:
            raise Refused(f"here is nothing to {command}: {' or '.join(self._ways)}")
        if self._debuggee is not None:
            raise Refused("something is debugged already: disconnect, and begin anew")
        self._debuggee = way(arguments, self._client or {}, self.say)

    def _disconnect(self, arguments: Arguments) -> None:
        debuggee, self._debuggee = self._debuggee, None
        self._is_over = True
        if debuggee is not None:
            debuggee.end(arguments)
