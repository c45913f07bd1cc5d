"""What raises events in a session, or has them raised, recorded or sent: one part of the face that `Session` is.

The methods look at what callers give as far as types go; the modules beside this one do the rest.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from evroute_kernel.engine.delivery.interface import SubscriberInfo
from evroute_kernel.engine.delivery.notifications import NotificationInfo
from evroute_kernel.engine.events.params import GivenParams
from evroute_kernel.engine.results.replays import ReplayResult
from evroute_kernel.engine.results.runs import BatchResult, Run
from evroute_kernel.engine.session.attachments import Attachments
from evroute_kernel.engine.session.backend import Backend
from evroute_kernel.engine.session.gathering import Gathering
from evroute_kernel.engine.session.raising import Raising
from evroute_kernel.engine.session.recordings import Recordings
from evroute_kernel.engine.session.subscribing import Subscribing
from evroute_kernel.engine.state.world import Tap, World

if TYPE_CHECKING:
    from evroute_kernel.engine.replay.recorder import Recorder
    from evroute_kernel.engine.replay.replaying import Recorded, Replaying
    from evroute_kernel.engine.replay.writing import Mode


class EventFace:
    """The methods of a Session that make something happen to events."""

    _backend: Backend
    _world: World
    _raising: Raising
    _recordings: Recordings
    _subscribing: Subscribing
    _attachments: Attachments

    # -- raising -------------------------------------------------------------------------------------------------------

    def submit(
        self,
        event: str,
        params: GivenParams = None,
        *,
        origin: object = None,
        timeout: float | None = None,
        check: bool | None = None,
    ) -> Future[Run]:
        """Raise an event. The future's Run covers all that the event leads to.

        `params`: a mapping, an iterable of values, or None. `origin` comes back with each record, and `interrupt` finds
        the raise by it. A `timeout` that is given counts from this call, also while the event waits for a worker to be
        free (but not while the session starts); that of the session counts from the start of the first route.

        Raises UnknownEventError when nothing handles the event, ParameterError for a bad parameter. What no server
        sends with the event (a name that it lacks, a value that it never has, text for a number) is raised all the
        same; `Run.remarks` tells of it.

        A run that does not come to its end is a Run with `errors`; with `check` (None: as the session does) the future
        raises RunFailedError instead.
        """
        return self._raising.submit(event, params, origin, timeout, check)

    def raise_event(
        self,
        event: str,
        params: GivenParams = None,
        *,
        origin: object = None,
        timeout: float | None = None,
        check: bool | None = None,
    ) -> Run:
        """Raise an event and wait for all that it leads to. As `submit`."""
        return self.submit(event, params, origin=origin, timeout=timeout, check=check).result()

    def submit_batch(
        self,
        event: str,
        lists: Iterable[GivenParams],
        *,
        origin: object = None,
        timeout: float | None = None,
        check: bool | None = None,
    ) -> Future[BatchResult]:
        """Raise an event many times, once for each item of `lists`, in order, on one worker.

        Much faster than as many calls of `submit`. The timeout holds for each event with all that comes of it, and one
        that is given also for the wait until the first can begin; the log limit holds for the whole. What the events
        raise runs between the chunks that the batch is handed out in. A sequence is read as it is needed; any other
        iterable is read to its end first. `check`: as in `submit`.
        """
        return self._raising.submit_batch(event, lists, origin, timeout, check)

    def check_submitted(self) -> None:
        """Wait for what was submitted with `check` and nobody has asked for. Raises RunFailedError of one that failed.

        What `interrupt` or `close` has ended does not count.
        """
        self._raising.check_submitted()

    def run_timer(
        self, name: str, *, origin: object = None, timeout: float | None = None, check: bool | None = None
    ) -> Run:
        """Run timer_route[name] once (each of them, if several have the name) and wait. ScriptError: there is none.

        `check`: as in `submit`.
        """
        return self._raising.run_timer(name, origin, timeout, check)

    def tick(self, *, clock: float, origin: object = None, timeout: float | None = None) -> Run:
        """Move the clock of the session on by so many seconds, and wait for all that this leads to.

        The clock is that of the system otherwise. By it subscriptions expire, calls time out, and runs that wait for an
        event go on without it: what these do is in the Run. Timer routes do not run by it.
        """
        return self._raising.tick(clock, origin, timeout)

    def gather(self, origin: object = None, ended: Callable[[BatchResult], object] = lambda result: None) -> Gathering:
        """For events that are raised in great numbers while nobody waits for each: they run in blocks.

        `ended` gets what became of each block, in the supervisor's thread: it must be quick.
        """
        return self._raising.gather(origin, ended)

    def interrupt(self, origin: object = None) -> int:
        """End what was raised with this origin (None: everything); how many raises that were.

        Does not wait for them: their futures are done within milliseconds.
        """
        return self._raising.interrupt(origin)

    # -- recorded events -----------------------------------------------------------------------------------------------

    def replay(self, recorded: Recorded, **options: Any) -> ReplayResult:
        """Raise recorded events, and wait for all that they lead to: for millions of events, on all workers.

        `recorded`: a file's name, lines of one, or an iterable of (event, params) or {"event": ..., "params": ...}. The
        options are those of `engine.replay.replaying.Options`: speed, workers, limit, only, log, format, event and
        timeout. Raises OSError for a file that cannot be opened, UnknownFormatError, ValueError for an option. A
        KeyboardInterrupt ends the replay.
        """
        return self._recordings.replay(recorded, options)

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
        return self._recordings.start_replay(recorded, origin, on_start, options)

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
        recorder = self._recordings.record(path, events, mode, origin, self._attachments.remove)
        self._attachments.add(recorder)
        return recorder

    @property
    def recordings(self) -> list[Recorder]:
        """The recordings under way, the oldest first."""
        from evroute_kernel.engine.replay.recorder import Recorder

        return self._attachments.of_kind(Recorder)

    def tap(self, listener: Tap) -> Callable[[], None]:
        """Tell a listener of every event that is raised: name, parameters (byte strings), seconds of the epoch.

        It is called in the thread that raises the event, and must be quick. Calling what is returned ends it.
        """
        return self._world.tap(listener)

    # -- subscriptions -------------------------------------------------------------------------------------------------

    def subscribe(
        self,
        event: str,
        socket: str,
        expire: int | None = None,
        *,
        by_script: bool = False,
        within: Sequence[str] | None = None,
    ) -> None:
        """Send an event, from now on, to a socket such as `udp:127.0.0.1:9000`; or run one more route: `route:NAME`.

        As MI event_subscribe: `expire` in seconds (None: an hour), and 0 ends a subscription within a second. With
        `by_script` as subscribe_event() of a script: for ever, if `expire` is None or 0. The same socket again renews
        the subscription. `within`: folders that files and unix sockets must be in, for a subscription on behalf of
        somebody else (None: anywhere; empty: nowhere). Waits while the host is looked up. Raises SocketError.
        """
        self._subscribing.subscribe(event, socket, expire, by_script=by_script, within=within)

    def subscriptions(self) -> list[SubscriberInfo]:
        """What scripts, clients and users have subscribed, by event, the oldest first; event routes do so themselves,
        and are left out."""
        return self._subscribing.subscriptions()

    def subscribers(self, event: str | None = None) -> list[SubscriberInfo]:
        """Who gets an event, in the order of delivery; without a name, all subscriptions, by event."""
        return self._subscribing.subscribers(event)

    def take_notification(self, info: NotificationInfo) -> None:
        """Subscribe a route as notify_on_event() has done in another session: one of its `notifications`, with the time
        that is left. Raises UnknownEventError."""
        self._subscribing.notify(info)

    def notifications(self, event: str | None = None) -> list[NotificationInfo]:
        """The routes that notify_on_event() has subscribed to an event, or to all, the latest first, which is the order
        in which they run; and the runs that wait for one, by wait_for_event(). Those that have expired are left out."""
        return self._subscribing.notifications(event)

    def rotate_flatstore(self, path: str) -> bool:
        """Close the file of a `flatstore:` subscription, so that the next event opens it anew.

        False when nobody has subscribed this path. MI `evi_flat_rotate` does this.
        """
        return self._subscribing.rotate_flatstore(path)
