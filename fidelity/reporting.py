"""A comparison told on one screen, and what differs as files."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from fidelity.comparing import Difference, Tally

#: lines of one difference that are shown
SHOWN: Final = 14


def show(tally: Tally, version: str, seed: int, start: int) -> None:
    print(f"{tally.tried:,} programs from number {start}, seed {seed}, OpenSIPS {version}:")
    print(f"  {len(tally.differences)} differ; {tally.refused} were refused, {tally.died} killed the server")
    for death, count in tally.deaths.most_common():
        print(f"    {count} by this: {death}")
    if tally.passing:
        names = ", ".join(difference.program.name for difference in tally.passing[:10])
        print(f"  {len(tally.passing)} differed only among others: {names}")
    if tally.undefined:
        names = ", ".join(difference.program.name for difference in tally.undefined[:10])
        print(f"  {len(tally.undefined)} differed where the server reads freed memory or writes over its own: {names}")
    for construct, count in tally.constructs.most_common():
        print(f"  {count:7,} {construct}")
    for difference in tally.differences:
        print(rendered(difference))


def rendered(difference: Difference) -> str:
    program = difference.program
    lines = [f"== program {program.name}", program.frame.settings, program.frame.routes, program.script]
    lines += [f"raised: {list(program.raises)}", *difference.lines[:SHOWN]]
    return "\n".join(line for line in lines if line)


def keep(tally: Tally, folder: Path) -> None:
    """A file for each difference."""
    folder.mkdir(parents=True, exist_ok=True)
    for difference in tally.differences:
        path = folder / f"program-{difference.program.name}.txt"
        path.write_text(rendered(difference) + "\n", "utf-8", "surrogateescape")
