"""Events that routes raise: a chain of rounds, each of which raises a thousand events and then the next round.

The script is one that a server runs as well, where it is begun with MI (`benchmarks.raised_events`). Here is what is
left of its rate with something to tell of each event.
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

#: events that each round raises; a real server blocks for good where more than some 2,700 wait
ROUND: Final = 1000
#: events a second of one worker with something to tell of each event
BAR: Final = 0.4 * 60_000

_HANDLED: Final = """
    $shv(n) += 1;
    $var(s) = "from " + $param(ip);
    if ($var(s) =~ "^from 192\\.") $shv(m) += 1;
"""


def script(more: str = "", event: str = "E_X") -> str:
    """The routes. `more`: statements at the end of that of each event; `event`: which event is raised."""
    return f"""max_while_loops = {10 * ROUND}
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
    """One chain in one worker."""
    rounds = 3 if smoke else 200
    yield _measured("an xlog in the route", events_raised(rounds, more='xlog("$var(s)\\n");'))
    yield _measured("a stub in the route", events_raised(rounds, more='rest_get("http://x/", $var(body));'))
    yield _measured("1,000 different events", events_raised(rounds, event="E_X$var(i)", around=_many_names))
    yield _measured("a socket that has subscribed", events_raised(rounds, around=_subscriber))
    yield _measured("a recording", events_raised(rounds, around=_recording))
    yield Measurement("raising", "until an interrupt has ended it", interrupted(3 if smoke else 20), "ms", 50)


def _measured(what: str, rate: float) -> Measurement:
    return Measurement("raising", what, rate, "events/s", BAR, more_is_better=True)


def events_raised(
    rounds: int,
    *,
    more: str = "",
    event: str = "E_X",
    around: Callable[[Session, ExitStack], None] = lambda session, stack: None,
) -> float:
    """Events a second that are raised and run.

    `around` prepares the session; what it enters into the stack is left when all has been run.
    """
    with Session(workers=1, log_limit=10**7) as session, ExitStack() as stack:
        session.load('loadmodule "rest_client.so"\n' + script(more, event))
        around(session, stack)
        run_chains(session, 2)
        started = time.perf_counter()
        count = run_chains(session, rounds)
        return count / (time.perf_counter() - started)


def run_chains(session: Session, rounds: int) -> int:
    """Run a chain of so many rounds in each worker; how many runs of routes that were."""
    futures = [session.submit("E_GO", {"round": rounds}, timeout=600) for _ in range(session.worker_limit)]
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
        run_chains(session, 2)
        for _ in range(times):
            future = session.submit("E_GO", {"round": 10**6}, timeout=600)
            time.sleep(0.1)
            started = time.perf_counter()
            session.interrupt()
            future.result()
            found.append(1000 * (time.perf_counter() - started))
    return sorted(found)[len(found) // 2]
