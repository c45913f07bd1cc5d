"""The formats that recorded events come in, besides JSON lines: the text of OpenSIPS 2.x, and CSV.

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
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from evroute_kernel.records import dataclass
from evroute_kernel.runtime.limits import EVENT_NAME_LIMIT
from evroute_kernel.runtime.values import INT_MAX, INT_MIN, encode
from evroute_kernel.worker.messages import Params
from evroute_kernel.worker.recorded import LINE_LIMIT, BrokenLine, OnBroken, events_of

if TYPE_CHECKING:
    from evroute_kernel.library.catalogue.declared import EventDeclaration

FORMATS: Final = ("json", "text", "csv")
#: lines that a format is recognised by
_LINES_TRIED: Final = 50
#: the names that a parameter may have before `::`; anything else is a value that holds two colons, such as an address
_NAMED: Final = re.compile(r"([A-Za-z_][A-Za-z0-9_.-]*)::(.*)", re.DOTALL)
_JSON: Final = re.compile(rb'\{\s*["}]|\[\s*[\]{]')
_EVENT: Final = re.compile(rb"[A-Za-z_][A-Za-z0-9_.-]{0,63}")
_INTEGER: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,9})")
_CLOSED: Final = re.compile(r'(?:[^\\]|^)"$')

Lines = Iterable["tuple[int, bytes]"]
#: line, event, parameters, and when it was raised, if that is known
Entry = tuple[int, str, Params, Any]


class UnknownFormatError(ValueError):
    """A file is in none of the formats, as far as its beginning shows."""


def recognised(head: bytes, event: str | None = None) -> str:
    """The format of a source that begins so; `event`: the name of its events, if the lines hold none.

    An empty source passes for JSON. Raises UnknownFormatError.
    """
    lines = [line.rstrip(b"\r") for line in head.removeprefix(b"\xef\xbb\xbf").split(b"\n")[:_LINES_TRIED]]
    filled = [line.strip() for line in lines if line.strip()]
    if not filled or any(_JSON.match(line) for line in filled):
        return "json"
    if b"\0" in head:
        raise UnknownFormatError("this is no text, so it holds no events in any of the formats " + ", ".join(FORMATS))
    if event is not None or filled[0].startswith((b"event,", b"#")):
        return "csv"
    if any(_is_text_event(lines, number) for number in range(len(lines) - 1)):
        return "text"
    if any(b"," in line and _EVENT.fullmatch(line.split(b",")[0]) for line in filled):
        return "csv"
    raise UnknownFormatError(f"the events are in none of the formats {', '.join(FORMATS)}")


def _is_text_event(lines: list[bytes], number: int) -> bool:
    """Whether an event's name stands alone on a line, with a parameter or nothing below it."""
    below = lines[number + 1]
    return bool(_EVENT.fullmatch(lines[number])) and (b"::" in below or not below)


@dataclass(frozen=True, slots=True)
class Known:
    """What is known about the parameters of events. Names are byte strings."""

    declared: Mapping[str, EventDeclaration]

    def params(self, event: str) -> list[tuple[str, str]]:
        """Names and types of an event's parameters in their order; nothing for an unknown event."""
        from evroute_kernel.library.catalogue.declared import known_event
        from evroute_kernel.runtime.values import decode

        known = known_event(decode(event), self.declared)
        return [(encode(param.name), param.type) for param in known.params if not param.stale] if known else []


def entries(kind: str, lines: Lines, on_broken: OnBroken, known: Known, event: str | None = None) -> Iterator[Entry]:
    """The events of numbered lines in a format. Broken lines are told and passed over."""
    if kind == "json":
        return _json_entries(lines, on_broken)
    if kind == "text":
        return TextReader(on_broken, known).read(lines)
    return CsvReader(on_broken, known, event).read(lines)


def _json_entries(lines: Lines, on_broken: OnBroken) -> Iterator[Entry]:
    for number, line in lines:
        try:
            for event, params, time in events_of(line):
                yield number, event, params, time
        except BrokenLine as error:
            on_broken(number, str(error))


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
            params = self._known.params(event)
            self._types[event] = dict(params)
            self._names[event] = [name for name, _ in params]


class TextReader(_Typed):
    """Reads the text of 2.x."""

    def read(self, lines: Lines) -> Iterator[Entry]:
        event: str | None = None
        first = 0
        params: list[tuple[str | None, int | str | None]] = []
        source = ((number, _as_text(line)) for number, line in lines)
        for number, line in source:
            if event is None:
                if line and (event := self._event(number, line)) is not None:
                    first = number
            elif line:
                name, value = self._parameter(line)
                if value.startswith('"') and not _CLOSED.search(value, 1):
                    value = self._quoted(value, number, source)
                params.append((name, self.value(event, name, value)))
            else:
                yield first, event, tuple(params), None
                event, params = None, []
        if event is not None:
            yield first, event, tuple(params), None

    def _event(self, number: int, line: str) -> str | None:
        if len(line) <= EVENT_NAME_LIMIT and "::" not in line:
            return line
        self._on_broken(number, "expected the name of an event on a line of its own")
        return None

    @staticmethod
    def _parameter(line: str) -> tuple[str | None, str]:
        found = _NAMED.fullmatch(line)
        return (found[1], found[2]) if found else (None, line)

    def _quoted(self, value: str, number: int, source: Iterator[tuple[int, str]]) -> str:
        """A value that goes on over lines, up to a quote at the end of one."""
        pieces, size = [value[1:]], len(value)
        for _, line in source:
            size += len(line)
            if size > LINE_LIMIT:
                break
            if _CLOSED.search(line):
                return "\n".join([*pieces, line[:-1]]).replace('\\"', '"')
            pieces.append(line)
        self._on_broken(number, "this quoted value has no end")
        return "\n".join(pieces)


class CsvReader(_Typed):
    """Reads what flatstore writes. `event`: the name of all events, where the lines do not begin with it."""

    def __init__(self, on_broken: OnBroken, known: Known, event: str | None) -> None:
        super().__init__(on_broken, known)
        self._event = None if event is None else encode(event)
        self._header: list[str] | None = None

    def read(self, lines: Lines) -> Iterator[Entry]:
        for number, line in lines:
            text = _as_text(line)
            if not text:
                continue
            values = text.split(",")
            if text.startswith("#") or (values[0] == "event" and self._header is None):
                self._header = values[1:] if values[0] == "event" else text[1:].strip().split(",")
                continue
            event = self._event if self._event is not None else values.pop(0)
            if not 0 < len(event) <= EVENT_NAME_LIMIT:
                self._on_broken(
                    number, f"the name of an event has 1 to {EVENT_NAME_LIMIT} bytes, this one {len(event)}"
                )
                continue
            yield number, event, self._params(event, values), None

    def _params(self, event: str, values: list[str]) -> Params:
        names: list[str | None] = [*(self.names(event) if self._header is None else self._header)]
        names += [None] * (len(values) - len(names))
        return tuple((name, self.value(event, name, value)) for name, value in zip(names, values, strict=False))


def _as_text(line: bytes) -> str:
    return line.removeprefix(b"\xef\xbb\xbf").rstrip(b"\r\n").decode("latin-1")


def numbered(blocks: Iterable[Any], moved: Callable[[int], None]) -> Iterator[tuple[int, bytes]]:
    """The lines of blocks, with their numbers; `moved` is told how far in the source they reach."""
    for block in blocks:
        moved(block.position)
        lines = block.data.split(b"\n")
        if not lines[-1]:
            lines.pop()
        yield from enumerate(lines, block.first_line)
