"""Events through one worker process, handed over in batches."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.measurement import Measurement
from evroute_kernel import Session

#: name -> script of event_route[E_BENCH], events a second that one worker must run
ROUTES = {
    "three statements": (
        """event_route[E_BENCH] {
            $var(n) = $param(port) + 1;
            $avp(ip) = $param(ip);
            if ($var(n) > 70000) xlog("never\\n");
        }""",
        100_000,
    ),
    "transformations and a cache counter": (
        """event_route[E_BENCH] {
            $var(user) = $(param(uri){uri.user});
            $var(key) = $(var(user){s.tolower});
            cache_add("local", "calls_$var(key)", 1, 0, $var(calls));
            if ($var(calls) < 0) xlog("never\\n");
            $avp(calls) = $var(calls);
        }""",
        40_000,
    ),
}
PARAMS = {"ip": "192.0.2.66", "port": 5060, "uri": "sip:Alice@example.com:5060"}


def events_per_second(smoke: bool) -> Iterator[Measurement]:
    """The best of several batches, from handing over to the last end."""
    events = 2_000 if smoke else 200_000
    for what, (script, bar) in ROUTES.items():
        with Session(workers=1) as session:
            session.load(script)
            rates = [rate(session, events) for _ in range(2 if smoke else 4)]
        yield Measurement("events", what, max(rates), "events/s", bar, more_is_better=True)


def rate(session: Session, events: int) -> float:
    """Events a second of one batch."""
    result = session.submit_batch("E_BENCH", [PARAMS] * events, timeout=60).result()
    if not result.ok or result.log or result.events != events:
        raise RuntimeError(f"the batch failed: {result}")
    return events / result.duration
