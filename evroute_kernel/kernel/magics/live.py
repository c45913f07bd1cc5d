"""A running OpenSIPS: connect to it, see what it sends, raise events there."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from evroute_kernel.engine.events.raise_line import ArgumentError, RaiseRequest
from evroute_kernel.errors import ScriptError
from evroute_kernel.kernel.cell.failures import CellFailure, Interrupted, failure
from evroute_kernel.kernel.display.formats import MOST_ROWS, text_bundle
from evroute_kernel.kernel.magics.arguments import Arguments, Word
from evroute_kernel.kernel.magics.declaration import Offers, magic
from evroute_kernel.records import dataclass
from evroute_kernel.source import Span

if TYPE_CHECKING:
    from evroute_kernel.assist.offers import Offer
    from evroute_kernel.engine.live.connection import Connection, ConnectOptions
    from evroute_kernel.kernel.cell.cell import Cell
    from evroute_kernel.kernel.cell.live import Feed, Live
    from evroute_kernel.kernel.questions.asked import Asked

CONNECT: Final = (
    "[mi=ADDRESS] [events=E_X,E_Y] [listen=ADDRESS] [expire=SECONDS] [reply_dir=DIRECTORY]"
    " [--background] [--no-subscribe] [--count N] [--for SECONDS] [--times]"
)
#: how addresses of a server, and of the notebook's own socket, begin -> what stands there
SERVERS: Final = {"datagram:": "HOST:PORT or /PATH", "fifo:": "/PATH", "http://": "HOST:PORT/mi"}
LISTENERS: Final = {"udp:": "HOST:PORT", "unix:": "/PATH", "tcp:": "HOST:PORT"}
#: how to connect, for those who are not
HOW: Final = "%connect mi=datagram:HOST:PORT --background connects"


@dataclass(frozen=True, slots=True)
class ConnectRequest:
    """What `%connect` is to do; no options: to show how things stand."""

    arguments: Arguments
    options: ConnectOptions | None = None
    background: bool = False
    seconds: float | None = None
    times: bool = False


def read_connect(arguments: Arguments) -> ConnectRequest:
    """Raises ArgumentError."""
    keys, flags = arguments.keys, arguments.flags
    if "mi" not in keys:
        if keys or flags:
            raise ArgumentError("mi= is missing: where the server's management interface is", arguments.line.name_span)
        return ConnectRequest(arguments)
    for flag, others in (("background", ("count", "for", "times")), ("no-subscribe", ("count", "for", "times"))):
        if wrong := [other for other in others if flag in flags and other in flags]:
            raise ArgumentError(f"--{wrong[0]} is for a cell that waits; --{flag} does not", arguments.line.name_span)
    if "no-subscribe" in flags and (wrong := [key for key in ("events", "listen", "expire") if key in keys]):
        raise ArgumentError(f"--no-subscribe subscribes nothing: {wrong[0]}= is idle", arguments.places[wrong[0]])
    seconds = flags.get("for")
    return ConnectRequest(
        arguments,
        read_options(arguments),
        "background" in flags or "no-subscribe" in flags,
        None if seconds is None else seconds.number(0.01, "0.01 seconds or more"),
        "times" in flags,
    )


def read_options(arguments: Arguments) -> ConnectOptions:
    from evroute_kernel.engine.live.addresses import ListenAddress, MiAddress
    from evroute_kernel.engine.live.connection import ConnectOptions
    from evroute_kernel.engine.live.subscription import EXPIRE

    keys, count = arguments.keys, arguments.flags.get("count")
    return ConnectOptions(
        read_address(keys["mi"], MiAddress.parse),
        read_events(keys["events"]) if "events" in keys else None,
        read_address(keys["listen"], ListenAddress.parse) if "listen" in keys else None,
        keys["expire"].whole(2, "2 seconds or more") if "expire" in keys else EXPIRE,
        keys["reply_dir"].text if "reply_dir" in keys else None,
        "no-subscribe" not in arguments.flags,
        None if count is None else count.whole(1, "a whole number, 1 or more"),
    )


def read_address(word: Word, parse: Any) -> Any:
    from evroute_kernel.engine.live.addresses import AddressError

    try:
        return parse(word.text)
    except AddressError as error:
        raise ArgumentError(str(error), word.span, error.hint) from error


def read_events(word: Word) -> tuple[str, ...]:
    events = tuple(dict.fromkeys(name.strip() for name in word.text.split(",")))
    if not all(events):
        raise ArgumentError("an event's name is empty", word.span, "events=E_X,E_Y, without blanks")
    return events


def connection_value(asked: Asked, key: str) -> Offer | None:
    """What may stand behind `key=` of %connect."""
    if key == "events":
        return asked.event_list()
    kinds = {"mi": SERVERS, "listen": LISTENERS}.get(key)
    return asked.offer(asked.addresses(kinds)) if kinds else None


@magic("connect", CONNECT, convert=read_connect, offers=Offers(values=connection_value))
async def connect(cell: Cell, request: ConnectRequest) -> None:
    """Connect to a running OpenSIPS: its events run the routes of this notebook and are shown as they come.

    The cell stays live until it is interrupted, which ends it well. `%connect` alone shows how the connection stands.
    The notebook is subscribed by the server's management interface; subscriptions are renewed, and made anew when the
    server is restarted; in the end they are taken back. The server is asked for its version, which is shown; where the
    notebook is of another one, that is said. A second `%connect` takes the place of the first.

    mi=ADDRESS       datagram:HOST:PORT, datagram:/PATH, fifo:/PATH or http://HOST:PORT/PATH
    events=E_X,E_Y   the events to subscribe; without it those that routes here handle now and the server knows
    listen=ADDRESS   where the server is to send them: udp:HOST:PORT, unix:/PATH (both need event_datagram there) or
                     tcp:HOST:PORT (event_stream; loses nothing in a burst); udp, unix or tcp alone choose the rest
    expire=SECONDS   how long the server keeps sending to a notebook that is gone, 60 at first
    reply_dir=DIR    mi_fifo's parameter of that name, if it is set
    --background     go on at once; what arrives is collected in %inbox until %disconnect
    --no-subscribe   go on at once and receive nothing: for %raise --live
    --count N        end after N events
    --for SECONDS    end after so long
    --times          show when each event came
    """
    from evroute_kernel.engine.live.peer import difference
    from evroute_kernel.kernel.cell.live import Feed, Live, StatusLine, status, status_table

    live = Live.of(cell.session)
    if request.options is None:
        if live.connection is None:
            cell.outlet.display(text_bundle(f"not connected; {HOW}"))
        else:
            cell.outlet.display(status_table(live.connection).bundle())
        return
    feed = None if request.background else Feed(cell.outlet, request.times)
    connection = await opened(cell, live, request, feed)
    if said := difference(connection.peer, cell.session.version):
        cell.note([said])
    if connection.unknown:
        cell.note([f"the server does not know {', '.join(connection.unknown)}: not subscribed"])
    if request.background:
        cell.note([status(connection).partition(";")[0]])
        return
    line = StatusLine(cell.outlet, connection)
    line.start()
    try:
        await stay(cell, connection, request.seconds)
    finally:
        line.end()


async def opened(cell: Cell, live: Live, request: ConnectRequest, feed: Feed | None) -> Connection:
    """Connect; raises CellFailure. A connection that comes when the cell has been interrupted is closed again."""
    options = request.options
    assert options is not None
    session = cell.session
    future = cell.notebook.in_thread(lambda: live.connect(session, options, feed))
    try:
        return await cell.wait(future, grace=0)
    except Interrupted:
        future.add_done_callback(close_late)
        raise
    except ScriptError as error:
        raise live_failure(error, blamed(request.arguments, error)) from error


def blamed(arguments: Arguments, error: ScriptError) -> Span:
    """The address or list that an error is about."""
    from evroute_kernel.engine.live.listeners import ListenError
    from evroute_kernel.engine.live.subscription import SubscribeError

    key = "listen" if isinstance(error, ListenError) else "events" if isinstance(error, SubscribeError) else "mi"
    return arguments.keys.get(key, arguments.keys["mi"]).span


def close_late(opened: Future[Connection]) -> None:
    if opened.exception() is None:
        opened.result().close()


async def stay(cell: Cell, connection: Connection, seconds: float | None) -> None:
    """Receive until the end: so many events, so many seconds, or an interrupt, after which the cell goes on.

    The connection is closed then, and no route runs any more on what came by it.
    """
    reception = connection.reception
    assert reception is not None
    end: Future[None] = Future()
    reception.finished.add_done_callback(lambda _: resolve(end))
    timer = asyncio.get_running_loop().call_later(seconds, resolve, end) if seconds is not None else None
    is_interrupted = False
    try:
        await cell.wait(end, grace=0)
    except Interrupted:
        is_interrupted = True
        cell.go_on()
    finally:
        if timer is not None:
            timer.cancel()
        await cell.compute(connection.close)
    if is_interrupted:
        cell.notebook.interrupt()  # once more, for what came meanwhile
    await cell.compute(reception.drain)


def resolve(future: Future[None]) -> None:
    with suppress(Exception):  # done by the other of two
        future.set_result(None)


def live_failure(error: ScriptError, span: Span) -> CellFailure:
    """What went wrong with a server, at the place that names it."""
    return CellFailure("LiveError", [replace(diagnostic, span=span) for diagnostic in error.diagnostics])


@magic("disconnect")
async def disconnect(cell: Cell, arguments: Arguments) -> None:
    """End the connection that `%connect` made: unsubscribe at the server, close the socket. `%inbox` stays."""
    from evroute_kernel.kernel.cell.live import Live, line_bundle, summary

    closed = await cell.compute(Live.of(cell.session).disconnect, grace=0)
    cell.outlet.display(line_bundle("not connected" if closed is None else summary(closed)))


@magic("inbox", "[NUMBER] [--clear] [--save FILE]")
async def inbox(cell: Cell, arguments: Arguments) -> None:
    """List what has arrived from the server that `%connect` names: the last ten thousand events.

    With a number: one event whole, with its parameters and what its routes logged.

    --clear      forget them
    --save FILE  write them to a file that %replay reads, one JSON object on each line
    """
    from evroute_kernel.kernel.cell.live import Live, arrival_bundle, inbox_table

    known = Live.of(cell.session).inbox
    if file := arguments.flags.get("save"):
        await save(cell, file)
    if "clear" in arguments.flags:
        known.clear()
    if arguments.flags:
        return
    if arguments.first is None:
        if len(known) > MOST_ROWS:
            cell.note([f"the last {MOST_ROWS} of {len(known):,}; %inbox --save FILE writes all of them"])
        cell.outlet.display(inbox_table(known).bundle())
        if known.dropped:
            cell.note([f"{known.dropped} earlier ones are no longer here"])
        return
    found = known.find(arguments.first.whole(1, "the number of an event"))
    if found is None:
        raise failure("NotThere", f"there is no event {arguments.first.text}", arguments.first.span, "%inbox lists all")
    cell.outlet.display(arrival_bundle(found, cell.outlet.text_of))


async def save(cell: Cell, file: Word) -> None:
    """Write the inbox to a file; raises CellFailure."""
    from evroute_kernel.engine.replay.recorder import recorded_lines
    from evroute_kernel.kernel.cell.live import Live
    from evroute_kernel.kernel.export.files import write_whole

    known = Live.of(cell.session).inbox
    lines = list(recorded_lines(((each.event, each.params, each.time) for each in known), is_first=True))
    path = file.path
    try:
        await cell.compute(lambda: write_whole(path, b"".join(lines), force=True))
    except OSError as error:
        raise failure("FileError", f"cannot write {file.text}: {error.strerror}", file.span) from error
    events = "1 event is" if len(lines) == 1 else f"{len(lines)} events are"
    cell.note([f"{events} saved in {file.text}"])


async def raise_there(cell: Cell, request: RaiseRequest, line: Span, event: Span) -> None:
    """`%raise --live`: raise an event on the server that `%connect` names; raises CellFailure.

    `line` is the place of the magic, `event` that of the event's name in it.
    """
    from evroute_kernel.engine.live.raising import live_params, live_warnings, raise_live
    from evroute_kernel.kernel.cell.live import Live
    from evroute_kernel.library import table

    connection, library = Live.of(cell.session).connection, table.of(cell.session.version)
    if connection is None or not connection.is_open:
        raise failure("LiveError", "not connected to a server", line, HOW)
    try:
        params = live_params(request.params)
        cell.note([*live_warnings(request.params)])
        for _ in range(request.count):
            send = lambda: raise_live(connection.client, request.event, params, library, request.timeout)  # noqa: E731
            await cell.compute(send, grace=0)
    except ScriptError as error:
        raise live_failure(error, event) from error
    times = "" if request.count == 1 else f" {request.count} times"
    cell.note([f"{request.event} is raised{times} on {connection.options.mi}"])
