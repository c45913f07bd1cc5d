"""`--coverage FILE` and `--timeline FILE`: what was run of the scripts, and who ran when, written to files."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from evroute_kernel.cli.outcome import UsageError

if TYPE_CHECKING:
    from evroute_kernel.engine.session.session import Session


def add_coverage(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--coverage",
        metavar="FILE.lcov",
        help="write which lines were run, and which ways between them, as an LCOV tracefile (for genhtml, editors)",
    )


@contextmanager
def covered(session: Session, options: argparse.Namespace) -> Iterator[None]:
    """Collect what is run meanwhile, if that is wanted, and write it down, whatever came of it."""
    if options.coverage is None:
        yield
        return
    with session.coverage() as coverage:
        try:
            yield
        finally:
            from evroute_kernel.engine.results.coverage import lcov

            try:
                Path(options.coverage).write_text(lcov(coverage.texts()), encoding="utf-8")
            except OSError as error:
                raise UsageError(f"error: cannot write {options.coverage}: {error.strerror}") from None


def add_timeline(parser: argparse.ArgumentParser) -> None:
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
def timed(session: Session, options: argparse.Namespace) -> Iterator[None]:
    """Draw what is run meanwhile, if that is wanted, and write it down, whatever came of it."""
    path: Path | None = options.timeline
    if path is None:
        yield
        return
    with session.timeline() as timeline:
        try:
            yield
        finally:
            from evroute_kernel.kernel.timelines.files import content

            timeline.close()
            try:
                path.write_text(content(timeline, path), encoding="utf-8")
            except OSError as error:
                raise UsageError(f"error: cannot write {path}: {error.strerror}") from None
