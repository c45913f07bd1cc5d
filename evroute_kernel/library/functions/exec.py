"""Module exec: commands of the operating system. Scripts here run none of them, whatever the settings."""

from __future__ import annotations

from typing import Final

from evroute_kernel.library.declarations import ANY_ROUTE, declare_module, function
from evroute_kernel.library.functions.parameters import all_of, must_be_avp, must_be_writable
from evroute_kernel.library.references import Reference
from evroute_kernel.library.stubs import call_stub
from evroute_kernel.runtime.context import Context

MODULE: Final = "exec"

declare_module(MODULE, setvars="int", time_to_kill="int")


@function(
    "exec(command:string, [stdin:string], [stdout:var], [stderr:var], [envavp:var])",
    module=MODULE,
    returns="1; -1 could not run",
    routes=ANY_ROUTE - {"branch", "error"},
    check=all_of(must_be_writable(2, 3), must_be_avp(4)),
    is_async=True,
    stub=True,
)
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
    return call_stub(context, command, stdin, stdout, stderr, envavp, name="exec", module=MODULE)
