"""`python -m benchmarks [NAME ...] [--smoke] [--json FILE]`: a table on standard output, all numbers as JSON in a file.

`--smoke` runs each benchmark shortly, to see that it works: its numbers mean nothing, and no bar is enforced.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

from benchmarks import engine, kernels, language, raising, replay
from benchmarks.measurement import Measurement

BENCHMARKS: dict[str, Callable[[bool], Iterator[Measurement]]] = {
    "answers": kernels.answers,
    "check": language.check_time,
    "commands": language.commands,
    "compile": language.compile_time,
    "events": engine.events_per_second,
    "raising": raising.raising,
    "replay": replay.replay,
    "round-trip": kernels.round_trip,
    "start-up": kernels.start_up,
}
RESULTS = Path(__file__).parent / "results" / "latest.json"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Everything that is timed.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(BENCHMARKS)}; all by default")
    parser.add_argument("--smoke", action="store_true", help="short runs, bars not enforced")
    parser.add_argument("--json", type=Path, default=RESULTS, metavar="FILE", help="where the numbers go (%(default)s)")
    options = parser.parse_args()
    if unknown := [name for name in options.names if name not in BENCHMARKS]:
        parser.error(f"no benchmark {unknown[0]!r}; there are {', '.join(BENCHMARKS)}")
    measured = []
    print(f"{'benchmark':12}{'what':38}{'value':>12}  {'unit':10}{'bar':>12}")
    for name in options.names or BENCHMARKS:
        for measurement in BENCHMARKS[name](options.smoke):
            measured.append(measurement)
            print(row(measurement, options.smoke), flush=True)
    write(options.json, measured)
    return 0 if options.smoke or all(m.passed for m in measured) else 1


def row(m: Measurement, smoke: bool) -> str:
    bar = "" if m.bar is None else f"{'>=' if m.more_is_better else '<='} {number(m.bar)}"
    verdict = "" if m.bar is None or smoke else "  ok" if m.passed else "  MISSED"
    return f"{m.benchmark:12}{m.what:38}{number(m.value):>12}  {m.unit:10}{bar:>12}{verdict}"


def number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1_000 else f"{value:.3g}"


def write(path: Path, measured: list[Measurement]) -> None:
    machine = {"python": platform.python_version(), "machine": platform.machine(), "ipykernel": version("ipykernel")}
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"machine": machine, "measurements": [asdict(m) for m in measured]}, indent=2)
    path.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
