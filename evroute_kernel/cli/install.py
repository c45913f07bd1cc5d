"""`evroute install`: make the kernel known to Jupyter."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

from evroute_kernel.cli.outcome import EXIT_OK, FailedError, UsageError
from evroute_kernel.cli.server import OPTION, version
from evroute_kernel.runtime.versions import VERSIONS

NAME: Final = "evroute"


def add(parser: argparse.ArgumentParser) -> None:
    parser.description = "Write a kernelspec that starts the kernel with this Python interpreter."
    place = parser.add_mutually_exclusive_group()
    place.add_argument("--user", action="store_true", help="for this user, in any environment (the default)")
    place.add_argument("--sys-prefix", action="store_true", help="into this Python environment")
    place.add_argument("--prefix", type=Path, metavar="P", help="below P/share/jupyter/kernels")
    parser.add_argument(
        "--name", metavar="N", help=f"name of the kernelspec (default: {NAME}; with --server {NAME}-VERSION)"
    )
    parser.add_argument("--display-name", metavar="D", help="name that people read")
    parser.add_argument(
        OPTION,
        type=version,
        metavar="|".join(VERSIONS),
        default=argparse.SUPPRESS,
        help="a kernelspec whose notebooks begin as this version of OpenSIPS, and say so in their metadata",
    )
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    from evroute_kernel.kernel.kernelspec import install

    elsewhere = options.sys_prefix or options.prefix is not None
    name = options.name or (f"{NAME}-{options.server}" if options.server else NAME)
    try:
        folder = install(not elsewhere, options.sys_prefix, options.prefix, name, options.display_name, options.server)
    except ValueError as error:
        raise UsageError(f"error: {error}") from None
    except OSError as error:
        raise FailedError(f"error: cannot write the kernelspec: {error}") from None
    print(f"installed the kernelspec {name} in {folder}")
    return EXIT_OK
