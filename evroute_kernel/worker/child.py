"""The worker process: boots, receives, runs, reports. One thread; what scripts keep in `$var` lives as long as it does.

The supervisor ends a run in two steps. SIGUSR1 raises `Interrupted` inside the route, so that the worker and its state
survive; if that is not answered, because C code holds the interpreter, SIGKILL follows and a new worker takes over.
Whatever goes wrong inside a route is reported and costs that run only. The worker ends when its stream does.
"""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import traceback
from collections.abc import Callable, Sequence
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, NoReturn

from evroute_kernel.library.functions.cfgutils import apply_presets
from evroute_kernel.library.linker import link
from evroute_kernel.library.table import Library, in_process
from evroute_kernel.runtime.context import Context, LinkedRoute, Process, Settings
from evroute_kernel.runtime.control import ScriptCrash
from evroute_kernel.runtime.shared import Shared
from evroute_kernel.runtime.statements import run_route
from evroute_kernel.runtime.values import Value
from evroute_kernel.runtime.watching.notices import SENDS
from evroute_kernel.worker.blackbox import INDEX, SLOT, STATEMENT, TOP, BlackBox
from evroute_kernel.worker.datagrams import Datagrams
from evroute_kernel.worker.flow import ENDS_MANY, Flow
from evroute_kernel.worker.inbox import Inbox
from evroute_kernel.worker.messages import (
    NOTIFY,
    Answer,
    ApplySettings,
    AskVariables,
    BatchFinished,
    Booted,
    ClusterAsked,
    EventRaised,
    LimitMemory,
    LoadRoutes,
    Message,
    Notifications,
    NotifyAsked,
    Params,
    RouteFailed,
    RunBatch,
    RunEvents,
    RunPortion,
    StubCalled,
    Subscribed,
    Subscriptions,
    Watch,
)
from evroute_kernel.worker.notifying.notifying import Notifying
from evroute_kernel.worker.notifying.subscriptions import Entry
from evroute_kernel.worker.outbox import Outbox
from evroute_kernel.worker.portions import Portion
from evroute_kernel.worker.process import EXIT_OUT_OF_MEMORY, limit_memory, redirect_output, set_signals, surround
from evroute_kernel.worker.sockets import BadSocket, check, check_reach, look_up
from evroute_kernel.worker.state import variables

if TYPE_CHECKING:
    from evroute_kernel.worker.inline.runs import Inline
    from evroute_kernel.worker.watching.watching import Watching

#: a hundred blocks may be active at once, each takes some Python calls, and so do its expressions
RECURSION_LIMIT: Final = 5000


#: all sockets took an event, and there is nothing to log
_RAISED: Final[tuple[bool, tuple[str, ...]]] = (True, ())


def _everyone_listens(event: str) -> bool:
    """Each event is reported, so that each has a subscriber."""
    return True


class Interrupted(BaseException):
    """The supervisor ends the running route. No `except Exception` of the library may stop it."""


