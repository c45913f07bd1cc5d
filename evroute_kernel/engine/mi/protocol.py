"""JSON-RPC 2.0 as the server speaks it: requests read, replies written.

Observed on OpenSIPS 3.6: what follows the first JSON value does not matter; names of a request's members are compared
without letter case, and the first of a name counts; an `id` that is a number comes back as a 32-bit integer; empty
`params` are no params. A reply has no blanks and no newline; only `"`, `\\` and control characters are escaped.
"""

from __future__ import annotations

import json
import re
from collections.abc import ItemsView, Iterator, Mapping
from typing import Any, Final, NamedTuple, TypeAlias

from evroute_kernel.engine.events.params import saturated
from evroute_kernel.runtime.values import decode, decode_exactly

PARSE_ERROR: Final = -32700
INVALID_REQUEST: Final = -32600
METHOD_NOT_FOUND: Final = -32601
INVALID_PARAMS: Final = -32602
SERVER_ERROR: Final = -32000
#: of 4.0: a name without its module that several modules have
METHOD_AMBIGUOUS: Final = -32001

Id: TypeAlias = "str | int | None"
Params: TypeAlias = "list[Any] | Object | None"

#: blanks before a value; the server skips every control character
_BLANKS: Final = re.compile("[\1-\x20]+")
#: what no text may hold: a zero byte, or half of a surrogate pair (U+DC80 to U+DCFF stand for bytes that are no UTF-8)
_UNUSABLE: Final = re.compile("[\0\ud800-\udc7f\udd00-\udfff]")


class CommandError(Exception):
    """A request that is answered with an error. `data` is the detail, left out where there is none."""

    def __init__(self, code: int, message: str, data: str | None = None) -> None:
        super().__init__(code, message, data)
        self.code = code
        self.message = message
        self.data = data

    def __str__(self) -> str:
        return f"{self.code} {self.message}" + (f": {self.data}" if self.data else "")


class RequestError(CommandError):
    """What was received is no request: answered even without an `id`. `lacks_method`: it is JSON that names none."""

    def __init__(
        self,
        code: int,
        message: str,
        identity: Id = None,
        *,
        lacks_method: bool = False,
        data: str | None = None,
    ) -> None:
        super().__init__(code, message, data)
        self.identity = identity
        self.lacks_method = lacks_method


class ScriptText(str):
    """A byte string of a script in a reply: readable, and sent byte for byte, also what is no UTF-8."""

    __slots__ = ("wire",)
    wire: str

    def __new__(cls, value: str) -> ScriptText:
        text = super().__new__(cls, decode(value))
        text.wire = decode_exactly(value)
        return text


class Object(Mapping[str, Any]):
    """A JSON object with its members in order; a name may occur more than once, the first one counts."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        self.pairs = pairs
        self._first = dict(reversed(pairs))

    def __getitem__(self, name: str) -> Any:
        return self._first[name]

    def __iter__(self) -> Iterator[str]:
        return (name for name, _ in self.pairs)

    def __len__(self) -> int:
        return len(self.pairs)

    def items(self) -> ItemsView[str, Any]:
        return _Members(self)

    def in_lower_case(self) -> dict[str, Any]:
        """The members by their names in lower case; the first of a name, in whatever letter case, counts."""
        found: dict[str, Any] = {}
        for name, value in self.pairs:
            found.setdefault(name.lower(), value)
        return found


class _Members(ItemsView[str, Any]):
    """All members, also those that share their name."""

    _mapping: Object

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        return iter(self._mapping.pairs)


class Request(NamedTuple):
    """A valid request. Without an `id` it is a notification, which is never answered."""

    method: str
    params: Params = None
    identity: Id = None
    is_notification: bool = False


def read_request(data: bytes) -> Request:
    """The request that a message holds. Raises RequestError."""
    try:
        value, _ = parse_json(data.decode("utf-8", "surrogateescape"))
    except ValueError:
        raise RequestError(PARSE_ERROR, "Parse error") from None
    return as_request(value)


def parse_json(text: str, start: int = 0) -> tuple[Any, int]:
    """The first JSON value of a text from `start` on, and where it ends; objects become `Object`. Raises ValueError."""
    if (zero := text.find("\0", start)) >= 0:
        text = text[:zero]
    blanks = _BLANKS.match(text, start)
    try:
        value, end = _DECODER.raw_decode(text, blanks.end() if blanks else start)
        if text.find("\\u", start, end) >= 0:
            _check_texts(value)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return value, end


def as_request(value: Any) -> Request:
    """Read a parsed message as a request. Raises RequestError."""
    members = value.in_lower_case() if isinstance(value, Object) else {}
    given_id, method, params = members.get("id"), members.get("method"), members.get("params")
    identity: Id = given_id if isinstance(given_id, str) else None
    if isinstance(given_id, int | float) and not isinstance(given_id, bool):
        identity = saturated(given_id)
    if (
        (identity is None and given_id is not None)
        or members.get("jsonrpc") != "2.0"
        or not isinstance(method, str)
        or not (isinstance(params, list | Object) or "params" not in members)
    ):
        raise RequestError(INVALID_REQUEST, "Invalid Request", identity, lacks_method=not isinstance(method, str))
    return Request(method, params or None, identity, "id" not in members)


def result_reply(result: Any, identity: Id) -> bytes:
    if result == "OK" and type(identity) is int:  # what most requests in a flood are answered
        return b'{"jsonrpc":"2.0","result":"OK","id":%d}' % identity
    return _written({"jsonrpc": "2.0", "result": result, "id": identity})


def error_reply(error: CommandError, identity: Id) -> bytes:
    fields: dict[str, Any] = {"code": error.code, "message": error.message}
    if error.data:
        fields["data"] = error.data
    return _written({"jsonrpc": "2.0", "error": fields, "id": identity})


def is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _written(reply: dict[str, Any]) -> bytes:
    return _ENCODER.encode(_on_the_wire(reply)).encode("utf-8", "surrogateescape")


def _on_the_wire(value: Any) -> Any:
    if isinstance(value, dict):
        return {_on_the_wire(name): _on_the_wire(item) for name, item in value.items()}
    if isinstance(value, list):
        return list(map(_on_the_wire, value))
    return value.wire if isinstance(value, ScriptText) else value


def _check_texts(value: Any) -> None:
    """Raise ValueError for escapes that stand for no text."""
    if isinstance(value, str) and _UNUSABLE.search(value):
        raise ValueError("half of a surrogate pair, or a zero byte")
    if isinstance(value, list):
        for item in value:
            _check_texts(item)
    elif isinstance(value, Object):
        for name, item in value.pairs:
            _check_texts(name)
            _check_texts(item)


def _integer(digits: str) -> float:
    return int(digits) if len(digits) < 20 else float(digits)


def _refuse_constant(word: str) -> Any:
    raise ValueError(f"{word} is no JSON")


_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=Object, parse_int=_integer, parse_constant=_refuse_constant, strict=False
)
