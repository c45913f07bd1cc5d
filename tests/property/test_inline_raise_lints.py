"""Random scripts whose event routes raise events, under 4.0: what a lint is sure of ends with an error, and what ends
with one has been announced."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from evroute_kernel import Session
from evroute_kernel.lang.environment import Environment
from evroute_kernel.lang.findings import findings
from evroute_kernel.source import Source

SEED, SCRIPTS = 4013, 40
EVENTS, ROUTES = 4, 3
SURE, PERHAPS = "inline-raise-crash", "inline-raise-may-crash"


class Maker:
    """Scripts without recursion: events raise later ones, routes call later ones and raise the last two."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def script(self) -> str:
        text = ""
        if self.random.random() < 0.3:
            text += 'startup_route { subscribe_event("E_3", "route:E_3"); }\n'
        for number in range(EVENTS - 1):
            text += f"event_route[E_{number}] {{ {self.first()} {self.body(0, number + 1, 0)} }}\n"
        text += f"event_route[E_{EVENTS - 1}] {{ $var(z) = 1; }}\n"
        for number in range(ROUTES):
            text += f"route[r{number}] {{ {self.body(0, EVENTS - 1, number + 1)} $var(z) = 2; }}\n"
        return text

    def first(self) -> str:
        return f"$var(c) = {self.random.randint(0, 1)};" if self.random.random() < 0.6 else ""

    def body(self, depth: int, event: int, route: int) -> str:
        return " ".join(self.statement(depth, event, route) for _ in range(self.random.randint(1, 4 - min(depth, 2))))

    def statement(self, depth: int, event: int, route: int) -> str:
        inner = Maker.body if depth < 2 else lambda *_: "$var(z) = 3;"
        kind = self.random.randint(0, 15)
        raised = f'raise_event("E_{self.random.randint(event, EVENTS - 1)}")'
        condition = f"$var(c) == {self.random.randint(0, 1)}"
        if kind == 0 and route < ROUTES:
            return f"route(r{self.random.randint(route, ROUTES - 1)});"
        if kind == 1:
            return f"if ({condition}) {{ {inner(self, depth + 1, event, route)} }}"
        if kind == 2:
            then, other = (inner(self, depth + 1, event, route) for _ in range(2))
            return f"if ({condition}) {{ {then} }} else {{ {other} }}"
        if kind == 3:
            return f"if ({raised}) {{ {inner(self, depth + 1, event, route)} }}"
        if kind == 4 and depth:
            return self.random.choice(["exit;", "drop;", "return(1);", "return(-1);"])
        if kind == 5:
            cases = [inner(self, depth + 1, event, route) for _ in range(3)]
            return f"switch ($var(c)) {{ case 0: {cases[0]} break; case 1: {cases[1]} default: {cases[2]} }}"
        if kind == 6:
            return '$avp(n) = "k"; $avp(v) = 1; raise_event("E_3", $avp(n), $avp(v));'
        if kind == 7:
            return 'raise_event("E_NOBODY");'
        return f"{raised};" if kind < 12 else "$var(z) = 4;"


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    with Session(version="4.0", workers=1, timeout=10.0) as made:
        yield made


def test_lints_and_runs_agree(session: Session) -> None:
    maker = Maker(SEED)
    sure = died = 0
    for _ in range(SCRIPTS):
        text = maker.script()
        found = findings(Source("a.cfg", text), Environment(version="4.0", whole=True))
        codes = {d.code for d in found}
        session.reset()
        session.load(text)
        runs = {f"E_{number}": session.raise_event(f"E_{number}") for number in range(EVENTS)}
        crashed = [name for name, run in runs.items() if any(error.cause == "crashed" for error in run.errors)]
        assert not crashed or codes & {SURE, PERHAPS}, text
        assert crashed or SURE not in codes, text
        sure, died = sure + (SURE in codes), died + bool(crashed)
    assert sure > 3
    assert died > sure
    assert died < SCRIPTS - 3
