"""Sockets that get events: `%subscribe` and `%subscribers`."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Final

from evroute_kernel.engine.delivery.interface import (
    SocketError,
    SubscriberInfo,
    UnpublishedEventError,
)
from evroute_kernel.engine.delivery.notifications import NotificationInfo
from evroute_kernel.engine.events.raise_line import ArgumentError
from evroute_kernel.errors import did_you_mean
from evroute_kernel.kernel.cell.cells import MagicLine
from evroute_kernel.kernel.cell.failures import failure
from evroute_kernel.kernel.display.formats import Table
from evroute_kernel.kernel.magics.arguments import Arguments, Signature, parse_arguments
from evroute_kernel.kernel.magics.declaration import Offers, magic
from evroute_kernel.library import table
from evroute_kernel.library.catalogue.declared import known_event
from evroute_kernel.runtime.limits import DEFAULT_EXPIRE
from evroute_kernel.worker.sockets import PROTOCOLS

if TYPE_CHECKING:
    from evroute_kernel.kernel.cell.cell import Cell


USAGE: Final = "EVENT SOCKET [EXPIRE]"
_UNQUOTED: Final = re.compile(r"\s(?P<socket>virtual:\S*(?:\s+[\w-]+:\S*)+)")


def read_subscribe(line: MagicLine) -> Arguments:
    """The words of the line; raises ArgumentError."""
    if found := _UNQUOTED.search(line.text):
        span = line.source.span(line.offset + found.start("socket"), line.offset + found.end("socket"))
        raise ArgumentError("a socket with blanks needs quotes", span, f'write "{found["socket"]}"')
    return parse_arguments(line, Signature.of(USAGE), f"%subscribe {USAGE}")


@magic("subscribe", USAGE, read=read_subscribe, offers=Offers(words={"SOCKET": lambda asked: asked.sockets()}))
async def subscribe(cell: Cell, arguments: Arguments) -> None:
    """Send an event to a socket from here on, for an hour or for EXPIRE seconds; 0 ends it within a second.

        %subscribe E_PIKE_BLOCKED udp:127.0.0.1:9000
        %subscribe E_PIKE_BLOCKED "virtual:FAILOVER tcp:127.0.0.1:9000 flatstore:/tmp/lost.csv" 600

    udp:HOST:PORT, unix:/PATH      one datagram for each event, JSON as a server sends it
    tcp:HOST:PORT[/METHOD]         the same on a connection that is kept
    flatstore:/PATH                a line of values for each event, appended to a file
    rabbitmq:HOST/ROUTING_KEY      to a RabbitMQ broker; needs evroute-kernel[rabbitmq]
    kafka:HOST:PORT/TOPIC          to a Kafka broker; needs evroute-kernel[kafka]
    xmlrpc:HOST:PORT:METHOD        an XML-RPC call for each event, whose answer is not read
    virtual:POLICY SOCKET...       several of them: PARALLEL, FAILOVER or ROUND-ROBIN
    route:NAME                     one more event_route, and for ever
    routing:EVENT                  the routes that notify_on_event() has subscribed to EVENT, and for ever

    The same socket again renews its subscription. A script does this with subscribe_event(), whose subscriptions last
    for ever unless it says how long. Nothing is opened before: a notebook without subscriptions sends nothing.
    """
    event, socket = arguments.words[0], arguments.words[1]
    if is_socket(event.text) and not is_socket(socket.text):
        right = f"%subscribe {socket.text} {event.text}"
        raise ArgumentError(f"{event.text} is a socket; the event comes first", event.span, f"write {right}")
    expire = arguments.words[2].whole(0, "a number of seconds") if len(arguments.words) > 2 else DEFAULT_EXPIRE
    work = partial(cell.session.subscribe, event.text, socket.text, expire)
    try:
        await cell.compute(work)  # it may have to ask for the address of a host
    except SocketError as error:
        found = error.diagnostics[0]
        is_event = isinstance(error, UnpublishedEventError)
        word = event if is_event else socket
        raise failure("SubscribeError", found.message, word.span, found.hint) from error


def is_socket(text: str) -> bool:
    protocol, colon, _ = text.partition(":")
    return bool(colon) and protocol in PROTOCOLS


@magic("subscribers", "[EVENT]")
async def subscribers(cell: Cell, arguments: Arguments) -> None:
    """List who gets each event, or the one named: routes and sockets, in the order of delivery.

    For a socket also how long it stands, how many events were sent, failed, were dropped because it is too slow, and
    still wait to be sent; and what went wrong last. `routing:EVENT` stands for all routes that notify_on_event() has
    subscribed, and for the runs that wait_for_event() holds: a second table lists these, the latest first, with filter
    and seconds left.
    """
    await cell.settle()
    word = arguments.first
    found = cell.session.subscribers(word.text if word else None)
    name = word.text if word else "any event"
    session = cell.session
    known = table.of(session.version).events
    if word is not None and not found and known_event(word.text, session.declared_events, known) is None:
        hint = did_you_mean(word.text, cell.session.events()) or "%events lists those that are known"
        raise failure("UnknownEvent", f"nobody has subscribed to {name}", word.span, hint)
    headings = ("event", "socket", "expire", "left", "sent", "failed", "dropped", "waiting", "state")
    others = "%subscribers EVENT shows those of one event" if word is None else ""
    cell.outlet.display(Table(headings, found, f"nobody has subscribed to {name}", others, _row).bundle())
    notified = session.notifications(word.text if word else None)
    if notified:
        cell.outlet.display(Table(("event", "route", "filter", "left"), notified, "", others, _notified).bundle())


def _notified(info: NotificationInfo) -> tuple[object, ...]:
    left = "never ends" if info.ttl is None else f"{info.ttl} s"
    return info.event, _who(info), " and ".join(info.filters) or "none", left


def _who(info: NotificationInfo) -> str:
    """What runs when the event comes."""
    if info.manner == "blocked":
        return f"worker {info.waits_in} waits"
    if info.manner == "doomed":
        return f"a run of worker {info.waits_in}, of which a server dies"
    return f"route[{info.route}]" + (f" goes on in worker {info.waits_in}" if info.waits_in else "")


def _row(info: SubscriberInfo) -> tuple[object, ...]:
    expire = "never" if info.expire is None else f"{info.expire} s"
    left = None if info.ttl is None else f"{info.ttl} s" if info.ttl else "expired"
    if info.protocol in ("route", "routing"):
        return info.event, info.socket, expire, left, None, None, None, None, None
    return info.event, info.socket, expire, left, info.sent, info.failed, info.dropped, info.waiting, info.state
