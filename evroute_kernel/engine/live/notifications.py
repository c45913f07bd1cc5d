"""What a server sends its subscribers: JSON-RPC notifications, one in a datagram or many in a stream."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final, NoReturn

from evroute_kernel.engine.events.params import ParameterError, Params, named_value
from evroute_kernel.records import dataclass
from evroute_kernel.runtime.values import INT_MAX, INT_MIN, encode

#: bytes of one notification; the server's own limit is lower
LARGEST: Final = 1 << 20


class BrokenNotificationError(ValueError):
    """Bytes that are no notification."""


@dataclass(frozen=True, slots=True)
class Notification:
    """An event that the server raised: name and parameters as byte strings, as its own event route would see them.

    `id` is what event_stream's reliable mode wants to have answered; None for a plain notification.
    """

    event: str
    params: Params
    id: int | None = None


def read_notification(payload: bytes) -> Notification:
    """Read one notification. Raises BrokenNotificationError.

    Integers stay integers, strings are byte strings (they need not be UTF-8), null is an empty string as in the
    server's routes. Anything else becomes its JSON text.
    """
    try:
        message = _JSON.decode(payload.decode("utf-8", "surrogateescape").strip())
    except (ValueError, RecursionError) as error:
        raise BrokenNotificationError(f"not JSON: {error or 'nested too deeply'}") from None
    if not isinstance(message, _Members):
        raise BrokenNotificationError("not a JSON object")
    members = dict(message)
    event, identifier = members.get("method"), members.get("id")
    if not isinstance(event, str) or not event:
        raise BrokenNotificationError("no method, which names the event")
    try:
        return Notification(encode(event), tuple(_params(members.get("params"))), _identifier(identifier))
    except (ParameterError, UnicodeEncodeError) as error:
        raise BrokenNotificationError(f"bad params: {error}") from None


def _params(given: Any) -> Iterator[tuple[str | None, int | str]]:
    if given is None:
        return
    if isinstance(given, _Members):
        yield from ((encode(name), _value(name, value)) for name, value in given)
    elif isinstance(given, list):
        yield from ((None, _value("", value)) for value in given)
    else:
        raise BrokenNotificationError("params are neither an object nor an array")


def _value(name: str, value: Any) -> int | str:
    return "" if value is None else named_value(name, _plain(value))


def _plain(value: Any) -> Any:
    """A nested value as Python's own objects, to print."""
    if isinstance(value, _Members):
        return {name: _plain(member) for name, member in value}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def _identifier(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


class _Members(tuple[tuple[str, Any], ...]):
    """The members of a JSON object, in order; a name may come twice, as an event's parameter may."""

    __slots__ = ()


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def _integer(digits: str) -> int:
    # int() refuses texts of thousands of digits
    return int(digits) if len(digits) <= 20 else INT_MIN if digits.startswith("-") else INT_MAX


_JSON: Final = json.JSONDecoder(
    object_pairs_hook=_Members, parse_constant=_no_constant, parse_int=_integer, strict=False
)

_OUTSIDE: Final = re.compile(rb'[{}"]')
_INSIDE: Final = re.compile(rb'["\\]')


class StreamSplitter:
    """Cuts a stream into JSON objects, which follow one another without any separator.

    Looks at each byte once, however the stream is cut into pieces. What stands between objects and is no blank is
    skipped and counted in `skipped`.
    """

    def __init__(self, limit: int = LARGEST) -> None:
        self.limit = limit
        #: runs of bytes that belong to no object
        self.skipped = 0
        self._data = bytearray()
        self._position = 0
        self._depth = 0
        self._in_string = False

    @property
    def pending(self) -> int:
        """Bytes of an object that is not complete yet."""
        return len(self._data)

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """The objects that are complete now. Raises BrokenNotificationError for one that exceeds the limit.

        The stream cannot be read any further then: nobody knows where the next object begins.
        """
        self._data += piece
        while (end := self._end()) is not None:
            found = bytes(self._data[:end])
            del self._data[:end]
            self._position = 0
            yield found
        if len(self._data) > self.limit:
            raise BrokenNotificationError(f"an object of more than {self.limit} bytes")

    def _end(self) -> int | None:
        """Where the first object ends, None while it has not."""
        if self._depth == 0:
            self._skip()
        while self._position < len(self._data):
            found = (_INSIDE if self._in_string else _OUTSIDE).search(self._data, self._position)
            if found is None:
                self._position = len(self._data)
                return None
            self._position = found.end()
            if self._takes(found[0]):
                return self._position
        return None

    def _skip(self) -> None:
        """Drop what stands before the next object."""
        start = self._data.find(b"{")
        dropped = bytes(self._data if start < 0 else self._data[:start])
        self.skipped += bool(dropped.strip())
        del self._data[: len(dropped)]
        self._position = 0

    def _takes(self, mark: bytes) -> bool:
        """Go on after a mark; whether the object ends with it."""
        if mark == b"\\":
            self._position += 1  # may lie beyond the end: the next piece begins with the escaped byte
        elif mark == b'"':
            self._in_string = not self._in_string
        else:
            self._depth += 1 if mark == b"{" else -1
        return self._depth == 0 and not self._in_string and mark == b"}"
