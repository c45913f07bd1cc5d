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
        "A file that loads modules is judged as a server does: it has those and no others, and whatever they need to "
        "start, other modules and parameters, must be there. "
        "docs/lints.md explains the codes of warnings and notes."
    )
    parser.epilog = "Exit code: 0 nothing found, 1 findings, 2 a file cannot be read."
    parser.add_argument("files", nargs="+", metavar="FILE", help="a script; - reads standard input")
    parser.add_argument(
        "--report",
        action="store_true",
        help="say of each line what it calls and reads is simulated here, stubbed, or needs a SIP message; with totals",
    )
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
        source = source_of(file, text)
        findings = _findings(source)
        sys.stdout.write("".join(f"{on_one_line(finding, file)}\n" for finding in findings))
        if options.report:
            _report(source, file)
        code = max(code, EXIT_FINDINGS if findings else EXIT_OK)
    return code


def _findings(source: Source) -> list[Diagnostic]:
    from evroute_kernel.lang.environment import Environment
    from evroute_kernel.lang.findings import findings

    return findings(source, Environment(whole=True))


def _report(source: Source, file: str) -> None:
    from evroute_kernel.lang.checks.standing import what_runs
    from evroute_kernel.lang.parser import parse
    from evroute_kernel.library import table
    from evroute_kernel.runtime.values import decode
    from evroute_kernel.runtime.versions import DEFAULT_VERSION

    script, _ = parse(source)
    found = what_runs(script, table.of(DEFAULT_VERSION))
    for line in found.lines():
        place = file if line.source is source else line.source.name
        print(f"{place}:{line.number}: {decode(str(line))}")
    print(f"{file}: {found.summary}")
