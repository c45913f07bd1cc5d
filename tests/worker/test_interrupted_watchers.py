"""An interrupt that comes while a watcher is at work: what it has begun it does to the end."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from evroute_kernel.runtime.context import Process
from evroute_kernel.runtime.watching.hook import Frame
from evroute_kernel.worker.inbox import Shield
from evroute_kernel.worker.watching.debugging import Debugging
from evroute_kernel.worker.watching.evaluating import Evaluator
from evroute_kernel.worker.watching.line import Line, Wire


class Struck(BaseException):
    """What an interrupt raises in a run."""


class Signal:
    """Comes once; put off while the shield is closed, as the handler of a worker does it."""

    def __init__(self, shield: Shield) -> None:
        self._shield = shield

    def come(self) -> None:
        if self._shield.is_busy:
            self._shield.on_release = self.come
            return
        raise Struck


def line(**more: Any) -> SimpleNamespace:
    return SimpleNamespace(shield=Shield(), is_evaluating=False, **more)


def frame(**context: Any) -> Frame:
    route = SimpleNamespace(slot=0)
    found = SimpleNamespace(
        route=route, statement=0, depth=0, caller=None, is_top=True, context=SimpleNamespace(**context)
    )
    return cast("Frame", found)


def test_one_that_has_said_that_a_run_stands_still_says_that_it_goes_on() -> None:
    told: list[str] = []
    mine = line(stand_still=lambda is_to_go_on: None)
    signal = Signal(mine.shield)

    def tell(data: tuple[Any, ...]) -> None:
        told.append(data[0])
        if data[0] == "stopped":
            signal.come()

    stepping = SimpleNamespace(change=lambda: None)
    wire = cast("Wire", SimpleNamespace(number=1, line=mine, stepping=stepping, now=tell))
    debugging = Debugging(cast("Process", SimpleNamespace()), wire, (((1, 0, 0, None, None, None),), (), ()))
    with pytest.raises(Struck):
        debugging.reaches(frame(), 0)
    assert told == ["stopped", "goes on"]


def test_what_an_expression_sets_aside_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    mine = line()
    signal = Signal(mine.shield)
    emit = object()
    process = SimpleNamespace(at=[0], emit=emit, rc=1)

    class Scopes(list[Any]):
        def __getitem__(self, place: Any) -> Any:
            signal.come()  # in the midst of it
            return super().__getitem__(place)

    evaluator = Evaluator(cast("Process", process), cast("Line", mine))
    monkeypatch.setattr(evaluator, "_function", lambda piece: len)
    at = frame(scopes=Scopes(), returned=0, returning=None, route_stack=[])
    with pytest.raises(Struck):
        evaluator.code((b"", ()), at)
    assert process.emit is emit
    assert not mine.is_evaluating
    assert not mine.shield.is_busy
