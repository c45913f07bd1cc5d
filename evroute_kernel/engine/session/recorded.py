"""Recorded events of a Session: writing them, and raising them again."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from time import time
from typing import TYPE_CHECKING, Any

from evroute_kernel.engine.events import given
from evroute_kernel.engine.replay.formats import Known
from evroute_kernel.engine.results.replays import ReplayResult
from evroute_kernel.engine.results.runs import LogRecord
from evroute_kernel.engine.session.knowledge import Knowledge
from evroute_kernel.engine.workers.portions import Replay

if TYPE_CHECKING:
    from evroute_kernel.engine.replay.recorder import Recorder
    from evroute_kernel.engine.replay.replaying import Recorded, Replaying
    from evroute_kernel.engine.replay.writing import Mode


class RecordedEvents(Knowledge):
    """`record` and `replay`."""

    def replay(self, recorded: Recorded, **options: Any) -> ReplayResult:
        """Raise recorded events, and wait for all that they lead to: for millions of events, on all workers.

        `recorded`: a file's name, lines of one, or an iterable of (event, params) or {"event": ..., "params": ...}. The
        options are those of `engine.replay.replaying.Options`: speed, workers, limit, only, log, format, event and
        timeout. Raises OSError for a file that cannot be opened, UnknownFormatError, ValueError for an option. A
        KeyboardInterrupt ends the replay.
        """
        replaying = self.start_replay(recorded, **options)
        try:
            return replaying.future.result()
        except KeyboardInterrupt:
            self._supervisor.interrupt(replaying.is_mine)
            raise

    def start_replay(
        self,
        recorded: Recorded,
        *,
        origin: object = None,
        on_start: Callable[[Replaying], None] = lambda replaying: None,
        **options: Any,
    ) -> Replaying:
        """Begin a replay, as `replay`, and do not wait; its `future` gives the result.

        `origin`: as in `submit`. `on_start` is called before the first event is raised, when the file could be opened.
        """
        from evroute_kernel.engine.replay import replaying

        wanted = replaying.Options(**options)
        wanted.check()
        workers = wanted.workers or self.worker_limit
        timeout = given.seconds(self.limits.timeout if wanted.timeout is None else wanted.timeout)
        only = replaying.encoded_names(wanted.only)
        replay = Replay("", origin, timeout, 0, workers=workers, only=only, shown_records=wanted.log, open=1)
        known = Known(self.declared_events)
        supervisor = self._supervisor
        started = replaying.start(recorded, wanted, replay, supervisor, known, supervisor.submit, on_start)
        supervisor.lend_workers(workers, replay.future)
        return started

    def record(
        self,
        path: str | os.PathLike[str],
        events: Iterable[str] | None = None,
        *,
        mode: Mode = "new",
        origin: object = None,
    ) -> Recorder:
        """Write every event that is raised from now on to a file, until the recording (or the session) is closed.

        `with session.record("events.jsonl.gz"): ...`; `events`: names, None for all; `mode`: "new", "append" or
        "replace". When the file takes no more, a record for `origin` says so at once, and the recording stops with what
        is in the file: `fault`, `written` and `lost` of the Recorder tell what became of it. Raises FileExistsError,
        other OSErrors, ValueError for another mode.
        """
        from evroute_kernel.engine.replay.recorder import Recorder

        def failed(recorder: Recorder) -> None:
            words = recorder.last_words
            record = LogRecord("ERROR", words, True, "", "", 0, None, time())
            self._supervisor.post(lambda: self._world.records.publish(record, origin))

        names = given.names(events, "the name of an event")
        recorder = Recorder(given.path(path), self.tap, names, mode, self.detach, failed)
        self.attach(recorder)
        return recorder

    @property
    def recordings(self) -> list[Recorder]:
        """The recordings under way, the oldest first."""
        from evroute_kernel.engine.replay.recorder import Recorder

        with self._opening:
            return [known for known in self._attached if isinstance(known, Recorder)]
