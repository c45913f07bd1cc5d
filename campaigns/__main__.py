"""`python -m campaigns [fuzz|kills|debugging|lines|kernels|races ...] [--smoke] [--seed S] [--jobs N]`: 1 on a fault.

Without a name all of them, one after the other, in the sizes of a release; `--smoke`: in sizes for each change.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from campaigns import cells, debugging, kernels, kills, lines, races, scripts
from campaigns.report import Report

Options = argparse.Namespace

#: option -> what it counts, size of a release, size of a smoke test
SIZES: Final = {
    "scripts": ("generated scripts", 50_000, 600),
    "cells": ("generated cells", 5_000, 150),
    "kills": ("kills", 500, 24),
    "debugging": ("debug sessions", 300, 12),
    "lines": ("logged lines", 10_000_000, 600_000),
    "kernels": ("kernels at once", 20, 4),
    "races": ("pairs of events that race", 200, 10),
    "shm": ("MiB of /dev/shm that they share", 64, 64),
}


def fuzz(options: Options) -> Iterator[Report]:
    yield scripts.campaign(options.seed, options.scripts, options.jobs)
    yield cells.campaign(options.seed, options.cells, options.jobs)


def kill(options: Options) -> Iterator[Report]:
    yield kills.campaign(options.seed, options.kills, options.jobs)


def debug(options: Options) -> Iterator[Report]:
    yield debugging.campaign(options.seed, options.debugging, options.jobs)


def log(options: Options) -> Iterator[Report]:
    yield lines.campaign(options.seed, options.lines, options.jobs)


def crowd(options: Options) -> Iterator[Report]:
    """In a process of its own with a small /dev/shm, which this may be."""
    if options.inside:
        yield kernels.campaign(options.seed, options.kernels, options.jobs)
        return
    arguments = ["kernels", "--inside", "--seed", str(options.seed), "--count", str(options.kernels)]
    if options.keep is not None:
        arguments += ["--keep", str(options.keep.resolve())]
    code = kernels.confined(options.shm, arguments)
    if code is None:
        print("kernels: skipped, a small /dev/shm needs root and a mount namespace (unshare)")
    elif code:
        options.failed = True


def race(options: Options) -> Iterator[Report]:
    yield races.campaign(options.seed, options.races, options.jobs)


CAMPAIGNS: Final[dict[str, Callable[[Options], Iterator[Report]]]] = {
    "fuzz": fuzz,
    "kills": kill,
    "debugging": debug,
    "lines": log,
    "kernels": crowd,
    "races": race,
}


def parse(arguments: list[str] | None = None) -> Options:
    parser = argparse.ArgumentParser(
        prog="python -m campaigns", description="Attacks, and what must hold all the same."
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(CAMPAIGNS)}; all by default")
    parser.add_argument("--smoke", action="store_true", help="small sizes, for each change")
    parser.add_argument("--seed", type=int, help="the same seed makes the same cases; by default another each time")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes at once (%(default)s)")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="write the inputs that failed there, whole")
    parser.add_argument("--count", type=int, help="the size of the one campaign that is named")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    for name, (what, size, _) in SIZES.items():
        parser.add_argument(f"--{name}", type=int, metavar="N", help=f"{what} ({size:,})")
    options = parser.parse_args(arguments)
    if unknown := [name for name in options.names if name not in CAMPAIGNS]:
        parser.error(f"no campaign {unknown[0]!r}; there are {', '.join(CAMPAIGNS)}")
    if options.count is not None and (len(options.names) != 1 or options.names[0] not in SIZES):
        parser.error("--count is the size of kills, debugging, lines or kernels, when one of them is named alone")
    complete(options)
    return options


def complete(options: Options) -> None:
    """Fill in what was not given."""
    options.names = options.names or list(CAMPAIGNS)
    options.failed = False
    options.seed = int(time.time()) if options.seed is None else options.seed
    if options.count is not None:
        setattr(options, options.names[0], options.count)
    for name, (_, size, small) in SIZES.items():
        if getattr(options, name) is None:
            setattr(options, name, small if options.smoke else size)


def main() -> int:
    options = parse()
    for name in options.names:
        for report in CAMPAIGNS[name](options):
            report.show()
            options.failed |= not report.ok
            if options.keep is not None:
                report.keep(options.keep)
    return 1 if options.failed else 0


if __name__ == "__main__":
    sys.exit(main())
