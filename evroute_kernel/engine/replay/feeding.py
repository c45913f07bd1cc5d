"""Cuts what is to be replayed into portions, in a thread of its own: reading may wait, the supervisor may not.

Raw lines are handed on as they are where that is enough; where times or a limit ask for it, events are read here, if
only to count them. Two portions at most are made before somebody wants them, so that memory does not grow with the
source.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from threading import TIMEOUT_MAX
from time import monotonic
from typing import Any, Final, Protocol

from evroute_kernel.engine.events.params import GivenParams, ParameterError, Params, Received, event_params, saturated
from evroute_kernel.engine.replay.boundaries import gathered
from evroute_kernel.engine.replay.formats import Entry, entries, names_in, written_blocks
from evroute_kernel.engine.replay.reading import Block, FileSource, Source
from evroute_kernel.engine.workers.portions import Portion, Replay
from evroute_kernel.errors import Diagnostic, ScriptError
from evroute_kernel.records import dataclass
from evroute_kernel.runtime.values import encode
from evroute_kernel.worker.recorded import OnBroken, seconds_of
from evroute_kernel.worker.recorded_texts import Format, Known

#: seconds by which an event may be early, so that those that come close together share a portion
EARLY: Final = 0.005
#: events of one portion when they are paced
PACED: Final = 256


class NoTimesError(ScriptError):
    """A replay was to keep the recorded pace, but its events have no times."""

    def __init__(self) -> None:
        hint = "leave the speed out to replay as fast as possible"
        super().__init__([Diagnostic("error", "no-times", "the recorded events have no times to keep", None, hint)])


class Sink(Protocol):
    """Where portions go: the supervisor."""

    def feed(self, replay: Replay, portion: Portion) -> None: ...
    def fed(self, replay: Replay, error: BaseException | None = None) -> None: ...
    def tell_broken(self, replay: Replay, line: int, reason: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Plan:
    """How a source is to be read. `speed`: times the recorded pace, None for as fast as possible."""

    format: str
    speed: float | None = None
    limit: int | None = None
    event: str | None = None

    @property
    def needs_parsing(self) -> bool:
        """Whether somebody has to know when events were raised, or count them, before they run."""
        return self.speed is not None or self.limit is not None


class Feeder(threading.Thread):
    """Feeds one replay. Ends with its source, or when the replay ends; `close` is called at the end."""

    def __init__(
        self, replay: Replay, sink: Sink, portions: Iterator[Portion], close: Callable[[], None] = lambda: None
    ) -> None:
        super().__init__(name="evroute replay", daemon=True)
        self._replay = replay
        self._sink = sink
        self._portions = portions
        self._close = close

    def run(self) -> None:
        replay = self._replay
        error: BaseException | None = None
        try:
            for portion in self._portions:
                replay.may_feed.acquire()
                if replay.stop.is_set():
                    break
                self._sink.feed(replay, portion)
        except BaseException as found:  # of the caller's iterable, or of a file: who waits for the replay gets it
            error = found
        finally:
            self._close()
            self._sink.fed(replay, error)


def portions_of_source(
    replay: Replay, source: Source, plan: Plan, known: Known, on_broken: OnBroken
) -> Iterator[Portion]:
    """What a file, or an iterable of lines, is cut into."""
    blocks = source.blocks(lambda: replay.block_size, on_broken)
    if not plan.needs_parsing:
        blocks = gathered(blocks, lambda: replay.block_size)
    written = written_blocks(plan.format, blocks, known, plan.event)
    if not plan.needs_parsing:
        yield from (_unread(replay, block, how) for block, how in written)
    elif plan.speed is None and isinstance(source, FileSource):
        yield from _limited(replay, written, plan, on_broken)
    else:
        yield from _read(replay, written, plan, on_broken)


def _unread(replay: Replay, block: Block, how: Format | None) -> Portion:
    return Portion(replay, block.first_line, block.data, position=block.position, written=how)


def _read(
    replay: Replay, written: Iterable[tuple[Block, Format | None]], plan: Plan, on_broken: OnBroken
) -> Iterator[Portion]:
    position = 0

    def found() -> Iterator[Entry]:
        nonlocal position
        for block, how in written:
            position = block.position
            yield from entries(block, how, on_broken)

    for group, times in grouped(replay, found(), plan):
        yield Portion(replay, group[0][0], entries=group, position=position, times=times)


def _limited(
    replay: Replay, written: Iterator[tuple[Block, Format | None]], plan: Plan, on_broken: OnBroken
) -> Iterator[Portion]:
    """Blocks as they are up to the one that holds the last event, which is read here: it may be cut at any line."""
    left = plan.limit or 0
    for block, how in written:
        wanted = names_in(block, how)
        count = sum(1 for event in wanted if replay.only is None or event in replay.only)
        if count >= left:
            yield from _read(replay, [(block, how)], replace(plan, limit=left), on_broken)
            return
        left -= count
        yield _unread(replay, block, how)


def portions_of_items(replay: Replay, items: Iterable[Any], plan: Plan, on_broken: OnBroken) -> Iterator[Portion]:
    """What an iterable of events is cut into: (event, params), (event, params, time), or mappings as in a file."""
    for group, times in grouped(replay, item_entries(items, on_broken), plan):
        yield Portion(replay, group[0][0], entries=group, times=times)


def item_entries(items: Iterable[Any], on_broken: OnBroken) -> Iterator[Entry]:
    """The events of an iterable; their numbers stand for lines."""
    for number, item in enumerate(items, 1):
        try:
            event, params, time = _parts(item)
            yield number, encode(event), recorded_params(params), time
        except (ParameterError, TypeError, ValueError) as error:
            on_broken(number, error.diagnostics[0].message if isinstance(error, ParameterError) else str(error))


def recorded_params(given: GivenParams) -> Params:
    """Parameters as they are in a file: unlike those of a raise, integers without a name stay integers."""
    if given is None or isinstance(given, Mapping | str | bytes | Received):
        return event_params(given)
    integers = (int, float)
    values = list(given)
    plain = event_params([str(v) if isinstance(v, integers) and not isinstance(v, bool) else v for v in values])
    return tuple(
        (None, saturated(value) if isinstance(value, integers) else text)
        for value, (_, text) in zip(values, plain, strict=True)
    )


def _parts(item: Any) -> tuple[str, Any, Any]:
    if isinstance(item, Mapping):
        event = item.get("event", item.get("method"))
        parts = event, item.get("params"), item.get("time")
    elif isinstance(item, tuple | list) and len(item) in (2, 3):
        parts = item[0], item[1], item[2] if len(item) == 3 else None
    else:
        raise ValueError(f"expected (event, params) or a mapping with event and params, not {type(item).__name__}")
    if not isinstance(parts[0], str) or not parts[0]:
        raise ValueError("the name of the event is missing")
    return parts


# -- pace -------------------------------------------------------------------------------------------------------------


def grouped(
    replay: Replay, found: Iterator[Entry], plan: Plan
) -> Iterator[tuple[list[tuple[int, str, Any]], list[float | None]]]:
    """Events in groups for one portion each, and when they were recorded, every group when its first event is due."""
    pace = None if plan.speed is None else Pace(plan.speed)
    group: list[tuple[int, str, Any]] = []
    times: list[float | None] = []
    left = plan.limit
    for line, event, params, time in found:
        due = 0.0 if pace is None else pace.due(time)
        if group and (due > monotonic() + EARLY or len(group) >= (replay.size if pace is None else PACED)):
            yield group, times  # which may take a while, so what is left to wait is only known behind it
            group, times = [], []
        wait = due - monotonic()
        if wait > EARLY and replay.stop.wait(min(wait, TIMEOUT_MAX)):
            return
        group.append((line, event, params))
        times.append(seconds_of(time))
        if left is not None and (replay.only is None or event in replay.only):
            left -= 1
            if not left:
                break  # at once: the next event may be long in coming
    if group:
        yield group, times


class Pace:
    """When events are due, by the times they were recorded at. One without a time goes with the one before it."""

    def __init__(self, speed: float) -> None:
        self._speed = speed
        self._base: tuple[float, float] | None = None

    def due(self, time: Any) -> float:
        """When an event is due, on the monotonic clock. Raises NoTimesError when the first event has no time."""
        seconds = seconds_of(time)
        if self._base is None:
            if seconds is None:
                raise NoTimesError
            self._base = seconds, monotonic()
        if seconds is None:
            return 0.0
        recorded, begun = self._base
        return begun + (seconds - recorded) / self._speed
