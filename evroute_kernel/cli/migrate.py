"""`evroute migrate`: rewrite scripts of OpenSIPS for a later version."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from evroute_kernel.cli.files import on_one_line, read, source_of
from evroute_kernel.cli.outcome import EXIT_FINDINGS, EXIT_OK, EXIT_USAGE, UsageError
from evroute_kernel.cli.server import version, version_for
from evroute_kernel.errors import Diagnostic
from evroute_kernel.runtime.versions import VERSIONS
from evroute_kernel.source import Source

if TYPE_CHECKING:
    from evroute_kernel.lang.environment import Environment


#: endings of files that are no scripts of OpenSIPS, and may hold commands of its management interface all the same
_OTHERS: Final = (".sh", ".bash", ".ksh", ".zsh", ".py", ".pl")


def add(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Print what changes in scripts of OpenSIPS 2.x for 3.x, or in scripts of 3.6 and before for 4.0, as a unified "
        "diff. What stays as it is, or needs a look, is said on standard error, and so are the errors that the new "
        "text still has, such as names that went with a version: those are changed by hand. For 4.0 that includes "
        "where events raised in event routes make a difference."
    )
    parser.epilog = (
        "Exit code: 0 nothing to migrate, or all of it applied; 1 something to migrate, or to be changed by hand; 2 a "
        "file cannot be read or written."
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help="a script; - reads standard input")
    parser.add_argument(
        "--to",
        type=version,
        metavar="|".join(VERSIONS),
        help="the version that the new text is for (default: that of --server, of the project, or 3.6)",
    )
    parser.add_argument(
        "--mi",
        action="store_true",
        help="for 4.0: give commands of the management interface their new names too, in comments and texts; a "
        f"FILE may be a shell script then ({', '.join(_OTHERS)}, or one that begins with #!)",
    )
    parser.add_argument(
        "--apply", action="store_true", help="rewrite the files; the text of standard input goes to standard output"
    )
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    code = EXIT_OK
    for file in options.files:
        try:
            is_left = _migrate_file(file, options)
        except UsageError as error:
            print(error, file=sys.stderr)
            code = EXIT_USAGE
            continue
        code = max(code, EXIT_FINDINGS if is_left else EXIT_OK)
    return code


def _migrate_file(file: str, options: argparse.Namespace) -> bool:
    """Print or write what changes in a file; whether anything is left to do. Raises UsageError."""
    from evroute_kernel.kernel.export.files import write_whole
    from evroute_kernel.lang.environment import Environment
    from evroute_kernel.lang.migration.migrate import unified_diff
    from evroute_kernel.lang.migration.targets import called, migrated, migrated_commands

    text, to = read(file), options.to or ("4.0" if options.mi else version_for(options, file))
    is_script = not _is_other(file, text)
    if options.mi and to != "4.0":
        raise UsageError("error: --mi gives commands the names of 4.0 (write --to 4.0)")
    if not (is_script or options.mi):
        raise UsageError(
            f"error: {file} is no script of OpenSIPS (--mi renames commands of the management interface in it)"
        )
    source, environment = source_of(file, text), Environment(whole=True, version=to)
    found = migrated(source, environment, mi=options.mi) if is_script else migrated_commands(source)
    new = source_of(file, found.text)
    notes = found.in_new_text(new)
    for note in notes if options.apply else found.notes:
        print(on_one_line(note, file), file=sys.stderr)
    if options.apply and file == "-":
        sys.stdout.write(found.text)
    elif options.apply and found:
        try:
            write_whole(Path(file), found.text, force=True)
        except OSError as error:
            raise UsageError(f"error: cannot write {file}: {error.strerror}") from None
        print(f"{file}: {_counted(len(found.changes), 'place')} changed")
    else:
        sys.stdout.write(unified_diff(text, found.text, file, called(to)))
    sys.stdout.flush()
    name = f"{file} ({called(to)})" if found and not options.apply else file
    left = _errors_left(replace(new, name=name), environment) if is_script else []
    left = [finding for finding in left if not _is_told(finding, notes)]
    for finding in left:
        print(on_one_line(finding, file), file=sys.stderr)
    if found.doubts or left:
        print(f"{file}: to be changed by hand: {_remaining(found.doubts, len(left))}", file=sys.stderr)
    return bool(found.doubts or left or (found and not options.apply))


def _is_told(error: Diagnostic, notes: Sequence[Diagnostic]) -> bool:
    """Whether a note has said already that what a server refuses at this place stays as it is."""
    at = error.span
    doubts = [note.span.start for note in notes if note.severity == "warning" and note.span is not None]
    return at is not None and at.start in doubts


def _remaining(doubts: int, errors: int) -> str:
    """`1 place that stays as it is, and 2 errors of the new text`."""
    stay = "stays as it is" if doubts == 1 else "stay as they are"
    parts = [f"{_counted(doubts, 'place')} that {stay}"] * bool(doubts)
    return ", and ".join(parts + [f"{_counted(errors, 'error')} of the new text"] * bool(errors))


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'s' * (count != 1)}"


def _is_other(file: str, text: str) -> bool:
    """Whether a file is a script of another kind."""
    return file.endswith(_OTHERS) or text.startswith(("#!/", "#! /"))


def _errors_left(source: Source, environment: Environment) -> list[Diagnostic]:
    """What a server refuses in the new text."""
    from evroute_kernel.lang.findings import complaints

    return [finding for finding in complaints(source, environment) if finding.severity == "error"]
