"""Replays as callers start them: from a file, lines, or an iterable of events."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import ExitStack
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from evroute_kernel.engine.events.given import GivenError, kind_of, path, whole
from evroute_kernel.engine.events.given import name as name_of
from evroute_kernel.engine.events.given import names as checked_names
from evroute_kernel.engine.replay.feeding import Feeder, Plan, Sink, portions_of_items, portions_of_source
from evroute_kernel.engine.replay.formats import FORMATS, UnknownFormatError, known_params, recognised
from evroute_kernel.engine.replay.reading import FileSource, LineSource, Source
from evroute_kernel.engine.results.replays import ReplayResult
from evroute_kernel.engine.workers.portions import Replay, Shown
from evroute_kernel.errors import did_you_mean
from evroute_kernel.records import dataclass
from evroute_kernel.runtime.values import encode

if TYPE_CHECKING:
    from evroute_kernel.library.catalogue.declared import EventDeclaration
    from evroute_kernel.library.catalogue.facts import Event

Recorded = str | os.PathLike[str] | Iterable[Any]
_SHOWN: Final = ("all", "errors", "none")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a replay is to go.

    `speed`: times the recorded pace, None for as fast as possible. `workers`: how many run events at once, None for all
    of the session. `limit`: events at most. `only`: names of the events to run. `log`: which records are shown: "all",
    "errors" (WARNING and worse), "none", or the first so many. `format`: "json", "text" or "csv", None to look.
    `event`: the name of all events of a CSV file whose lines do not hold it. `timeout`: seconds for each event.
    """

    speed: float | None = None
    workers: int | None = None
    limit: int | None = None
    only: Iterable[str] | None = None
    log: Shown = "all"
    format: str | None = None
    event: str | None = None
    timeout: float | None = None

    def check(self) -> None:
        """Raises ValueError for what cannot be."""
        if self.speed is not None and not (_is_number(self.speed) and 0 < self.speed < float("inf")):
            raise GivenError(f"the speed is a number above 0, not {self.speed!r}")
        for name, number in (("workers", self.workers), ("limit", self.limit)):
            if number is not None:
                whole(number, name, 1)
        if isinstance(self.log, bool) or not (self.log in _SHOWN or (isinstance(self.log, int) and self.log >= 0)):
            raise GivenError(f"log is {', '.join(_SHOWN)} or a number, not {self.log!r}")
        if self.event is not None:
            name_of(self.event, "the name of an event")
        if self.format is not None and self.format not in FORMATS:
            hint = did_you_mean(str(self.format), FORMATS)
            raise GivenError(f"there is no format {self.format!r}: {hint or 'there are ' + ', '.join(FORMATS)}")


class Replaying:
    """A replay under way."""

    def __init__(self, replay: Replay, source: Source | None) -> None:
        self._replay = replay
        self._source = source

    @property
    def future(self) -> Future[ReplayResult]:
        """Done when every event and all that it led to has ended."""
        return self._replay.future

    @property
    def events(self) -> int:
        """How many events have been run."""
        return self._replay.done

    @property
    def fraction(self) -> float | None:
        """How much of its source has been run, 0 to 1; None where its size is not known."""
        size = self._source.size if self._source is not None else None
        return min(1.0, self._replay.position / size) if size else None

    def is_mine(self, raised: object) -> bool:
        """For `Supervisor.interrupt`."""
        return raised is self._replay


def open_source(recorded: Recorded) -> FileSource | LineSource | Iterator[Any]:
    """What is to be replayed: lines where there are any, else the events themselves.

    A text or path names a file; raises OSError when it cannot be opened.
    """
    if isinstance(recorded, str | os.PathLike):
        file = path(recorded)
        if os.path.isdir(file):  # noqa: PTH112
            raise IsADirectoryError(21, "is a directory", str(recorded))
        return FileSource(file)
    if isinstance(recorded, bytes | Mapping) or not isinstance(recorded, Iterable):
        raise GivenError(f"what is replayed is a file's name, lines or events, not {kind_of(recorded)}")
    items = iter(recorded)
    try:
        first = next(items)
    except StopIteration:
        return iter(())
    items = chain([first], items)
    return LineSource(items) if isinstance(first, str | bytes) else items


def start(
    recorded: Recorded,
    options: Options,
    replay: Replay,
    sink: Sink,
    declared: Mapping[str, EventDeclaration],
    events: Mapping[str, Event],
    submit: Callable[[Replay], None],
    on_start: Callable[[Replaying], None],
) -> Replaying:
    """Begin a replay. Raises OSError for a file that cannot be opened, UnknownFormatError for one of another kind.

    `on_start` is called when it is certain that there is something to replay, before the first event is raised.
    """
    opened = open_source(recorded)
    source = opened if isinstance(opened, FileSource | LineSource) else None

    def on_broken(line: int, reason: str) -> None:
        sink.tell_broken(replay, line, reason)

    with ExitStack() as undo:
        if isinstance(opened, FileSource | LineSource):
            undo.callback(opened.close)
            plan = _plan(opened, options)
            known = {} if plan.format == "json" else known_params(declared, events)
            portions = portions_of_source(replay, opened, plan, known, on_broken)
        else:
            portions = portions_of_items(replay, opened, Plan("json", options.speed, options.limit), on_broken)
        replaying = Replaying(replay, source)
        on_start(replaying)
        submit(replay)
        Feeder(replay, sink, portions, undo.pop_all().close).start()
    return replaying


def _plan(source: Source, options: Options) -> Plan:
    kind = options.format or recognised(source.head(), options.event)
    if options.event is not None and kind != "csv":
        raise UnknownFormatError(f"a name for all events is for CSV files; this one is {kind}")
    return Plan(kind, options.speed, options.limit, options.event)


def encoded_names(names: Iterable[str] | None) -> frozenset[str] | None:
    """Names of events as scripts have them; a single text is one name. Raises GivenError."""
    known = checked_names(names, "the name of an event")
    return None if known is None else frozenset(map(encode, known))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
