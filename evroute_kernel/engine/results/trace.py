"""What a run did, statement by statement."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator
from dataclasses import field
from typing import Any, Final

from evroute_kernel.engine.results.visible import visible
from evroute_kernel.records import dataclass
from evroute_kernel.source import Span

#: steps that a trace keeps: as many of the first as of the last
STEPS_KEPT: Final = 10_000
#: characters of a statement that are shown
TEXT_SHOWN: Final = 60
_SIGILS: Final = {"var": "$var({})", "avp": "$avp({})", "shv": "$shv({})", "json": "$json({})"}

#: text as people read it; all values of an AVP, the newest first
Changed = int | str | tuple[int | str | None, ...] | None


@dataclass(slots=True)
class Step:
    """One statement that was run, with all that came of it until the next one of its block began.

    `number`: from 1 in its trace; `process`: that of the worker; `depth`: how many blocks there are around its own;
    `time`: when it began, by the clock of the session. `changed`: variable as scripts write it -> what it holds now,
    None for null, for an AVP all of its values, the newest first. `code`: `$rc`, if that has changed. `called`: titles
    of routes. `failure`: why the run ended here without coming to its end.
    """

    number: int
    event: str
    route: str
    process: int
    depth: int
    span: Span | None = field(repr=False)
    time: float
    changed: dict[str, Changed] = field(default_factory=dict)
    logged: list[tuple[str, str]] = field(default_factory=list)
    raised: list[tuple[str, tuple[tuple[str | None, int | str | None], ...]]] = field(default_factory=list)
    called: list[str] = field(default_factory=list)
    code: int | None = None
    failure: str = ""

    @property
    def line(self) -> int:
        """Its line in its text, from 1; 0 where that is not known."""
        return self.span.line if self.span is not None else 0

    @property
    def file(self) -> str:
        """The name of its text."""
        return self.span.source.name if self.span is not None else ""

    @property
    def text(self) -> str:
        """The statement, of which only the first line is told if there are several."""
        lines = self.span.text.split("\n") if self.span is not None else [""]
        first = lines[0].rstrip()
        return first if len(lines) == 1 else f"{first} ..."

    @property
    def effects(self) -> list[str]:
        """All that came of it, in words."""
        words = [f"{name} = {_shown(value)}" for name, value in self.changed.items()]
        words += [f"{level}: {visible(text.rstrip())}" for level, text in self.logged]
        words += [f"raises {_event(*raised)}" for raised in self.raised]
        words += [f"calls {title}" for title in self.called]
        return [*words, f"fails: {visible(self.failure)}"] if self.failure else words

    def plain(self) -> dict[str, Any]:
        """As JSON has it; what did not happen is left out."""
        found = {name: getattr(self, name) for name in ("number", "event", "route", "process", "depth", "time")}
        found |= {"file": self.file, "line": self.line, "text": self.text}
        if self.changed:
            found["changed"] = self.changed
        if self.logged:
            found["logged"] = [{"level": level, "text": text} for level, text in self.logged]
        if self.raised:
            found["raised"] = [{"event": event, "params": [*map(list, params)]} for event, params in self.raised]
        if self.called:
            found["called"] = self.called
        if self.failure:
            found["failure"] = self.failure
        return found if self.code is None else found | {"code": self.code}


class Trace:
    """The statements that were run while it was open, oldest first. It may be read while it grows.

    It keeps `limit` of them, half of them from the beginning and half from the end; `left_out` tells how many more
    there were in between.
    """

    def __init__(self, limit: int = STEPS_KEPT) -> None:
        self._first = limit - limit // 2
        self._last = limit // 2
        self._head: list[Step] = []
        self._tail: dict[int, Step] = {}
        self._count = 0
        self._lock = threading.Lock()

    def add(self, step: Step) -> None:
        """One more has begun."""
        with self._lock:
            self._count = step.number
            if len(self._head) < self._first:
                self._head.append(step)
                return
            self._tail[step.number] = step
            if len(self._tail) > self._last:
                del self._tail[next(iter(self._tail))]

    def __len__(self) -> int:
        """How many there were, those that are left out too."""
        return self._count

    def __iter__(self) -> Iterator[Step]:
        return iter(self.steps)

    @property
    def left_out(self) -> int:
        """How many are not kept, from the middle."""
        with self._lock:
            return self._count - len(self._head) - len(self._tail)

    @property
    def steps(self) -> list[Step]:
        """Those that are kept."""
        with self._lock:
            return [*self._head, *self._tail.values()]

    @property
    def files(self) -> int:
        """In how many texts those stand that are kept."""
        return len({step.file for step in self.steps if step.span is not None})

    def text(self, most: int | None = None) -> str:
        """A line for each step, and one above for each route; of more than `most` the middle is left out."""
        steps, gap = self.shortened(most)
        several, files = len({step.process for step in steps}) > 1, self.files
        rows = [_cells(step, several, files) for step in steps]
        widths = [max((len(row[i]) for row in rows), default=0) for i in range(2)]
        lines = []
        for number, (head, (place, text, effects)) in enumerate(zip(headed(steps), rows, strict=True)):
            if gap and number == len(steps) - len(steps) // 2:
                lines.append(left_out_words(gap))
            if head:
                lines.append(f"{'':{widths[0]}}  {head}")
            lines.append(f"{place:>{widths[0]}}  {text:{widths[1]}}  {effects}".rstrip())
        return "\n".join([*lines, left_out_words(gap)] if gap and len(steps) < 2 else lines)

    def shortened(self, most: int | None = None) -> tuple[list[Step], int]:
        """The first and the last steps, `most` of them (None: all that are kept), and how many are left out. The gap
        is where two numbers do not follow each other: behind the first half."""
        steps, gap = self.steps, self.left_out
        if most is None or len(steps) <= most:
            return steps, gap
        last = most // 2
        return [*steps[: most - last], *(steps[-last:] if last else [])], gap + len(steps) - most

    def json_lines(self) -> str:
        """A JSON object on a line for each step."""
        return "".join(f"{json.dumps(step.plain(), ensure_ascii=False)}\n" for step in self.steps)


def headed(steps: Iterable[Step]) -> Iterator[str]:
    """For each step the route that runs, where another one did before, or ""; bare statements are of no route."""
    before = ""
    for step in steps:
        is_other = step.depth == 0 and step.route != before
        before = step.route if is_other else before
        yield before if is_other else ""


def left_out_words(count: int) -> str:
    """What stands in the place of steps that are not shown."""
    return f"... {count:,} more statement{'s' if count > 1 else ''} ..."


def shown_line(step: Step, files: int) -> str:
    """Its line, with the name of its text where a trace has several; nothing where that is not known."""
    if not step.line:
        return ""
    return f"{step.file}:{step.line}" if files > 1 else str(step.line)


def shown_statement(step: Step) -> str:
    """Its text as far as there is room for it, moved to the right by the depth of its block."""
    text = visible(step.text)
    return "  " * step.depth + (text if len(text) <= TEXT_SHOWN else f"{text[: TEXT_SHOWN - 3]}...")


def variable(kind: str, name: str) -> str:
    """A variable as scripts write it."""
    return _SIGILS[kind].format(name)


def _cells(step: Step, several: bool, files: int) -> tuple[str, str, str]:
    """Where it stands, with its process where there are several, what it is, and what came of it."""
    head = f"[{step.process}] " if several else ""
    return head + shown_line(step, files), "  " + shown_statement(step), "; ".join(step.effects)


def _shown(value: Changed) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(map(_shown, value)) + "]" if len(value) != 1 else _shown(value[0])
    return (
        "<null>"
        if value is None
        else str(value)
        if isinstance(value, int)
        else visible(json.dumps(value, ensure_ascii=False))
    )


def _event(event: str, params: Iterable[tuple[str | None, int | str | None]]) -> str:
    given = [_shown(value) if name is None else f"{name}={_shown(value)}" for name, value in params]
    return " ".join([event, *given])
