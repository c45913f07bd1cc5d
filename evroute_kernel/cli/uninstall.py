"""`evroute uninstall`: make the kernel unknown to Jupyter; the package stays where it is."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from evroute_kernel.cli.install import add_place, named
from evroute_kernel.cli.outcome import EXIT_OK, FailedError


def add(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Remove the kernelspecs that `evroute install` writes and the package brings: of this user and in this Python "
        "environment, unless a place is named. `pip uninstall evroute-kernel` removes the package."
    )
    add_place(parser)
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    from evroute_kernel.kernel.kernelspec import uninstall

    names, places = list(named(options)), list(_places(options))
    removed = []
    for name in names:
        for kernels in places:
            try:
                removed.append(uninstall(name, kernels))
            except ValueError as error:
                raise FailedError(f"error: {error}") from None
            except OSError as error:
                raise FailedError(f"error: cannot remove the kernelspec: {error}") from None
            if removed[-1]:
                print(f"removed the kernelspec {name} from {kernels}")
    if not any(removed):
        where = "\n".join(f"  {kernels}" for kernels in places)
        raise FailedError(f"error: there is no kernelspec {' or '.join(names)} in\n{where}\n{_elsewhere()}")
    return EXIT_OK


def _places(options: argparse.Namespace) -> Iterator[Path]:
    """The folders of kernels to look in."""
    from evroute_kernel.kernel.kernelspec import prefix_folder, user_folder

    everywhere = not (options.user or options.sys_prefix or options.prefix)
    if options.user or everywhere:
        yield user_folder()
    if options.sys_prefix or everywhere:
        yield prefix_folder(sys.prefix)
    if options.prefix:
        yield prefix_folder(options.prefix)


def _elsewhere() -> str:
    return "hint: `jupyter kernelspec list` says where there is one; --name, --prefix name it"
