"""What became of an event: log records, errors, and the run as a whole. Plain records, for anybody to read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from typing import Final, Literal, Protocol, get_args

from evroute_kernel.engine.results.log import Log as Log
from evroute_kernel.engine.results.log import LogRecord as LogRecord
from evroute_kernel.errors import Diagnostic, first_of
from evroute_kernel.records import dataclass
from evroute_kernel.source import Span

#: why a run did not come to its end
Cause = Literal[
    "interrupted",
    "timed out",
    "out of memory",
    "crashed",  # the script did what kills the server's process
    "worker died",
    "internal error",  # a fault of this program
    "no worker",  # no worker could be started
    "closed",  # the session was closed first
]
CAUSES: Final = get_args(Cause)


@dataclass(frozen=True, slots=True)
class StubCall:
    """A call of a function that is not simulated. Arguments as text, None for one that was left out."""

    name: str
    arguments: tuple[str | None, ...]
    event: str
    route: str
    process: int
    span: Span | None = field(repr=False)
    time: float


@dataclass(frozen=True, slots=True)
class RunError:
    """Why a run did not come to its end, and where it was. `detail` is a traceback where the fault is ours."""

    cause: Cause
    message: str
    event: str
    route: str
    span: Span | None = field(default=None, repr=False)
    hint: str | None = None
    detail: str = ""

    @property
    def diagnostic(self) -> Diagnostic:
        return Diagnostic("error", self.cause.replace(" ", "-"), self.message, self.span, self.hint)

    def render(self) -> str:
        """Several lines of plain text: the message, the statement with carets, the hint."""
        return self.diagnostic.render() + (f"\n{self.detail}" if self.detail else "")

    def __str__(self) -> str:
        return str(self.diagnostic)


def error_texts(errors: Sequence[RunError]) -> list[str]:
    """Errors as text, the first of many."""
    return first_of(errors, RunError.render, "error")


@dataclass(frozen=True, slots=True)
class RouteRuns:
    """How often a route was run for an event, as part of one raise. Both as text people read."""

    event: str
    route: str
    runs: int


@dataclass(frozen=True, slots=True)
class Run:
    """One raise and all that it led to: every route that handled the event, and those of the events these raised.

    `duration` is in seconds, from the start of the first route to the end of the last; `log` is in order; `shown` holds
    the value of a bare expression at the end of a cell (bytes as text people read); `routes` counts the routes run,
    and `ran` tells which, in the order of their first runs; one whose worker died is in `errors` alone.
    """

    event: str
    errors: tuple[RunError, ...]
    duration: float
    log: Log = field(repr=False)
    shown: tuple[int | str | None, ...] = ()
    routes: int = 0
    ran: tuple[RouteRuns, ...] = field(default=(), repr=False)
    #: what is odd about the parameters: names, values or types that no server sends with the event
    remarks: tuple[Diagnostic, ...] = field(default=(), repr=False)
    #: in a cluster: what nodes have sent each other because of it, in that order, with what it led to there
    messages: tuple[ClusterMessage, ...] = field(default=(), repr=False)

    @property
    def ok(self) -> bool:
        """Whether all went well, on other nodes too."""
        return not self.errors and all(message.ok for message in self.messages)

    @property
    def error(self) -> RunError | None:
        """The first error of its own, None when all went well."""
        return self.errors[0] if self.errors else None


def joined(runs: Sequence[Run]) -> Run:
    """Runs that followed one another, as one; there is at least one."""
    first, *others = runs
    if not others:
        return first
    ran: Counter[tuple[str, str]] = Counter()
    for run in runs:
        for one in run.ran:
            ran[one.event, one.route] += one.runs
    return Run(
        first.event,
        tuple(error for run in runs for error in run.errors),
        sum(run.duration for run in runs),
        Log(record for run in runs for record in run.log),
        routes=sum(run.routes for run in runs),
        ran=tuple(RouteRuns(event, route, count) for (event, route), count in ran.items()),
        remarks=tuple(remark for run in runs for remark in run.remarks),
        messages=tuple(message for run in runs for message in run.messages),
    )


@dataclass(frozen=True, slots=True)
class ClusterMessage:
    """What one node of a cluster has sent another (or itself): an event there, by the name of each.

    `msg` and `tag` are those of a message of a script, and empty for what nodes tell each other by themselves. `run` is
    what it led to; None where no route handles the event, or the node is in another process. `time` in seconds of the
    epoch.
    """

    sender: str
    receiver: str
    event: str
    msg: str = ""
    tag: str = ""
    time: float = 0.0
    run: Run | None = field(default=None, repr=False)

    @property
    def ok(self) -> bool:
        return self.run is None or self.run.ok


@dataclass(frozen=True, slots=True)
class BatchResult:
    """What became of a batch. `events` were run, `failed` of them with an error; the first hundred errors are kept.

    `ok` also says that every event was run: an interrupt or a closed session ends a batch early. `ran`: as in `Run`.
    """

    event: str
    events: int
    failed: int
    errors: tuple[RunError, ...]
    duration: float
    log: Log = field(repr=False)
    ran: tuple[RouteRuns, ...] = field(default=(), repr=False)

    @property
    def ok(self) -> bool:
        return not self.errors


class Ended(Protocol):
    """What became of one raise, of many, or of a replay."""

    @property
    def ok(self) -> bool:
        """Whether all was run to its end."""

    @property
    def errors(self) -> tuple[RunError, ...]:
        """The first errors."""


class RunFailedError(Exception):
    """A run did not come to its end, in a session that checks. `result` is what would have been returned."""

    __module__ = __name__.partition(".")[0]  # where users import it from, which is what tracebacks show

    def __init__(self, result: Ended) -> None:
        super().__init__(result)
        self.result: Final = result

    @property
    def errors(self) -> tuple[RunError, ...]:
        """The first errors."""
        return self.result.errors

    def __str__(self) -> str:
        return "\n".join(first_of(list(dict.fromkeys(map(str, self.errors))), str, "error")) or "the run ended early"

    def render(self) -> str:
        """Several lines for each error: message, statement with carets, hint."""
        texts = dict.fromkeys(map(RunError.render, self.errors))
        return "\n".join(first_of(list(texts), str, "error")) or str(self)


@dataclass(frozen=True, slots=True)
class Loaded:
    """What loading a text did. Iterating gives the diagnostics: warnings and notes, never errors.

    `routes`: titles that are defined now; `replaced`: (title, owner whose definition was replaced); `dropped`: titles
    that this owner had defined before and no longer does; `run`: startup_route and bare statements, if there were any.
    """

    diagnostics: tuple[Diagnostic, ...]
    routes: tuple[str, ...] = ()
    replaced: tuple[tuple[str, str], ...] = ()
    dropped: tuple[str, ...] = ()
    run: Run | None = None

    def __iter__(self) -> Iterator[Diagnostic]:
        return iter(self.diagnostics)

    def __len__(self) -> int:
        return len(self.diagnostics)


@dataclass(frozen=True, slots=True)
class Variables:
    """What one worker keeps from run to run, as text people read: `$var` that are not null, and `$json` documents as
    they print (None: it contains itself). Values are cut after 64 KiB."""

    process: int
    var: Mapping[str, int | str | None] = field(default_factory=dict)
    json: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class WorkerInfo:
    """A worker as `%workers` shows it. `running` is the title of its route, None when idle; `memory` in bytes."""

    number: int
    pid: int | None
    state: str
    running: str | None
    runs: int
    memory: int | None
