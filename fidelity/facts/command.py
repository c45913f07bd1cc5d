"""`python -m fidelity facts TREE`."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from evroute_kernel.runtime.versions import DEFAULT_VERSION
from fidelity.facts import catalogue, tree


def add_to(commands: Any) -> None:
    parser = commands.add_parser("facts", help="read tables of facts from a source tree, compare with the catalogue")
    parser.add_argument("tree", type=Path, help="folder with the sources of OpenSIPS")
    parser.add_argument("--into", type=Path, metavar="FOLDER", help="write the tables there, a JSON file each")
    parser.add_argument("--version", default=DEFAULT_VERSION, help="catalogue to compare with (%(default)s)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    try:
        facts = tree.read(options.tree)
    except tree.NoTreeError as error:
        print(f"fidelity: {error}", file=sys.stderr)
        return 2
    print(", ".join(f"{len(rows):,} {table}" for table, rows in facts.items()))
    if options.into is not None:
        write(facts, options.into)
    lines = list(catalogue.differences(facts, options.version))
    for line in lines:
        print(line)
    counts = Counter(line.partition(":")[0].partition(" of ")[0] for line in lines)
    print("differences: " + (", ".join(f"{count} {table}" for table, count in counts.items()) or "none"))
    return 1 if lines else 0


def write(facts: tree.Facts, folder: Path) -> None:
    """A file for each table: `{"functions": [...]}`."""
    folder.mkdir(parents=True, exist_ok=True)
    for table, rows in facts.items():
        (folder / f"{table}.json").write_text(json.dumps({table: rows}, indent=1) + "\n", "utf-8")
