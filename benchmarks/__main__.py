"""`python -m benchmarks [NAME ...] [--smoke] [--json FILE] [--table [FILE]]`: a table on standard output, numbers as
JSON in a file.

`--smoke` runs each benchmark shortly, to see that it works: its numbers mean nothing, and no bar is enforced. `--table`
puts the numbers into docs/performance.md, in the place of those that are there. Where the environment variable OPENSIPS
names a server's program, paths that a server has are measured beside it, with the ratio.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

from benchmarks import (
    doors,
    engine,
    kernels,
    language,
    primitives,
    raised_events,
    raising,
    real_server,
    replay,
    scaling,
    subscribed_routes,
    watching,
)
from benchmarks.measurement import Measurement
from benchmarks.table import PAGE, bar, machine, number, parts_of, put_table

BENCHMARKS: dict[str, Callable[[bool], Iterator[Measurement]]] = {
    "answers": kernels.answers,
    "check": language.check_time,
    "commands": language.commands,
    "compile": language.compile_time,
    "doors": doors.doors,
    "edits": language.edits,
    "events": engine.events_per_second,
    "primitives": primitives.primitives,
    "raised": raised_events.raised_events,
    "raising": raising.raising,
    "replay": replay.replay,
    "round-trip": kernels.round_trip,
    "scaling": scaling.scaling,
    "start-up": kernels.start_up,
    "subscribed": subscribed_routes.subscribed_routes,
    "watching": watching.watching,
}
RESULTS = Path(__file__).parent / "results" / "latest.json"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Everything that is timed.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(BENCHMARKS)}; all by default")
    parser.add_argument("--smoke", action="store_true", help="short runs, bars not enforced")
    parser.add_argument("--json", type=Path, default=RESULTS, metavar="FILE", help="where the numbers go (%(default)s)")
    parser.add_argument(
        "--table", type=Path, nargs="?", const=PAGE, metavar="FILE", help=f"a page to put the table into ({PAGE.name})"
    )
    options = parser.parse_args()
    if unknown := [name for name in options.names if name not in BENCHMARKS]:
        parser.error(f"no benchmark {unknown[0]!r}; there are {', '.join(BENCHMARKS)}")
    if options.table is not None:
        if options.smoke:
            parser.error("numbers of --smoke mean nothing, and go into no table")
        parts_of(options.table)  # before minutes have been spent
    if real_server.program() is None:
        print(f"no real server beside: the environment variable {real_server.PROGRAM} names none", file=sys.stderr)
    measured = []
    print(f"{'benchmark':12}{'what':52}{'value':>12}  {'unit':11}{'server':>12}{'ratio':>8}{'bar':>12}")
    for name in options.names or BENCHMARKS:
        for measurement in BENCHMARKS[name](options.smoke):
            measured.append(measurement)
            print(row(measurement, options.smoke), flush=True)
    write(options.json, measured)
    if options.table is not None:
        put_table(options.table, measured)
    return 0 if options.smoke or all(m.passed for m in measured) else 1


def row(m: Measurement, smoke: bool) -> str:
    server = "" if m.server is None else number(m.server)
    ratio = "" if m.ratio is None else f"{m.ratio:.2f}"
    verdict = "" if not m.is_judged or smoke else "  ok" if m.passed else "  MISSED"
    return f"{m.benchmark:12}{m.what:52}{number(m.value):>12}  {m.unit:11}{server:>12}{ratio:>8}{bar(m):>12}{verdict}"


def write(path: Path, measured: list[Measurement]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"machine": machine(), "measurements": [asdict(m) for m in measured]}, indent=2)
    path.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
