"""An event that finds its own among ten thousand subscriptions of notify_on_event(), each with a filter."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Final

from benchmarks.measurement import Measurement
from evroute_kernel import Session

SCRIPT: Final = """loadmodule "event_routing.so"
event_route[E_SUBSCRIBE] {
    $avp(filter) = %s;
    notify_on_event("E_BENCH", $avp(filter), "found", 3600);
}
event_route[E_BENCH] { $var(seen) = 1; }
route[found] { $shv(found) = $shv(found) + 1; }
"""
#: what the filters are -> the text of one, as a script writes it
FILTERS: Final = {
    "one value": '"callid=" + $param(callid)',
    "a beginning": '"callid=" + $param(callid) + "*"',
    "an end": '"callid=*" + $param(callid)',
    "a part": '"callid=*" + $param(callid) + "*"',
}
SUBSCRIPTIONS: Final = 10_000
#: milliseconds for an event with all that it leads to
BAR: Final = 1.0


def subscribed_routes(smoke: bool) -> Iterator[Measurement]:
    """One event with its routes, of a batch; the best of some batches."""
    count, events, rounds = (200, 100, 1) if smoke else (SUBSCRIPTIONS, 2_000, 4)
    for what, text in FILTERS.items():
        with Session(workers=1) as session:
            session.load(SCRIPT % text)
            calls = [{"callid": f"call-{number:05}@192.0.2.1"} for number in range(count)]
            if not session.submit_batch("E_SUBSCRIBE", calls, timeout=120).result().ok:
                raise RuntimeError("the routes could not be subscribed")
            best = min(_milliseconds(session, calls, events) for _ in range(rounds))
            if session.shared.get("shv", "found") != events * rounds:
                raise RuntimeError("an event did not find its own")
        yield Measurement("subscribed", f"{count:,} filters for {what}", best, "ms", BAR)


def _milliseconds(session: Session, calls: list[dict[str, str]], events: int) -> float:
    given = [calls[number * 7919 % len(calls)] for number in range(events)]
    started = time.perf_counter()
    session.submit_batch("E_BENCH", given, timeout=120).result()
    return (time.perf_counter() - started) / events * 1000
