"""What MI commands act on: a session, and who hears of the events that they raise."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from evroute_kernel.engine.mi.profiling import PROCESS, RequestProfile
from evroute_kernel.engine.mi.protocol import CommandError
from evroute_kernel.library.chance import repeated_id
from evroute_kernel.runtime.context import Process, Settings
from evroute_kernel.worker.inline.processes import Teller

if TYPE_CHECKING:
    from evroute_kernel.engine.events.params import GivenParams
    from evroute_kernel.engine.results.runs import BatchResult, Run
    from evroute_kernel.engine.session.session import Session

_log = logging.getLogger(__name__)

#: raises that may wait or run at once; further ones are refused, or a flood would fill the memory
PENDING_LIMIT: Final = 50_000


class Management:
    """A session as MI commands see it. `origin` gets the log of what they raise; `ended` is told what became of some
    raises together, in the supervisor's thread, or else `watch` of each raise, by the future that gives its Run, which
    costs several times as much.

    `tell` gets what whoever opened a door should know, a sentence each time. `within` are the folders, by their real
    paths, that clients may write in; None: anywhere. Safe from any thread; `watch` is called in the thread of the
    command and must be quick.
    """

    def __init__(
        self,
        session: Session,
        origin: object = None,
        watch: Callable[[Future[Run]], object] | None = None,
        tell: Callable[[str], object] = _log.warning,
        within: tuple[str, ...] | None = None,
        *,
        ended: Callable[[BatchResult], object] = lambda result: None,
    ) -> None:
        self.session = session
        self.tell = tell
        self.within = within
        self._origin = origin
        self._watch = watch
        self._ended = ended
        self._gathering = session.gather(origin, ended)
        self._lock = Lock()
        self._pending = 0
        #: whether it is a door's, which answers first and then calls `hand_over`
        self._is_door = False
        self._told: set[str] = set()
        #: tells of requests, where a 4.0 is to
        self.profile = RequestProfile(
            lambda: session.settings.profiling.level(PROCESS), self._raise_if_heard, self._teller
        )

    def _teller(self) -> Teller:
        """The process that answers requests, and what the clock shows."""
        session = self.session
        return os.getpid() if session.seed is None else repeated_id(PROCESS), session.shared.clock.microseconds()

    def tell_once(self, sentence: str) -> None:
        """Tell what is told the first time that it happens, however often it does."""
        if sentence not in self._told:
            self._told.add(sentence)
            self.tell(sentence)

    def process(self) -> Process:
        """A process of the session, as functions of scripts want one: with the memory that all share, and the module
        parameters in force."""
        session = self.session
        return Process(session.shared, Settings(modparams=session.settings.modparams_in_force()))

    @property
    def origin(self) -> object:
        """Who gets the log of what commands raise."""
        return self._origin

    def watch_all(self, raised: Iterable[Future[Any]]) -> None:
        """What a command has raised by the way, for whoever waits for all that comes of it."""
        if self._watch is not None:
            for future in raised:
                self._watch(future)

    def of(self, session: Session) -> Management:
        """The same for another session: another node of the cluster."""
        return Management(session, self._origin, self._watch, self.tell, self.within, ended=self._ended)

    def bounded(self, within: tuple[str, ...] | None) -> Management:
        """The same for the clients of one door, who may write in these folders alone."""
        bounded = Management(self.session, self._origin, self._watch, self.tell, within, ended=self._ended)
        bounded._is_door = True
        return bounded

    def hand_over(self) -> float | None:
        """Let events begin that were raised by requests of a door, when those have been answered.

        Returns the seconds after which it is to be called again, None where it need not be.
        """
        return self._gathering.hand_over()

    def end(self) -> None:
        """The door has been closed: what its requests have raised begins now, or when a block ends."""
        self._gathering.hand_over_all()

    @property
    def pending(self) -> int:
        """Raises that have not ended."""
        return self._pending + self._gathering.pending

    def _raise_if_heard(self, event: str, params: GivenParams) -> None:
        if self.session.is_heard(event):
            self.raise_event(event, params)

    def raise_event(self, event: str, params: GivenParams) -> None:
        """Queue an event; does not wait for its routes. Raises UnknownEventError, ParameterError, CommandError."""
        if self.pending >= PENDING_LIMIT:
            raise CommandError(500, "Cannot Raise Event", f"{PENDING_LIMIT} raised events are waiting already")
        if self._watch is None:
            self._gathering.raise_event(event, params)
            if not self._is_door:
                self._gathering.hand_over_all()
            return
        future = self.session.submit(event, params, origin=self._origin)
        with self._lock:
            self._pending += 1
        future.add_done_callback(self._run_ended)
        self._watch(future)

    def _run_ended(self, future: Future[Run]) -> None:
        with self._lock:
            self._pending -= 1
