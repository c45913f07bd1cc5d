"""One process and one run, with everything the library declares, and what the runtime says."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

import evroute_kernel.library.everything  # noqa: F401 - gives every name its behaviour
from evroute_kernel.library import table
from evroute_kernel.library.references import formatter, reference
from evroute_kernel.library.sql.database import close_databases
from evroute_kernel.runtime.context import Context, Process, Record
from evroute_kernel.runtime.shared import Shared
from evroute_kernel.runtime.values import Value

LIBRARY = table.of("3.6")


@pytest.fixture
def said() -> list[Record]:
    """What the runtime said, as records (level, text, is a diagnostic, place)."""
    return []


@pytest.fixture
def process(said: list[Record]) -> Iterator[Process]:
    with Shared.temporary() as shared:
        process = Process(shared)
        process.emit = said.append
        yield process
        close_databases(process)


class StandingClock:
    """The clock of the process, which stands until `now` is set: seconds of the epoch."""

    def __init__(self, process: Process) -> None:
        self._clock = process.shared.clock
        self._clock.stop(1_000_000.5)

    @property
    def now(self) -> float:
        return self._clock.now()

    @now.setter
    def now(self, seconds: float) -> None:
        self._clock.stop(seconds)


@pytest.fixture
def clock(process: Process) -> StandingClock:
    return StandingClock(process)


@pytest.fixture
def context(process: Process) -> Context:
    """A run of `event_route[E_T]` with the parameters a="x y", n=42, k="12"."""
    context = Context(process, "E_T", [("a", "x y"), ("n", 42), ("k", "12")])
    context.route_stack = [("event_route", "E_T")]
    return context


@pytest.fixture
def show(context: Context) -> Callable[[str], str]:
    """Expand a format string."""
    return lambda text: formatter(text, LIBRARY)(context)


@pytest.fixture
def read(context: Context) -> Callable[[str], Value]:
    """Read a variable."""
    return lambda text: reference(text, LIBRARY).get(context)


@pytest.fixture
def put(context: Context) -> Callable[..., bool]:
    """Set a variable: put("$var(x)", 5), put("$avp(x)", 5, ":=")."""
    return lambda text, value, op="=": reference(text, LIBRARY).set(context, op, value)


@pytest.fixture
def call(context: Context) -> Callable[..., int]:
    """Call a function with plain values; parameters left out are None."""

    def call(name: str, *arguments: Value) -> int:
        function = LIBRARY.functions[name]
        missing = [None] * (len(function.params) - len(arguments))
        return function.behaviour.call(context, *arguments, *missing)

    return call
