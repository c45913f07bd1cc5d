"""Run recorded programs and print what differs, file by file.

    python tests/conformance/summary.py [FILE.json ...] [-k PART_OF_A_NAME] [--in-process] [--jobs N]

Without files, all of them. `--in-process` runs the routes in this process, without workers: quicker, and tracebacks
show where in the runtime an exception came from. `--script` prints the program above its differences.
"""

from __future__ import annotations

import argparse
import atexit
import faulthandler
import sys
import time
import traceback
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path

from evroute_kernel import Session

sys.path.insert(0, str(Path(__file__).parent.parent))  # run as a program, this finds what the tests find
from support.recorded import HERE, Case, Outcome, differences, read_cases, run_in_session


def main() -> int:
    options = arguments()
    cases = [case for case in read_cases(options.files) if options.name in case.name]
    started = time.perf_counter()
    results = run_all(cases, options.in_process, options.jobs)
    failed = show(results, options)
    print(f"{len(cases) - failed} of {len(cases)} passed in {time.perf_counter() - started:.1f} s")
    return 1 if failed else 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("files", nargs="*", type=case_file, help="JSON files; a bare name means one of this folder")
    parser.add_argument("-k", dest="name", default="", help="only cases whose name holds this text")
    parser.add_argument("-i", "--in-process", action="store_true", help="no worker processes")
    parser.add_argument("-j", "--jobs", type=int, default=1, help="cases to run at the same time")
    parser.add_argument("-q", "--quiet", action="store_true", help="names of failures only")
    parser.add_argument("-s", "--script", action="store_true", help="print the program of each failure")
    return parser.parse_args()


def case_file(text: str) -> Path:
    for path in (Path(text), HERE / text, HERE / f"{text}.json"):
        if path.is_file():
            return path
    raise argparse.ArgumentTypeError(f"no such file: {text}")


@cache
def session() -> Session:
    """The session of this process: starting one takes longer than resetting it."""
    made = Session(workers=1)
    atexit.register(made.close)
    return made


def run(case: Case, in_process: bool) -> Outcome:
    if in_process:
        from support.in_process import run_in_process

        return run_in_process(case)
    session().reset()
    return run_in_session(case, session())


def try_case(case: Case, in_process: bool) -> list[str]:
    """The differences; an exception of ours is one, with its traceback."""
    faulthandler.dump_traceback_later(20, exit=False)
    try:
        return differences(case, run(case, in_process))
    except Exception:
        return traceback.format_exc().splitlines()
    finally:
        faulthandler.cancel_dump_traceback_later()


def run_all(cases: list[Case], in_process: bool, jobs: int) -> list[tuple[Case, list[str]]]:
    modes = [in_process] * len(cases)
    if jobs == 1:
        return list(zip(cases, map(try_case, cases, modes), strict=True))
    with ProcessPoolExecutor(jobs) as pool:
        return list(zip(cases, pool.map(try_case, cases, modes, chunksize=8), strict=True))


def show(results: list[tuple[Case, list[str]]], options: argparse.Namespace) -> int:
    """Print failures and a line for each file; returns how many failed."""
    by_file: dict[str, list[tuple[Case, list[str]]]] = defaultdict(list)
    for case, lines in results:
        by_file[case.file].append((case, lines))
    for group in by_file.values():
        for case, lines in group:
            if lines:
                show_failure(case, lines, options)
    for file, group in by_file.items():
        failed = sum(bool(lines) for _, lines in group)
        print(f"{file:20} {len(group) - failed:4} passed {failed:4} failed")
    return sum(bool(lines) for _, lines in results)


def show_failure(case: Case, lines: list[str], options: argparse.Namespace) -> None:
    print(f"-- {case.file}: {case.name}")
    if options.script:
        if case.settings:
            print(case.settings)
        for number, line in enumerate(case.script.split("\n"), 1):
            print(f"   {number:>4} | {line}")
        print(f"   raises: {list(case.raises)}")
    if not options.quiet:
        print("\n".join(f"   {line}" for line in lines))


if __name__ == "__main__":
    sys.exit(main())
