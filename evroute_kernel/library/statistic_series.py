"""Statistics over a sliding window of time: sums, averages and percentages of what was fed in lately.

The window is cut into slots; a slot that the window leaves is forgotten as a whole.
"""

from __future__ import annotations

from typing import Any, Final

from evroute_kernel.records import dataclass
from evroute_kernel.runtime.shared import Shared

ALGORITHMS: Final = ("accumulate", "average", "percentage")
DEFAULT_WINDOW: Final = 60
DEFAULT_FACTOR: Final = 100

#: two sums for each slot: (sum, 0), (sum, count) or (positive, negative), by algorithm
Slot = tuple[int, int]
#: number of the current slot, its time in milliseconds, and the slots
Series = tuple[int, int, list[Slot]]


@dataclass(frozen=True, slots=True)
class Profile:
    """How a series is kept. `window` is in seconds; `factor` is what a percentage of everything is called."""

    name: str
    group: str
    algorithm: str = "accumulate"
    window: int = DEFAULT_WINDOW
    slots: int = DEFAULT_WINDOW
    factor: int = DEFAULT_FACTOR

    @property
    def slot_size(self) -> int:
        """Milliseconds."""
        return max(1, self.window * 1000 // self.slots)


def parse_profile(text: str) -> tuple[Profile, list[str]]:
    """`name: algorithm=average window=60 slots=6` -> Profile, and what was left out because it makes no sense."""
    name, _, rest = text.partition(":")
    values: dict[str, Any] = {}
    complaints: list[str] = []
    for pair in rest.split():
        key, equals, value = pair.partition("=")
        problem = _take(values, key.lower(), value) if equals else "expected key=value"
        if problem:
            complaints.append(f"{pair!r} of profile {name.strip()!r}: {problem}")
    window = values.get("window", DEFAULT_WINDOW)
    profile = Profile(
        name.strip(),
        values.get("group") or name.strip(),
        values.get("algorithm", ALGORITHMS[0]),
        window,
        values.get("slots") or window,
        values.get("percentage_factor", DEFAULT_FACTOR),
    )
    return profile, complaints


def _take(values: dict[str, Any], key: str, value: str) -> str | None:
    """Take one setting; what is wrong with it."""
    if key == "group":
        values[key] = value
    elif key == "algorithm":
        if value.lower() not in ALGORITHMS:
            return f"expected one of {', '.join(ALGORITHMS)}"
        values[key] = value.lower()
    elif key in ("hash_size", "window", "slots", "percentage_factor"):
        if not value.isdecimal():
            return "expected a number"
        if key == "percentage_factor" and value.rstrip("0") != "1":
            return "expected a power of ten"
        values[key] = int(value)
    else:
        return "unknown key"
    return None


def _table(profile: Profile) -> str:
    return f"series:{profile.name}"


def _now(shared: Shared) -> int:
    return shared.clock.microseconds() // 1000


def _advance(series: Series, profile: Profile, now: int) -> Series:
    """The series with the slots forgotten that the window has left."""
    slot, last, slots = series
    current = now % (profile.window * 1000) // profile.slot_size % profile.slots
    if now - last >= profile.window * 1000:
        return current, now, [(0, 0)] * profile.slots
    while slot != current:
        slot = (slot + 1) % profile.slots
        slots[slot] = (0, 0)
    return current, now, slots


def feed(shared: Shared, profile: Profile, name: str, value: int) -> None:
    """Add a value to a series, creating it."""
    now = _now(shared)

    def change(stored: Any) -> Series:
        slot, last, slots = _advance(stored or (0, 0, [(0, 0)] * profile.slots), profile, now)
        first, second = slots[slot]
        if profile.algorithm == "percentage":
            slots[slot] = (first + value, second) if value > 0 else (first, second - value)
        else:
            slots[slot] = (first + value, second + 1)
        return slot, last, slots

    shared.update(_table(profile), name, change)


def read(shared: Shared, profile: Profile, name: str) -> int | None:
    """What a series says of its window now; None when nothing was ever fed to it."""
    stored = shared.get_object(_table(profile), name)
    if stored is None:
        return None
    slots = _advance(stored, profile, _now(shared))[2]
    first, second = sum(s[0] for s in slots), sum(s[1] for s in slots)
    if profile.algorithm == "accumulate":
        return first
    if profile.algorithm == "average":
        return int(first / second) if second else 0
    total = first + second
    return first * profile.factor // total if total else 0
