"""Processes of a Session that are killed or stopped while it works: what was called ends, and the session goes on."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any, Final

import psutil

from campaigns.case import Case
from campaigns.processes import check_nothing_left, directories, family, fork_servers, workers
from campaigns.report import FaultError
from evroute_kernel import Session
from evroute_kernel.engine.results.runs import CAUSES

#: seconds for a raise, and for a call that a limit or the kill ends: a fork server that was stopped is noticed slowly
TIMEOUT: Final = 1.0
DEADLINE: Final = 90.0
#: seconds from the beginning of a call to the kill, at most
DELAY: Final = 0.15
#: kills after which a session is closed, and must leave nothing
SESSION: Final = 20
SIGNALS: Final = ("KILL", "SEGV", "STOP", "STOP, CONT")
VICTIMS: Final = ("worker", "worker", "worker", "fork server")
ROUTES: Final = """
event_route[E_A] { $shv(n) += 1; xlog("a\\n"); cache_store("local", "k$param(n)", "v"); raise_event("E_B"); }
event_route[E_B] { xlog("b\\n"); $var(i) = 0; while ($var(i) < 200) { $var(i) += 1; } }
event_route[E_SLEEP] { usleep(300000); }
event_route[E_SPIN] {
    $var(i) = 0;
    while ($var(i) < 9999) { $var(j) = 0; while ($var(j) < 9999) { $var(j) += 1; } $var(i) += 1; }
}
timer_route[t, 60] { $shv(n) += 1; }
"""
LOADED: Final = 'startup_route { $shv(up) += 1; xlog("up\\n"); } event_route[E_L] { exit; }\n'


def kill(seed: int, number: int) -> Case:
    random = Random(f"{seed}/kill/{number}")
    victim, how = random.choice(VICTIMS), random.choice(SIGNALS)
    action = random.choice(tuple(ACTIONS))
    return Case(number, f"session, {victim}: {how}", f"{how} a {victim} during {action}", f"{seed}/kill/{number}")


# -- what a session is doing ------------------------------------------------------------------------------------------


def raises(session: Session) -> Iterator[Any]:
    futures = [session.submit("E_A", {"n": n}) for n in range(60)]
    for future in futures:
        yield from future.result(DEADLINE).errors


def long_raises(session: Session) -> Iterator[Any]:
    futures = [session.submit(event) for event in ("E_SPIN", "E_SLEEP", "E_SLEEP", "E_A")]
    for future in futures:
        yield from future.result(DEADLINE).errors


def batch(session: Session) -> Iterator[Any]:
    result = session.submit_batch("E_A", [{"n": n % 9} for n in range(3000)]).result(DEADLINE)
    if result.events != 3000 and not result.errors:
        raise FaultError("a batch lost events", str(result))
    yield from result.errors


def replay(session: Session) -> Iterator[Any]:
    recorded = (("E_A" if n % 2 else "E_B", {"n": n % 9}) for n in range(4000))
    result = session.start_replay(recorded, log="none").future.result(DEADLINE)
    if result.events != 4000 and result.ended is None:
        raise FaultError("a replay lost events", str(result))
    yield from (failed.error for failed in result.failures)


def loads(session: Session) -> Iterator[Any]:
    for n in range(5):
        loaded = session.load(f"{LOADED}# {n}\n", owner="loads", timeout=TIMEOUT)
        yield from () if loaded.run is None else loaded.run.errors


def questions(session: Session) -> Iterator[Any]:
    future = session.submit("E_A")
    for _ in range(20):
        session.workers()
        session.variables(1).result(DEADLINE)
    yield from session.run_timer("t").errors
    yield from future.result(DEADLINE).errors


def resets(session: Session) -> Iterator[Any]:
    future = session.submit("E_SLEEP")
    session.reset()
    session.load(ROUTES, owner="routes")
    yield from future.result(DEADLINE).errors


def interrupts(session: Session) -> Iterator[Any]:
    future = session.submit("E_SPIN", timeout=20)
    time.sleep(0.05)
    session.interrupt()
    yield from future.result(DEADLINE).errors


ACTIONS: Final[dict[str, Callable[[Session], Iterator[Any]]]] = {
    "raises": raises,
    "long raises": long_raises,
    "a batch": batch,
    "a replay": replay,
    "loads": loads,
    "questions": questions,
    "a reset": resets,
    "an interrupt": interrupts,
}


class SessionKills:
    """A session with two workers, whose processes die again and again."""

    def __init__(self) -> None:
        self._session: Session | None = None
        self._seen: dict[int, psutil.Process] = {}
        self._folders: set[Path] = set()
        self._kills = 0

    def __call__(self, case: Case) -> str:
        random = Random(case.seed)
        victim, how = random.choice(VICTIMS), random.choice(SIGNALS)
        action = ACTIONS[random.choice(tuple(ACTIONS))]
        session = self._opened()
        self._look()
        killer = Killer(random, victim, how)
        killer.start()
        found = Counter(error.cause for error in checked(action(session)))
        killer.join()
        self._look()
        slow = probe(session)
        self._kills += 1
        if self._kills % SESSION == 0:
            self.close()
        if not killer.hit:
            return "nobody to kill"
        return (", ".join(sorted(found)) or "ok") + (", slow to recover" if slow else "")

    def _opened(self) -> Session:
        if self._session is None:
            self._session = Session(workers=2, timeout=TIMEOUT)
            self._session.load(ROUTES, owner="routes")
            self._session.raise_event("E_A", {"n": 1}, timeout=20)
        return self._session

    def _look(self) -> None:
        """Remember who belongs to the session, and where it keeps things."""
        self._seen |= {process.pid: process for process in family(os.getpid())[1:]}
        self._folders |= directories(os.getpid())

    def close(self) -> None:
        if self._session is not None:
            self._look()
            self._session.close()
            self._session = None
            check_nothing_left(list(self._seen.values()), self._folders)
            self._seen.clear()


class Killer(threading.Thread):
    """Sends a signal to a process of ours, at a moment of its own."""

    def __init__(self, random: Random, victim: str, how: str) -> None:
        super().__init__(daemon=True)
        self._delay, self._pause = random.random() * DELAY, random.random() * 0.8
        self._victim, self._how, self._choice = victim, how, random.random()
        self.hit = False

    def run(self) -> None:
        time.sleep(self._delay)
        pid = os.getpid()
        found = workers(pid) if self._victim == "worker" else fork_servers(pid)
        if not found:
            return
        process = found[int(self._choice * len(found))]
        self.hit = send(process, self._how.partition(",")[0])
        if "CONT" in self._how:
            time.sleep(self._pause)
            send(process, "CONT")


def send(process: psutil.Process, name: str) -> bool:
    """Signal a process; False if it has ended."""
    try:
        process.send_signal(signal.Signals[f"SIG{name}"])
    except psutil.Error:
        return False
    return True


def checked(errors: Iterator[Any]) -> Iterator[Any]:
    """Each error has a cause that a kill can have, and can be shown."""
    for error in errors:
        if error.cause not in CAUSES or error.cause == "internal error":
            raise FaultError(f"a run ended with {error.cause}", error.render())
        yield error


def probe(session: Session) -> bool:
    """Each worker may still be a stopped one: raises that pass their time end it, then all must be well.

    Whether it took more than these.
    """
    started = time.monotonic()
    while not (run := session.submit("E_B").result(DEADLINE)).ok:
        if time.monotonic() - started > DEADLINE:
            raise FaultError(f"the session no longer works: {run.error and run.error.cause}", str(run))
    return time.monotonic() - started > 4 * TIMEOUT
