"""`evroute doctor`: look at what the kernel needs, and say what to do where something is broken."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from importlib import import_module
from typing import TYPE_CHECKING, Final

from evroute_kernel.cli.outcome import EXIT_FINDINGS, EXIT_OK

if TYPE_CHECKING:
    from evroute_kernel.kernel.health.check import Check

#: modules of `kernel.health`, each with a function `look`, in the order in which they are asked
PARTS: Final = ("python", "packages", "kernelspecs", "machine")


def add(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Look at the Python environment, packages and extras, kernelspecs, shared memory and ports; run a route and a "
        "kernel. Says what to do about what is broken, and exits with 1 then."
    )
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    states = []
    for check in checks():
        states.append(check.state)
        print(f"{check.state:>6}  {check.found}", flush=True)
        if check.remedy:
            print(f"        do: {check.remedy}", flush=True)
    broken = states.count("broken")
    print(f"\n{broken} broken" if broken else "\nall that is needed works")
    return EXIT_FINDINGS if broken else EXIT_OK


def checks() -> Iterator[Check]:
    """All checks, one after the other; a part that cannot even look is broken."""
    from evroute_kernel.kernel.health.check import BROKEN, Check, told

    for part in PARTS:
        try:
            yield from import_module(f"evroute_kernel.kernel.health.{part}").look()
        except ImportError as error:
            yield Check(BROKEN, f"{part}: {told(error)}", "install what is missing, then look again")
