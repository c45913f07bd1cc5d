"""A session of this process as a node that others send messages to."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any, Final

from evroute_kernel.engine.cluster.exchange import Exchange
from evroute_kernel.engine.cluster.peer import CarryOut, Parcel, Place, Unreachable
from evroute_kernel.engine.results.runs import Run
from evroute_kernel.engine.session.backend import Backend
from evroute_kernel.engine.session.raising import Raising
from evroute_kernel.engine.workers.raises import Raise
from evroute_kernel.library import sharing_tags
from evroute_kernel.library.sharing_tags import Tag

#: messages that may wait or run at once on a node; further ones are refused
PENDING_LIMIT: Final = 50_000
#: seconds between two looks whether anybody hears a message by now
FIRST_PAUSE: Final = 0.002
LONGEST_PAUSE: Final = 0.05
#: where nodes would listen for each other: this port and the number of the node
FIRST_PORT: Final = 5555


class LocalPeer:
    """The node; it does not keep its session alive."""

    tells_states = True

    def __init__(self, place: Place, session: object, backend: Backend, raising: Raising) -> None:
        self._place = place
        self._session = weakref.ref(session)
        self._backend = backend
        self._raising = raising
        self._pending = 0
        self._lock = threading.Lock()

    @property
    def place(self) -> Place:
        return self._place

    def take(self, parcel: Parcel) -> Future[Run | None] | None:
        """As `Peer.take`."""
        with self._lock:
            if self._pending >= PENDING_LIMIT:
                raise Unreachable(f"the node {self._place.name} takes no more: {PENDING_LIMIT} messages wait there")
            self._pending += 1
        future: Future[Any] | None = self._raising.deliver(parcel)
        if future is None and parcel.exchange is not None:
            future = self._when_heard(parcel, parcel.exchange)
        if future is None:
            self._one_less(None)
        else:
            future.add_done_callback(self._one_less)
        return future

    def _when_heard(self, parcel: Parcel, exchange: Exchange) -> Future[Run | None]:
        """Nobody hears the event yet; but where the route that has asked for it still runs, its next statement may be
        the one that waits for it. On a server the network takes longer than that."""
        heard: Future[Run | None] = Future()
        supervisor = self._backend.supervisor

        def look(pause: float) -> None:
            future = self._raising.deliver(parcel)
            if future is not None:
                future.add_done_callback(lambda done: _hand_on(done, heard))
            elif exchange.left > 0 and supervisor.runs_for(lambda raised: raised.exchange is exchange):
                timer = threading.Timer(pause, lambda: supervisor.post(lambda: look(min(2 * pause, LONGEST_PAUSE))))
                timer.daemon = True
                timer.start()
            else:
                heard.set_result(None)

        supervisor.post(lambda: look(FIRST_PAUSE))
        return heard

    def _one_less(self, future: Future[Any] | None) -> None:
        with self._lock:
            self._pending -= 1

    def activate(self, tag: str, cluster: int) -> bool:
        """As `Peer.activate`."""
        return self._put(tag, cluster, True)

    def back_up(self, tag: str, cluster: int) -> bool:
        """As `Peer.back_up`."""
        return self._put(tag, cluster, False)

    def _put(self, tag: str, cluster: int, active: bool) -> bool:
        return sharing_tags.put(self._backend.shared, self.declared, Tag(tag, cluster), active)

    @property
    def declared(self) -> list[int | str]:
        """What the node's scripts say of sharing tags."""
        found = self._backend.world.settings.modparams_in_force()
        return found.get((sharing_tags.MODULE, sharing_tags.PARAMETER), [])

    def tags(self) -> list[tuple[Tag, bool]]:
        """The sharing tags that the node knows, and for which of them it is active."""
        return sharing_tags.listed(self._backend.shared, self.declared)

    def manage(self, carry_out: CarryOut, command: str, params: Sequence[Any] | None) -> None:
        """As `Peer.manage`."""
        session = self._session()
        if session is not None:
            carry_out(session, command, params)

    def interrupt(self, home: int, origin: object) -> int:
        """As `Peer.interrupt`."""

        def is_meant(raised: Raise) -> bool:
            exchange: Exchange | None = raised.exchange
            return exchange is not None and exchange.home == home and origin in (None, raised.origin)

        return self._backend.supervisor.interrupt(is_meant)


def _hand_on(done: Future[Run], other: Future[Run | None]) -> None:
    error = done.exception()
    if error is None:
        other.set_result(done.result())
    else:
        other.set_exception(error)


def place(id: int, name: str) -> Place:
    """A node of this process: what a server of its kind on this machine would be."""
    return Place(id, name, f"bin:127.0.0.1:{FIRST_PORT + id}", f"10.0.0.{id}")


def halt(backend: Backend) -> None:
    """End all processes of a node, and forget what they have kept. Waits for it."""
    backend.supervisor.restart()
    backend.shared.clear()


def resume(backend: Backend, raising: Raising, origin: object) -> Run | None:
    """Run its startup routes; None where it has none. Waits."""
    slots = [d.slot for d in backend.world.registry if d.route.kind == "startup_route"]
    return raising.run_slots(slots, origin, None) if slots else None
