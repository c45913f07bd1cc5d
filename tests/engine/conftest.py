"""Sessions for tests, and routes written in Python where no script could do what the test needs."""

from __future__ import annotations

import marshal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from textwrap import indent
from threading import Event
from time import monotonic
from typing import Any

import pytest

from evroute_kernel.engine.session.session import Session
from evroute_kernel.source import Source, Span

DEADLINE = 30.0
TEXT = "one\ntwo\nthree\nheader\n"

# compiled routes have no built-in names; these take them from a function of the runtime
PROLOGUE = """
p = c.process
names = assign.__globals__["__builtins__"]
load, range, bytearray = names["__import__"], names["range"], names["bytearray"]
def at(statement):
    p.at[0] = statement
def say(text):
    p.emit((2, text, False, (p.at[1], p.at[0])))
"""


@dataclass(frozen=True)
class Handmade:
    """Has what registry and linker look at in a `CompiledRoute`. Its three statements are the lines one, two, three."""

    kind: str
    name: str
    body: str
    file: str = "hand.cfg"

    interval = None
    subscribes = True
    pool = ()
    lines = (1, 2, 3)
    actions = ("core one", "core two", "core three")

    @property
    def title(self) -> str:
        return f"{self.kind}[{self.name}]" if self.name else self.kind

    @property
    def code(self) -> bytes:
        program = f"def route(c):\n{indent(PROLOGUE + self.body, '    ')}\n    return 1\n"
        namespace: dict[str, Any] = {}
        exec(compile(program, f"<{self.file}>", "exec"), namespace)
        return marshal.dumps(namespace["route"].__code__)

    @property
    def source(self) -> Source:
        return Source(self.file, TEXT)

    @property
    def spans(self) -> tuple[Span, ...]:
        return self.source.span(0, 3), self.source.span(4, 7), self.source.span(8, 13)

    @property
    def header(self) -> Span:
        return self.source.span(14, 20)

    @property
    def digest(self) -> str:
        return sha256(f"{self.kind} {self.name} {self.body}".encode()).hexdigest()


@pytest.fixture
def handmade() -> type[Handmade]:
    return Handmade


@pytest.fixture
def session() -> Iterator[Session]:
    """A session with one worker."""
    with Session(workers=1, timeout=DEADLINE) as opened:
        yield opened


@pytest.fixture
def pair() -> Iterator[Session]:
    """A session with two workers."""
    with Session(workers=2, timeout=DEADLINE) as opened:
        yield opened


@pytest.fixture
def define() -> Callable[..., None]:
    """`define(session, E_X="body", ...)`: event routes written in Python, as `Session.load` would define them."""

    def define(session: Session, **bodies: str) -> None:
        routes: Any = [Handmade("event_route", name, body) for name, body in bodies.items()]
        session._world.define_routes(routes, None)

    return define


@pytest.fixture
def wait() -> Callable[[Callable[[], bool]], None]:
    """Look again and again, for something that nothing tells us of."""

    def wait(true: Callable[[], bool]) -> None:
        end = monotonic() + DEADLINE
        pause = Event()
        while not true():
            assert monotonic() < end, "it did not become true in time"
            pause.wait(0.002)  # those that are waited for need the interpreter too

    return wait
