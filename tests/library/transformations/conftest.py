"""One value through a chain of transformations."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from evroute_kernel.library import table
from evroute_kernel.library.references import reference
from evroute_kernel.runtime import levels
from evroute_kernel.runtime.context import Context, Record
from evroute_kernel.runtime.values import Value

LIBRARY = table.of("3.6")

Transform = Callable[..., Value]


@pytest.fixture
def transform(context: Context) -> Transform:
    """transform("abc", "{s.len}"): the value of `$(var(x){s.len})`. Keywords set other `$var`s."""

    def run(value: Value, text: str, **variables: Value) -> Value:
        context.process.var.update(variables, x=value)
        return reference(f"$(var(x){text})", LIBRARY).get(context)

    return run


@pytest.fixture
def errors(said: list[Record]) -> Callable[[], list[str]]:
    """The errors and warnings said so far."""
    return lambda: [text for level, text, _, _ in said if level <= levels.WARNING]
