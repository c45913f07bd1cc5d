"""Sockets given to `subscribe_event`: where a server takes one for another, or a second time for none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from evroute_kernel.lang import nodes
from evroute_kernel.lang.lints.registry import Finding, rule
from evroute_kernel.lang.lints.subject import Block, Subject
from evroute_kernel.records import dataclass
from evroute_kernel.source import Span

#: characters of an address; a longer one is none, whatever the protocol
_MAX_ADDRESS: Final = 200


@dataclass(frozen=True, slots=True)
class Subscription:
    """A `subscribe_event` with constants for event and socket."""

    event: str
    socket: str
    span: Span
    block: Block

    @property
    def protocol(self) -> str:
        return self.socket.partition(":")[0]


def _subscriptions(blocks: Iterable[Block]) -> Iterator[Subscription]:
    for block in blocks:
        for node in block.of(nodes.Call):
            if node.name == "subscribe_event" and len(node.arguments) > 1:
                event, socket = node.arguments[:2]
                if isinstance(event, nodes.String) and isinstance(socket, nodes.String) and "$" not in socket.value:
                    yield Subscription(event.value, socket.value, socket.span, block)


@rule(
    "socket-prefix",
    "a `unix:` or `udp:` address that another one begins with is taken for that one",
    fires="""
        startup_route {
            subscribe_event("E_PIKE_BLOCKED", "unix:/run/blocked2");
            subscribe_event("E_PIKE_BLOCKED", "unix:/run/blocked");
        }
    """,
    quiet="""
        startup_route {
            subscribe_event("E_PIKE_BLOCKED", "unix:/run/blocked-1");
            subscribe_event("E_PIKE_BLOCKED", "unix:/run/blocked-2");
            subscribe_event("E_DISPATCHER_STATUS", "unix:/run/blocked");
            subscribe_event("E_DISPATCHER_STATUS", "unix:/run/blocked");
        }
    """,
)
def socket_prefix(subject: Subject) -> Iterator[Finding]:
    """The server compares as many bytes as the new address has. The second call renews the first subscription and
    returns 1, and nothing is ever sent to the second socket. The kernel subscribes both."""
    taken: dict[tuple[str, str], str] = {}
    for one in _subscriptions(subject.blocks):
        if one.protocol not in ("unix", "udp") or len(one.socket) > _MAX_ADDRESS:
            continue
        other = taken.get((one.event, one.socket))
        if other is not None:
            message = f"the server takes it for {other}, which begins with it, and only renews that one"
            yield Finding(message, one.span, "use addresses of which none begins with another")
        for beginning in _beginnings(one.socket):
            taken.setdefault((one.event, beginning), one.socket)


def _beginnings(socket: str) -> Iterator[str]:
    """The addresses that the server takes for this one; of `udp` the port is compared apart."""
    path, colon, port = socket.rpartition(":") if socket.startswith("udp:") else (socket, "", "")
    for end in range(len(path)):
        yield path[:end] + colon + port


@rule(
    "socket-once",
    "a constant `tcp:` or `xmlrpc:` socket can be subscribed once only in each process",
    local=True,
    fires="""
        timer_route[renew, 600] {
            subscribe_event("E_PIKE_BLOCKED", "tcp:192.0.2.7:9000", 1200);
        }
    """,
    quiet="""
        startup_route {
            subscribe_event("E_PIKE_BLOCKED", "tcp:192.0.2.7:9000");
        }
        timer_route[renew, 600] {
            $var(socket) = "tcp:192.0.2.7:9000";
            subscribe_event("E_PIKE_BLOCKED", $var(socket), 1200);
            subscribe_event("E_PIKE_BLOCKED", "udp:192.0.2.7:9000", 1200);
        }
    """,
)
def socket_once(subject: Subject) -> Iterator[Finding]:
    """The server's parser writes into the constant: from the second call on it fails with "port not specified", and
    the subscription expires although the script renews it. The kernel renews it."""
    for one in _subscriptions(subject.blocks):
        if one.block.kind in ("event_route", "timer_route") and one.protocol in ("tcp", "xmlrpc"):
            message = f"subscribing the constant {one.socket} again fails on a server, in the same process"
            yield Finding(message, one.span, "give the socket in a variable, or subscribe it in startup_route for ever")


@rule(
    "flatstore-changes-event",
    "a `flatstore:` file takes its delimiter out of the values that later subscribers get",
    severity="info",
    fires="""
        startup_route {
            subscribe_event("E_PIKE_BLOCKED", "udp:192.0.2.7:9000");
            subscribe_event("E_PIKE_BLOCKED", "flatstore:/var/log/blocked.csv");
        }
    """,
    quiet="""
        startup_route {
            subscribe_event("E_PIKE_BLOCKED", "flatstore:/var/log/blocked.csv");
            subscribe_event("E_PIKE_BLOCKED", "udp:192.0.2.7:9000");
        }
    """,
)
def flatstore_changes_event(subject: Subject) -> Iterator[Finding]:
    """The last to subscribe is served first. The server writes blanks into the event itself where a value holds the
    delimiter, so that whoever subscribed before the file gets those blanks, and so do the AVPs that the event was
    raised from. The kernel leaves the event as it is."""
    first: dict[str, str] = {}
    for one in _subscriptions(subject.blocks):
        if one.protocol == "flatstore" and one.event in first:
            message = f"on a server {first[one.event]} gets blanks where a value holds the delimiter of this file"
            yield Finding(message, one.span, "subscribe the file before the others")
        elif one.protocol != "flatstore":
            first.setdefault(one.event, one.socket)
