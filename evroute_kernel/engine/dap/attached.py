"""What a client has attached to: a `conversation.Debuggee` whose session was there before, and is there after it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from evroute_kernel.engine.dap.adapter import Adapter
from evroute_kernel.engine.dap.conversation import Publish
from evroute_kernel.engine.dap.files import ClientFiles
from evroute_kernel.engine.dap.launched import given_bool
from evroute_kernel.engine.dap.requests import Arguments, Refused
from evroute_kernel.engine.session.session import Session


class Debugged:
    """One debugger of a session, whoever its client is: it may be handed on to another one."""

    def __init__(self, session: Session) -> None:
        self.publish: Publish = _nobody
        self.files = ClientFiles()
        self.adapter = Adapter(session, lambda message: self.publish(message), self.files)
        self.adapter.handle("initialize", {})

    def close(self) -> None:
        """What stands still goes on. Closing twice is harmless."""
        self.adapter.close()


class Host(Protocol):
    """Whose session is debugged."""

    def joined(self, debugged: Debugged, publish: Publish) -> None:
        """A client debugs."""

    def left(self, debugged: Debugged, *, is_lost: bool) -> None:
        """A client does not need this any more; `is_lost`: it is gone without a word, and may come back."""

    def end(self) -> None:
        """A client wants all to end."""


class Attached:
    """One client."""

    def __init__(self, debugged: Debugged, host: Host, publish: Publish) -> None:
        self._debugged = debugged
        self._host = host
        self._publish = publish
        self._own: dict[str, Callable[[], None]] = {"configurationDone": self._configured, "terminate": host.end}

    def begin(self) -> None:
        """The client may say now where it is to stop."""
        self._debugged.publish = self._publish
        self._host.joined(self._debugged, self._publish)
        self._publish({"type": "event", "seq": 0, "event": "initialized", "body": {}})

    def pass_on(self, message: Any) -> bool:
        """Nobody else answers."""
        return False

    def handle(self, command: str, arguments: Arguments) -> Any:
        """As `conversation.Debuggee.handle`."""
        if command == "restart":
            raise Refused("this is attached to a server that runs: start that anew")
        if command in self._own:
            return self._own[command]()
        return self._debugged.files.handle(self._debugged.adapter.handle, command, arguments)

    def end(self, arguments: Arguments) -> None:
        """What stands still goes on at once; the server ends only where the client says so."""
        self._debugged.publish = _nobody
        self._host.left(self._debugged, is_lost=False)
        if given_bool(arguments, "terminateDebuggee", default=False):
            self._host.end()

    def vanish(self) -> None:
        """What stands still goes on after a while, unless the client comes back."""
        self._debugged.publish = _nobody
        self._host.left(self._debugged, is_lost=True)

    def _configured(self) -> None:
        """One that has come back is told where all stands still."""
        self._debugged.adapter.tell_stops()


def _nobody(message: dict[str, Any]) -> None:
    pass
