"""Runs a script in this process, with a limit on everything: statements, loops, memory, time.

What reaches a limit has a result too: a worker would have been ended there.
"""

from __future__ import annotations

import marshal
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import FrameType
from typing import Any, Final, Literal

from evroute_kernel.errors import Diagnostic, ScriptError, shortened
from evroute_kernel.lang.compiler import Unit, compile_script
from evroute_kernel.lang.environment import Environment
from evroute_kernel.library import table
from evroute_kernel.library.sql.database import close_databases
from evroute_kernel.runtime.context import Process, Record, Settings
from evroute_kernel.runtime.shared import Shared
from evroute_kernel.source import Source
from evroute_kernel.worker.messages import encode
from evroute_kernel.worker.state import variables
from support.in_process import World, apply
from support.recorded import Case, Outcome

#: seconds for one script; what takes longer hangs
HANG: Final = 20.0
STATEMENTS: Final = 2000
LOOPS: Final = 20
#: bytes that variables may hold together
MEMORY: Final = 2**24
#: as the worker sets it
RECURSION: Final = 5000

#: how a script ends; "stopped" at a limit, as a worker would have ended it
End = Literal["refused", "ran", "crashed", "stopped", "refused without an error"]
LIBRARY: Final = table.of("3.6")
ENVIRONMENT: Final = Environment(modules=LIBRARY.known_modules)


class Stopped(BaseException):
    """The script has used up what it may use. No `except Exception` may stop it."""


class Hang(BaseException):
    """Something takes far too long."""


class Steps(list[int]):
    """Stands in for `Process.at`: counts the statements that begin."""

    def __init__(self, process: Process) -> None:
        super().__init__((0, 0))
        self.process = process
        self.count = 0

    def __setitem__(self, index: Any, value: Any) -> None:
        super().__setitem__(index, value)
        self.count += 1
        if self.count > STATEMENTS or (self.count % 10 == 0 and size(self.process) > MEMORY):
            raise Stopped


def size(process: Process) -> int:
    return sum(len(value) for value in process.var.values() if isinstance(value, str))


@contextmanager
def limited(monkeypatch: Any) -> Iterator[None]:
    """No waiting, nobody asked over the network, a recursion limit as in a worker, and an alarm for what hangs."""

    def unknown(name: str) -> str:
        raise socket.gaierror

    def ring(number: int, frame: FrameType | None) -> None:
        raise Hang

    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    monkeypatch.setattr(socket, "gethostbyname", unknown)
    recursion, handler = sys.getrecursionlimit(), signal.signal(signal.SIGALRM, ring)
    sys.setrecursionlimit(RECURSION)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
        sys.setrecursionlimit(recursion)


def result_of(text: str, shared: Shared, *, scratch: bool = False) -> End:
    """Parse, check, compile and run; how it ended.

    Everything that is no such end comes out as the exception it is.
    """
    signal.setitimer(signal.ITIMER_REAL, HANG)
    source = Source("case.cfg", text)
    try:
        unit = compile_script(source, ENVIRONMENT, scratch=scratch)
    except ScriptError as error:
        check_places(error.diagnostics, source)
        return "refused" if {"error"} & {d.severity for d in error.diagnostics} else "refused without an error"
    else:
        check_places(unit.diagnostics, source)
        return run(unit, text, shared)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def check_places(found: Any, source: Source) -> None:
    """Every finding has a place in the text, and can be shown."""
    diagnostic: Diagnostic
    for diagnostic in found:
        span = diagnostic.span
        assert span is not None, diagnostic
        assert span.source is source, diagnostic
        assert 0 <= span.start <= span.end <= len(source.text), diagnostic
        assert diagnostic.message.strip(), diagnostic
        assert shortened(diagnostic.message) in diagnostic.render()


def run(unit: Unit, text: str, shared: Shared) -> End:
    """Run what runs here once: startup, every event with sample parameters, timers, statements."""
    settings, outcome = Settings(), Outcome()
    apply(settings, unit)
    settings.modules = set(ENVIRONMENT.modules)
    settings.max_while_loops = min(settings.max_while_loops, LOOPS)
    shared.clear()
    if unit.scratch:
        unit = replace(unit, routes=(*unit.routes, unit.scratch))
    world = World(unit, settings, shared, outcome)
    watch(world, unit)
    raises = tuple((route.name, samples(route.name)) for route in unit.routes if route.kind == "event_route")
    try:
        world.run(Case("property", "", text, raises, "", {}))
        for route in world.linked:
            if route.kind in ("timer_route", "scratch"):
                world.run_route(route, "", ())
    except (Stopped, RecursionError):
        shared.abandon()
        return "stopped"
    finally:
        close_databases(world.process)
    encode(variables(world.process, 0))
    return "crashed" if outcome.failures else "ran"


def watch(world: World, unit: Unit) -> None:
    """Count statements, and see that all that is reported can leave the process and has a place."""
    process = world.process
    show = process.emit

    def emit(record: Record) -> None:
        marshal.dumps(record)
        slot, statement = record[3]
        assert not unit.routes[slot].code or statement < len(unit.routes[slot].spans), record
        show(record)

    process.emit = emit
    process.stub_called = lambda name, arguments: assert_plain(arguments)
    process.at = Steps(process)


def assert_plain(value: object) -> None:
    marshal.dumps(value)


def samples(event: str) -> dict[str, Any]:
    known = LIBRARY.events.get(event)
    return {p.name: p.sample for p in known.params} if known else {"ip": "192.0.2.66", "n": 7, "text": "Zoë \udcff"}