class Child:
    """One worker. `serve` is its life; the methods named after messages are its verbs."""

    def __init__(self, number: int, stream: socket.socket, blackbox: BlackBox, shared: Shared) -> None:
        self._blackbox = blackbox
        self._inbox = Inbox(stream)
        self._inbox.on_answered = self._look
        self._outbox = Outbox(stream, blackbox, shared.clock.now)
        #: the run that may be interrupted now; 0 for none
        self._armed = 0
        self._ends, self._place = blackbox.ends, blackbox.place
        self._events: set[str] = set()
        #: those that sockets have subscribed: raising one is answered
        self._socket_events: set[str] = set()
        self._requests = 0
        #: whether events are reported that have no subscriber
        self._reports_all = False
        self._event_routes: dict[str, int] = {}
        #: the routes that scripts can call, by name
        self._routes: dict[str, LinkedRoute] = {}
        #: and the slots of these, and that of error_route
        self._callable: dict[str, int] = {}
        self._error_slot: int | None = None
        #: the routes that an event goes to, in order
        self._handlers: dict[str, tuple[int, ...]] = {}
        #: AVPs of startup_route, which the next route of this process finds, as on the server
        self._leftover: dict[str, list[Value]] | None = None
        self._process = process = Process(shared, Settings(), number)
        self._datagrams = Datagrams(self._outbox.send, shared.clock.now)
        self._notifying = Notifying(process, blackbox, self._leave, self)
        self._flow = Flow(self, process, self._outbox, blackbox, self._tell_more, self._notifying)
        #: the ways of 4.0, once that is to be followed
        self._inline: Inline | None = None
        #: who watches, once somebody has done so
        self._watching: Watching | None = None
        #: whether that changes just now
        self._is_changing = False
        #: how runs are made and run, as the version of the settings has it
        self.new_context: Callable[[str, Params], Context] = self._new_context
        self.another_context: Callable[[Context], Context] = self._another_context
        self._run_route = run_route
        process.at = blackbox.place
        process.emit = self._outbox.log
        process.has_subscribers = self._events.__contains__
        process.raise_event = self._raise_event
        process.subscribe = self._subscribe
        process.notify = self._notify
        process.ask_cluster = self._ask_cluster
        process.stub_called = self._stub_called
        self._verbs: dict[type[Any], Callable[[Any], None]] = {
            LoadRoutes: self.load_routes,
            ApplySettings: self.change_settings,
            Subscriptions: self.change_subscriptions,
            Notifications: self.change_notifications,
            Watch: self.change_watchers,
            LimitMemory: lambda limits: limit_memory(limits.memory),
            RunEvents: self.run_events,
            RunBatch: self.run_batch,
            RunPortion: self.run_portion,
            AskVariables: lambda question: self._outbox.send(variables(self._process, question.request)),
        }

    def serve(self) -> None:
        """Receive and obey until the supervisor closes the stream or is gone."""
        self._outbox.send(Booted(os.getpid()))
        while (message := self._inbox.next()) is not None:
            self._verbs[type(message)](message)

    # -- what the supervisor tells --------------------------------------------------------------------------------

    def load_routes(self, message: LoadRoutes) -> None:
        slots, library = self._process.slots, in_process(self._process)
        self._is_changing = True
        for fields in message.routes:
            slots[fields[0]] = _link(library, *fields)
        self._callable, self._error_slot = message.callable, message.error_route
        if self._watching is not None and self._watching.is_on:
            self._watching.dress()
        self._take_routes()
        self._is_changing = False
        self._look()

    def _take_routes(self) -> None:
        """What scripts can call, and error_route, are what is in the slots now."""
        slots = self._process.slots
        self._routes = {name: slots[slot] for name, slot in self._callable.items()}
        self._choose_routes()
        self._process.error_route = slots[self._error_slot] if self._error_slot is not None else None

    def change_watchers(self, message: Watch) -> None:
        """These watch the runs from now on: all routes are others then, and what they log and raise passes by there."""
        self._is_changing = True
        if self._watching is None:
            self._watching = self._make_watching()
        self._watching.change(message)
        self._take_routes()
        self._choose_ways()
        self._is_changing = False
        self._look()

    def _make_watching(self) -> Watching:
        from evroute_kernel.worker.watching.line import Line  # nothing that a worker should wait for
        from evroute_kernel.worker.watching.watching import Watching

        return Watching(self._process, Line(self._outbox, self._inbox, self._blackbox))

    def change_settings(self, message: ApplySettings) -> None:
        """Take over all globals. `$log_level` and `$xlog_level` follow only a change of their global."""
        process, settings = self._process, self._process.settings
        before = settings.log_level, settings.xlog_level
        for name, value in message.values.items():
            setattr(settings, name, value)
        settings.modparams, settings.modules, settings.stubs = message.modparams, set(message.modules), message.stubs
        settings.version = message.version
        settings.reach = message.reach
        settings.node = message.node
        process.take_seed(message.seed)
        surround(message.environment, message.folder)
        self._follow(message)
        if settings.log_level != before[0]:
            process.log_level = settings.log_level
        if settings.xlog_level != before[1]:
            process.xlog_level = settings.xlog_level
        apply_presets(process)

    def _follow(self, message: ApplySettings) -> None:
        """Run events as a server of that version does: 4.0 runs inside of a route what the route raises."""
        if message.version == "3.6":
            self._inline = None
        else:
            inline = self._inline = self._inline or self._make_inline()
            levels = message.profiling
            inline.processes.level = levels.get(self._process.number, levels.get(None, 0))
        self._choose_ways()

    def _choose_ways(self) -> None:
        """How events are raised and run: those of the version, before which routes are notified where any is."""
        process, inline, notifying = self._process, self._inline, self._notifying
        if inline is None:
            process.raise_event, self._run_route = self._raise_event, run_route
            self.new_context, self.another_context = self._new_context, self._another_context
        else:
            process.raise_event, self._run_route = inline.raise_event, inline.run
            self.new_context, self.another_context = inline.new_context, inline.another_context
        if notifying.is_on:
            notifying.raise_plainly, notifying.run_plainly = process.raise_event, self._run_route
            process.raise_event, self._run_route = notifying.raise_event, notifying.run
        watching = self._watching
        if watching is not None and watching.is_on:
            watching.raise_plainly, process.raise_event = process.raise_event, watching.raise_event

    def change_notifications(self, message: Notifications) -> None:
        """Take over what notify_on_event() has subscribed in other workers."""
        self._notifying.update(message)
        self._choose_ways()

    def _make_inline(self) -> Inline:
        from evroute_kernel.worker.inline.runs import Inline  # nothing that a worker of a 3.6 should wait for

        return Inline(self, self._process, self._outbox, self._blackbox)

    def change_subscriptions(self, message: Subscriptions) -> None:
        self._events.clear()
        self._events.update(message.events)
        self._socket_events.clear()
        self._socket_events.update(message.socket_events)
        self._event_routes = message.event_routes
        self._handlers = dict(message.handlers)
        self._notifying.routing = message.routing
        self._datagrams.targets = message.datagrams
        self._reports_all = message.reports_all
        self._process.has_subscribers = _everyone_listens if message.reports_all else self._events.__contains__
        self._choose_routes()

    def _choose_routes(self) -> None:
        """The routes that scripts call from now on: in 4.0, those that tell of their runs where somebody listens."""
        inline = self._inline
        self._process.routes = self._routes if inline is None else inline.routes(self._routes, self._events)

    # -- running --------------------------------------------------------------------------------------------------

    def run_events(self, message: RunEvents) -> None:
        """Run events, and what their routes raise."""
        _exit_if_out_of_memory(self._flow.run(message))

    def run_batch(self, message: RunBatch) -> None:
        """Run every route of the event for every parameter list. A failure is reported and the next route follows;
        an interrupt, or the want of memory, ends the batch after the list it struck."""
        outbox, place, clock = self._outbox, self._blackbox.place, self._blackbox.clock
        routes = [self._process.slots[slot] for slot in message.slots]
        failure: RouteFailed | None = None
        done = 0
        outbox.begin(message.room, collecting=True)
        outbox.expect(message.event)
        self._flow.begin(message.run, message.chance and message.chance[0])
        for params in message.batch:
            place[INDEX] = self._flow.root = done
            if message.chance is not None:
                self._flow.begin_root(message.chance[1] + done)
            clock[0] = monotonic()
            done += 1
            context: Context | None = None
            for route in routes:
                context = self.new_context(message.event, params) if context is None else self.another_context(context)
                error = self.attempt(message.run, route, context)
                if error is not None:
                    failure = self.failure(message.run, error)
                    outbox.send(failure)
                    outbox.running = message.event, 0  # it may have been another one inside
                    if route.slot == NOTIFY:  # the event would have killed the server
                        break
            if message.chance is not None and (failure is None or failure.cause not in ENDS_MANY):
                failure = self._flow.drain(failure)
                outbox.running = message.event, 0
            if failure is not None and failure.cause in ENDS_MANY:
                break
        place[STATEMENT] = -1
        outbox.send_late()
        self._flow.tell_drained()
        self._flow.tell_waiting()
        outbox.send(BatchFinished(message.run, done, outbox.dropped))
        outbox.end()
        _exit_if_out_of_memory(failure)

    def run_portion(self, message: RunPortion) -> None:
        """Run many recorded events, of several names."""
        portion = Portion(message, self, self._flow, self._process, self._outbox, self._blackbox)
        _exit_if_out_of_memory(portion.run())

    def keep_avps(self, context: Context) -> None:
        """A startup_route has ended: the next route finds its AVPs."""
        self._leftover = context.avps

    def attempt(self, run: int, route: LinkedRoute, context: Context) -> BaseException | None:
        """Run a route; what stopped it, or None. Only in here can an interrupt strike."""
        self._place[TOP] = route.slot
        process = self._process
        try:
            try:
                self._armed = run
                if self._ends[0] == run:  # the signal may have come before the run
                    self.interrupt()
                self._run_route(process, route, context)
            finally:
                self._armed = 0
        except BaseException as error:  # the boundary of the process: every failure becomes a message
            return error
        return None

    def _new_context(self, event: str, params: Params) -> Context:
        context = Context(self._process, event, params)
        return context if self._leftover is None else self.with_avps(context)

    def with_avps(self, context: Context) -> Context:
        """The context, which finds what startup_route has left if it is the first after it."""
        if self._leftover is not None:
            context.avps, self._leftover = self._leftover, None
        return context

    def _another_context(self, before: Context) -> Context:
        return self._new_context(before.event, tuple(before.params))

    # -- what routes ask for --------------------------------------------------------------------------------------

    def _raise_event(self, context: Context, event: str, params: Any) -> tuple[bool, tuple[str, ...]]:
        """Raise an event: its routes are run after this one. Whether all sockets that have subscribed it took it, and
        what the server would log."""
        given = tuple(params or ())
        is_told = event in self._socket_events or self._reports_all
        done = self.tell_others(event, given) if is_told else _RAISED
        if (slots := self._handlers.get(event)) is not None:
            self._flow.put(event, given, slots)
        return done

    def tell_others(self, event: str, given: Params) -> tuple[bool, tuple[str, ...]]:
        """All but the routes of an event are told; as `_raise_event` has it."""
        if event in self._socket_events:
            return self._serve_sockets(event, given)
        if self._reports_all:
            self._outbox.send(EventRaised(event, given, self._process.shared.clock.now()))
        return _RAISED

    def handlers(self, event: str) -> tuple[int, ...]:
        """The slots of the routes that an event goes to."""
        return self._handlers.get(event, ())

    def put(self, event: str, params: Params, slots: tuple[int, ...]) -> None:
        """An event waits until the run under way has ended."""
        self._flow.put(event, params, slots)

    def _tell_more(self) -> None:
        """A run is about to end: what has not been told yet."""
        if self._watching is not None:
            self._watching.settle()
        self._datagrams.tell()
        if self._inline is not None and (ran := self._inline.told()) is not None:
            self._outbox.send(ran)

    def _serve_sockets(self, event: str, given: Params) -> tuple[bool, tuple[str, ...]]:
        """Send an event to the sockets that have subscribed it, here where that can be done, and tell who listens."""
        if self._datagrams.are_valid(event):
            if self._reports_all:
                self._outbox.send(EventRaised(event, given, self._process.shared.clock.now(), is_sent=True))
            return self._datagrams.send(event, given)
        answer = self.ask(lambda request: EventRaised(event, given, self._process.shared.clock.now(), request))
        return answer.ok, answer.lines

    def _subscribe(self, event: str, name: str, expire: int | None) -> str | None:
        try:
            address = check(name, self._event_routes)
            if not self._process.settings.network:
                check_reach(address)
            hosts = tuple(look_up(address).items())
        except BadSocket as error:
            return str(error)
        if address.protocol == "route":
            self._outbox.send(Subscribed(event, name, expire))
            # a new subscriber is the first, whatever there is
            self._handlers[event] = (self._event_routes[address.path], *self._handlers.get(event, ()))
        else:
            answer = self.ask(lambda request: Subscribed(event, name, expire, hosts, request))
            if not answer.ok:
                return "; ".join(answer.lines)
            if address.protocol == "routing":
                self._notifying.route_to(event, answer.lines[0])
            else:
                self._socket_events.add(event)
                self._datagrams.targets.pop(event, None)  # up to the next run, when all is known of them
        self._events.add(event)
        self._choose_routes()
        return None

    def _notify(self, event: str, filters: tuple[tuple[str, str], ...], route: str, last: int) -> str | None:
        answer = self.ask(lambda request: NotifyAsked(event, filters, route, last, request))
        if not answer.ok:
            return "; ".join(answer.lines)
        number, name = answer.lines
        self.learn((int(number), name, filters, route, last, 0))
        return None

    def _ask_cluster(self, verb: str, cluster: int, node: int, text: str, tag: str) -> tuple[int, bool, Sequence[str]]:
        if verb in ("request", "reply", "broadcast"):
            self._process.notice(SENDS, verb)
        answer = self.ask(lambda request: ClusterAsked(verb, cluster, node, text, tag, request))
        code, *said = answer.lines
        return int(code), answer.ok, said

    def learn(self, entry: Entry) -> None:
        """A route has been subscribed here, or a run waits."""
        self._notifying.add(entry)
        self._events.add(entry[1])
        self._choose_ways()

    def woken(self, number: int) -> Answer:
        """Wait until the wait of this number is over."""
        return self._inbox.answer(-number)

    def send(self, message: Message) -> None:
        """Tell the supervisor what needs no answer."""
        self._outbox.send(message)

    def _leave(self, context: Context) -> None:
        """The context is used for nothing: the next one finds what startup_route has left."""
        if context.avps:
            self._leftover = context.avps

    def ask(self, message: Callable[[int], Message]) -> Answer:
        """Send a request past all that is held back, and wait for its answer."""
        self._requests += 1
        self._outbox.send_now(message(self._requests))
        return self._inbox.answer(self._requests)

    def _stub_called(self, name: str, arguments: tuple[str | None, ...]) -> None:
        place = self._blackbox.place
        self._outbox.send(StubCalled(name, arguments, place[SLOT], place[STATEMENT], self._process.shared.clock.now()))

    # -- failures -------------------------------------------------------------------------------------------------

    def interrupt(self, *_: object) -> None:
        """The handler of INTERRUPT_SIGNAL. It strikes only the run that the supervisor means; or there are commands for
        watchers."""
        is_meant = self._armed != 0 and self._armed == self._blackbox.interrupt
        if not is_meant and self._blackbox.commands[0] == self._inbox.commands_taken:
            return
        for busy in (self._outbox, self._inbox, self._inbox.shield):
            if busy.is_busy:
                busy.on_release = self.interrupt
                return
        if is_meant:
            self._armed = 0
            raise Interrupted
        self._look()

    def _look(self) -> None:
        """Hear commands for watchers, unless that is done later anyway."""
        inbox, sent, before = self._inbox, self._blackbox.commands, -1
        while not (inbox.is_waiting or self._is_changing) and before != inbox.commands_taken != sent[0]:
            before = inbox.commands_taken
            # the next signal may come while this is done: commands are heard one after the other
            self._is_changing = True
            try:
                if self._watching is None:
                    self._watching = self._make_watching()
                self._watching.look()
            finally:
                self._is_changing = False

    def failure(self, run: int, error: BaseException) -> RouteFailed:
        """The report about a route that did not end by itself, naming the statement that was running."""
        if isinstance(error, MemoryError):
            limit_memory(None)  # or there may be too little left to say so
        cause, message, detail = _describe(error)
        self._process.shared.abandon()
        place = self._blackbox.place
        return RouteFailed(run, cause, message, detail, place[SLOT], place[STATEMENT], place[TOP])


