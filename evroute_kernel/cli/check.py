"""`evroute check`: say what is wrong with scripts, without running them."""

from __future__ import annotations

import argparse
import sys

from evroute_kernel.cli.files import on_one_line, read, source_of
from evroute_kernel.cli.outcome import EXIT_FINDINGS, EXIT_OK, EXIT_USAGE, UsageError
from evroute_kernel.errors import Diagnostic
from evroute_kernel.source import Source


def add(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Print every finding as file:line:column: severity: message (hint) [code]. Each file is checked on its own. "
        "docs/lints.md explains the codes of warnings and notes."
    )
    parser.epilog = "Exit code: 0 nothing found, 1 findings, 2 a file cannot be read."
    parser.add_argument("files", nargs="+", metavar="FILE", help="a script; - reads standard input")
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    from evroute_kernel.lang.findings import collector_paused

    with collector_paused():  # what was checked is gone before the collector could look through it
        return _run(options)


def _run(options: argparse.Namespace) -> int:
    code = EXIT_OK
    for file in options.files:
        try:
            text = read(file)
        except UsageError as error:
            print(error, file=sys.stderr)
            code = EXIT_USAGE
            continue
        findings = _findings(source_of(file, text))
        sys.stdout.write("".join(f"{on_one_line(finding, file)}\n" for finding in findings))
        code = max(code, EXIT_FINDINGS if findings else EXIT_OK)
    return code


def _findings(source: Source) -> list[Diagnostic]:
    from evroute_kernel.lang.environment import Environment
    from evroute_kernel.lang.findings import complaints

    return complaints(source, Environment())
