"""What it costs to watch: the processor time of a worker that runs a batch, watched and not, in turn."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any, Final

from benchmarks.measurement import Measurement
from evroute_kernel import Session
from evroute_kernel.engine.debugging.breakpoints import Breakpoint

#: what a server would do, and the worst there is: statements that do next to nothing
ROUTES: Final = {
    "limiter": """event_route[E_BENCH] {
    $var(ip) = $param(ip);
    if ($var(ip) == NULL) { xlog("no address\\n"); exit; }
    cache_add("local", "calls_$var(ip)", 1, 0, $var(calls));
    if ($var(calls) > 5 && $var(calls) < 0) {
        xlog("never\\n");
    } else {
        $avp(seen) = $var(ip);
        route(count);
    }
    switch ($param(port)) { case 5061: $var(tls) = 1; break; default: $var(tls) = 0; }
}
route[count] {
    $var(n) = $var(n) + 1;
    if ($var(n) > 100000) $var(n) = 0;
}
route[elsewhere] {
    xlog("never\\n");
}
""",
    "trivial loop": """event_route[E_BENCH] {
    $var(i) = 0;
    while ($var(i) < 50) {
        $var(i) += 1;
    }
    if ($var(i) < 0)
        xlog("never\\n");
}
route[elsewhere] {
    xlog("never\\n");
}
""",
}
PARAMS: Final = {"ip": "192.0.2.66", "port": 5060}
Watch = Callable[[Session, str], AbstractContextManager[Any]]


def _breakpoint(place: int) -> Watch:
    """At one of the two lines that are never reached."""

    def watch(session: Session, script: str) -> AbstractContextManager[Any]:
        debugger = session.debug(_unexpected)
        lines = [number for number, line in enumerate(script.splitlines(), 1) if "never" in line]
        debugger.set_breakpoints("script", [Breakpoint(lines[place])])
        return debugger

    return watch


def _unexpected(news: object) -> None:
    raise RuntimeError(f"the debugger was told {news}")


#: name -> what watches, and how many times as long it may take
WATCHES: Final[dict[str, tuple[Watch, float | None]]] = {
    "breakpoint in another route": (_breakpoint(1), 1.3),
    "breakpoint in the same route": (_breakpoint(0), 1.3),
    "coverage": (lambda session, script: session.coverage(), 2.0),
    "profile": (lambda session, script: session.profile(), None),
    "timeline": (lambda session, script: session.timeline(), None),
    "trace": (lambda session, script: session.trace(), None),
}
#: these take many times as long: fewer events will do
_SLOW: Final = ("timeline", "trace")


def watching(smoke: bool) -> Iterator[Measurement]:
    """Times of an event, and how many times as long it takes watched: the median of pairs."""
    pairs, events = (1, 50) if smoke else (15, 2_000)
    for route, script in ROUTES.items():
        with Session(workers=1) as session:
            session.load(script)
            session.raise_event("E_BENCH", PARAMS)  # its worker has started then
            plain = [_seconds(session, events) for _ in range(max(2, pairs))]
            yield Measurement("watching", route, statistics.median(plain) / events * 1e6, "us")
            for name, (watch, bar) in WATCHES.items():
                count = events // 10 if name in _SLOW else events
                ratios = [_ratio(session, script, watch, count) for _ in range(pairs)]
                yield Measurement("watching", f"{route}, {name}", statistics.median(ratios), "times", bar)


def _ratio(session: Session, script: str, watch: Watch, events: int) -> float:
    plain = _seconds(session, events)
    with watch(session, script):
        return _seconds(session, events) / plain


def _seconds(session: Session, events: int) -> float:
    """Processor time of the worker in one batch."""
    pid = session.workers()[0].pid
    if pid is None:
        raise RuntimeError("the worker has ended")
    clock = (~pid << 3) | 2  # the processor clock of another process, as clock_getcpuclockid(3) makes it
    started = time.clock_gettime(clock)
    result = session.submit_batch("E_BENCH", [PARAMS] * events, timeout=60).result()
    if not result.ok or result.events != events:
        raise RuntimeError(f"the batch failed: {result}")
    return time.clock_gettime(clock) - started
