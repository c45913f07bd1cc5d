"""`evroute export`: make a server's configuration of a notebook."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from evroute_kernel.cli.outcome import EXIT_FINDINGS, EXIT_OK, FailedError, UsageError
from evroute_kernel.cli.server import add_server, version_for
from evroute_kernel.errors import rendered

if TYPE_CHECKING:
    from evroute_kernel.kernel.export.configuration import Configuration


def add(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Write the routes and settings of a notebook as an opensips.cfg; prose, magics and bare statements become "
        "comments. Nothing is run. What files hold is not copied: %%load becomes include_file; keep the configuration "
        "beside the notebook, where relative paths start."
    )
    parser.epilog = "Exit code: 0 written, 1 the whole has errors or cannot be written, 2 the notebook cannot be read."
    parser.add_argument("notebook", metavar="NOTEBOOK", help="a notebook file")
    parser.add_argument("-o", "--output", metavar="FILE", help="- is standard output (default: NOTEBOOK with .cfg)")
    parser.add_argument(
        "--node",
        metavar="NAME",
        help="the node whose configuration is wanted (default: all; that of node b is FILE with .b before its ending)",
    )
    parser.add_argument("--force", action="store_true", help="replace FILE if it exists")
    parser.add_argument(
        "--read-outside",
        action="store_true",
        help="look into files outside of the notebook's folder too, for the modules they need and the routes they have",
    )
    add_server(parser)
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    from evroute_kernel.kernel.cell.notebook import HOME
    from evroute_kernel.kernel.export.files import of_node
    from evroute_kernel.kernel.export.notebooks import NotebookError, read_file, title_of
    from evroute_kernel.kernel.export.standalone import export_nodes

    path = Path(options.notebook)
    if not path.name:
        raise UsageError(f"error: {options.notebook!r} is no notebook file")
    target = options.output or str(path.with_suffix(".cfg"))
    try:
        notebook = read_file(path)
        made = export_nodes(
            notebook.cells,
            title_of(path.name),
            path.parent,
            reads_outside=options.read_outside,
            version=version_for(options, path, notebook.version),
            is_version_fixed=options.server is not None,
        )
    except NotebookError as error:
        raise UsageError(f"error: {error}") from None
    if options.node is not None and options.node not in made:
        raise UsageError(f"error: {path} has no node {options.node} (it has {', '.join(made)})")
    for node, one in made.items():
        if options.node in (None, node):
            _put(one, target if node == HOME or options.node else of_node(target, node), options.force)
    return EXIT_FINDINGS if any(one.findings for one in made.values()) else EXIT_OK


def _put(made: Configuration, target: str, force: bool) -> None:
    """Write a configuration, and say what it holds and lacks. Raises FailedError."""
    if target == "-":
        print(made.text, end="")
    else:
        _write_new(target, made.text, force)
        print(f"{target}: {made.summary}")
    for text in rendered(made.findings):
        print(text, file=sys.stderr)


def _write_new(file: str, text: str, force: bool) -> None:
    """Write a file that does not exist yet; with `force` any. Raises FailedError."""
    from evroute_kernel.kernel.export.files import write_whole

    try:
        write_whole(Path(file), text, force=force)
    except FileExistsError:
        raise FailedError(f"error: {file} exists (--force replaces it)") from None
    except OSError as error:
        raise FailedError(f"error: cannot write {file}: {error.strerror}") from None
