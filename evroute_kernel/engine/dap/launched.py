"""What a client has launched: a `conversation.Debuggee` that may be run again."""

from __future__ import annotations

from typing import Any, Final

from evroute_kernel.engine.dap.conversation import Publish
from evroute_kernel.engine.dap.launch import Launch
from evroute_kernel.engine.dap.program import Program
from evroute_kernel.engine.dap.requests import Arguments, Refused, given

#: what the next run of the program is told again
_KEPT: Final = ("setBreakpoints", "setExceptionBreakpoints")


class Launched:
    """One program after the other. None of them outlives the client, unless it asks for that."""

    def __init__(self, arguments: Arguments, client: Arguments, publish: Publish) -> None:
        """Raises Refused."""
        self._publish = publish
        self._arguments = arguments
        self._program: Program | None = Program(Launch.of(arguments), publish)
        self._told: list[tuple[str, Arguments]] = []
        self._is_configured = False

    def begin(self) -> None:
        """The client may say now where it is to stop."""
        self._publish({"type": "event", "seq": 0, "event": "initialized", "body": {}})

    def pass_on(self, message: Any) -> bool:
        """Nobody else answers."""
        return False

    def handle(self, command: str, arguments: Arguments) -> Any:
        """As `conversation.Debuggee.handle`."""
        if command == "restart":
            return self._restart(arguments)
        program = self._program
        if program is None:
            raise Refused("the program could not be launched again: restart it, or disconnect")
        if command == "configurationDone":
            self._is_configured = True
            return program.start()
        if command == "terminate":
            return program.terminate()
        body = program.handle(command, arguments)
        if command in _KEPT:
            self._told.append((command, arguments))
        return body

    def end(self, arguments: Arguments) -> None:
        """End the program too, unless the client says otherwise."""
        if self._program is not None and given_bool(arguments, "terminateDebuggee", default=True) is False:
            self._program.leave()
        self.vanish()

    def vanish(self) -> None:
        """End the program."""
        program, self._program = self._program, None
        if program is not None:
            program.close()

    def _restart(self, arguments: Arguments) -> None:
        """Run it anew, perhaps with other arguments. Breakpoints keep their numbers: they are set again in order."""
        self._arguments = given(arguments, "arguments", dict, dict(self._arguments))
        self.vanish()
        try:
            self._program = program = Program(Launch.of(self._arguments), self._publish)
        except Refused:
            self._publish({"type": "event", "seq": 0, "event": "terminated", "body": {}})
            raise
        for command, asked in self._told:
            program.handle(command, asked)
        if self._is_configured:
            program.start()


def given_bool(arguments: Arguments, name: str, *, default: bool) -> bool:
    """A truth value; Refused if it is another kind of thing."""
    value = arguments.get(name)
    if value is not None and not isinstance(value, bool):
        raise Refused(f"{name} is true or false")
    return default if value is None else value
