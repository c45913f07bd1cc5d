"""What came of events that were run at once, in each order that matters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import factorial
from typing import Final, TypeAlias

from evroute_kernel.engine.results.visible import visible
from evroute_kernel.records import dataclass
from evroute_kernel.source import Span

#: characters of a column of text, at most
WIDTH: Final = 46
#: things that differ between outcomes, of which all are told
SHOWN: Final = 12

#: how the names of locks begin, and what stands there of one that nobody gives back
LOCK: Final = "the lock "
HELD: Final = "held"

#: level and text of a log record; the level of what is no record (why a run failed) is this one
Line: TypeAlias = tuple[str, str]
FAILED: Final = ""


@dataclass(frozen=True, slots=True)
class RaceStep:
    """A step that an event (its number, from 0) took in what processes share: in which statement, and what it did
    there: "reads $shv(n)"."""

    event: int
    span: Span | None
    does: tuple[str, ...]

    @property
    def line(self) -> int:
        """Its line in its text, from 1; 0 where that is not known."""
        return self.span.line if self.span is not None else 0

    @property
    def text(self) -> str:
        """The statement, of which only the first line is told."""
        return self.span.text.split("\n")[0].rstrip() if self.span is not None else ""

    @property
    def words(self) -> str:
        return ", ".join(self.does)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the events came to in some orders.

    `logs`: what each event logged, and why it did not come to its end; `state`: what is shared afterwards, as scripts
    write it; `waits`: the lock that an event waits for for ever, None for one that does not. `serial`: the orders of
    events one after the other that come to the same; `schedules`: how many of the orders that were tried do; `steps`:
    the one of them in which the events get in each other's way least.
    """

    logs: tuple[tuple[Line, ...], ...]
    state: Mapping[str, str]
    waits: tuple[str | None, ...]
    serial: tuple[tuple[int, ...], ...]
    schedules: int
    steps: tuple[RaceStep, ...]

    @property
    def is_race(self) -> bool:
        """Whether it comes of no order in which the events run one after the other."""
        return not self.serial

    @property
    def failed(self) -> tuple[int, ...]:
        """The events (from 0) that do not come to their end: their run failed, or waits for ever."""
        ended = zip(self.logs, self.waits, strict=True)
        return tuple(i for i, (lines, lock) in enumerate(ended) if lock or any(level == FAILED for level, _ in lines))


