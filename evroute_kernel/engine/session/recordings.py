"""Recorded events of a session: writing them, and raising them again."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from time import time
from typing import TYPE_CHECKING, Any

from evroute_kernel.engine.events import given
from evroute_kernel.engine.results.checking import Checking
from evroute_kernel.engine.results.replays import ReplayResult
from evroute_kernel.engine.results.runs import LogRecord
from evroute_kernel.engine.session.backend import Backend
from evroute_kernel.engine.workers.portions import Replay

if TYPE_CHECKING:
    from evroute_kernel.engine.replay.recorder import Recorder
    from evroute_kernel.engine.replay.replaying import Recorded, Replaying
    from evroute_kernel.engine.replay.writing import Mode


class Recordings:
    """What one session records and replays."""

    def __init__(self, backend: Backend, checking: Checking) -> None:
        self._backend = backend
        self._checking = checking
        self._world = backend.world

    def replay(self, recorded: Recorded, options: dict[str, Any]) -> ReplayResult:
        """As `Session.replay`."""
        replaying = self.start_replay(recorded, None, lambda replaying: None, options)
        try:
            return self._checking.passed(replaying.future.result())
        except KeyboardInterrupt:
            self._backend.supervisor.interrupt(replaying.is_mine)
            raise

    def start_replay(
        self, recorded: Recorded, origin: object, on_start: Callable[[Replaying], None], options: dict[str, Any]
    ) -> Replaying:
        """As `Session.start_replay`."""
        from evroute_kernel.engine.replay import replaying

        wanted = replaying.Options(**options)
        wanted.check()
        supervisor = self._backend.supervisor
        workers = wanted.workers or supervisor.worker_limit
        timeout = given.seconds(self._world.limits.timeout if wanted.timeout is None else wanted.timeout)
        only = replaying.encoded_names(wanted.only)
        replay = Replay("", origin, timeout, 0, workers=workers, only=only, shown_records=wanted.log, open=1)
        replay.chance = self._world.settings.chance("replay")
        declared, events = self._world.declared_events, self._world.library.events
        started = replaying.start(recorded, wanted, replay, supervisor, declared, events, supervisor.submit, on_start)
        supervisor.allow_workers(workers, replay.future)
        return started

    def record(
        self,
        path: str | os.PathLike[str],
        events: Iterable[str] | None,
        mode: Mode,
        origin: object,
        closed: Callable[[Recorder], None],
    ) -> Recorder:
        """As `Session.record`. `closed` is called when the recording has been closed."""
        from evroute_kernel.engine.replay.recorder import Recorder

        def failed(recorder: Recorder) -> None:
            record = LogRecord("ERROR", recorder.stop_notice, True, "", "", 0, None, time())
            self._backend.post(lambda: self._world.records.publish(record, origin))

        names = given.names(events, "the name of an event")
        return Recorder(given.path(path), self._world.tap, names, mode, closed, failed)
