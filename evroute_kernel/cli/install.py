"""`evroute install`: make the kernel known to Jupyter."""

from __future__ import annotations

import argparse
from pathlib import Path

from evroute_kernel.cli.outcome import EXIT_OK, FailedError, UsageError


def add(parser: argparse.ArgumentParser) -> None:
    parser.description = "Write a kernelspec that starts the kernel with this Python interpreter."
    place = parser.add_mutually_exclusive_group()
    place.add_argument("--user", action="store_true", help="for this user, in any environment (the default)")
    place.add_argument("--sys-prefix", action="store_true", help="into this Python environment")
    place.add_argument("--prefix", type=Path, metavar="P", help="below P/share/jupyter/kernels")
    parser.add_argument("--name", default="evroute", metavar="N", help="name of the kernelspec (default: %(default)s)")
    parser.add_argument("--display-name", metavar="D", help="name that people read")
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    from evroute_kernel.kernel.kernelspec import install

    elsewhere = options.sys_prefix or options.prefix is not None
    try:
        folder = install(not elsewhere, options.sys_prefix, options.prefix, options.name, options.display_name)
    except ValueError as error:
        raise UsageError(f"error: {error}") from None
    except OSError as error:
        raise FailedError(f"error: cannot write the kernelspec: {error}") from None
    print(f"installed the kernelspec {options.name} in {folder}")
    return EXIT_OK
