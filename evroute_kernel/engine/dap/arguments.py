"""What a request of the Debug Adapter Protocol brings with it: each argument is looked at before it is used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

T = TypeVar("T")
Arguments = Mapping[str, Any]


class Refused(Exception):
    """A request that cannot be granted; the text says why."""


def given(arguments: Any, name: str, kind: type[T], default: T | None = None) -> T:
    """An argument of this kind; Refused if it is missing or another kind of thing."""
    value = arguments.get(name, default) if isinstance(arguments, dict) else None
    if not isinstance(value, kind) or isinstance(value, bool):
        raise Refused(f"{name} is missing, or no {kind.__name__}")
    return value


def whole(arguments: Any, name: str) -> int:
    return given(arguments, name, int)


def optional(arguments: Any, name: str) -> str:
    return given(arguments, name, str, "") if arguments.get(name) is not None else ""
