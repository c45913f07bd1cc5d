"""`evroute replay`: load a script, raise the events of a file, print what became of them."""

from __future__ import annotations

import argparse
import re
import sys
import time
from concurrent.futures import wait
from threading import Event
from typing import TYPE_CHECKING, Any

from evroute_kernel.cli.collecting import add_collecting, collected
from evroute_kernel.cli.files import add_network, add_stubs, check_run, load, prepare, read, read_stubs, source_of
from evroute_kernel.cli.outcome import EXIT_FINDINGS, EXIT_OK, RefusedError, UsageError
from evroute_kernel.cli.output import command
from evroute_kernel.cli.records import Printer, print_as_text
from evroute_kernel.cli.repeating import add_repeating, repeating
from evroute_kernel.cli.server import add_server, version_for
from evroute_kernel.errors import ScriptError

if TYPE_CHECKING:
    from evroute_kernel.engine.replay.replaying import Replaying
    from evroute_kernel.engine.session.session import ReplayResult, Session

#: seconds between two looks at how far it is
PACE = 0.2


def add(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Load a script and raise recorded events: JSON lines, JSON-RPC notifications of OpenSIPS 3.x, name::value text "
        "of 2.x, flatstore's CSV; also as .gz. The log goes where that of `evroute run` goes; what became of the "
        "events goes to standard error. Exit code 1 when a route failed."
    )
    parser.add_argument("file", metavar="FILE.cfg", help="the script; - reads standard input")
    parser.add_argument("events", metavar="EVENTS", help="the recorded events")
    parser.add_argument(
        "--speed", type=_speed, metavar="max|FACTORx", help="keep the recorded pace, so many times faster"
    )
    parser.add_argument("--workers", type=_positive, metavar="N", help="processes that run events (one for each core)")
    parser.add_argument("--limit", type=_positive, metavar="N", help="stop after N events")
    parser.add_argument("--only", type=_names, metavar="EVENT,EVENT", help="leave out events of other names")
    parser.add_argument("--log", type=_log, default="all", metavar="all|errors|none|N", help="what of the log is shown")
    parser.add_argument("--format", choices=("json", "text", "csv"), help="the format, where it is not recognised")
    parser.add_argument("--event", metavar="EVENT", help="the name of the events of a CSV file that does not hold it")
    add_server(parser)
    add_network(parser)
    add_stubs(parser)
    add_repeating(parser)
    parser.add_argument(
        "--timeout", type=float, metavar="S", help="end an event's routes after S seconds, what they raise included"
    )
    add_collecting(parser)
    parser.set_defaults(command=replay)


def _positive(text: str) -> int:
    if not text.isdigit() or not int(text):
        raise argparse.ArgumentTypeError(f"expected a number above 0, not {text!r}")
    return int(text)


def _speed(text: str) -> float | None:
    found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)x?", text)
    if text != "max" and (found is None or not float(found[1])):
        raise argparse.ArgumentTypeError(f"expected max, or a factor such as 10x, not {text!r}")
    return float(found[1]) if found else None


def _names(text: str) -> list[str]:
    return [name for name in text.split(",") if name]


def _log(text: str) -> str | int:
    if text in ("all", "errors", "none"):
        return text
    if not text.isdigit():
        raise argparse.ArgumentTypeError(f"expected all, errors, none or a number of records, not {text!r}")
    return int(text)


def replay(options: argparse.Namespace) -> int:
    text = read(options.file)
    version = version_for(options, options.file)
    stubs = read_stubs(options.stubs, version)
    from evroute_kernel.engine.replay.summary import details, headline, timing
    from evroute_kernel.worker import early

    early.prepare()
    from evroute_kernel.engine.session.session import Session

    printer = Printer(print_as_text, failed := Event())
    settings = {"workers": options.workers, "on_record": printer, "version": version, **repeating(options)}
    with Session(**settings) as session, collected(session, options):
        prepare(session, options, stubs)
        check_run(load(session, source_of(options.file, text)))
        result = _result(session, options, failed)
    printer.check()
    print(f"{options.events}: {headline(result)}", file=sys.stderr)
    print(timing(result), file=sys.stderr)
    for where, what, why in details(result):
        print(": ".join(part for part in (where, what, why) if part), file=sys.stderr)
    if result.ended == "interrupted":
        raise KeyboardInterrupt
    return EXIT_OK if result.ok else EXIT_FINDINGS


def _result(session: Session, options: argparse.Namespace, failed: Event) -> ReplayResult:
    names = ("speed", "workers", "limit", "only", "log", "format", "event", "timeout")
    given: dict[str, Any] = {name: getattr(options, name) for name in names}
    try:
        replaying = session.start_replay(options.events, **given)
    except OSError as error:
        raise UsageError(f"error: cannot read {options.events}: {error.strerror}") from None
    except ValueError as error:
        raise UsageError(f"error: {options.events}: {error}") from None
    try:
        _watch(replaying, failed)
        if failed.is_set():
            session.interrupt()
    except KeyboardInterrupt:
        session.interrupt()
    try:
        return replaying.future.result()
    except ScriptError as error:
        raise RefusedError(error) from None


def _watch(replaying: Replaying, failed: Event) -> None:
    """Wait until it has ended, or what it logs cannot be printed; say on a terminal how far it is."""
    begun = time.monotonic()
    shows = sys.stderr.isatty()
    while not wait([replaying.future], PACE).done and not failed.is_set():
        if not shows:
            continue
        done, part, seconds = replaying.events, replaying.fraction, time.monotonic() - begun
        left = f", {seconds / part * (1 - part):.0f} s left" if part and part > 0.01 else ""
        command(f"\r{done} events, {done / seconds:.0f} a second{left}\x1b[K")
    if shows:
        command("\r\x1b[K")
