"""Recorded events: one JSON text a line -> names and parameters, as scripts have them.

Two shapes are understood, and may be mixed: what `%record` writes, `{"event": E_X, "params": ..., "time": ...}`, and
the notifications of OpenSIPS 3.x, `{"jsonrpc": "2.0", "method": E_X, "params": ...}`. A line may hold several, one
after the other (the server's `tcp:` transport writes nothing between them) or as a JSON array.

`params` is an object; an array of values, which then have no names; or an array of `[name, value]` pairs where some
have a name and some have none. Integers stay integers and texts texts, names may occur twice, and the order counts.
Other values become what the server's `raise_event` makes of them: fractions are cut, the rest is its JSON text; the
server's null is the empty string. A byte that is no UTF-8 is itself, or the escape of a lone surrogate
(`\\udcff` is the byte 0xff), which is how `%record` writes it so that its files are valid JSON.

The first line that `%record` writes has `"recording": 1` too, the version of the format; a line without is of version
1, as all were that older programs wrote. Members that nobody knows are passed over, so a new one needs no new version:
that is for files that an older program would read wrongly, and it refuses them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import count
from math import isfinite, isnan
from typing import Any, Final, TypeAlias

from evroute_kernel.runtime.limits import EVENT_NAME_LIMIT
from evroute_kernel.runtime.values import INT_MAX, INT_MIN, decode_exactly, encode
from evroute_kernel.worker.messages import Params
from evroute_kernel.worker.regular_lines import FIRST_STRETCH, STRETCH, Stretch, events_of_stretch

#: name and parameters (byte strings), and when it was raised: seconds of the epoch, a text, or None
RecordedEvent: TypeAlias = "tuple[str, Params, Any]"
#: line number (from 1) and why the line, or the rest of it, is not understood
OnBroken: TypeAlias = Callable[[int, str], None]

#: the version of what is written; all versions up to it are read
VERSION: Final = 1
#: bytes of one line that are looked at; an event is never that long
LINE_LIMIT: Final = 2**20

# pairs, because names may occur twice; objects are tuples and arrays are lists; control characters need no escape
_decode: Final = json.JSONDecoder(object_pairs_hook=tuple, strict=False).raw_decode
_BLANKS: Final = " \t\r\x00\ufeff"


class BrokenLine(ValueError):
    """A line that holds no event; the text says why."""


def events_in(data: bytes, first_line: int, on_broken: OnBroken) -> Iterator[tuple[int, str, Params]]:
    """Line number, name and parameters of each event of a block of lines. Broken lines are told and passed over."""
    for events, _ in stretches_in(data, first_line, on_broken):
        yield from events


def stretches_in(
    data: bytes, first_line: int, on_broken: OnBroken
) -> Iterator[tuple[Iterable[tuple[int, str, Params]], bool]]:
    """What `events_in` gives, in stretches of lines; and whether those of a stretch have been read already.

    Else each line is read when its event is asked for, and a broken one told then.
    """
    text = data.decode("latin-1")  # one character per byte is what scripts have
    line = first_line
    for start, end, found in _stretches(text):
        if found is not None:
            yield zip(count(line), found.names, found.params, strict=False), True
            line += len(found.names)
        else:
            lines = text[start:end].split("\n")
            yield ((at, event, params) for at, event, params, _ in _events_of_lines(lines, line, on_broken)), False
            line += len(lines)


def timed_events_in(data: bytes, first_line: int, on_broken: OnBroken) -> Iterator[tuple[int, str, Params, Any]]:
    """What `events_in` gives, and when each was raised."""
    text = data.decode("latin-1")
    line = first_line
    for start, end, found in _stretches(text):
        if found is not None:
            yield from zip(count(line), found.names, found.params, found.times(), strict=False)
            line += len(found.names)
        else:
            lines = text[start:end].split("\n")
            yield from _events_of_lines(lines, line, on_broken)
            line += len(lines)


def _stretches(text: str) -> Iterator[tuple[int, int, Stretch | None]]:
    """Where stretches of whole lines begin and end, without the line break behind the last; and their events, if all
    lines are regular. Stretches grow while they are, and begin small again where one is not."""
    start, size, length = 0, len(text), FIRST_STRETCH
    while start < size:
        end = text.find("\n", start + length)
        if end < 0:
            end = size - text.endswith("\n")
        found = events_of_stretch(text, start, end)
        if found is None and length > FIRST_STRETCH:
            length = FIRST_STRETCH
            continue
        yield start, end, found
        start, length = end + 1, min(2 * length, STRETCH) if found is not None else FIRST_STRETCH


def _events_of_lines(lines: list[str], first_line: int, on_broken: OnBroken) -> Iterator[tuple[int, str, Params, Any]]:
    for line, content in enumerate(lines, first_line):
        # only escapes need more than a character per byte: they name characters, not bytes
        is_wide = "\\u" in content
        if not is_wide:
            try:  # one object and nothing else, as nearly always; whatever is wrong with it is found below
                item, end = _decode(content)
                if end == len(content) and type(item) is tuple:
                    yield line, *_event(item, False)
                    continue
            except (ValueError, RecursionError):
                pass
        if not content or content.isspace():
            continue
        try:
            for found in _wide_events(content) if is_wide else _events(content, False):
                yield line, *found
        except BrokenLine as error:
            on_broken(line, str(error))


def events_of(line: bytes) -> Iterator[RecordedEvent]:
    """The events of one line. Raises BrokenLine behind those that could be read."""
    content = line.decode("latin-1")
    return _wide_events(content) if "\\u" in content else _events(content, False)


def _wide_events(content: str) -> Iterator[RecordedEvent]:
    return _events(decode_exactly(content), True)


def _events(text: str, wide: bool) -> Iterator[RecordedEvent]:
    """`wide`: the text holds characters, not bytes."""
    if len(text) > LINE_LIMIT:
        raise BrokenLine(f"the line is longer than {LINE_LIMIT} bytes")
    text = text.removeprefix("\xef\xbb\xbf").strip(_BLANKS)  # a byte order mark, one character per byte
    position, end = 0, len(text)
    while position < end:
        try:
            item, position = _decode(text, position)
        except (ValueError, RecursionError) as error:
            raise BrokenLine(_why(error, text, position)) from None
        if type(item) is list:
            yield from (_event(each, wide) for each in item)
        else:
            yield _event(item, wide)
        while position < end and text[position] in " \t\r,":
            position += 1


def _why(error: Exception, text: str, position: int) -> str:
    if isinstance(error, json.JSONDecodeError):
        if error.pos >= len(text):
            return "the JSON text ends too early"
        return f"no JSON at column {error.pos + 1}: {error.msg[:1].lower()}{error.msg[1:]}"
    return "the JSON text nests too deeply" if isinstance(error, RecursionError) else f"no JSON: {error}"


def _event(item: Any, wide: bool) -> RecordedEvent:
    if type(item) is not tuple:
        raise BrokenLine(f"expected an object with event and params, not {_kind(item)}")
    fields = dict(item)
    name = fields.get("event")
    is_own = name is not None
    if not is_own:
        name = fields.get("method")
    if type(name) is not str:
        raise BrokenLine('the name of the event is missing: "event" or "method"')
    if "recording" in fields and fields["recording"] != VERSION:
        _check_version(fields["recording"])
    name = _text(name, wide)
    if not 0 < len(name) <= EVENT_NAME_LIMIT:
        raise BrokenLine(f"the name of an event has 1 to {EVENT_NAME_LIMIT} bytes, this one {len(name)}")
    return name, _params(fields.get("params"), wide, is_own), fields.get("time")


def _check_version(version: Any) -> None:
    if type(version) is int and version > VERSION:
        raise BrokenLine(f"the recording is of version {version}, and {VERSION} is the last known here")


def _params(params: Any, wide: bool, is_own: bool) -> Params:
    if type(params) is tuple:
        if not wide:
            for _, value in params:
                if type(value) is not str and (type(value) is not int or not INT_MIN <= value <= INT_MAX):
                    break
            else:
                return params
        return tuple((_text(name, wide), _value(value, wide, is_own)) for name, value in params)
    if type(params) is list:
        return tuple(_unnamed(value, wide, is_own) for value in params)
    if params is None:
        return ()
    raise BrokenLine(f"params is an object or an array, not {_kind(params)}")


def _unnamed(item: Any, wide: bool, is_own: bool) -> tuple[str | None, int | str | None]:
    """An item of an array: a value, or a pair of name and value."""
    if type(item) is not list:
        return None, _value(item, wide, is_own)
    if len(item) != 2 or not isinstance(item[0], str | None):
        raise BrokenLine("an array of params holds values, or pairs [name, value]")
    name, value = item
    return None if name is None else _text(name, wide), _value(value, wide, is_own)


def _value(value: Any, wide: bool, is_own: bool) -> int | str | None:
    if isinstance(value, str):
        return _text(value, wide)
    if isinstance(value, int | float) and not isinstance(value, bool):
        if isnan(value):
            raise BrokenLine("NaN is no parameter")
        return int(max(INT_MIN, min(INT_MAX, value)))
    if value is None:
        return None if is_own else ""
    text = json.dumps(_plain(value), ensure_ascii=False, separators=(",", ":"))
    return _text(text, wide)


def _plain(value: Any) -> Any:
    """JSON's objects and arrays as Python has them."""
    if type(value) is tuple:
        return {name: _plain(item) for name, item in value}
    return [_plain(item) for item in value] if type(value) is list else value


def _text(text: str, wide: bool) -> str:
    if not wide:
        return text
    try:
        return encode(text)
    except UnicodeEncodeError:
        raise BrokenLine("a text holds half of a surrogate pair that stands for no byte") from None


def _kind(value: Any) -> str:
    kinds = {tuple: "an object", list: "an array", str: "a text", bool: "a truth value", type(None): "null"}
    return kinds.get(type(value), "a number")


def seconds_of(time: Any) -> float | None:
    """A recorded time in seconds of the epoch: a number is one, a text may be an ISO date and time."""
    try:
        if isinstance(time, str):
            return datetime.fromisoformat(time).timestamp()
        if isinstance(time, int | float) and not isinstance(time, bool) and isfinite(time):
            return float(time)
    except (ValueError, OverflowError):  # no date, or none that a clock could show
        return None
    return None
