"""evroute dap: the debugger of a script for editors, which speak the Debug Adapter Protocol with it over stdio."""

from __future__ import annotations

import argparse
import os
import sys
from typing import BinaryIO

from evroute_kernel.cli.outcome import EXIT_OK


def add(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Debug a script from an editor: it starts this command and speaks the Debug Adapter Protocol with it, over "
        'standard input and output. A launch configuration names the "program" (a script) and the "events" to raise, '
        'each as behind %%raise, or a "recording" to replay; an attach configuration the "socket" of an evroute serve '
        "--debug that runs, and the token that it printed. docs/watching.md tells all of it, for several editors."
    )
    parser.epilog = "Exit code: 0 the editor has ended it."
    parser.set_defaults(command=serve)


def serve(options: argparse.Namespace) -> int:
    """The command."""
    from evroute_kernel.engine.dap.conversation import Conversation
    from evroute_kernel.engine.dap.launched import Launched
    from evroute_kernel.engine.dap.relay import Relay
    from evroute_kernel.engine.dap.stream import Stream

    Conversation(Stream(sys.stdin.buffer, _taken_output()), {"launch": Launched, "attach": Relay}).hold()
    return EXIT_OK


def _taken_output() -> BinaryIO:
    """Standard output, for the protocol alone: whatever else is printed goes to standard error."""
    taken = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return taken
