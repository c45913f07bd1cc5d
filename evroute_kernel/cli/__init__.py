"""The `evroute` command: run or serve a script, check or migrate scripts, export a notebook, install the kernelspec.

It needs no Jupyter, but to install the kernelspec.

Exit codes: 0 all went well; 1 the script has findings, was refused, or a run failed; 2 wrong usage, or a file that
cannot be read. 1 also where the output cannot be written.
"""

from __future__ import annotations

import argparse
import atexit
import gc
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from typing import Final, NoReturn

from evroute_kernel import __version__
from evroute_kernel.cli.outcome import EXIT_FINDINGS, EXIT_USAGE, FailedError, RefusedError, StoppedError, UsageError
from evroute_kernel.cli.output import OutputError, give_up, take_streams
from evroute_kernel.cli.server import OPTION, add_server
from evroute_kernel.runtime.memory.room import NoRoom

#: command -> what it is for. Each is a module here: `add(parser)` gives it its arguments and a function to run
COMMANDS: Final = {
    "run": "load a script, raise events, print what it logs",
    "replay": "load a script, raise recorded events, say what became of them",
    "serve": "load a script and let clients of the management interface raise events",
    "dap": "debug a script from an editor, by the Debug Adapter Protocol",
    "check": "say what is wrong with scripts, without running them",
    "migrate": "rewrite scripts of OpenSIPS for 3.x or 4.0",
    "export": "make a server's configuration of a notebook",
    "install": "make the kernel known to Jupyter",
    "uninstall": "make the kernel unknown to Jupyter",
    "doctor": "say what is wrong with this installation, and what to do",
}


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Entry point of the command; ends with SystemExit."""
    take_streams()
    atexit.register(gc.freeze)  # or Python would look through all that is left once more before it ends
    try:
        given = sys.argv[1:] if arguments is None else arguments
        options = _parser(given).parse_args(given)
        code = options.command(options)
        sys.stdout.flush()  # at Python's end it would be too late to say what cannot be written
        sys.exit(code)
    except UsageError as error:
        print(error, file=sys.stderr)
        sys.exit(EXIT_USAGE)
    except RefusedError as error:
        from evroute_kernel.cli.colours import print_findings

        print_findings(error.findings)
        sys.exit(EXIT_FINDINGS)
    except StoppedError as error:
        from evroute_kernel.cli.colours import print_errors

        print_errors(error.errors)
        sys.exit(EXIT_FINDINGS)
    except (FailedError, NoRoom) as error:
        print(error, file=sys.stderr)
        sys.exit(EXIT_FINDINGS)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:  # the reader of our output is gone
        give_up()
        sys.exit(EXIT_FINDINGS)
    except OutputError as error:
        give_up()
        with suppress(OSError):  # if it is standard error that is full, nobody can be told
            print(f"error: cannot write the output: {(error.strerror or str(error)).lower()}", file=sys.stderr)
            sys.stderr.flush()
        sys.exit(EXIT_FINDINGS)


def _parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    """The parser of a command line. Of the commands only the one that is meant is imported."""
    meant = _command(arguments)
    parser = argparse.ArgumentParser(prog="evroute", description="OpenSIPS event routes, run without a server.")
    parser.add_argument("--version", action="version", version=f"evroute {__version__}")
    add_server(parser, is_command=False)
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for command, purpose in COMMANDS.items():
        parser_of_command = commands.add_parser(command, help=purpose)
        if command == meant:
            import_module(f"{__name__}.{command}").add(parser_of_command)
    if meant is not None and meant not in COMMANDS:
        from evroute_kernel.errors import did_you_mean, shortened

        near = did_you_mean(meant, COMMANDS) or f"commands are {', '.join(COMMANDS)}"
        raise UsageError(f"error: there is no command {shortened(meant)!r} ({near})")
    return parser


def _command(arguments: Sequence[str]) -> str | None:
    """The command of a command line: the first word that is neither an option nor the value of one."""
    words = iter(arguments)
    for word in words:
        if not word.startswith("-"):
            return word
        if len(word) > len("--") and OPTION.startswith(word):  # argparse takes the beginning of its name too
            next(words, None)
    return None
