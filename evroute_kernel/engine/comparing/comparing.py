"""Runs an event under two versions of the server: `compare(session, "E_X", {"ip": "192.0.2.1"})`."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Final

from evroute_kernel.engine.comparing.comparison import Comparison, Side, shared_variables
from evroute_kernel.engine.copying.snapshot import Prepared, Snapshot
from evroute_kernel.engine.events import given
from evroute_kernel.engine.events.params import GivenParams, UnknownEventError
from evroute_kernel.engine.results.runs import Run
from evroute_kernel.engine.session.session import Session
from evroute_kernel.records import dataclass
from evroute_kernel.runtime.versions import VERSIONS, ServerVersion

#: the table of the shared variables
_SHARED: Final = "shv"


def compare(
    session: Session,
    event: str,
    params: GivenParams = None,
    *,
    versions: Sequence[str] = VERSIONS,
    count: int = 1,
    timeout: float | None = None,
) -> Comparison:
    """Raise an event in two sessions of different versions that have what this one has, and leave this one alone.

    Each begins with the same definitions (startup routes run), the `$shv` and cache of this session as they are now,
    one worker, and `network` off; `engine.copying.snapshot` says what is left out. `count` and `timeout` are those of
    `%raise`. Raises UnknownEventError when nothing handles the event under either version, ParameterError for a bad
    parameter, GivenError. Waits.
    """
    return Comparing(session, Raise(event, params, count, timeout), versions).run()


@dataclass(frozen=True, slots=True)
class Raise:
    """What is raised: an event, `count` times one after the other, each with a limit in seconds (None: the
    session's)."""

    event: str
    params: GivenParams = None
    count: int = 1
    timeout: float | None = None


class Comparing:
    """A comparison that another thread can stop. Raises GivenError."""

    def __init__(self, session: Session, wanted: Raise, versions: Sequence[str] = VERSIONS) -> None:
        chosen = {given.version(version) for version in versions}
        if len(chosen) != 2:
            raise given.GivenError(f"two versions are compared, not {' and '.join(versions) or 'none'}")
        given.whole(wanted.count, "the number of raises", 1)
        self._versions = sorted(chosen, key=VERSIONS.index)
        self._session = session
        self._wanted = wanted
        self._running: Session | None = None
        self._is_stopped = False
        self._lock = threading.Lock()

    def run(self) -> Comparison:
        """As `compare`. What it gives after `stop` means nothing."""
        snapshot = Snapshot.of(self._session)
        old, new = (self._side(snapshot, version) for version in self._versions)
        if old.unheard and new.unheard:
            raise old.unheard
        return Comparison(self._wanted.event, (old, new))

    def stop(self) -> None:
        """End what runs; no more is begun."""
        with self._lock:
            self._is_stopped = True
            running = self._running
        if running is not None:
            running.interrupt()

    def _began(self, session: Session | None) -> None:
        with self._lock:
            self._running = session

    def _side(self, snapshot: Snapshot, version: ServerVersion) -> Side:
        try:
            with snapshot.opened(Session, version, self._began) as (session, prepared):
                if prepared.refused:
                    return Side(version, refused=prepared.refused)
                try:
                    return _side(version, prepared, self._runs(session), session)
                except UnknownEventError as error:
                    return Side(version, errors=prepared.errors, unheard=error)
        finally:
            self._began(None)

    def _runs(self, session: Session) -> list[Run]:
        """Raise the event so often, until it is stopped. Raises UnknownEventError."""
        runs: list[Run] = []
        while len(runs) < self._wanted.count:
            with self._lock:  # whoever stops it finds what was raised
                if self._is_stopped:
                    break
                future = session.submit(self._wanted.event, self._wanted.params, timeout=self._wanted.timeout)
            runs.append(future.result())
        return runs


def _side(version: ServerVersion, prepared: Prepared, runs: Sequence[Run], session: Session) -> Side:
    log = tuple(record for run in runs for record in run.log)
    errors = (*prepared.errors, *(error for run in runs for error in run.errors))
    return Side(version, log, errors, shared=shared_variables(session.shared.items(_SHARED)))
