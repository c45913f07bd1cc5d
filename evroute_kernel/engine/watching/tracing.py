"""Traces: what the workers tell of each statement becomes the steps of a `Trace`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from evroute_kernel.engine.events import given
from evroute_kernel.engine.results.trace import STEPS_KEPT, Step, Trace, variable
from evroute_kernel.engine.state.watches import Told
from evroute_kernel.engine.state.world import World
from evroute_kernel.engine.watching.beginning import Begun
from evroute_kernel.runtime.levels import NAMES
from evroute_kernel.runtime.values import decode, encode


class Tracing(Begun, Trace):
    """A trace that is open: `engine.state.watches.WatchingSide`. It ends with `close`, or the `with` block."""

    kind: Final = "trace"

    def __init__(self, world: World, names: tuple[str, ...], origin: object, limit: int) -> None:
        super().__init__(given.whole(limit, "the limit of statements", 1))
        self._world = world
        self._origin = origin
        self.asked: Final = tuple(encode(given.name(name, "what is traced")) for name in names)
        #: (number of a worker, step there) -> the step
        self._steps: dict[tuple[int, int], Step] = {}
        self._hearers: Final[dict[str, Callable[..., None]]] = {
            "set": self._set,
            "log": self._log,
            "raise": self._raise,
            "call": self._call,
            "code": self._code,
            "fail": self._fail,
        }
        self._end = world.watches.add(self)

    def close(self) -> None:
        """No more is traced; what has been stays. Closing twice is harmless."""
        super().close()
        self._steps.clear()

    # -- in the supervisor's thread -----------------------------------------------------------------------------------

    def hear(self, told: Told) -> None:
        what, number, *rest = told.data
        if what == "step":
            self._begin(told, number, *rest)
        elif (step := self._steps.get((told.process, number))) is not None:
            self._hearers[what](step, *rest)

    def _begin(self, told: Told, number: int, depth: int, slot: int, statement: int, moment: float) -> None:
        route, span = self._world.registry.place(slot, statement)
        step = Step(len(self) + 1, decode(told.event), decode(route), told.process, depth, span, moment)
        self._steps[told.process, number] = step
        self._steps.pop((told.process, number - 2 * STEPS_KEPT), None)  # those around it may be older
        self.add(step)

    def _set(self, step: Step, kind: str, name: str, value: Any) -> None:
        values = tuple(map(_read, value)) if isinstance(value, tuple) else _read(value)
        step.changed[variable(kind, decode(name))] = values

    def _log(self, step: Step, level: int, text: str, is_diagnostic: bool) -> None:
        step.logged.append((NAMES.get(level, str(level)), decode(text)))

    def _raise(self, step: Step, event: str, params: Any) -> None:
        given = tuple((name if name is None else decode(name), _read(value)) for name, value in params)
        step.raised.append((decode(event), given))

    def _call(self, step: Step, kind: str, name: str) -> None:
        step.called.append(f"{kind}[{decode(name)}]" if name else kind)

    def _code(self, step: Step, code: int) -> None:
        step.code = code

    def _fail(self, step: Step, text: str) -> None:
        step.failure = decode(text)


def _read(value: int | str | None) -> int | str | None:
    return decode(value) if isinstance(value, str) else value
