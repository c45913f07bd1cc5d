"""Module parameters that a script set, as the functions of a module need them at run time."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from evroute_kernel.runtime.context import Process

T = TypeVar("T")
Values = list[int | str]


def values(process: Process, module: str, parameter: str) -> Values:
    """Every value given for a parameter, in order."""
    return process.settings.modparams.get((module, parameter), [])


def integer(process: Process, module: str, parameter: str, default: int) -> int:
    """The value given last for an integer parameter."""
    given = values(process, module, parameter)
    return given[-1] if given and isinstance(given[-1], int) else default


def text(process: Process, module: str, parameter: str) -> str | None:
    """The value given last for a text parameter; None when it was never given."""
    given = values(process, module, parameter)
    return given[-1] if given and isinstance(given[-1], str) else None


def derived(process: Process, module: str, parameters: tuple[str, ...], build: Callable[..., T]) -> T:
    """What `build` makes of the values of some parameters, made anew only when they change."""
    settings = process.settings.modparams
    given = [settings.get((module, parameter), []) for parameter in parameters]
    known = process.state.get(f"{module} settings")
    if known is None or known[0] != given:
        known = process.state[f"{module} settings"] = ([list(v) for v in given], build(*given))
    result: T = known[1]
    return result
