"""Times as people read them."""

from __future__ import annotations


def duration(nanoseconds: int) -> str:
    """`1.23 ms`."""
    if nanoseconds < 0:
        return f"-{duration(-nanoseconds)}"
    for unit, size in (("s", 10**9), ("ms", 10**6)):
        if nanoseconds >= 0.9995 * size:  # three digits of less would be 1e+03
            digits = ".3g" if nanoseconds < 999.5 * size else ".0f"
            return f"{nanoseconds / size:{digits}} {unit}"
    return f"{nanoseconds / 1000:.3g} µs"


def shown_time(seconds: float) -> str:
    """The same of seconds."""
    return duration(round(seconds * 1e9))
