"""`evroute migrate`: rewrite scripts of OpenSIPS 2.x for 3.x."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from evroute_kernel.cli.files import on_one_line, read, source_of
from evroute_kernel.cli.outcome import EXIT_FINDINGS, EXIT_OK, EXIT_USAGE, UsageError
from evroute_kernel.errors import Diagnostic
from evroute_kernel.source import Source


def add(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Print what changes in scripts of OpenSIPS 2.x for 3.x, as a unified diff. What stays as it is, or needs a "
        "look, is said on standard error, and so are the errors that the new text still has, such as names that went "
        "with a version: those are changed by hand."
    )
    parser.epilog = (
        "Exit code: 0 nothing to migrate, or all of it applied; 1 something to migrate; 2 a file cannot be read or "
        "written."
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help="a script; - reads standard input")
    parser.add_argument(
        "--apply", action="store_true", help="rewrite the files; the text of standard input goes to standard output"
    )
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    code = EXIT_OK
    for file in options.files:
        try:
            is_old = _migrate_file(file, options.apply)
        except UsageError as error:
            print(error, file=sys.stderr)
            code = EXIT_USAGE
            continue
        code = max(code, EXIT_FINDINGS if is_old and not options.apply else EXIT_OK)
    return code


def _migrate_file(file: str, is_applied: bool) -> bool:
    """Print or write what changes in a file; whether anything does. Raises UsageError."""
    from evroute_kernel.kernel.export.files import write_whole
    from evroute_kernel.lang.migration.migrate import migrate, unified_diff

    text = read(file)
    found = migrate(source_of(file, text))
    for note in found.notes:
        print(on_one_line(note, file), file=sys.stderr)
    if is_applied and file == "-":
        sys.stdout.write(found.text)
    elif is_applied and found:
        try:
            write_whole(Path(file), found.text, force=True)
        except OSError as error:
            raise UsageError(f"error: cannot write {file}: {error.strerror}") from None
    else:
        sys.stdout.write(unified_diff(text, found.text, file))
    sys.stdout.flush()
    name = f"{file} (3.x)" if found and not is_applied else file
    for left in _errors_left(replace(source_of(file, found.text), name=name)):
        print(on_one_line(left, file), file=sys.stderr)
    return bool(found)


def _errors_left(source: Source) -> list[Diagnostic]:
    """What a server refuses in the new text."""
    from evroute_kernel.lang.environment import Environment
    from evroute_kernel.lang.findings import complaints

    return [finding for finding in complaints(source, Environment(whole=True)) if finding.severity == "error"]
