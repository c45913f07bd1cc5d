"""Sends raised events to the `udp:` and `unix:` sockets that have subscribed them, as a server's process does: itself.

Nobody has to be asked, since a datagram is sent at once or lost. What became of them is told now and then, for those
who ask about subscriptions.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from time import time
from typing import Any, Final, TypeAlias

from evroute_kernel.library.formats.event_payload import payload
from evroute_kernel.records import dataclass
from evroute_kernel.worker.messages import DatagramsSent, Message, Params

#: seconds after which it is told what was sent
_TOLD: Final = 0.05
#: a socket, and the second of the epoch up to which it gets events: None for ever
Target: TypeAlias = "tuple[str, int, Any, int | None]"


def failure_line(error: OSError) -> str:
    """What a server logs when a datagram cannot be sent."""
    number = error.errno or 0
    return f"Cannot raise datagram event due to {number}:{os.strerror(number)}"


@dataclass(slots=True)
class _Count:
    sent: int = 0
    failed: int = 0
    error: str | None = None


class Datagrams:
    """The targets of each event, and the two sockets that all datagrams of this process leave from."""

    def __init__(self, tell: Callable[[Message], None], now: Callable[[], float] = time) -> None:
        #: by event; each has the name of the subscription, the family and address, and when it ends
        self.targets: dict[str, tuple[Target, ...]] = {}
        self._tell = tell
        #: the clock by which subscriptions expire
        self._now = now
        self._told = 0.0
        self._senders: dict[int, socket.socket] = {}
        self._counts: dict[tuple[str, str], _Count] = {}

    def are_valid(self, event: str) -> bool:
        """Whether all that is to be done for the sockets of an event can be done here: none has expired."""
        targets = self.targets.get(event)
        return targets is not None and all(end is None or int(self._now()) <= end for _, _, _, end in targets)

    def send(self, event: str, params: Params) -> tuple[bool, tuple[str, ...]]:
        """Send an event to all its targets. Whether all took it, and what the server would log."""
        data, lines = payload(event, params), []
        for name, family, address, _ in self.targets[event]:
            count = self._counts.setdefault((event, name), _Count())
            try:
                self._sender(family).sendto(data, address)
            except OSError as error:
                count.failed += 1
                count.error = failure_line(error)
                lines.append(count.error)
            else:
                count.sent += 1
                count.error = None
        if time() - self._told > _TOLD:
            self.tell()
        return not lines, tuple(lines)

    def tell(self) -> None:
        """Tell what became of them."""
        if self._counts:
            counts, self._counts, self._told = self._counts, {}, time()
            told = tuple((*key, count.sent, count.failed, count.error) for key, count in counts.items())
            self._tell(DatagramsSent(told))

    def _sender(self, family: int) -> socket.socket:
        sender = self._senders.get(family)
        if sender is None:
            sender = self._senders[family] = socket.socket(family, socket.SOCK_DGRAM)
            sender.setblocking(False)
        return sender
