"""The notebook's connection to a running server, what has arrived by it, and how that is shown."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime
from html import escape
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from evroute_kernel.engine.live.arrivals import Arrival, Inbox
from evroute_kernel.engine.live.connection import Connection, ConnectOptions, Traffic
from evroute_kernel.engine.live.subscription import SubscriptionState
from evroute_kernel.engine.results.runs import error_texts
from evroute_kernel.engine.results.visible import visible
from evroute_kernel.kernel.cell.failures import run_failure
from evroute_kernel.kernel.cell.output import SEVERE, STDERR, Outlet
from evroute_kernel.kernel.display.formats import MOST_ROWS, Table, text_bundle
from evroute_kernel.rendering import findings_bundle
from evroute_kernel.runtime.values import decode

if TYPE_CHECKING:
    from evroute_kernel.engine.events.params import Params
    from evroute_kernel.engine.results.runs import LogRecord
    from evroute_kernel.engine.session.session import Session

#: seconds between two updates of the line that tells how things stand
PACE: Final = 0.5
#: log records of one cell that `%expect` can find; it may stay live for days
MOST_RECORDS: Final = 10_000
#: characters of parameters in a row
WIDTH: Final = 120

#: texts that are no integer and need no quotes
_PLAIN: Final = re.compile(r"(?!-?[0-9]+\Z)[^\s\"'{}\[\]=,\\]+")


class Live:
    """What a session has to do with live servers: one connection at a time, and an inbox that outlives it."""

    def __init__(self) -> None:
        self.inbox = Inbox()
        self.connection: Connection | None = None

    @classmethod
    def of(cls, session: Session) -> Live:
        """The one of a session; made when it is first asked for, and closed with the session."""
        return session.companion(cls, cls)

    def connect(self, session: Session, options: ConnectOptions, feed: Feed | None = None) -> Connection:
        """Open a connection in the place of the one there may be. Waits; raises MiError."""
        self.disconnect()
        changed = feed.changed if feed else lambda _: None
        self.connection = Connection(session, options, self.inbox, feed, changed)
        return self.connection

    def disconnect(self) -> Connection | None:
        """Close the connection; the one there was, None if it was closed already. Waits."""
        connection = self.connection
        if connection is None or not connection.is_open:
            return None
        connection.close()
        return connection

    def close(self) -> None:
        self.disconnect()


def forget_live(session: Session) -> None:
    """Close the connection and empty the inbox. Waits."""
    if live := session.attached(Live):
        live.disconnect()
        live.connection = None
        live.inbox.clear()


class Feed:
    """Shows arrivals under a cell as they come: a line for each event, beneath it what its routes log."""

    def __init__(self, outlet: Outlet, with_times: bool = False) -> None:
        self.outlet = outlet
        self.with_times = with_times
        self._is_line_open = False

    def began(self, arrival: Arrival) -> None:
        moment = f"{clock(arrival.time)} " if self.with_times else ""
        remark = "" if arrival.is_handled else "  (no route)"
        self.line(f"{moment}--> {event_line(arrival.event, arrival.params)}{remark}")

    def logged(self, arrival: Arrival, record: LogRecord) -> None:
        if len(self.outlet.records) < MOST_RECORDS:
            self.outlet.record(record)
        else:
            self.outlet.show_record(record)
        if record.level not in SEVERE:
            self._is_line_open = not self.outlet.text_of(record).endswith("\n")

    def ended(self, arrival: Arrival) -> None:
        if arrival.refused is not None:
            self.outlet.write(f"{arrival.refused}\n", STDERR)
        if arrival.errors and not arrival.is_stopped:
            self.outlet.display(findings_bundle(run_failure(arrival.errors).diagnostics))

    def changed(self, state: SubscriptionState) -> None:
        """The server stopped answering, or answers again. Called in a thread of the connection."""
        if state.state == "waiting":
            self.line(f"--- the server does not answer; trying again ({state.last_error})")
        else:
            self.line("--- the server answers again; subscribed anew")

    def line(self, text: str) -> None:
        self.outlet.write(("\n" if self._is_line_open else "") + text + "\n")
        self._is_line_open = False


class StatusLine:
    """One display that tells how a connection stands, kept up to date, and ends as its summary."""

    def __init__(self, outlet: Outlet, connection: Connection) -> None:
        self._outlet = outlet
        self._connection = connection
        self._id = uuid4().hex
        self._shown = status(connection)
        self._has_ended = False
        self._lock = Lock()

    def start(self) -> None:
        self._outlet.display(line_bundle(self._shown), display_id=self._id)
        self._outlet.later(PACE, self._tick)

    def end(self) -> None:
        """Show what has come."""
        with self._lock:
            self._has_ended = True
            self._outlet.update(self._id, line_bundle(summary(self._connection)))

    def _tick(self) -> None:
        with self._lock:
            if self._has_ended:
                return
            text = status(self._connection)
            if text != self._shown:
                self._shown = text
                self._outlet.update(self._id, line_bundle(text))
        self._outlet.later(PACE, self._tick)


# -- words ----------------------------------------------------------------------------------------------------------


def line_bundle(text: str) -> dict[str, str]:
    return {"text/plain": text, "text/html": f"<div>{escape(text)}</div>"}


def status(connection: Connection) -> str:
    """How a connection stands, on one line."""
    mi, state = connection.options.mi, connection.state
    if state.state == "closed":
        return summary(connection)
    if state.state == "waiting":
        seconds = max(0.0, (state.next_try or 0.0) - monotonic())
        start = f"{mi} does not answer, next try in {seconds:.0f} s (failed: {state.attempts})"
    elif connection.events:
        start = f"connected to {named(connection)}: {', '.join(connection.events)}"
    else:
        return f"connected to {named(connection)}, subscribed to nothing"
    return "; ".join([start, *counts(connection.traffic)])


def named(connection: Connection) -> str:
    """The server's address, and its release where it has told it."""
    mi, peer = connection.options.mi, connection.peer
    return f"{mi} ({peer})" if peer.release else str(mi)


