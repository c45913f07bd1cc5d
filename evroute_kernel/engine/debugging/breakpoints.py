"""Breakpoints: what is asked for by line, and at which statements of which blocks that is.

A breakpoint may be set before its text is loaded, and keeps its line while the text is loaded again: where it strikes
is looked up anew whenever there are more compiled blocks.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from evroute_kernel.engine.debugging import pieces
from evroute_kernel.engine.state.world import World
from evroute_kernel.errors import ScriptError
from evroute_kernel.records import dataclass
from evroute_kernel.runtime.values import encode
from evroute_kernel.source import Source

_HITS: Final = re.compile(r"\s*(==|>=|<=|>|<|=|%)?\s*(\d{1,9})\s*")


@dataclass(frozen=True, slots=True)
class Breakpoint:
    """What somebody asks for: a line of a text, from 1. `condition`: what may stand in an `if`; `hits`: `5` (from the
    fifth time on, in whatever process), `== 5`, `>= 5`, `% 3`...; `log`: instead of stopping, a text with expressions
    in braces."""

    line: int
    condition: str = ""
    hits: str = ""
    log: str = ""


@dataclass(frozen=True, slots=True)
class Placed:
    """What has become of it. `line`: where it strikes, once its text is loaded. `fault`: why it never does."""

    number: int
    asked: Breakpoint
    line: int
    is_found: bool
    fault: str = ""


def path_and_name(source: Source) -> set[str]:
    """What a text is called where nobody has another name for it."""
    return {source.path, source.name}


class Breakpoints:
    """Those of one debugger, by what it calls the text: `keys` gives the names of one."""

    def __init__(self, world: World, keys: Callable[[Source], Iterable[str]]) -> None:
        self._world = world
        self._keys = keys
        self._count = 0
        #: path -> (number, asked, what a worker is told besides of the place; None: it never strikes, and why)
        self._all: dict[str, list[tuple[int, Breakpoint, tuple[Any, ...] | None, str]]] = {}
        self._texts: dict[str, list[_Text]] = {}
        self._known = 0
        #: whether there was something since `moved` was asked
        self._has_looked = False
        self._points: tuple[Any, ...] | None = ()
        #: what was said last of each breakpoint, by its number
        self._said: dict[int, Placed] = {}

    def change(self, path: str, asked: Iterable[Breakpoint]) -> list[Placed]:
        """These are the breakpoints of a text from now on. One that was there before keeps its number, and its hits."""
        before = self._all.get(path, [])
        kept = {each[1]: each for each in reversed(before)}
        self._all[path] = now = [kept.pop(each, None) or self._made(each) for each in asked]
        for number, *_ in before:
            self._said.pop(number, None)
        if not now:
            del self._all[path]
        self._points = None
        placed = self.placed(path)
        self._said.update((each.number, each) for each in placed)
        return placed

    def moved(self) -> list[tuple[str, Placed]]:
        """With its text, each of which something else is true than what was said last: texts have been compiled."""
        self._look()
        if not self._has_looked:
            return []
        self._has_looked = False
        found = [(path, each) for path in self._all for each in self.placed(path) if self._said[each.number] != each]
        self._said.update((each.number, each) for _, each in found)
        return found

    def clear(self) -> None:
        """There are none any more."""
        self._all.clear()
        self._points = None

    def placed(self, path: str) -> list[Placed]:
        """What has become of those of a text."""
        self._look()
        found = []
        for number, asked, rest, fault in self._all.get(path, ()):
            text = self._latest(path)
            line = None if text is None else text.line(asked.line)
            if rest is not None and text is not None and line is None:
                fault = "no statement begins here or below"
            found.append(Placed(number, asked, line or asked.line, line is not None and rest is not None, fault))
        return found

    def path(self, number: int) -> str | None:
        """In which text the breakpoint of a number is."""
        return next((path for path, all_ in self._all.items() if any(each[0] == number for each in all_)), None)

    def points(self) -> tuple[Any, ...]:
        """All of them as workers are told; the same object while nothing changes."""
        self._look()
        if self._points is None:
            self._points = tuple(
                (number, slot, index, *rest)
                for path, all_ in self._all.items()
                for number, asked, rest, _ in all_
                if rest is not None
                for text in self._texts.get(path, ())
                for slot, index in text.statements(asked.line)
            )
        return self._points

    def _made(self, asked: Breakpoint) -> tuple[int, Breakpoint, tuple[Any, ...] | None, str]:
        self._count += 1
        try:
            hits = _hits(asked.hits)
            condition = pieces.condition(self._world, asked.condition) if asked.condition.strip() else None
            log = pieces.log_text(self._world, asked.log) if asked.log else None
        except ScriptError as error:
            return self._count, asked, None, "; ".join(d.message for d in error.diagnostics)
        except ValueError as error:
            return self._count, asked, None, str(error)
        if log is not None:
            log = tuple(encode(part) if isinstance(part, str) else part for part in log)
        return self._count, asked, (condition, hits, log), ""

    def _look(self) -> None:
        """Take in what has been compiled since."""
        fresh = self._world.registry.compiled(self._known)
        if not fresh:
            return
        self._known += len(fresh)
        self._has_looked = True
        self._points = None
        texts: dict[int, list[_Text]] = {}  # by the source, of which all statements of a block have one or a few
        for slot, route in fresh:
            block = route.title, route.span.start
            for index, span in enumerate(route.spans):
                source = span.source
                if id(source) not in texts:
                    texts[id(source)] = [self._text(path, source) for path in self._keys(source)]
                for text in texts[id(source)]:
                    text.add(span.line, block, slot, index)

    def _text(self, path: str, source: Source) -> _Text:
        texts = self._texts.setdefault(path, [])
        for text in texts:
            if text.source.text == source.text:
                return text
        texts.append(_Text(source))
        return texts[-1]

    def _latest(self, path: str) -> _Text | None:
        texts = self._texts.get(path)
        return texts[-1] if texts else None


class _Text:
    """One version of a text, and the statements that begin in its lines."""

    def __init__(self, source: Source) -> None:
        self.source = source
        #: line -> block, by its title and where it begins -> the slot it was given last, and the first statement there
        self._found: dict[int, dict[tuple[str, int], tuple[int, int]]] = {}
        self._lines: Sequence[int] | None = None

    def add(self, line: int, block: tuple[str, int], slot: int, index: int) -> None:
        here = self._found.setdefault(line, {})
        if here.get(block, (-1, 0))[0] != slot:
            here[block] = slot, index
        self._lines = None

    def line(self, line: int) -> int | None:
        """The first line from there on in which a statement begins."""
        if self._lines is None:
            self._lines = sorted(self._found)
        place = bisect_left(self._lines, line)
        return self._lines[place] if place < len(self._lines) else None

    def statements(self, line: int) -> list[tuple[int, int]]:
        """(slot, statement) of a breakpoint there."""
        found = self.line(line)
        return [] if found is None else list(self._found[found].values())


def _hits(text: str) -> tuple[str, int] | None:
    if not text.strip():
        return None
    found = _HITS.fullmatch(text)
    if found is None or (found[1] == "%" and not int(found[2])):
        raise ValueError(f"{text!r} is no number of hits: write 5, == 5, >= 5, < 5 or % 5")
    return {"=": "==", None: ">="}.get(found[1], found[1]), int(found[2])