def _exit_if_out_of_memory(failure: RouteFailed | None) -> None:
    """A process that could not get memory is in an unknown state. It has said so; a new one takes over."""
    if failure is not None and failure.cause == "out of memory":
        os._exit(EXIT_OUT_OF_MEMORY)


def _describe(error: BaseException) -> tuple[str, str, str]:
    """Cause, message and detail of a failure."""
    if isinstance(error, Interrupted):
        return "interrupted", "interrupted", ""
    if isinstance(error, ScriptCrash):
        return "crashed", str(error), ""
    if isinstance(error, MemoryError):
        return "out of memory", "the route needs more memory than a worker may take", ""
    if isinstance(error, RecursionError):
        return "crashed", "the script nests too deeply to be run", ""
    detail = "".join(traceback.format_exception(error))
    return "internal error", f"{type(error).__name__}: {error}", detail


def _link(
    library: Library, slot: int, kind: str, name: str, code: bytes, pool: Any, lines: Any, file: str, actions: Any
) -> LinkedRoute:
    try:
        return link(kind, name, slot, code, pool, library, lines=lines, file=file, actions=actions)
    except Exception as error:  # a fault of ours: it belongs to the runs of this route, not to the worker
        fault = error

        def fail(context: Context) -> int:
            raise fault

        return LinkedRoute(kind, name, slot, fail, lines, file, actions)


# -- boot ---------------------------------------------------------------------------------------------------------


def boot(number: int, descriptors: tuple[int, int, int], directory: str, memory: int | None) -> NoReturn:
    """What a freshly forked process does; never returns. Descriptors: stream, output, black box."""
    stream_descriptor, output, box = descriptors
    redirect_output(output)
    stream = socket.socket(fileno=stream_descriptor)
    blackbox = BlackBox(box)
    os.close(box)
    sys.setrecursionlimit(RECURSION_LIMIT)
    shared = Shared(directory)
    child = Child(number, stream, blackbox, shared)
    set_signals(child.interrupt)
    limit_memory(memory)
    status = 0
    try:
        child.serve()
    except (BrokenPipeError, ConnectionResetError):
        pass  # the supervisor is gone, and with it everybody who could be told
    except MemoryError:  # of the worker's own work: too little was left to begin with, and that is all there is to say
        status = EXIT_OUT_OF_MEMORY
    except BaseException:  # it goes where the supervisor reads it
        traceback.print_exc()
        status = 1
    with contextlib.suppress(OSError):
        sys.stderr.flush()
        sys.stdout.flush()
    os._exit(status)
