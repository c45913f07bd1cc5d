"""`virtual:POLICY SOCKET [SOCKET...]` (module event_virtual): several sockets behind one subscription.

PARALLEL sends to all and stops at the first that fails; FAILOVER sends to the first that works, and leaves one that
failed alone for `failover_timeout` seconds; ROUND-ROBIN takes turns, and stays at one that fails. The sockets are
opened at the first event, so mistakes in them show late, as on the server.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from time import monotonic
from typing import Final

from evroute_kernel.engine.delivery.transports.destination import Destination, Outcome, OutgoingEvent, SessionView
from evroute_kernel.worker.sockets import Address, BadSocket

MODULE: Final = "event_virtual"
DEFAULT_FAILOVER_TIMEOUT: Final = 30


class Member:
    """One of the sockets."""

    def __init__(self, socket: str, open_socket: Callable[[str], Destination]) -> None:
        self.socket = socket
        self._open_socket = open_socket
        self._destination: Destination | None = None
        #: on the monotonic clock
        self.failed_at: float | None = None

    def open(self) -> tuple[Destination | None, tuple[str, ...]]:
        """The open socket, or None and what the server logs."""
        if self._destination is None:
            try:
                self._destination = self._open_socket(self.socket)
            except BadSocket as error:
                unknown = f"couldn't find a protocol to support {self.socket}"
                return None, (unknown if str(error).startswith("no transport") else str(error),)
        return self._destination, ()

    def close(self) -> None:
        if self._destination is not None:
            self._destination.close()


class Virtual(Destination):
    """Several receivers."""

    def __init__(self, address: Address, session: SessionView, open_socket: Callable[[str], Destination]) -> None:
        super().__init__(address, session)
        self._members = [Member(socket, open_socket) for socket in address.members]
        self._turn = 0
        self._is_closed = False
        self._policies: dict[str, Callable[[OutgoingEvent], Outcome]] = {
            "PARALLEL": self._to_all,
            "FAILOVER": self._to_first,
            "ROUND-ROBIN": self._to_next,
        }

    def _deliver(self, outgoing: OutgoingEvent) -> Outcome:
        if self._is_closed:
            return Outcome(False, ("the subscription has ended",))
        return self._policies[self.address.path](outgoing)

    def _to_all(self, outgoing: OutgoingEvent) -> Outcome:
        lines: tuple[str, ...] = ()
        for member in self._members:
            outcome = self._to_one(member, outgoing)
            lines += outcome.lines
            if not outcome.ok:
                return Outcome(False, lines)
        return Outcome(True, lines)

    def _to_next(self, outgoing: OutgoingEvent) -> Outcome:
        outcome = self._to_one(self._members[self._turn], outgoing)
        if outcome.ok:
            self._turn = (self._turn + 1) % len(self._members)
        return outcome

    def _to_one(self, member: Member, outgoing: OutgoingEvent) -> Outcome:
        destination, lines = member.open()
        if destination is None:
            return Outcome(False, (*lines, f"unable to parse socket {member.socket}"))
        outcome = destination.deliver(outgoing)
        if outcome.ok:
            return outcome
        return Outcome(False, (*outcome.lines, f"unable to raise socket {member.socket}"))

    def _to_first(self, outgoing: OutgoingEvent) -> Outcome:
        outcome = self._from(0, outgoing)
        return outcome if outcome.ok else Outcome(False, (*outcome.lines, self._all_failed(outgoing)))

    def _from(self, start: int, outgoing: OutgoingEvent) -> Outcome:
        """Send to the first that works from a place on."""
        lines: tuple[str, ...] = ()
        for index in range(start, len(self._members)):
            member = self._members[index]
            if self._is_left_alone(member):
                continue
            destination, words = member.open()
            lines += words
            if destination is not None:
                member.failed_at = None
                outcome = destination.deliver(replace(outgoing, on_failure=self._after(index, outgoing)))
                lines += outcome.lines
                if outcome.ok:
                    return Outcome(True, lines)
            member.failed_at = monotonic()
        return Outcome(False, lines)

    def _is_left_alone(self, member: Member) -> bool:
        seconds = self.session.number(MODULE, "failover_timeout", DEFAULT_FAILOVER_TIMEOUT)
        return member.failed_at is not None and monotonic() - member.failed_at <= seconds

    def _after(self, index: int, outgoing: OutgoingEvent) -> Callable[[], None]:
        """What happens when a socket that took the event could not send it."""

        def try_next() -> None:
            with self._guard:
                if self._is_closed:
                    return
                self._members[index].failed_at = monotonic()
                outcome = self._from(index + 1, outgoing)
            if not outcome.ok:
                self.lost(outgoing, self._all_failed(outgoing))

        return try_next

    @staticmethod
    def _all_failed(outgoing: OutgoingEvent) -> str:
        return f"unable to raise any socket for event: {outgoing.event}"

    def close(self) -> None:
        with self._guard:
            self._is_closed = True
            for member in self._members:
                member.close()
