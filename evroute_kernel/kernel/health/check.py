"""What comes of looking at one thing."""

from __future__ import annotations

from typing import Final, Literal

from evroute_kernel.records import dataclass

#: it works; it works, and something is worth knowing; something does not work
State = Literal["ok", "note", "broken"]

OK: Final = "ok"
NOTE: Final = "note"
BROKEN: Final = "broken"


@dataclass(frozen=True, slots=True)
class Check:
    """`found` is a sentence about what is there, `remedy` what to do about it; "" where there is nothing to do."""

    state: State
    found: str
    remedy: str = ""


def told(error: BaseException) -> str:
    """An error in one line."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
