"""A way out that is never opened: the session is one whose scripts change nothing beyond it."""

from __future__ import annotations

from evroute_kernel.engine.delivery.transports.destination import SENT, Destination, Outcome, OutgoingEvent


class Unopened(Destination):
    """Events end here, and count as sent."""

    def _deliver(self, outgoing: OutgoingEvent) -> Outcome:
        return SENT