@dataclass(frozen=True, slots=True)
class RaceResult:
    """All that events can come to that run at once, as far as was tried.

    `events`: what they are called here; `outcomes`: those of events one after the other first; `schedules`: orders that
    were tried; `steps`: how many steps one of them has, at most; `stopped`: why not all orders that matter were tried,
    None where they were; `strays`: whether the same order did not do the same again, so that nothing is certain.
    """

    events: tuple[str, ...]
    outcomes: tuple[Outcome, ...]
    schedules: int
    steps: int
    seconds: float
    stopped: str | None = None
    strays: bool = False

    @property
    def races(self) -> tuple[Outcome, ...]:
        """The outcomes that no order of the events, one after the other, comes to."""
        return tuple(outcome for outcome in self.outcomes if outcome.is_race)

    @property
    def failures(self) -> tuple[str, ...]:
        """The events that do not come to their end in some order of them one after the other: that is no race, for
        nothing comes between their steps, but something else to mend."""
        failed = {i for outcome in self.outcomes if not outcome.is_race for i in outcome.failed}
        return tuple(self.events[i] for i in sorted(failed))

    @property
    def ok(self) -> bool:
        """Whether there is no race, all orders that matter were tried, and each event comes to its end in them."""
        return not self.races and not self.failures and self.stopped is None and not self.strays

    @property
    def is_told(self) -> bool:
        """Whether there is more to say of the outcomes than the verdict does."""
        return len(self.outcomes) > 1 or bool(self.races) or bool(self.failures)

    @property
    def verdict(self) -> str:
        """In one line what was found."""
        names = _listed(self.events)
        if self.races:
            count = len(self.races)
            what = "an outcome" if count == 1 else f"{count} outcomes"
            return f"race: {names} come to {what} that no order of them gives, one after the other"
        if failures := self.failures:
            is_always = len({outcome.failed for outcome in self.outcomes}) == 1
            when = "in whatever order" if is_always else "in some order one after the other"
            what = "does not come to its end" if len(failures) == 1 else "do not come to their end"
            return f"failed: {_listed(failures)} {what}, {when}"
        if self.strays:
            return f"uncertain: {names} do not do the same again in the same order"
        if self.stopped is not None:
            return f"no race was found so far: {names}"
        if len(self.outcomes) > 1:
            return f"no race: what {names} come to rests on which of them is first, and on nothing else"
        return f"no race: {names} come to the same in every order"

    @property
    def tried(self) -> str:
        """How much was tried. Not how long it took (`seconds`): what a notebook shows is to be the same each time."""
        steps = "1 step" if self.steps == 1 else f"{self.steps:,} steps"
        extent = "all that matter" if self.stopped is None else f"not all that matter: {self.stopped}"
        return f"{orders(self.schedules)} of up to {steps} tried: {extent}"

    def title(self, outcome: Outcome) -> str:
        """What stands over an outcome."""
        share = f"{outcome.schedules:,} of {orders(self.schedules)}"
        if outcome.is_race:
            return f"a race, in {share}"
        if len(outcome.serial) == factorial(len(self.events)):
            return f"as in every order one after the other: in {share}"
        serial = " or ".join(", then ".join(self.events[event] for event in order) for order in outcome.serial)
        return f"as {serial}: in {share}"

    def effects(self, outcome: Outcome) -> list[str]:
        """What is told of an outcome: all in which some differ, and what failed."""
        others = self.outcomes
        lines = [
            f"{name} {'waits for ' + lock + ' for ever' if lock else 'comes to its end'}"
            for i, (name, lock) in enumerate(zip(self.events, outcome.waits, strict=True))
            if lock or len({other.waits[i] for other in others}) > 1
        ]
        for i, name in enumerate(self.events):
            differs = len({other.logs[i] for other in others}) > 1
            said = [line for line in outcome.logs[i] if differs or line[0] == FAILED]
            lines += [f"{name}: {_said(*line)}" for line in said]
            if differs and not said:
                lines.append(f"{name}: logs nothing")
        names = dict.fromkeys(name for other in others for name in other.state)
        lines += [
            _told(name, outcome.state.get(name))
            for name in names
            if len({other.state.get(name) for other in others}) > 1
        ]
        lines = list(map(visible, lines))  # callers have given some of it, and a terminal would obey
        more = len(lines) - SHOWN
        return lines if more <= 0 else [*lines[:SHOWN], f"... and {more:,} more"]

    def text(self) -> str:
        """All of it, with the shortest order of each race in columns."""
        lines = [self.verdict]
        for outcome in self.outcomes if self.is_told else ():
            lines += ["", self.title(outcome), *(f"    {line}" for line in self.effects(outcome))]
            if outcome.is_race:
                lines += ["", *(f"  {line}" for line in columns(self.events, outcome.steps))]
        return "\n".join([*lines, "", self.tried])

    def __str__(self) -> str:
        return self.text()


class RaceFoundError(AssertionError):
    """Events that run at once come to something that no order of them gives, or that could not be ruled out; or one of
    them fails in any case."""

    def __init__(self, result: RaceResult) -> None:
        super().__init__(result.text())
        self.result = result

    def __reduce__(self) -> tuple[type[RaceFoundError], tuple[RaceResult]]:
        return RaceFoundError, (self.result,)


def orders(count: int) -> str:
    """A number of them, in words."""
    return "1 order" if count == 1 else f"{count:,} orders"


def _said(level: str, text: str) -> str:
    return text if level in (FAILED, "NOTICE") else f"{level}: {text}"


def _told(name: str, value: str | None) -> str:
    if name.startswith(LOCK):
        return f"{name} is {'free' if value is None else value}"
    return f"{name} is not set" if value is None else f"{name} = {value}"


def row(step: RaceStep) -> str:
    """A step as it is shown."""
    return visible(f"{step.line or ''} {step.text}".strip())


def columns(events: Sequence[str], steps: Sequence[RaceStep]) -> Iterator[str]:
    """Steps by time from top to bottom, with a column for each event."""
    cells = [
        (step.event, [*_parts(row(step)), *(f"  {part}" for part in _parts(visible(step.words)))]) for step in steps
    ]
    widths = [
        max([len(name), *(len(line) for event, c in cells if event == i for line in c)])
        for i, name in enumerate(events)
    ]
    yield "   ".join(name.ljust(width) for name, width in zip(events, widths, strict=True)).rstrip()
    yield "   ".join("-" * width for width in widths)
    for event, lines in cells:
        for line in lines:
            before = sum(width + 3 for width in widths[:event])
            yield " " * before + line


def _parts(text: str) -> list[str]:
    """A text in lines that fit a column."""
    found = []
    while len(text) > WIDTH:
        end = text.rfind(" ", 0, WIDTH) + 1 or WIDTH
        found.append(text[:end].rstrip())
        text = text[end:]
    return [*found, text]


def _listed(names: Sequence[str]) -> str:
    return " and ".join([*([", ".join(names[:-1])] if names[1:] else ()), names[-1]])
