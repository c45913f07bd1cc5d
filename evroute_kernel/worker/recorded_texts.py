"""Recorded events in the formats beside JSON lines: the text of OpenSIPS 2.x, and CSV.

`text` is what `udp:` and `unix:` subscribers of OpenSIPS 1.x and 2.x get: the event's name on a line, a line
`name::value` (or just the value) for each parameter, an empty line. A value that holds line breaks stands in double
quotes, with a backslash before each quote in it.

`csv` is what the flatstore transport writes, `EVENT,value,value`. The names of the values come from a first line
`event,name,name` (or `#name,name` where the event's name is left out), else from the catalogue's order; beyond those
they have none. No quoting: the server writes none.

Neither format tells integers from texts. A parameter that the catalogue or a declaration knows has the type that it
has there; of the others, what is written as an integer is one. Neither holds times.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, TypeAlias

from evroute_kernel.runtime.limits import EVENT_NAME_LIMIT
from evroute_kernel.runtime.values import INT_MAX, INT_MIN
from evroute_kernel.worker.messages import Params
from evroute_kernel.worker.recorded import LINE_LIMIT, OnBroken

#: names and types of the parameters of events, in their order. Names are byte strings
Known: TypeAlias = "Mapping[str, tuple[tuple[str, str], ...]]"
#: how the lines of a block are written: "text" or "csv"; the name of all events, if the lines do not hold it; names of
#: values that a line above has given; and what is known. Plain data, since it travels
Format: TypeAlias = "tuple[str, str | None, list[str] | None, Known]"
#: line, event, parameters
Entry: TypeAlias = "tuple[int, str, Params]"
Lines: TypeAlias = "Iterable[tuple[int, bytes]]"

#: the names that a parameter may have before `::`; anything else is a value that holds two colons, such as an address
_NAMED: Final = re.compile(r"([A-Za-z_][A-Za-z0-9_.-]*)::(.*)", re.DOTALL)
_INTEGER: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,9})")
#: the end of a quoted value
CLOSED: Final = re.compile(r'(?:[^\\]|^)"$')


def events_written(data: bytes, first_line: int, written: Format, on_broken: OnBroken) -> Iterator[Entry]:
    """The events of a block. Broken lines are told and passed over."""
    kind, event, header, known = written
    lines = data.split(b"\n")
    if not lines[-1]:
        lines.pop()
    numbered = enumerate(lines, first_line)
    if kind == "text":
        return TextReader(on_broken, known).read(numbered)
    return CsvReader(on_broken, known, event, header).read(numbered)


class _Typed:
    """Gives parameters the types that are known of them."""

    def __init__(self, on_broken: OnBroken, known: Known) -> None:
        self._on_broken = on_broken
        self._known = known
        self._types: dict[str, dict[str, str]] = {}
        self._names: dict[str, list[str]] = {}

    def names(self, event: str) -> list[str]:
        """The names of an event's parameters, in order."""
        self._look_up(event)
        return self._names[event]

    def value(self, event: str, name: str | None, text: str) -> int | str:
        self._look_up(event)
        kind = self._types[event].get(name) if name is not None else None
        if kind == "string" or not _INTEGER.fullmatch(text):
            return text
        number = int(text)
        return number if INT_MIN <= number <= INT_MAX and str(number) == text else text

    def _look_up(self, event: str) -> None:
        if event not in self._types:
            params = self._known.get(event, ())
            self._types[event] = dict(params)
            self._names[event] = [name for name, _ in params]


class TextReader(_Typed):
    """Reads the text of 2.x."""

    def read(self, lines: Lines) -> Iterator[Entry]:
        event: str | None = None
        first = 0
        params: list[tuple[str | None, int | str | None]] = []
        source = ((number, as_text(line)) for number, line in lines)
        for number, line in source:
            if event is None:
                if line and (event := self._event(number, line)) is not None:
                    first = number
            elif line:
                name, value = self.parameter(line)
                if is_open(value):
                    value = self._quoted(value, number, source)
                params.append((name, self.value(event, name, value)))
            else:
                yield first, event, tuple(params)
                event, params = None, []
        if event is not None:
            yield first, event, tuple(params)

    def _event(self, number: int, line: str) -> str | None:
        if is_name(line):
            return line
        self._on_broken(number, "expected the name of an event on a line of its own")
        return None

    @staticmethod
    def parameter(line: str) -> tuple[str | None, str]:
        found = _NAMED.fullmatch(line)
        return (found[1], found[2]) if found else (None, line)

    def _quoted(self, value: str, number: int, source: Iterator[tuple[int, str]]) -> str:
        """A value that goes on over lines, up to a quote at the end of one."""
        pieces, size = [value[1:]], len(value)
        for _, line in source:
            size += len(line)
            if size > LINE_LIMIT:
                break
            if CLOSED.search(line):
                return "\n".join([*pieces, line[:-1]]).replace('\\"', '"')
            pieces.append(line)
        self._on_broken(number, "this quoted value has no end")
        return "\n".join(pieces)


class CsvReader(_Typed):
    """Reads what flatstore writes. `event`: the name of all events, where the lines do not begin with it.

    `header`: names of the values, until a line gives others.
    """

    def __init__(self, on_broken: OnBroken, known: Known, event: str | None, header: list[str] | None = None) -> None:
        super().__init__(on_broken, known)
        self._event = event
        self._header = header

    def read(self, lines: Lines) -> Iterator[Entry]:
        for number, line in lines:
            text = as_text(line)
            if not text:
                continue
            if (header := header_in(text, self._header)) is not None:
                self._header = header
                continue
            values = text.split(",")
            event = self._event if self._event is not None else values.pop(0)
            if not 0 < len(event) <= EVENT_NAME_LIMIT:
                self._on_broken(
                    number, f"the name of an event has 1 to {EVENT_NAME_LIMIT} bytes, this one {len(event)}"
                )
                continue
            yield number, event, self._params(event, values)

    def _params(self, event: str, values: list[str]) -> Params:
        names: list[str | None] = [*(self.names(event) if self._header is None else self._header)]
        names += [None] * (len(values) - len(names))
        return tuple((name, self.value(event, name, value)) for name, value in zip(names, values, strict=False))


def header_in(text: str, header: list[str] | None) -> list[str] | None:
    """Names of values that a line of CSV gives, if it gives any; `header`: those given before it."""
    if text.startswith("#"):
        return text[1:].strip().split(",")
    first, *names = text.split(",") if header is None and text.startswith("event") else [""]
    return names if first == "event" else None


def is_name(line: str) -> bool:
    """Whether a line of text may be the name of an event."""
    return 0 < len(line) <= EVENT_NAME_LIMIT and "::" not in line


def is_open(value: str) -> bool:
    """Whether a value of text goes on over lines."""
    return value.startswith('"') and not CLOSED.search(value, 1)


def as_text(line: bytes) -> str:
    return line.removeprefix(b"\xef\xbb\xbf").rstrip(b"\r\n").decode("latin-1")
