"""`evroute run`: load a script, raise events, print what it logs."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from evroute_kernel.cli.collecting import add_collecting, collected
from evroute_kernel.cli.files import add_network, add_stubs, check_run, load, prepare, read, read_stubs, source_of
from evroute_kernel.cli.outcome import EXIT_FINDINGS, EXIT_OK, RefusedError, UsageError
from evroute_kernel.cli.records import print_as_json, print_as_text, print_race, print_trace
from evroute_kernel.cli.repeating import add_repeating, repeating
from evroute_kernel.cli.server import add_server, version_for
from evroute_kernel.errors import ScriptError
from evroute_kernel.runtime.versions import ServerVersion
from evroute_kernel.source import Source

if TYPE_CHECKING:
    from evroute_kernel.engine.events.race_line import RaceRequest
    from evroute_kernel.engine.events.raise_line import Params, RaiseRequest
    from evroute_kernel.engine.session.session import LogRecord, Run, Session


def add(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Load a script and raise events, one after another. What it logs goes to standard output (NOTICE and below) "
        "or standard error (WARNING and worse)."
    )
    parser.add_argument("file", metavar="FILE", help="the script; - reads standard input")
    parser.add_argument(
        "--raise",
        dest="raises",
        action="append",
        default=[],
        metavar='"EVENT name=value ..."',
        help="an event, written as after %%raise in a notebook; may be given several times",
    )
    parser.add_argument(
        "--race",
        dest="races",
        action="append",
        default=[],
        metavar='"EVENT ... EVENT ..."',
        help="behind all that is raised: run two or three events at once, in every order that can make a difference, "
        "and say what they come to; written as after %%race in a notebook, with its options inside the quotes: "
        '"E_A E_B --limit 500"',
    )
    add_server(parser)
    add_network(parser)
    add_stubs(parser)
    add_repeating(parser)
    parser.add_argument(
        "--json", action="store_true", help="print each log record, and what each race comes to, as one JSON object"
    )
    parser.add_argument(
        "--trace",
        action="store_true",
        help="print each statement that is run, behind the log of its event: its line, the values that it changed, and "
        "what it logged, raised and called; with --json as objects that have a number",
    )
    add_collecting(parser)
    parser.epilog = (
        "Exit code: 0 all went well; 1 the script was refused, a run failed, there is a race, or a search for one has "
        "ended before all was tried; 2 wrong usage, also events of --race that no route handles."
    )
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    text = read(options.file)
    version = version_for(options, options.file)
    stubs = read_stubs(options.stubs, version)
    requests, races = _requests(options.raises, version), _races(options.races, version)
    # not before: a wrong command line is answered at once
    from evroute_kernel.worker import early

    early.prepare()
    from evroute_kernel.engine.session.session import Session

    print_record = print_as_json if options.json else print_as_text
    with Session(workers=1, version=version, **repeating(options)) as session, collected(session, options):
        prepare(session, options, stubs)
        with _traced(session, options):
            started = load(session, source_of(options.file, text))
            if started is not None:
                _print_log(started, print_record)
        if started is not None:
            check_run(started)
        for request, params in requests:
            for number in range(request.count):
                with _traced(session, options):
                    done = _raise(session, request, params)
                    for remark in done.remarks if number == 0 else ():
                        print(f"--raise: {remark}", file=sys.stderr)
                    _print_log(done, print_record)
                check_run(done)
        are_clean = [_race(session, *race, as_json=options.json) for race in races]
    return EXIT_OK if all(are_clean) else EXIT_FINDINGS


@contextmanager
def _traced(session: Session, options: argparse.Namespace) -> Iterator[None]:
    """Print what each statement did that is run meanwhile, if that is wanted."""
    if not options.trace:
        yield
        return
    with session.trace() as trace:
        yield
    if len(trace):
        print_trace(trace, as_json=options.json)


def _requests(texts: Sequence[str], version: ServerVersion) -> list[tuple[RaiseRequest, Params]]:
    """The events to raise, with their parameters; raises UsageError with all that cannot be understood."""
    from evroute_kernel.engine.events.raise_line import ArgumentError, parse_raise, with_samples
    from evroute_kernel.library import table

    requests, faults, library = [], [], table.of(version)
    for text in texts:
        source = Source("--raise", text)
        try:
            request = parse_raise(text, source)
            for option in ("async", "detach", "live", "node", "trace"):
                if option in request.options:
                    hint = "write it behind the file: evroute run FILE --trace ..." if option == "trace" else None
                    raise ArgumentError(f"--{option} is for notebooks", source.span(0, len(text)), hint)
            requests.append((request, with_samples(request, library)))
        except ScriptError as error:
            faults.append(error.render())
    if faults:
        raise UsageError("\n".join(faults))
    return requests


def _races(texts: Sequence[str], version: ServerVersion) -> list[tuple[RaceRequest, list[tuple[str, Params]]]]:
    """Events that are to race, with their parameters; raises UsageError with all that cannot be understood."""
    from evroute_kernel.engine.events.race_line import USAGE, parse_race
    from evroute_kernel.library import table

    races, faults, library = [], [], table.of(version)
    for text in texts:
        try:
            request = parse_race(text, Source("--race", text), usage=f'evroute run FILE --race "{USAGE}"')
            races.append((request, request.filled_in(library)))
        except ScriptError as error:
            faults.append(error.render())
    if faults:
        raise UsageError("\n".join(faults))
    return races


def _race(session: Session, request: RaceRequest, events: list[tuple[str, Params]], *, as_json: bool) -> bool:
    """Whether all is well. Raises UsageError where nothing handles one of the events."""
    from evroute_kernel.engine.racing import racing

    for (event, params), (_, span) in zip(events, request.events, strict=True):
        try:
            racing.given_event(session, event, params)
        except ScriptError as error:
            raise UsageError(ScriptError([replace(d, span=span) for d in error.diagnostics]).render()) from None
    try:
        result = session.race(events, **request.limits)
    except ScriptError as error:
        raise RefusedError(error) from None
    print_race(result, as_json=as_json)
    return result.ok


def _raise(session: Session, request: RaiseRequest, params: Params) -> Run:
    try:
        return session.raise_event(request.event, params, timeout=request.timeout)
    except ScriptError as error:
        raise RefusedError(error) from None


def _print_log(run: Run, print_record: Callable[[LogRecord], None]) -> None:
    """Print what a run logged."""
    for record in run.log:
        print_record(record)
