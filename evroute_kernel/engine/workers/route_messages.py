"""What routes say while they run: log lines, events they raise, subscribers they add, stubs they call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from evroute_kernel.engine.delivery.socket_delivery import Fault
from evroute_kernel.engine.events.params import UnknownEventError
from evroute_kernel.engine.results.runs import LogRecord, StubCall
from evroute_kernel.engine.state.published import not_published
from evroute_kernel.engine.state.watches import Told
from evroute_kernel.engine.state.world import World
from evroute_kernel.engine.workers.processes.process import Process
from evroute_kernel.engine.workers.raises import Raise
from evroute_kernel.engine.workers.task import Task
from evroute_kernel.engine.workers.waits import waiting_runs
from evroute_kernel.engine.workers.waits.waiting_runs import WaitingRuns
from evroute_kernel.runtime.levels import NAMES
from evroute_kernel.runtime.values import decode
from evroute_kernel.source import Span
from evroute_kernel.worker.messages import (
    Answer,
    ClusterAsked,
    DatagramsSent,
    DiagnosticsRepeated,
    EventRaised,
    EventRuns,
    LogLine,
    Message,
    NotifyAsked,
    StubCalled,
    Subscribed,
    WatchTold,
)
from evroute_kernel.worker.sockets import BadSocket, parse


class Thread(waiting_runs.Thread, Protocol):
    """The supervisor, as this part of it sees it."""

    def record(self, raised: Raise, record: LogRecord) -> None:
        """A raise has one more record."""


class RouteMessages:
    """Used in the supervisor's thread only."""

    def __init__(self, world: World, thread: Thread) -> None:
        self._world = world
        self._thread = thread
        self.waiting = WaitingRuns(world, thread)
        self._reactions: dict[type[Any], Callable[[Process, Task, Any], None]] = {
            LogLine: self._log_line,
            EventRaised: lambda worker, task, message: self._event_raised(worker, task.raised, message),
            DatagramsSent: lambda worker, task, message: world.count_datagrams(message.counts),
            Subscribed: lambda worker, task, message: self._subscribed(worker, message),
            NotifyAsked: lambda worker, task, message: self._notify_asked(worker, message),
            ClusterAsked: lambda worker, task, message: self._cluster_asked(worker, task.raised, message),
            StubCalled: self._stub_called,
            DiagnosticsRepeated: self._repeated,
            WatchTold: self._watch_told,
            EventRuns: lambda worker, task, message: task.runs_event(message.event, message.line),
            **self.waiting.reactions,
        }

    def handle(self, worker: Process, task: Task, message: Message) -> bool:
        """A worker that runs `task` says something; False when that is for the decisions."""
        reaction = self._reactions.get(message.__class__)
        if reaction is None:
            return False
        reaction(worker, task, message)
        return True

    def _watch_told(self, worker: Process, task: Task, message: WatchTold) -> None:
        """A watcher has seen something. If nobody wants to know it any more, it must not wait for anybody."""
        told = Told(worker.number, task.event, message.data, task.raised.waits_since, worker.started)
        if not self._world.watches.hear(message.number, told):
            worker.end_watch(message.number)

    def _log_line(self, worker: Process, task: Task, line: LogLine) -> None:
        route, span = self._place(line.slot, line.statement)
        level = NAMES.get(line.level, str(line.level))
        text = decode(line.text)
        event, number = decode(task.event), worker.number
        record = LogRecord(level, text, line.diagnostic, event, route, number, span, line.time, task.manner)
        self._thread.record(task.raised, record)

    def _repeated(self, worker: Process, task: Task, message: DiagnosticsRepeated) -> None:
        task.raised.count_late(self._late_record(worker, task, message), message.count)

    def _late_record(self, worker: Process, task: Task, repeated: DiagnosticsRepeated) -> LogRecord:
        route, span = self._place(repeated.slot, repeated.statement)
        level = NAMES.get(repeated.level, str(repeated.level))
        return LogRecord(
            level, decode(repeated.text), True, decode(task.event), route, worker.number, span, repeated.time
        )

    def _place(self, slot: int, statement: int) -> tuple[str, Span | None]:
        route, span = self._world.registry.place(slot, statement)
        return decode(route), span

    def _stub_called(self, worker: Process, task: Task, call: StubCalled) -> None:
        route, span = self._place(call.slot, call.statement)
        arguments = tuple(a if a is None else decode(a) for a in call.arguments)
        self._world.records.stub_called(
            StubCall(call.name, arguments, decode(task.event), route, worker.number, span, call.time)
        )

    def _event_raised(self, worker: Process, raised: Raise, message: EventRaised) -> None:
        """Others than routes are told: its routes are run by the worker itself, which holds the `$var` they see."""
        faults: list[Fault] = []
        self._world.tell_listeners(message.event, message.params, message.time)
        if not message.is_sent:
            self._world.serve_sockets(message.event, message.params, raised.origin, faults.append)
        self._answer(worker, message.request, raised, faults)

    def _answer(self, worker: Process, request: int, raised: Raise, faults: list[Fault]) -> None:
        """What the route that raised an event is to log; it waits, unless it knew of no socket."""
        if request:
            ok = all(fault.outcome.ok for fault in faults)
            self._thread.tell(
                worker, Answer(request, ok, tuple(line for fault in faults for line in fault.outcome.lines))
            )
            return
        for fault in faults:
            self._thread.record(raised, fault.record)

    def _subscribed(self, worker: Process, message: Subscribed) -> None:
        """A route added a subscriber, and waits for the answer if that can fail."""
        try:
            target, hosts = parse(message.socket), dict(message.hosts)
            subscribed = self._world.subscribe(message.event, target, hosts, message.expire, by_script=True)
        except BadSocket as error:
            answer = Answer(message.request, False, (str(error),))
        else:
            answer = Answer(message.request, True, (subscribed.path,))
        if message.request:
            self._thread.tell(worker, answer)

    def _cluster_asked(self, worker: Process, raised: Raise, message: ClusterAsked) -> None:
        """A route sends a message to other nodes, and waits for the answer. It never waits for what comes of that."""
        member = self._world.member
        if member is None:  # the session has left its cluster
            self._thread.tell(worker, Answer(message.request, False, ("-3", "this session is no node of a cluster")))
            return
        exchange = raised.exchange or member.exchange(raised.timeout)
        exchange.begin(raised.deadline)
        told = message.verb, message.cluster, message.node, message.text, message.tag
        reply = member.ask(*told, exchange, raised.origin)
        self._thread.tell(worker, Answer(message.request, reply.is_here, (str(reply.code), *reply.said)))

    def _notify_asked(self, worker: Process, message: NotifyAsked) -> None:
        """A route subscribes another one, and waits for the answer."""
        try:
            number, event = self._world.notify(message.event, message.filters, message.route, message.last)
        except UnknownEventError:
            reply = Answer(message.request, False, (not_published(self._world, decode(message.event)),))
        else:
            reply = Answer(message.request, True, (str(number), event))
        self._thread.tell(worker, reply)
