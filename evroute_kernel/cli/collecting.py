"""`--coverage`, `--profile` and `--timeline`: what was run of the scripts, told at the end, whatever came of it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from evroute_kernel.cli.outcome import UsageError
from evroute_kernel.cli.records import SHOWN

if TYPE_CHECKING:
    from evroute_kernel.engine.session.session import Session
    from evroute_kernel.engine.watching.covering import Covering
    from evroute_kernel.engine.watching.profiling import Profiling
    from evroute_kernel.engine.watching.timing import Timing


def add_collecting(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--coverage",
        metavar="FILE.lcov",
        help="write which lines were run, and which ways between them, as an LCOV tracefile (for genhtml, editors)",
    )
    parser.add_argument(
        "--profile",
        action="store_true",
        help="print on standard error which lines took longest, and the source, each line with how often it was run "
        "and how long",
    )
    parser.add_argument("--profile-json", metavar="FILE.json", help="write the same to a file, times in seconds")
    parser.add_argument(
        "--timeline",
        type=_path,
        metavar="FILE",
        help="write which process ran what when, and what led to what: .json for Perfetto and speedscope, .svg or "
        ".html as a drawing",
    )


def _path(text: str) -> Path:
    from evroute_kernel.kernel.timelines import files

    path = Path(text)
    if not files.is_known(path):
        raise argparse.ArgumentTypeError(f"{files.OTHERS}, not {path.name!r}")
    return path


@contextmanager
def collected(session: Session, options: argparse.Namespace) -> Iterator[None]:
    """Collect what is run meanwhile, if that is wanted, and tell it. Raises UsageError."""
    _check(options)
    with ExitStack() as ending:
        if options.profile or options.profile_json is not None:
            ending.callback(_tell_profile, ending.enter_context(session.profile()), options)
        if options.coverage is not None:
            ending.callback(_tell_coverage, ending.enter_context(session.coverage()), options)
        if options.timeline is not None:
            ending.callback(_tell_timeline, ending.enter_context(session.timeline()), options)
        yield


def _check(options: argparse.Namespace) -> None:
    """Say at once what could only go wrong at the end. Raises UsageError."""
    if options.coverage is not None and options.file == "-":
        raise UsageError("error: a tracefile names files, and standard input is none: save the script for --coverage")
    taken = {file.resolve() for file in map(Path, (options.file, getattr(options, "events", options.file)))}
    for target in (options.coverage, options.profile_json, options.timeline):
        if target is not None and Path(target).resolve() in taken:
            raise UsageError(f"error: {target} is what is read here, and would be overwritten: name another file")


def _tell_coverage(coverage: Covering, options: argparse.Namespace) -> None:
    from evroute_kernel.engine.results.coverage import lcov

    _write(options.coverage, lcov(coverage.texts()))


def _tell_timeline(timeline: Timing, options: argparse.Namespace) -> None:
    from evroute_kernel.kernel.timelines.files import content

    _write(options.timeline, content(timeline, options.timeline))


def _tell_profile(profile: Profiling, options: argparse.Namespace) -> None:
    from evroute_kernel.engine.results.profile import as_json, as_text

    lines = profile.lines()
    if options.profile:
        print(as_text(lines).translate(SHOWN), end="", file=sys.stderr, flush=True)
    if options.profile_json is not None:
        _write(options.profile_json, as_json(lines) + "\n")


def _write(name: str | Path, text: str) -> None:
    try:
        Path(name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"error: cannot write {name}: {error.strerror}") from None
