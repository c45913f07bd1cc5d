"""Calls of library functions as a script makes them: arguments are evaluated and checked by the linker."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from evroute_kernel.library.linker import link_call
from evroute_kernel.runtime.context import Context, Process
from evroute_kernel.runtime.levels import WARNING

Argument = int | str | None


@pytest.fixture
def run(context: Context) -> Callable[..., int]:
    """run("cache_store", "local", "k", "v"): text beginning with `$` is a variable, None an argument left out."""

    def call(name: str, *arguments: Argument) -> int:
        return link_call(name, tuple(map(_written, arguments)))(context)

    return call


def _written(argument: Argument) -> tuple[object, ...]:
    if argument is None:
        return ("omitted",)
    if isinstance(argument, int):
        return ("number", argument)
    return ("variable" if argument.startswith("$") else "format", argument)


@pytest.fixture
def complaints(said: list[tuple[int, str, bool, object]]) -> Callable[[], list[str]]:
    """What the runtime warned of or worse since the last call."""

    def take() -> list[str]:
        found = [text for level, text, is_diagnostic, _ in said if is_diagnostic and level <= WARNING]
        said.clear()
        return found

    return take


@pytest.fixture
def modparam(process: Process) -> Callable[[str, str, int | str], None]:
    """Set a module parameter once more."""

    def give(module: str, parameter: str, value: int | str) -> None:
        process.settings.modparams.setdefault((module, parameter), []).append(value)

    return give
