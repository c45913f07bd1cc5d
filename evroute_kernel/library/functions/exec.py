"""Module exec: commands of the operating system. Scripts here run none of them, whatever the settings."""

from __future__ import annotations

from evroute_kernel.library.behaviour import function
from evroute_kernel.library.references import Reference
from evroute_kernel.library.stubs import call_stub
from evroute_kernel.runtime.context import Context


@function("exec", stub=True)
def exec(
    context: Context,
    command: str,
    stdin: str | None,
    stdout: Reference | None,
    stderr: Reference | None,
    envavp: Reference | None,
) -> int:
    """Run a shell command. It stays a stub here, on purpose: no notebook starts commands because a route says so.

    The call is recorded, command line included; `%stub exec returns 1 sets $var(out)="..."` says what comes of it. On
    the server: `stdin` is handed to the command, its output and errors go to `stdout` and `stderr`, and the values of
    `envavp` are its environment. Returns 1 there whatever the command's exit status, -1 when it cannot be started.
    """
    return call_stub(context, command, stdin, stdout, stderr, envavp, name="exec")
