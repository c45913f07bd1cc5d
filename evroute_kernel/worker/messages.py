"""What supervisor, fork server and workers say to each other: small records of plain values, in frames.

A frame is four bytes of length (little endian) and that many bytes of marshal data: the number of the message's class
and its fields. Each pair of processes has one ordered stream a direction, so an end can never overtake a log line.

marshal takes exact built-in types only: values that are subclasses (`Dual`) are reduced before they are sent.
"""

from __future__ import annotations

import marshal
from dataclasses import field, fields
from operator import attrgetter
from struct import Struct
from typing import Any, Final, TypeAlias

from evroute_kernel.records import dataclass
from evroute_kernel.runtime.reach import Reach
from evroute_kernel.runtime.seed import Chance, Root, Seed
from evroute_kernel.runtime.versions import DEFAULT_VERSION, ServerVersion

#: stands among the slots of an event's routes for all that notify_on_event() has subscribed to it
NOTIFY: Final = -2
#: stands for the route of a run that goes on after async(); the first parameter is its number
RESUME: Final = -3
#: in the place of a line (`EventRuns`): the run is that of a route that was notified, or that goes on after async()
NOTIFIED_RUN, RESUMED_RUN = -1, -2
_LENGTH: Final = Struct("<I")
HEADER: Final = _LENGTH.size

#: parameters as scripts see them: in order, named or not, integers of 32 bits or byte strings
Params: TypeAlias = "tuple[tuple[str | None, int | str | None], ...]"


# -- supervisor to worker -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RouteCode:
    """A compiled route as it travels: what `library.linker.link` takes."""

    slot: int
    kind: str
    name: str
    code: bytes
    pool: tuple[Any, ...]
    lines: tuple[int, ...] = ()
    file: str = ""
    actions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LoadRoutes:
    """Blocks that are new to this worker (the fields of `RouteCode`), and the slots of those that scripts can call."""

    routes: tuple[tuple[Any, ...], ...]
    callable: dict[str, int]
    error_route: int | None


@dataclass(frozen=True, slots=True)
class ApplySettings:
    """The globals of the script, all of them, and the fields of `runtime.context.Settings` that are tables."""

    values: dict[str, Any]
    modparams: dict[tuple[str, str], list[int | str]]
    modules: frozenset[str]
    stubs: dict[str, tuple[int, tuple[tuple[str, int | str | None], ...]]]
    version: ServerVersion = DEFAULT_VERSION
    #: how much workers tell of their work in 4.0, by number; None: the others
    profiling: dict[int | None, int] = field(default_factory=dict)
    reach: Reach = "outside"
    node: int = 0
    #: variables of the environment to set, and the folder to work in ("": where the worker was started)
    environment: dict[str, str] = field(default_factory=dict)
    folder: str = ""
    #: what chance begins with, and how often that has been set; None: with what the system has
    seed: Seed | None = None