def summary(connection: Connection) -> str:
    """What has come in all."""
    traffic = connection.traffic
    events = "1 event" if traffic.received == 1 else f"{traffic.received or 'no'} events"
    return "; ".join([f"disconnected from {connection.options.mi}: {events} received", *counts(traffic)[1:]])


def counts(traffic: Traffic) -> list[str]:
    """The counts that are not zero, received first."""
    found = [
        (traffic.received, "received"),
        (traffic.unhandled, "without a route"),
        (traffic.failed, "failed"),
        (traffic.stopped, "interrupted"),
        (traffic.broken, "broken notifications"),
        (traffic.strays, "not subscribed"),
        (traffic.lost, "lost because the socket was full (listen=tcp loses none)"),
        (traffic.dropped, "dropped before their routes ran"),
    ]
    return [f"{number} {what}" for i, (number, what) in enumerate(found) if number or i == 0]


def status_table(connection: Connection) -> Table:
    """All that is known of a connection."""
    state = connection.state
    waits = "" if state.next_try is None else f"{max(0.0, state.next_try - monotonic()):.1f} s"
    rows = [
        ("server", connection.options.mi),
        ("release", connection.peer if connection.peer.release else None),
        ("state", "not answering" if state.state == "waiting" else state.state),
        ("events", ", ".join(connection.events)),
        ("not known to the server", ", ".join(connection.unknown)),
        ("socket", connection.event_socket),
        ("counts", "; ".join(counts(connection.traffic))),
        ("found restarted", state.returns or None),
        ("last error", state.last_error),
        ("next try in", waits),
    ]
    return Table(("connection", ""), [row for row in rows if row[1]])


def event_line(event: str, params: Params) -> str:
    """An event as `%raise` would be told to raise it."""
    words = [decode(event)]
    for name, value in params:
        words.append(written(value) if name is None else f"{decode(name)}={written(value)}")
    return visible(" ".join(words))


def written(value: int | str | None) -> str:
    if not isinstance(value, str):
        return str(value)
    text = decode(value)
    return text if _PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)


def clock(moment: float) -> str:
    return datetime.fromtimestamp(moment).strftime("%H:%M:%S.%f")[:-3]


# -- the inbox ------------------------------------------------------------------------------------------------------


def inbox_table(inbox: Inbox) -> Table:
    """The last arrivals, latest at the end."""
    rows = [
        (a.number, decode(a.event), shortened(event_line("", a.params).strip()), a.runs, a.records, a.outcome)
        for a in tuple(inbox)[-MOST_ROWS:]
    ]
    return Table(("number", "event", "params", "routes run", "records", "result"), rows, "nothing has arrived")


def shortened(text: str) -> str:
    return text if len(text) <= WIDTH else text[: WIDTH - 4] + " ..."


def arrival_bundle(arrival: Arrival, text_of: Callable[[LogRecord], str]) -> dict[str, str]:
    """One arrival whole."""
    log = "".join(map(text_of, arrival.log))
    more = arrival.records - len(arrival.log)
    parts = [
        f"{clock(arrival.time)} --> {event_line(arrival.event, arrival.params)}",
        f"{arrival.runs} route{'s' * (arrival.runs != 1)} run: {arrival.outcome}",
        *error_texts(arrival.errors),
        *([log.removesuffix("\n")] if log else []),
        *([f"... and {more} more records"] if more else []),
    ]
    return text_bundle("\n".join(parts))
