"""`--freeze` and `--seed`: what makes the same run twice of two."""

from __future__ import annotations

import argparse
from typing import Any


def add_repeating(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--freeze",
        type=moment,
        metavar="TIME",
        help="the time at which the clock stands that scripts read: 2026-11-30T10:00:00 (local time; with Z behind it "
        "UTC), or seconds since 1970",
    )
    parser.add_argument(
        "--seed",
        type=int,
        metavar="N",
        help="what chance begins with: random numbers, UUIDs and process ids that scripts find are then the same each "
        "time",
    )


def repeating(options: argparse.Namespace) -> dict[str, Any]:
    """What a Session is opened with."""
    return {"clock": options.freeze, "seed": options.seed}


def moment(text: str) -> float:
    """The time that an argument names, in seconds of the epoch; raises what argparse shows."""
    from evroute_kernel.engine.events import given

    try:
        return given.moment(text)
    except given.GivenError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
