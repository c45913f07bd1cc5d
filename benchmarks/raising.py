"""Events that routes raise: a chain of rounds, each of which raises a thousand events and then the next round.

The script is one that a server runs as well; there the chain is begun with MI, and ends before events pile up.
"""

from __future__ import annotations

import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from benchmarks.measurement import Measurement
from evroute_kernel import Session

#: events that each round raises
ROUND: Final = 1000
#: events a second of one worker and of two, and what share of that is left with something to tell of each event
BAR: Final = {1: 60_000, 2: 100_000}
SHARE: Final = 0.4

_HANDLED: Final = """
    $shv(n) += 1;
    $var(s) = "from " + $param(ip);
    if ($var(s) =~ "^from 192\\.") $shv(m) += 1;
"""


def script(more: str = "", event: str = "E_X") -> str:
    """The routes. `more`: statements at the end of that of each event; `event`: which event is raised."""
    return f"""loadmodule "rest_client.so"
max_while_loops = {10 * ROUND}
event_route[E_GO] {{
    $var(i) = 0;
    while ($var(i) < {ROUND}) {{
        $avp(names) = NULL;
        $avp(values) = NULL;
        $avp(names) = "ip";
        $avp(values) = "192.0.2.7";
        raise_event("{event}", $avp(names), $avp(values));
        $var(i) += 1;
    }}
    if ($param(round) > 1) {{
        $avp(names) = NULL;
        $avp(values) = NULL;
        $avp(names) = "round";
        $avp(values) = $param(round) - 1;
        raise_event("E_GO", $avp(names), $avp(values));
    }}
}}
event_route[E_X] {{{_HANDLED}{more}}}
"""


def raising(smoke: bool) -> Iterator[Measurement]:
    """Chains of rounds, one for each worker; then one with something to tell of each event."""
    rounds = 3 if smoke else 200
    bar: float
    for workers, bar in BAR.items():
        what = f"one chain for each of {workers}" if workers > 1 else "one chain, one worker"
        yield _measured(what, max(events_raised(rounds, workers=workers) for _ in range(1 if smoke else 3)), bar)
    bar = SHARE * BAR[1]
    yield _measured("an xlog in the route", events_raised(rounds, more='xlog("$var(s)\\n");'), bar)
    yield _measured("a stub in the route", events_raised(rounds, more='rest_get("http://x/", $var(body));'), bar)
    yield _measured("1,000 different events", events_raised(rounds, event="E_X$var(i)", around=_many_names), bar)
    yield _measured("a socket that has subscribed", events_raised(rounds, around=_subscriber), bar)
    yield _measured("a recording", events_raised(rounds, around=_recording), bar)
    yield Measurement("raising", "until an interrupt has ended it", interrupted(3 if smoke else 20), "ms", 50)


def _measured(what: str, rate: float, bar: float) -> Measurement:
    return Measurement("raising", what, rate, "events/s", bar, more_is_better=True)


def events_raised(
    rounds: int,
    *,
    workers: int = 1,
    more: str = "",
    event: str = "E_X",
    around: Callable[[Session, ExitStack], None] = lambda session, stack: None,
) -> float:
    """Events a second that are raised and run, by a chain in each worker.

    `around` prepares the session; what it enters into the stack is left when all has been run.
    """
    with Session(workers=workers, log_limit=10**7) as session, ExitStack() as stack:
        session.load(script(more, event))
        around(session, stack)
        _run(session, workers, 2)
        started = time.perf_counter()
        count = _run(session, workers, rounds)
        return count / (time.perf_counter() - started)


def _run(session: Session, workers: int, rounds: int) -> int:
    futures = [session.submit("E_GO", {"round": rounds}, timeout=600) for _ in range(workers)]
    runs = [future.result() for future in futures]
    if any(run.errors or run.routes != rounds * (ROUND + 1) for run in runs):
        raise RuntimeError(f"the chains failed: {runs[0].errors}")
    return sum(run.routes for run in runs)


def _many_names(session: Session, stack: ExitStack) -> None:
    """Each of a round's events has a name of its own; a server has room for 98 routes, and for any subscriptions."""
    loop = f'while ($var(i) < {ROUND}) {{ subscribe_event("E_X$var(i)", "route:E_X"); $var(i) += 1; }}'
    session.load(f"max_while_loops = {10 * ROUND}\n$var(i) = 0;\n{loop}", name="subscribe", scratch=True)


def _subscriber(session: Session, stack: ExitStack) -> None:
    """A socket that takes all datagrams, in a thread of its own."""
    receiver = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    receiver.bind(("127.0.0.1", 0))
    port = receiver.getsockname()[1]

    def receive() -> None:
        while receiver.recv(2**16) != b"end":
            pass

    thread = threading.Thread(target=receive)
    thread.start()

    def end() -> None:
        receiver.sendto(b"end", ("127.0.0.1", port))
        thread.join()

    stack.callback(end)
    session.subscribe("E_X", f"udp:127.0.0.1:{port}")


def _recording(session: Session, stack: ExitStack) -> None:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    stack.callback(session.record(folder / "events.jsonl").close)


def interrupted(times: int) -> float:
    """Milliseconds from an interrupt to the end of a chain: the median."""
    found = []
    with Session(workers=1) as session:
        session.load(script())
        _run(session, 1, 2)
        for _ in range(times):
            future = session.submit("E_GO", {"round": 10**6}, timeout=600)
            time.sleep(0.1)
            started = time.perf_counter()
            session.interrupt()
            future.result()
            found.append(1000 * (time.perf_counter() - started))
    return sorted(found)[len(found) // 2]
