"""The state that a compiled route works on.

`Process` is what outlives a run in one worker: `$var`, `$json`, `$rc`, log levels. `Context` is one run of one route:
parameters, AVPs, route stack, the (dummy) message. Control leaves a route by `EndScript`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import field
from random import Random
from typing import TYPE_CHECKING, Any, Final

from evroute_kernel.records import dataclass
from evroute_kernel.runtime import levels
from evroute_kernel.runtime.reach import Reach
from evroute_kernel.runtime.route_stack import RouteStack
from evroute_kernel.runtime.seed import Seed
from evroute_kernel.runtime.values import Value
from evroute_kernel.runtime.versions import DEFAULT_VERSION, ServerVersion

if TYPE_CHECKING:
    from evroute_kernel.runtime.shared import Shared

ROUTE_DEPTH_LIMIT: Final = 100  # blocks active at once, the event_route included

Params = Sequence[tuple[str | None, Value]]
#: level, text (latin-1 byte string), is a diagnostic of the runtime, place: (route slot, statement index)
Record = tuple[int, str, bool, tuple[int, int]]


class Settings:
    """The globals of a script that change how routes behave, with the values a Session starts with."""

    __slots__ = (
        "abort_on_assert",
        "enable_asserts",
        "log_level",
        "max_while_loops",
        "modparams",
        "modules",
        "network",
        "node",
        "pv_print_buf_size",
        "reach",
        "stubs",
        "version",
        "xlog_buf_size",
        "xlog_force_color",
        "xlog_level",
        "xlog_print_level",
    )

    def __init__(self, **values: Any) -> None:
        self.log_level: int = 2
        self.xlog_level: int = 4
        self.xlog_print_level: int = 2
        self.xlog_buf_size: int = 4096
        self.pv_print_buf_size: int = 20000
        self.xlog_force_color: bool = False
        self.max_while_loops: int = 10000
        self.enable_asserts: bool = False
        self.abort_on_assert: bool = False
        #: may scripts reach other machines? Else functions such as rest_get are stubs, and subscribe_event and
        #: {ip.resolve} stay on this one. No global of a script: the session's user says it
        self.network: bool = False
        #: (module, parameter) -> every value given, in order
        self.modparams: dict[tuple[str, str], list[int | str]] = {}
        #: modules loaded by `loadmodule`, without ".so"; those that every Session knows need not be here
        self.modules: set[str] = set()
        #: what calls of functions that are not simulated do: name -> (return code, ((variable, value or format), ...))
        self.stubs: dict[str, tuple[int, tuple[tuple[str, int | str | None], ...]]] = {}
        #: whether what scripts do may change something beyond the session. No global of a script either
        self.reach: Reach = "outside"
        #: the number of this node of a cluster; 0 where there is none. No global of a script either
        self.node: int = 0
        #: the server whose ways are followed. No global of a script either
        self.version: ServerVersion = DEFAULT_VERSION
        for name, value in values.items():
            setattr(self, name, value)


@dataclass(frozen=True, slots=True)
class LinkedRoute:
    """A block ready to run. `lines[i]`, `actions[i]`: line and name ("core xlog") of statement i."""

    kind: str
    name: str
    slot: int
    function: Callable[[Context], int]
    lines: tuple[int, ...] = ()
    file: str = ""
    actions: tuple[str, ...] = ()
    #: `{ ; }`: the block exists but holds no statement
    is_empty: bool = False
    #: kind and name, as they stand in a stack of routes
    title: tuple[str, str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "title", (self.kind, self.name))


def unnoticed(what: str, value: str | int) -> None:
    """Nobody watches."""


class Process:
    """What one worker process keeps from run to run. One per worker; single-threaded."""

    __slots__ = (
        "ask_cluster",
        "at",
        "chance",
        "deferred",
        "emit",
        "error_route",
        "has_subscribers",
        "json",
        "log_level",
        "marked",
        "notice",
        "notify",
        "number",
        "raise_event",
        "rc",
        "routes",
        "seed",
        "settings",
        "shared",
        "slots",
        "state",
        "stub_called",
        "subscribe",
        "var",
        "waiting",
        "xlog_level",
    )

    def __init__(self, shared: Shared, settings: Settings | None = None, number: int = 1) -> None:
        self.settings = settings or Settings()
        self.shared = shared
        #: the worker's number, from 1; `$pp` is the process id of the operating system
        self.number = number
        self.var: dict[str, Value] = {}
        self.json: dict[str, Any] = {}
        #: state of other modules that lives in the process, by module name
        self.state: dict[str, Any] = {}
        #: what is left to chance is drawn from it; with a `seed` it begins anew, in the same way each time
        self.chance = Random()
        #: the seed of the session, and how often one has been set; None: chance is the system's
        self.seed: Seed | None = None
        self.rc = 0
        self.xlog_level = self.settings.xlog_level
        self.log_level = self.settings.log_level
        #: statement now running, kept where the supervisor can read it after a crash: [statement index, route slot]
        self.at: Any = [0, 0]
        #: what async and launch started: (call, event, route to run then, its arguments)
        self.deferred: deque[tuple[Callable[[], int], str, str | None, tuple[Value, ...]]] = deque()
        #: `route[name]` blocks that can be called now, by name
        self.routes: dict[str, LinkedRoute] = {}
        #: every loaded block by its slot; the slot is the block's number in `at`
        self.slots: dict[int, LinkedRoute] = {}
        self.error_route: LinkedRoute | None = None
        #: where log records go; set by the worker
        self.emit: Callable[[Record], None] = lambda record: None
        # The next three are set by the worker; library/functions/events.py is their only caller.
        #: has this event any subscriber?
        self.has_subscribers: Callable[[str], bool] = lambda event: False
        #: queue an event, or run it at once (as the version has it), for a run; None for an event without a list of
        #: parameters, which are values as variables keep them. Whether all sockets took it, and what to log
        self.raise_event: Callable[[Context, str, Params | None], tuple[bool, Sequence[str]] | None] = (
            lambda context, event, params: None
        )
        #: add a subscriber: (event, socket, expire) -> None, or what is wrong with the socket
        self.subscribe: Callable[[str, str, int | None], str | None] = lambda event, socket, expire: None
        #: subscribe a route to an event: (event, filters as key and pattern, route, last second of the epoch) -> None,
        #: or what is wrong; library/functions/event_routing.py is the only caller
        self.notify: Callable[[str, tuple[tuple[str, str], ...], str, int], str | None] = (
            lambda event, filters, route, last: None
        )
        #: ask the cluster something: (verb, cluster, node, text, tag) -> a return code, whether to raise an event here,
        #: and what to log; library/functions/clusterer.py and library/variables/cluster.py are the only callers
        self.ask_cluster: Callable[[str, int, int, str, str], tuple[int, bool, Sequence[str]]] = (
            lambda verb, cluster, node, text, tag: (-3, False, ())
        )
        #: whoever watches is told of what else happens: what, and of which (`runtime.watching.notices`)
        self.notice: Callable[[str, str | int], None] = unnoticed
        #: what holds runs that wait (`runtime.waits.Waiting`); None where nothing can
        self.waiting: Any = None
        #: a statement that is marked in the code of its route is about to run (`watching.marks`)
        self.marked: Callable[[Context, int], None] = lambda context, statement: None
        #: a function that is not simulated was called: (name, arguments as text); set by the worker
        self.stub_called: Callable[[str, tuple[str | None, ...]], None] = lambda name, arguments: None

    def take_seed(self, seed: Seed | None) -> None:
        """Begin anew to draw, unless this seed is the one that is followed already."""
        if seed != self.seed:
            self.seed = seed
            self.chance = Random() if seed is None else Random(f"{seed[0]} {self.number}")

    def draw_for(self, name: str, number: int, following: int) -> None:
        """An event is about to be run (`runtime.seed`)."""
        if self.seed is not None:
            self.chance.seed(f"{self.seed[0]} {name} {number} {following}")


class Context:
    """One run of one top route."""

    __slots__ = (
        "avps",
        "ended",
        "error_info",
        "event",
        "message",
        "params",
        "process",
        "returned",
        "returning",
        "route_stack",
        "scopes",
        "shown",
        "suspended",
    )

    #: whether a `$param` that the event does not have is told; not where 4.0 has no list to look in
    has_list = True
    #: whether the server takes it for the route of a SIP request
    is_request = False

    def __init__(self, process: Process, event: str, params: Params = ()) -> None:
        self.process = process
        self.event = event
        #: parameters of the event, in the order raised
        self.params = params
        #: arguments of each running block, the innermost last; None for the top route, whose $param are the event's
        self.scopes: list[Sequence[Value] | None] = [None]
        #: AVP name -> values, newest LAST
        self.avps: dict[str, list[Value]] = {}
        #: (kind, name) of the running blocks, outermost first; the name is "" for startup_route and error_route
        self.route_stack: list[tuple[str, str]] | RouteStack = []
        #: names of the blocks that async() has left, outermost first
        self.suspended: list[str] = []
        #: the value of a bare expression at the end of a cell, if there was one
        self.shown: tuple[Value, ...] = ()
        #: extra values of the block that the last route() called, for $return(N)
        self.returned: Sequence[Value] = ()
        #: extra values that the block now running is returning
        self.returning: Sequence[Value] = ()
        #: the dummy SIP message; made on first use by library/variables/message.py
        self.message: Any = None
        #: set when a command inside an expression ended the script (or returned): the statement finishes first
        self.ended: str | None = None
        #: parse error of the message recorded by the last statement, for error_route
        self.error_info: Any = None

    @property
    def arguments(self) -> Sequence[Value] | None:
        """Arguments of the block now running; None in the top route."""
        return self.scopes[-1]

    def __setitem__(self, index: int, statement: int) -> None:
        """Marked statements store their index here, and not in `Process.at`."""
        self.process.marked(self, statement)

    def line(self) -> int:
        """Line of the running statement as the server counts it (`$cfg_line`), from 1; 0 outside a route."""
        statement, slot = self.process.at[0], self.process.at[1]
        route = self.process.slots.get(slot)
        return route.lines[statement] if route is not None and statement < len(route.lines) else 0

    def file(self) -> str:
        """Name of the text that holds the running statement (`$cfg_file`)."""
        route = self.process.slots.get(self.process.at[1])
        return route.file if route is not None else ""

    # -- log ------------------------------------------------------------------------------------------------------

    def diagnose(self, level: int, text: str) -> None:
        """A message of the runtime itself, filtered by $log_level as the server's own messages are."""
        process = self.process
        if level <= process.log_level:
            process.emit((level, text, True, (process.at[1], process.at[0])))

    def error(self, text: str) -> None:
        self.diagnose(levels.ERROR, text)

    def warning(self, text: str) -> None:
        self.diagnose(levels.WARNING, text)

    def critical(self, text: str) -> None:
        self.diagnose(levels.CRITICAL, text)

    def alert(self, text: str) -> None:
        self.diagnose(levels.ALERT, text)