@dataclass(frozen=True, slots=True)
class Subscriptions:
    """The events that have a subscriber, and the event routes that a `route:` socket can name, with their slots.

    `reports_all`: somebody wants to know of every event, also of those that have no subscriber. `handlers`: the slots
    of the routes that an event goes to, in order.
    """

    events: frozenset[str]
    event_routes: dict[str, int]
    reports_all: bool = False
    #: events that sockets have subscribed: raising one is answered (`Answer`), unless all get `datagrams`, which the
    #: worker sends: subscription, family, address, and the last second of the epoch (None: for ever)
    socket_events: frozenset[str] = frozenset()
    handlers: dict[str, tuple[int, ...]] = field(default_factory=dict)
    #: the events whose routes of notify_on_event() an event goes to, where these are not its own alone
    routing: dict[str, tuple[str, ...]] = field(default_factory=dict)
    datagrams: dict[str, tuple[tuple[str, int, Any, int | None], ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Notifications:
    """Subscriptions of notify_on_event() (`worker.notifying.subscriptions.Entry`): more of them, or all that there
    are."""

    are_all: bool
    entries: tuple[tuple[int, str, tuple[tuple[str, str], ...], str, int, int], ...]


@dataclass(frozen=True, slots=True)
class LimitMemory:
    """Memory that routes may take beyond what the worker had when it started, in bytes; None for no limit."""

    memory: int | None


@dataclass(frozen=True, slots=True)
class RunEvents:
    """Run events, and those that their routes raise, for a while: then the others wait, and `EventsWaiting` says so.

    `data`: the events (`worker.spool`); None for those that wait in the worker. There are `count` of them, and `done`
    routes of the first have been run before. `run` is unique in the session and not 0. `room` is how many log records
    may be sent; beyond it only what the runtime itself says, and with a room of -1 nothing at all. `is_live`: what the
    first event's routes say is sent at once. `limit`: seconds that each event of a batch and what comes of it may take,
    None where that is not counted; `spent` is what they took so far.
    """

    run: int
    data: bytes | None
    count: int
    done: int
    room: int
    is_live: bool
    limit: float | None = None
    spent: dict[int, float] = field(default_factory=dict)
    #: the name that they draw with, if chance has a seed; and what is known of the events that they come of
    chance: str | None = None
    roots: dict[int, Root] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RunBatch:
    """Run all routes of one event for each of many parameter lists, one list after the other."""

    run: int
    slots: tuple[int, ...]
    event: str
    batch: list[Params]
    room: int
    #: what the first one draws with, if chance has a seed
    chance: Chance = None


@dataclass(frozen=True, slots=True)
class RunPortion:
    """Run the routes of many recorded events, in order: `entries` (line, event, parameters), or else the raw lines of
    `data`, whose first has the number `first_line`; JSON unless `written` says how they are written
    (`worker.recorded_texts.Format`).

    `handlers`: routes by event. The first `skip` events, and `skip_broken` broken lines, have been seen to before.
    `only`: events that are run, None for all. Log records above `level_limit` are not sent; None for no limit.
    """

    run: int
    handlers: dict[str, tuple[int, ...]]
    data: bytes
    first_line: int
    entries: list[tuple[int, str, Params]] | None
    skip: int
    skip_broken: int
    only: frozenset[str] | None
    room: int
    level_limit: int | None
    written: Any = None
    #: what they draw with, each with its line, if chance has a seed
    chance: str | None = None
    #: when `entries` were recorded
    times: list[Any] | None = None


@dataclass(frozen=True, slots=True)
class Watch:
    """Who watches the runs from now on, nobody else: the number of each (unique in a session), its kind
    (`worker.watching.watching.KINDS`), and what that wants to know."""

    watchers: tuple[tuple[int, str, Any], ...]


@dataclass(frozen=True, slots=True)
class WatchCommand:
    """Something for the watcher of a number, while the run goes on or stands still; None: it has ended meanwhile.

    `kind`: there is none yet, and it begins with this; the data are what it is asked for."""

    number: int
    data: Any
    kind: str = ""


@dataclass(frozen=True, slots=True)
class AskVariables:
    """What is in your variables? It is answered when the run under way has ended."""

    request: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of what a running route asked for: whether it worked, and what the route is to log about it."""

    request: int
    ok: bool
    lines: tuple[str, ...]
    #: of the event that has come
    params: Params = ()


# -- worker to supervisor -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Booted:
    """The worker waits for its first run."""

    pid: int


@dataclass(frozen=True, slots=True)
class LogLine:
    """One log record; text and level as the runtime made them, `time` in seconds of the epoch."""

    level: int
    text: str
    diagnostic: bool
    slot: int
    statement: int
    time: float


@dataclass(frozen=True, slots=True)
class EventRaised:
    """The running route raised an event that others than routes want to know of; `time` in seconds of the epoch.

    `request` is not 0 where the route waits for the `Answer`. `is_sent`: the worker has served its sockets.
    """

    event: str
    params: Params
    time: float
    request: int = 0
    is_sent: bool = False


@dataclass(frozen=True, slots=True)
class DatagramsSent:
    """What the worker has sent since it last told: event, subscription, how many went out and failed, and why the last
    one did, if it failed."""

    counts: tuple[tuple[str, str, int, int, str | None], ...]


@dataclass(frozen=True, slots=True)
class Subscribed:
    """The running route added a subscriber; `hosts`: (name, IPv4 address) of those in the socket.

    `request` is not 0 where the route waits for the `Answer`.
    """

    event: str
    socket: str
    expire: int | None
    hosts: tuple[tuple[str, str], ...] = ()
    request: int = 0


@dataclass(frozen=True, slots=True)
class NotifyAsked:
    """The running route subscribes a route to an event, up to the second `last` of the epoch, and waits for the
    `Answer`: number and event of the subscription."""

    event: str
    filters: tuple[tuple[str, str], ...]
    route: str
    last: int
    request: int


@dataclass(frozen=True, slots=True)
class ClusterAsked:
    """The running route asks the cluster something (`engine.cluster.member.Member.ask`), and waits for the `Answer`: a
    return code and what to log; `ok` means that the route raises the event of it here."""

    verb: str
    cluster: int
    node: int
    text: str
    tag: str
    request: int


@dataclass(frozen=True, slots=True)
class WaitAsked:
    """The running route waits for an event, or only until `timeout` seconds have passed (no event); `manner` says what
    comes of that (`runtime.waits`). `route`: the one that goes on; `slot` and `statement`: where it waits.

    The `Answer` has number, event, and last second in which the event counts. Where the process itself waits
    (`BLOCKED`) another one follows when that is over, with minus the number as its request: `ok` if the event came.
    """

    event: str | None
    filters: tuple[tuple[str, str], ...]
    timeout: float
    manner: str
    route: str
    slot: int
    statement: int
    request: int


@dataclass(frozen=True, slots=True)
class WaitsReached:
    """An event reaches runs that wait: those that still do so go on. The `Answer` has the numbers of those that wait
    in this very worker, which takes them up itself. `params` is None for an event that has none: then the answer says
    only whether any of them still waits."""

    event: str
    numbers: tuple[int, ...]
    params: Params | None
    request: int


@dataclass(frozen=True, slots=True)
class WaitGivenUp:
    """The run is ended in which the process itself waited, or in which a wait was begun just now: with this request."""

    request: int


@dataclass(frozen=True, slots=True)
class TransactionAsked:
    """A run wants to make a transaction of the dummy message; the `Answer` says whether there is none."""

    request: int


@dataclass(frozen=True, slots=True)
class TransactionEnded:
    """The run that had one has ended, and no other goes on with it."""


@dataclass(frozen=True, slots=True)
class Remarked:
    """What is to be known about a statement that ran, which a server does not say."""

    text: str
    hint: str
    slot: int
    statement: int


@dataclass(frozen=True, slots=True)
class WatchTold:
    """What the watcher of a number has seen: plain values, as its kind has them. It comes in order with log lines."""

    number: int
    data: Any


@dataclass(frozen=True, slots=True)
class Stands:
    """The run stands still because of a watcher, and its time does not count; or it goes on."""

    still: bool


@dataclass(frozen=True, slots=True)
class StubCalled:
    """The running route called a function that is not simulated; arguments as text, None for one left out."""

    name: str
    arguments: tuple[str | None, ...]
    slot: int
    statement: int
    time: float


@dataclass(frozen=True, slots=True)
class DiagnosticsRepeated:
    """The last of `count` messages of the runtime about one statement, for which the log limit left no room."""

    level: int
    text: str
    slot: int
    statement: int
    time: float
    count: int


@dataclass(frozen=True, slots=True)
class RouteFailed:
    """A route did not come to its end: `top` is the slot of the one that the event went to, `slot` and `statement` are
    where it was.

    `cause` is one of the words in `engine.results.runs.Cause`; `detail` is Python's traceback where the fault is ours.
    """

    run: int
    cause: str
    message: str
    detail: str
    slot: int
    statement: int
    top: int


@dataclass(frozen=True, slots=True)
class EventsWaiting:
    """The run that is about to end leaves `count` events in the worker, which its routes have raised.

    `dropped` more found no room among them. `slots`: all that they may need; `spent`, `roots`: as in `RunEvents`.
    """

    count: int
    dropped: int
    slots: tuple[int, ...]
    spent: dict[int, float]
    roots: dict[int, Root] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RunFinished:
    """The end of `RunEvents`. `dropped` log lines found no room; `shown` are the values of last bare expressions;
    `ran`: how often the route in a slot was run for an event."""

    run: int
    dropped: int
    shown: tuple[int | str | None, ...]
    ran: dict[tuple[str, int], int]


@dataclass(frozen=True, slots=True)
class InnerRuns:
    """How often the route in a slot was run for an event inside another one, in the run that is about to end."""

    ran: dict[tuple[str, int], int]


@dataclass(frozen=True, slots=True)
class BatchFinished:
    """The first `done` parameter lists of a batch have been run: all of them, unless one was interrupted."""

    run: int
    done: int
    dropped: int


@dataclass(frozen=True, slots=True)
class EventRuns:
    """What follows is about this event, recorded on this line (0 for none; below: what the run is). Sent only when
    something follows."""

    event: str
    line: int


@dataclass(frozen=True, slots=True)
class PortionFinished:
    """The first `done` events of a portion have been seen to, the last of them on this line.

    That is all of them if it `is_whole`; else one was interrupted. `ran`, `unhandled`: how many events of each name;
    `broken`: how many lines held none, `broken_lines` the first of them with the reason; `latencies`: how many events
    took so long, in units of 100 ns.
    """

    run: int
    done: int
    line: int
    is_whole: bool
    dropped: int
    ran: dict[str, int]
    unhandled: dict[str, int]
    broken: int
    broken_lines: tuple[tuple[int, str], ...]
    latencies: dict[int, int]


@dataclass(frozen=True, slots=True)
class VariablesAnswer:
    """What the worker keeps: `$var` by name, and each document of `$json` as text (None: it contains itself)."""

    request: int
    var: tuple[tuple[str, int | str | None], ...]
    json: tuple[tuple[str, str | None], ...]


# -- supervisor to fork server and back ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StartWorker:
    """Fork a worker. Three descriptors travel with it: its stream, where its output goes, its black box.

    `version`: what it will most likely follow; whatever that needs is imported before it is forked.
    """

    number: int
    directory: str
    memory: int | None
    version: ServerVersion = DEFAULT_VERSION


@dataclass(frozen=True, slots=True)
class SignalWorker:
    """Send a signal to a worker, unless it has ended."""

    number: int
    signal: int


@dataclass(frozen=True, slots=True)
class ServerReady:
    """The fork server has imported all that workers need."""


@dataclass(frozen=True, slots=True)
class WorkerStarted:
    number: int
    pid: int


@dataclass(frozen=True, slots=True)
class WorkerEnded:
    """A worker has been reaped: `status` is its exit code, or minus the signal that ended it."""

    number: int
    pid: int
    status: int


@dataclass(frozen=True, slots=True)
class WorkerNotForked:
    """The system has refused a process for a worker; `errno` says why."""

    number: int
    errno: int


Message: TypeAlias = (
    "LoadRoutes | ApplySettings | Subscriptions | LimitMemory | RunEvents | RunBatch | RunPortion | Booted | LogLine"
    " | EventRaised | Subscribed | StubCalled | RunFinished | EventsWaiting | RouteFailed | BatchFinished"
    " | PortionFinished | EventRuns | DiagnosticsRepeated"
    " | StartWorker | SignalWorker | ServerReady | WorkerStarted | WorkerEnded | WorkerNotForked"
    " | AskVariables | VariablesAnswer | Answer | DatagramsSent | InnerRuns | Notifications"
    " | NotifyAsked | WaitAsked | WaitsReached | WaitGivenUp | TransactionAsked | TransactionEnded | Remarked"
    " | ClusterAsked | Watch | WatchTold | WatchCommand | Stands"
)

_CLASSES: Final[tuple[type[Any], ...]] = (
    LoadRoutes,
    ApplySettings,
    Subscriptions,
    LimitMemory,
    RunEvents,
    RunBatch,
    RunPortion,
    Booted,
    LogLine,
    EventRaised,
    Subscribed,
    StubCalled,
    RunFinished,
    RouteFailed,
    BatchFinished,
    EventRuns,
    PortionFinished,
    StartWorker,
    SignalWorker,
    ServerReady,
    WorkerStarted,
    WorkerEnded,
    WorkerNotForked,
    AskVariables,
    VariablesAnswer,
    Answer,
    DiagnosticsRepeated,
    EventsWaiting,
    DatagramsSent,
    InnerRuns,
    Notifications,
    NotifyAsked,
    ClusterAsked,
    WaitAsked,
    WaitsReached,
    WaitGivenUp,
    TransactionAsked,
    TransactionEnded,
    Remarked,
    Watch,
    WatchTold,
    WatchCommand,
    Stands,
)
#: number of a class in a frame; log lines are packed from it without building the object first
TAGS: Final = {cls: tag for tag, cls in enumerate(_CLASSES)}


def plain(message: Any) -> tuple[Any, ...]:
    """The fields of a record, in order."""
    return tuple(getattr(message, field.name) for field in fields(message))


_GETTERS: Final = {cls: attrgetter(*names) for cls in _CLASSES if len(names := cls.__slots__) > 1}


def encode(message: Message) -> bytes:
    """The frame of a message."""
    cls = type(message)
    getter = _GETTERS.get(cls)
    return pack(TAGS[cls], *(getter(message) if getter else plain(message)))


def pack(*values: Any) -> bytes:
    """A frame from a class number and the values of its fields."""
    data = marshal.dumps(values)
    return _LENGTH.pack(len(data)) + data


class Decoder:
    """Puts the pieces of a stream together again."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._wanted = HEADER  # bytes without which there is nothing to decode

    def feed(self, data: bytes) -> list[Message]:
        """The messages that are complete now."""
        buffer = self._buffer
        buffer += data
        messages: list[Message] = []
        start = 0
        while len(buffer) - start >= self._wanted:
            end = start + HEADER + _LENGTH.unpack_from(buffer, start)[0]
            if end > len(buffer):
                self._wanted = end - start
                break
            tag, *values = marshal.loads(buffer[start + HEADER : end])
            messages.append(_CLASSES[tag](*values))
            start, self._wanted = end, HEADER
        del buffer[:start]
        return messages
