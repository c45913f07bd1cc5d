"""What the module acc takes as fields of its back-ends; its functions need calls, and are stubs."""

from __future__ import annotations

from typing import Final

from evroute_kernel.errors import did_you_mean
from evroute_kernel.library.behaviour import check_modparams

#: where accounts go
BACKENDS: Final = ("log", "aaa", "db", "evi")


def _check_fields(parameter: str, value: int | str) -> str | None:
    """`evi: caller; cost->price`: one back-end, and its fields."""
    if parameter not in ("extra_fields", "leg_fields"):
        return None
    backend, colon, _ = str(value).partition(":")
    name = backend.strip()
    if not colon:
        return f"{value!r} names no back-end: write {', '.join(f'{known}:' for known in BACKENDS)} before the fields"
    if name not in BACKENDS:
        return f"{name!r} is no back-end; {did_you_mean(name, BACKENDS) or 'known: ' + ', '.join(BACKENDS)}"
    return None


check_modparams("acc", _check_fields)
