"""`evroute check`: say what is wrong with scripts, without running them."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from evroute_kernel.cli.files import is_notebook, on_one_line, read, source_of
from evroute_kernel.cli.outcome import EXIT_FINDINGS, EXIT_OK, EXIT_USAGE, UsageError
from evroute_kernel.cli.server import add_server, version_for
from evroute_kernel.runtime.versions import DEFAULT_VERSION, ServerVersion
from evroute_kernel.source import Source

if TYPE_CHECKING:
    from evroute_kernel.lang.environment import Environment


def add(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Print every finding as file:line:column: severity: message (hint) [code]. Each file is checked on its own. "
        "A file that loads modules is judged as a server does: it has those and no others, and whatever they need to "
        "start, other modules and parameters, must be there. "
        "A notebook is judged cell by cell, as the kernel does, and nothing of it is run. "
        "docs/lints.md explains the codes of warnings and notes."
    )
    parser.epilog = "Exit code: 0 nothing found, 1 findings, 2 a file cannot be read."
    parser.add_argument(
        "files", nargs="+", metavar="FILE", help="a script or a notebook; - reads a script from standard input"
    )
    parser.add_argument(
        "--report",
        action="store_true",
        help="say of each line what it calls and reads is simulated here, stubbed, or needs a SIP message; with totals",
    )
    add_server(parser)
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    from evroute_kernel.lang.findings import collector_paused

    with collector_paused():  # what was checked is gone before the collector could look through it
        return _run(options)


def _run(options: argparse.Namespace) -> int:
    code = EXIT_OK
    for file in options.files:
        try:
            found = (_check_notebook if is_notebook(file) else _check_script)(file, options)
        except UsageError as error:
            print(error, file=sys.stderr)
            code = EXIT_USAGE
            continue
        code = max(code, EXIT_FINDINGS if found else EXIT_OK)
    return code


def _check_script(file: str, options: argparse.Namespace) -> bool:
    """Print the findings of a script; whether there are any. Raises UsageError."""
    from evroute_kernel.lang.environment import Environment
    from evroute_kernel.lang.findings import findings

    source = source_of(file, read(file))
    version = version_for(options, file)
    _tell_version(file, version)
    environment = Environment(whole=True, version=version)
    found = findings(source, environment)
    sys.stdout.write("".join(f"{on_one_line(finding, file)}\n" for finding in found))
    if any(finding.severity == "error" for finding in found):
        _tell_migration(source, file, environment)
    if options.report:
        _report(source, file, version)
    return bool(found)


def _check_notebook(file: str, options: argparse.Namespace) -> bool:
    """Print what a kernel would find in the cells of a notebook; whether that is anything. Raises UsageError."""
    from evroute_kernel.kernel.export.notebooks import NotebookError, read_file
    from evroute_kernel.kernel.export.rehearsal import Rehearsal
    from evroute_kernel.kernel.export.standalone import judge

    if options.report:
        raise UsageError(f"error: --report is about scripts, and {file} is a notebook (evroute export makes a script)")
    try:
        notebook = read_file(Path(file))
    except NotebookError as error:
        raise UsageError(f"error: {error}") from None
    version = version_for(options, file, notebook.version)
    rehearsal = Rehearsal(Path(file).parent, version=version, is_version_fixed=options.server is not None)
    found = judge(rehearsal, notebook.cells)
    _tell_version(file, rehearsal.version)
    # the place is one in a cell, and so it begins with the cell's name
    sys.stdout.write("".join(f"{file}: {on_one_line(finding, file)}\n" for finding in found))
    return bool(found)


def _tell_version(file: str, version: ServerVersion) -> None:
    """Say what a file is judged as, if that is not what everybody expects."""
    if version != DEFAULT_VERSION:
        print(f"{file}: judged as OpenSIPS {version}", file=sys.stderr, flush=True)


def _tell_migration(source: Source, file: str, environment: Environment) -> None:
    """Say of a text with errors what a rewriting would change of it."""
    from evroute_kernel.lang.migration.targets import migrated

    count = len(migrated(source, environment).changes)
    if count:
        places = f"{count} place{'s' * (count != 1)}"
        command = f"evroute migrate --to {environment.version} {file}"
        print(f"{file}: {command} rewrites {places}", file=sys.stderr, flush=True)


def _report(source: Source, file: str, version: ServerVersion) -> None:
    from evroute_kernel.lang.checks.standing import what_runs
    from evroute_kernel.lang.parser import parse
    from evroute_kernel.library import table
    from evroute_kernel.runtime.values import decode

    script, _ = parse(source, version=version)
    found = what_runs(script, table.of(version))
    for line in found.lines():
        place = file if line.source is source else line.source.name
        print(f"{place}:{line.number}: {decode(str(line))}")
    print(f"{file}: {found.summary}")
