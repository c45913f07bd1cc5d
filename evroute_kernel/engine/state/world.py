"""What a session knows: its routes, settings and subscriptions; `records` holds what happened.

One lock guards all but the records. Callers' threads change it; the supervisor's thread reads the picture that the
next task runs in, adds what routes do to it (subscriptions, records, calls of stubs), and asks where an event goes.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from time import time
from typing import TYPE_CHECKING, Final

from evroute_kernel.engine.delivery.interface import ROUTE, ROUTING, Interface, Subscriber
from evroute_kernel.engine.delivery.notifications import NotificationInfo, RouteNotifications
from evroute_kernel.engine.delivery.socket_delivery import Report, SocketDelivery
from evroute_kernel.engine.delivery.transports.destination import Destination, SessionView
from evroute_kernel.engine.delivery.waits import Waits
from evroute_kernel.engine.events.params import Params, UnknownEventError
from evroute_kernel.engine.results.records import OnRecord, Records
from evroute_kernel.engine.results.runs import LogRecord
from evroute_kernel.engine.state.program import Program
from evroute_kernel.engine.state.published import ROUTING_FUNCTIONS, named_in_calls, published
from evroute_kernel.engine.state.registry import Change, Registry
from evroute_kernel.engine.state.settings import Limits, SessionSettings, module_name
from evroute_kernel.engine.state.watches import Watches
from evroute_kernel.errors import Diagnostic, ScriptError, did_you_mean
from evroute_kernel.records import dataclass
from evroute_kernel.runtime.values import decode, encode
from evroute_kernel.runtime.versions import DEFAULT_VERSION, ServerVersion
from evroute_kernel.source import Source
from evroute_kernel.worker.messages import NOTIFY, Subscriptions
from evroute_kernel.worker.notifying.subscriptions import Entry, lower
from evroute_kernel.worker.sockets import Address, BadSocket

if TYPE_CHECKING:
    from evroute_kernel.engine.cluster.member import Member
    from evroute_kernel.lang.compiler import CompiledRoute, Unit
    from evroute_kernel.lang.environment import Environment
    from evroute_kernel.library.catalogue.declared import EventDeclaration
    from evroute_kernel.library.table import Library

#: is told of an event when it is raised: name, parameters (byte strings, as scripts have them), seconds of the epoch
Tap = Callable[[str, Params, float], None]
#: a last second that is none
_FAR: Final = 2**39
_log = logging.getLogger(__name__)
#: seconds for which a change of the routes waits until what it led to is told
_TELLING: Final = 5.0


@dataclass(frozen=True, slots=True)
class Text:
    """A text that has defined something, and whose it is; None where nobody said."""

    source: Source
    owner: str | None


#: lets a thread do something
Post = Callable[[Callable[[], None]], None]


class World:
    """The state of a session. `on_record(record, origin)` is told of each record as it comes.

    `post` lets the thread that publishes records do something; `expand` gives a text with variables in it as a script
    would print it. Neither is called before the world is made.
    """

    def __init__(
        self,
        limits: Limits,
        on_record: OnRecord | None = None,
        post: Post = lambda command: command(),
        expand: Callable[[str], str] = lambda text: text,
        version: ServerVersion = DEFAULT_VERSION,
        now: Callable[[], float] = time,
    ) -> None:
        self.limits = limits
        #: the clock of the session, in seconds of the epoch
        self.now = now
        self.registry = Registry()
        self.settings = SessionSettings(self.changed, version)
        #: whether a route that another text defined may not be replaced
        self.strict = False
        #: events that users declared as their own, by name
        self.declared_events: dict[str, EventDeclaration] = {}
        #: by owner; those of nobody by what stands in them
        self._texts: dict[tuple[str | None, str], Text] = {}
        self.records = Records(on_record)
        self._lock = threading.RLock()
        self._interface = Interface(now)
        self._notifications = RouteNotifications()
        #: the runs that wait for an event or a time
        self.waits = Waits()
        #: who watches the runs
        self.watches = Watches()
        #: the events that exist, as byte strings, since something was asked about them
        self._published: frozenset[str] | None = None
        self._program = Program()
        #: how many changes of subscriptions the program knows of
        self._seen = 0
        self._notified = 0
        #: event -> how many changes there had been when it went to these routes
        self._routes: dict[str, tuple[int, tuple[int, ...]]] = {}
        self._taps: tuple[Tap, ...] = ()
        #: the session as a node of a cluster
        self.member: Member | None = None
        self._is_closed = False
        self._post = post
        self._sockets = SocketDelivery(self._publish, self._interface.by_socket, now)
        self._view = SessionView(lambda: self._program.settings.modparams, self._sockets.report_lost, expand)

    # -- definitions ----------------------------------------------------------------------------------------------

    def environment(self, owner: str | None = None) -> Environment:
        """What a text of this owner may refer to beyond itself: all that others have defined, loaded and set."""
        from evroute_kernel.lang.environment import Environment

        with self._lock:
            others = [d for d in self.registry if owner is None or d.owner != owner]
            return Environment(
                routes={(d.route.kind, d.route.name): d.owner_name for d in others},
                modules=self.library.default_modules | self.settings.modules_in_force(without=owner),
                modparams=self.settings.modparams_in_force(without=owner),
                version=self.settings.version,
                nodes=frozenset() if self.member is None else self.member.known,
                declared_events={encode(name): _encoded(event) for name, event in self.declared_events.items()},
            )

    def define(self, unit: Unit, owner: str | None) -> tuple[Change, list[int]]:
        """Make a compiled text part of the session; what it changed, and the slots to run now.

        Raises ScriptError, with nothing changed, when a strict session forbids it.
        """
        with self._lock:
            if self.strict:
                self._refuse_redefinition(unit.routes, owner)
            self.settings.contribute(
                owner,
                [(item.name, item.value) for item in unit.settings],
                [(item.module, item.name, item.value) for item in unit.modparams],
                [module_name(item.path) for item in unit.modules],
            )
            self._keep_text(unit, owner)
            change = self.define_routes(unit.routes, owner)
            startup = [route for route in unit.routes if route.kind == "startup_route"]
            tops = [*startup, unit.scratch] if unit.scratch else startup
            return change, [self.registry.slot(route) for route in tops]

    def _keep_text(self, unit: Unit, owner: str | None) -> None:
        """Remember a text that defines something, in place of what its owner had before; without an owner, in place of
        the same text."""
        key = owner, unit.source.text if owner is None else ""
        if unit.script.items:
            self._texts.pop(key, None)
            self._texts[key] = Text(unit.source, owner)
        elif owner is not None:
            self._texts.pop(key, None)

    @property
    def texts(self) -> list[Text]:
        """The texts that have defined something, in the order in which they took effect."""
        with self._lock:
            return list(self._texts.values())

    def define_routes(self, routes: Iterable[CompiledRoute], owner: str | None) -> Change:
        """Make these the routes of `owner`."""
        with self._lock:
            change = self.registry.define(routes, owner)
            self.changed()
            return change

    def _refuse_redefinition(self, routes: Sequence[CompiledRoute], owner: str | None) -> None:
        replaced = dict(self.registry.preview(routes, owner).replaced)
        found = [
            Diagnostic("error", "redefined", f"{r.title} is defined in {replaced[r.title]} already", r.header)
            for r in routes
            if r.title in replaced
        ]
        if found:
            raise ScriptError(found)

    def forget(self, name: str) -> list[str]:
        """Drop routes by title or name; the titles of those there were."""
        with self._lock:
            titles = self.registry.forget(name)
            self.changed()
        self.tell_gone(titles)
        return titles

    def forget_owner(self, owner: str) -> list[str]:
        """Drop what an owner had defined, loaded and set; the titles of its routes."""
        with self._lock:
            titles = self.registry.forget_owner(owner)
            self.settings.forget_owner(owner)
            self._texts.pop((owner, ""), None)
            self.changed()
        self.tell_gone(titles)
        return titles

    def forget_all(self, version: ServerVersion | None = None) -> None:
        """Back to the beginning, but for the records; from now on as a server of this version, if one is given."""
        with self._lock:
            self.settings.version = version or self.settings.version
            self.registry.reset()
            self._interface.forget_all()
            self._notifications.forget()
            self.waits.forget()
            self.settings.reset()
            self._texts.clear()
            self.declared_events.clear()
            self.changed()

    def changed(self) -> None:
        """The next task runs in a new picture of the session."""
        with self._lock:
            registry = self.registry
            self._published = None
            self._interface.sync_routes(registry.subscribing())
            self._routes.clear()
            error_route = registry.look_up("error_route")
            self._program = Program(
                registry.codes,
                tuple(registry.current_slots()),
                registry.callable_slots(),
                error_route[0].slot if error_route else None,
                self.settings.message(),
                self._subscriptions(),
                self._notifications.picture,
            )

    def _subscriptions(self) -> Subscriptions:
        """What workers are told about subscribers."""
        interface, registry = self._interface, self.registry
        handlers = self.handlers_by_event()
        if self._notifications.events:  # of what its routes raise a worker knows itself whom that reaches
            own = {event: tuple(slot for slot in slots if slot != NOTIFY) for event, slots in handlers.items()}
            handlers = {event: slots for event, slots in own.items() if slots}
        self._seen = interface.changes
        return Subscriptions(
            frozenset(interface.events()),
            registry.event_slots(),
            bool(self._taps),
            frozenset(interface.by_socket),
            handlers,
            self._routing(),
            self._sockets.datagrams(),
        )

    def _routing(self) -> dict[str, tuple[str, ...]]:
        """Where events go to the routes of notify_on_event() of others."""
        if not self._notifications.events:
            return {}
        reached = {event: self._interface.routing(event) for event in self._interface.events()}
        return {event: names for event, names in reached.items() if names and names != (event,)}

    # -- events ---------------------------------------------------------------------------------------------------

    def events(self) -> list[str]:
        """Names of the events that somebody has subscribed."""
        with self._lock:
            return sorted(map(decode, self._interface.events()))

    def is_heard(self, event: str) -> bool:
        """Whether somebody has subscribed an event (a byte string)."""
        return bool(self.slots_of(event) or self.subscribers(event))

    def handlers(self, event: str) -> tuple[int, ...]:
        """The routes that an event goes to, none when only other sockets have subscribed.

        Raises UnknownEventError when nobody has subscribed.
        """
        with self._lock:
            name = encode(event)
            slots = self.slots_of(name)
            if not slots and not self._interface.deliveries(name):
                raise self._unknown(event)
            return slots

    def raised(
        self, event: str, params: Params, *, origin: object = None, report: Report | None = None
    ) -> tuple[int, ...]:
        """An event is raised now: whoever listens is told. The routes that it goes to, in order.

        `report` is told of sockets that could not be served; without one, that is published for `origin`.
        """
        if self._taps or self._sockets.picture:
            self._tell(event, params, origin, report)
        return self.slots_of(event)

    def raised_many(
        self, event: str, lists: Iterator[Params], *, origin: object = None, report: Report | None = None
    ) -> Iterator[Params]:
        """The parameter lists of an event, each raised when it is taken. Costs nothing while nobody listens."""
        for params in lists:
            if self._taps or self._sockets.picture:
                self._tell(event, params, origin, report)
            yield params

    def _tell(self, event: str, params: Params, origin: object, report: Report | None) -> None:
        """Tell all but routes of an event that is raised now."""
        self.tell_listeners(event, params, self.now())
        self.serve_sockets(event, params, origin, report)

    def tell_listeners(self, event: str, params: Params, moment: float) -> None:
        """Tell those who listen to all events of one that was raised at this moment."""
        for tap in self._taps:
            try:
                tap(event, params, moment)
            except Exception:  # the caller's function, as `on_record`
                _log.exception("a listener failed at %s", decode(event))

    def serve_sockets(self, event: str, params: Params, origin: object, report: Report | None) -> None:
        """Send an event to the sockets that have subscribed it."""
        if event in self._sockets.picture:
            report = report or (lambda fault: self._publish(fault.record, origin))
            if not self._sockets.deliver(event, params, origin, report):
                self.subscribers(event)  # which forgets those that have expired

    def _publish(self, record: LogRecord, origin: object) -> None:
        """Publish a record, in the thread that does so."""
        self._post(lambda: self.records.publish(record, origin))

    def tap(self, listener: Tap) -> Callable[[], None]:
        """Tell a listener of every event that is raised, in the thread that raises it; a function that ends this."""
        with self._lock:
            self._taps += (listener,)
            self.changed()

        def end() -> None:
            with self._lock:
                self._taps = tuple(tap for tap in self._taps if tap is not listener)
                self.changed()

        return end

    def join(self, member: Member | None) -> None:
        """From now on the session is this node of a cluster; None: of none any more."""
        with self._lock:
            self.member = member
            self.settings.node = 0 if member is None else member.id
            self.changed()

    @property
    def library(self) -> Library:
        """What a script can name: that of the server's version."""
        from evroute_kernel.library import table

        return table.of(self.settings.version)

    def _unknown(self, event: str) -> UnknownEventError:
        handled = map(decode, self._interface.events())
        if self.registry.event_slot(encode(event)) is not None:
            return UnknownEventError(event, handled, reason="an event_route before it, or itself, holds only ';'")
        return UnknownEventError(event, handled, (*self.library.events, *self.declared_events))

    def timers(self, name: str) -> tuple[int, ...]:
        """The timer routes of a name, of which there may be several. Raises ScriptError when there is none."""
        with self._lock:
            slots = tuple(d.slot for d in self.registry.look_up("timer_route", encode(name)))
            if not slots:
                hint = did_you_mean(name, map(decode, self.registry.names("timer_route")))
                raise ScriptError(
                    [Diagnostic("error", "unknown-route", f"there is no timer_route[{name}]", None, hint)]
                )
            return slots

    # -- for replays ----------------------------------------------------------------------------------------------

    @property
    def has_listeners(self) -> bool:
        """Whether somebody but the routes is told of events: listeners, or subscribers of other protocols."""
        return bool(self._taps or self._sockets.picture)

    def handlers_by_event(self) -> dict[str, tuple[int, ...]]:
        """The routes of every event that has some, as `slots_of`."""
        with self._lock:
            routes = {event: self.slots_of(event) for event in list(self._interface.events())}
            return {event: slots for event, slots in routes.items() if slots}

    def count_datagrams(self, counts: Iterable[tuple[str, str, int, int, str | None]]) -> None:
        """A worker has sent datagrams: event, subscription, how many went out and failed, and why the last one did."""
        self._sockets.count_datagrams(counts)

    # -- subscriptions --------------------------------------------------------------------------------------------

    def subscribe(
        self, event: str, target: Address, hosts: Mapping[str, str], expire: int | None, *, by_script: bool
    ) -> Address:
        """Add or renew a subscriber; its address, as it was understood. Raises BadSocket."""
        reach = self.settings.reach

        def open_destination(address: Address) -> Destination | None:
            is_route = address.protocol in (ROUTE, ROUTING)
            return None if is_route else self._sockets.open(address, hosts, self._view, reach)

        with self._lock:
            if self._is_closed:
                raise BadSocket("the session is closed")
            if target.protocol == ROUTING:
                target = self._routing_of(target)
            self._interface.subscribe(event, target, expire, by_script=by_script, open_destination=open_destination)
            return target

    def subscriptions(self) -> list[tuple[str, Subscriber]]:
        """What somebody has subscribed, by event, in the order in which it was done: event routes subscribe themselves,
        and are not among them."""
        with self._lock:
            found = {event: reversed(self._interface.deliveries(event)) for event in list(self._interface.events())}
            return [(event, each) for event, subscribers in found.items() for each in subscribers if not each.own]

    def subscribers(self, event: str) -> list[Subscriber]:
        """The subscribers of an event, in order of delivery. Expired ones are forgotten, as the server does here."""
        with self._lock:
            return self._interface.deliveries(event)

    def notify(
        self, event: str, filters: tuple[tuple[str, str], ...], route: str, last: int, worker: int = 0
    ) -> tuple[int, str]:
        """Subscribe a route as notify_on_event() does, up to a second of the epoch; its number, and the event as its
        name is spelt. With a `worker` a run waits there. Raises UnknownEventError."""
        with self._lock:
            begun, events = self._notifications.begun, self._notifications.events
            if self._published is None:
                self._published = frozenset(map(encode, published(self)))
            name = self._spelling_of(event) or event
            if name not in begun:
                if name not in self._published:
                    raise self._unknown(decode(event))
                events[lower(event)] = name
                begun.add(name)
                self._interface.subscribe(name, Address(ROUTING, name, path=name))
            return self._notifications.add(name, filters, route, last, int(self.now()), worker), name

    def next_wait(self) -> int:
        """The number of a run that waits for no event."""
        with self._lock:
            return self._notifications.next_number()

    def forget_wait(self, number: int) -> None:
        """A run waits no more."""
        with self._lock:
            self._notifications.end(number)

    def tell_gone(self, titles: Iterable[str], origin: object = None) -> None:
        """Routes of these titles are no longer defined: say which of them notify_on_event() has subscribed, as a server
        does when it reloads its script. Not for the thread that publishes records: it is waited for."""
        if not self._notifications.events:
            return
        with self._lock:
            subscribed = self._notifications.of_routes(int(self.now()))
        gone = {route: events for route, events in subscribed.items() if f"route[{decode(route)}]" in titles}
        for route, events in gone.items():
            text = (
                f"route[{decode(route)}] is gone, but notify_on_event() has subscribed it to "
                f"{decode(', '.join(events))}: until it is defined again, each such event logs an error"
            )
            self._publish(LogRecord("WARNING", text, True, decode(events[0]), "", 0, None, self.now()), origin)
        if gone:
            told = threading.Event()
            self._post(told.set)
            told.wait(_TELLING)

    def _routing_of(self, target: Address) -> Address:
        """`routing:NAME` as it is spelt where a script names the event. Raises BadSocket."""
        name = self._spelling_of(target.path)
        if name is None:
            raise BadSocket(f"no notify_on_event() of the script names {target.path}: {target.socket} is nobody")
        self._notifications.events[lower(name)] = name
        return Address(ROUTING, name, path=name)

    def _spelling_of(self, event: str) -> str | None:
        """The name of an event as routes have subscribed it first, or would: case does not count for them. None where
        none does."""
        known = self._notifications.events.get(lower(event))
        named = (name for name in named_in_calls(self, ROUTING_FUNCTIONS) if lower(name) == lower(event))
        return known or next(named, None)

    def notified(self, event: str) -> list[Entry]:
        """The subscriptions to an event (a byte string), to tell why it reaches them or not; none where they are too
        many to be told of."""
        if not self._notifications.events:
            return []
        with self._lock:
            return self._notifications.few(self._interface.routing(event), int(self.now()))

    def notifications(self, event: str | None = None) -> list[NotificationInfo]:
        """The routes that notify_on_event() has subscribed to an event, or to all, the latest first."""
        now = int(self.now())
        with self._lock:
            return [
                self._notification(entry, now) for entry in self._notifications.live(now) if event in (None, entry[1])
            ]

    def _notification(self, entry: Entry, now: int) -> NotificationInfo:
        number, event, filters, route, last, worker = entry
        texts = tuple(decode(f"{key}={pattern}") for key, pattern in filters)
        left = last - now if last < _FAR else None
        return NotificationInfo(decode(event), decode(route), texts, left, worker, self.waits.manner(number))

    def rotate(self, path: str) -> bool:
        """Rotate the file of a flatstore subscription; False when there is none of this path."""
        return self._sockets.rotate(path)

    def close(self) -> None:
        """End the subscriptions of sockets, and wait for the threads that serve them. There will be no more."""
        with self._lock:
            self._is_closed = True
            self._interface.forget_sockets()
        self._sockets.close()

    # -- for the supervisor's thread ------------------------------------------------------------------------------

    def program(self) -> Program:
        """The picture that the next task runs in. What was subscribed since the last one is put into it now, however
        often that was."""
        with self._lock:
            if self._interface.changes != self._seen:
                self._program = replace(self._program, subscriptions=self._subscriptions())
            if self._notifications.changes != self._notified:
                self._notified = self._notifications.changes
                self._program = replace(self._program, notified=self._notifications.picture)
            return self._program

    def slots_of(self, event: str) -> tuple[int, ...]:
        """The routes that an event raised now goes to, in order."""
        known = self._routes.get(event)
        if known is not None and known[0] == self._interface.changes:
            return known[1]
        with self._lock:
            addresses = [s.address for s in self._interface.deliveries(event) if s.protocol == ROUTE]
            found = (self.registry.event_slot(address) for address in addresses)
            slots = tuple(slot for slot in found if slot is not None)
            if self._notifications.events and self._interface.routing(event):  # reached before any route has run
                slots = NOTIFY, *slots
            if slots and event not in self._interface.by_socket:  # those of sockets expire, those of routes never do
                self._routes[event] = self._interface.changes, slots
            return slots


def _encoded(declaration: EventDeclaration) -> EventDeclaration:
    """The declaration with names as byte strings, as scripts have them."""
    params = tuple(replace(param, name=encode(param.name)) for param in declaration.params)
    return replace(declaration, name=encode(declaration.name), params=params)
