"""`evroute install`: make the kernel known to Jupyter. What names a kernelspec and its place, `uninstall` has too."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

from evroute_kernel.cli.outcome import EXIT_OK, FailedError, UsageError
from evroute_kernel.cli.server import OPTION, version
from evroute_kernel.runtime.versions import VERSIONS, ServerVersion

NAME: Final = "evroute"


def add(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Write kernelspecs that start the kernel with this Python interpreter: as the package has them, "
        f"{NAME} and one for each other version of OpenSIPS, or the one that --name or --server says."
    )
    place = add_place(parser)
    place["--user"].help = "for this user, in any environment (the default)"
    parser.add_argument("--display-name", metavar="D", help="name that people read")
    parser.set_defaults(command=run)


def add_place(parser: argparse.ArgumentParser) -> dict[str, argparse.Action]:
    """The options that say which kernelspec, and where; those of the place by name."""
    place = parser.add_mutually_exclusive_group()
    found = [
        place.add_argument("--user", action="store_true", help="of this user, in any environment"),
        place.add_argument("--sys-prefix", action="store_true", help="in this Python environment"),
        place.add_argument("--prefix", type=Path, metavar="P", help="below P/share/jupyter/kernels"),
    ]
    parser.add_argument("--name", metavar="N", help=f"name of the kernelspec (with --server {NAME}-VERSION)")
    parser.add_argument(
        OPTION,
        type=version,
        metavar="|".join(VERSIONS),
        default=argparse.SUPPRESS,
        help="only the kernelspec whose notebooks begin as this version of OpenSIPS, and say so in their metadata",
    )
    return {action.option_strings[0]: action for action in found}


def run(options: argparse.Namespace) -> int:
    from evroute_kernel.kernel.kernelspec import install

    elsewhere = options.sys_prefix or options.prefix is not None
    for name, server in named(options, single=options.display_name is not None).items():
        try:
            folder = install(not elsewhere, options.sys_prefix, options.prefix, name, options.display_name, server)
        except ValueError as error:
            raise UsageError(f"error: {error}") from None
        except OSError as error:
            raise FailedError(f"error: cannot write the kernelspec: {error}") from None
        print(f"installed the kernelspec {folder.name} in {folder}")
    return EXIT_OK


def named(options: argparse.Namespace, single: bool = False) -> dict[str, ServerVersion | None]:
    """The kernelspecs that are meant, by name: those of the package where none is named, or only the first."""
    from evroute_kernel.kernel.kernelspec import BROUGHT

    if options.name or options.server:
        return {options.name or f"{NAME}-{options.server}": options.server}
    return {NAME: None} if single else BROUGHT
