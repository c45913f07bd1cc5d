"""`python -m fidelity compare|record|facts ...`: docs/fidelity.md. Exit code 1 when something differs."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from fidelity import comparing, generating, recording, reporting
from fidelity.facts import command as facts
from fidelity.installed import Installed, NotInstalledError, installed


def main(arguments: list[str] | None = None) -> int:
    options = parse(arguments)
    try:
        return int(options.run(options))
    except NotInstalledError as error:
        print(f"fidelity: {error}", file=sys.stderr)
        return 2


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m fidelity", description="What runs here beside a real server.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    compare = commands.add_parser("compare", help="run random programs on both sides, shrink what differs")
    compare.add_argument("--seed", type=int, help="the same seed makes the same programs; by default another each time")
    compare.add_argument("--count", type=int, default=500, help="so many programs (%(default)s)")
    compare.add_argument("--start", type=int, default=0, help="number of the first one (%(default)s)")
    compare.add_argument(
        "--about", choices=("everything", "subscriptions"), default="everything",
        help="programs of all kinds, or those that subscribe routes with notify_on_event() (%(default)s)",
    )  # fmt: skip
    compare.add_argument("--version", help="the server's, as it must tell itself; by default whichever it tells")
    compare.add_argument("--patience", type=float, default=comparing.PATIENCE, help="seconds for shrinking one")
    compare.add_argument("--keep", type=Path, metavar="FOLDER", help="write what differs there, a file each")
    compare.set_defaults(run=run_compare)
    record = commands.add_parser("record", help="write down what a server logs for cases in a JSON file")
    record.add_argument("files", nargs="+", type=Path, metavar="CASES.json")
    record.add_argument("--into", type=Path, metavar="FOLDER", help="write there, not over the files")
    record.set_defaults(run=run_record)
    facts.add_to(commands)
    return parser.parse_args(arguments)


def run_compare(options: argparse.Namespace) -> int:
    seed = int(time.time()) if options.seed is None else options.seed
    server: Installed = installed()
    version = server.server_version(options.version)
    comparison, tally = comparing.Comparison(server, options.patience, version), comparing.Tally()
    try:
        comparison.try_all(generating.programs(seed, options.start, options.count, version, options.about), tally)
    finally:
        comparison.close()
        reporting.show(tally, server.version(), seed, options.start)
        if options.keep is not None:
            reporting.keep(tally, options.keep)
    return 1 if tally.differences else 0


def run_record(options: argparse.Namespace) -> int:
    server, is_other = installed(), False
    for path in options.files:
        into = path if options.into is None else options.into / path.name
        for word in recording.record_file(server, path, into):
            is_other = True
            print(f"{path.name}: {word}")
    return 1 if is_other else 0


if __name__ == "__main__":
    sys.exit(main())
