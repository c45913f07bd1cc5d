"""`--server`: the version of OpenSIPS whose ways a command follows, and who else may name it.

What the command line says counts first, then what a notebook says of itself, then the project that a file belongs to
(`pyproject.toml` above it, else above the current folder).
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

from evroute_kernel.cli.outcome import UsageError
from evroute_kernel.runtime.versions import DEFAULT_VERSION, VERSIONS, ServerVersion, server_version

OPTION: Final = "--server"


def add_server(parser: argparse.ArgumentParser, *, is_command: bool = True) -> None:
    """The option, before the command and behind it: who gives it behind says so last."""
    parser.add_argument(
        OPTION,
        type=version,
        metavar="|".join(VERSIONS),
        default=argparse.SUPPRESS if is_command else None,
        help="the version of OpenSIPS whose ways are followed (default: what [tool.evroute] of the nearest "
        f"pyproject.toml names, else {DEFAULT_VERSION})",
    )


def version_for(options: argparse.Namespace, file: str | Path, own: ServerVersion | None = None) -> ServerVersion:
    """The version for a file; `own` is what the file itself names. Raises UsageError."""
    given: ServerVersion | None = options.server
    return given or own or _of_project(file) or DEFAULT_VERSION


def _of_project(file: str | Path) -> ServerVersion | None:
    """What the project of a file names, or that of the current folder."""
    from evroute_kernel.engine.project import ProjectError, project_version

    folders = [Path()] if file == "-" else [Path(file).absolute().parent, Path()]
    try:
        return next((found for folder in folders if (found := project_version(folder))), None)
    except ProjectError as error:
        raise UsageError(error.render()) from None


def version(text: str) -> ServerVersion:
    """The version that an argument names; raises what argparse shows."""
    try:
        return server_version(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
