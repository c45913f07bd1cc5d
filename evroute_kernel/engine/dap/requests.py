"""Requests of the Debug Adapter Protocol, of whatever shape they come, and the responses to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

T = TypeVar("T")
Arguments = Mapping[str, Any]


class Refused(Exception):
    """A request that cannot be granted; the text says why."""


def answer(message: Any, handle: Callable[[str, Arguments], Any]) -> dict[str, Any]:
    """The response to a message: what `handle` makes of its command and arguments, or why that is refused."""
    is_whole = isinstance(message, dict)
    command = message.get("command") if is_whole else None
    seq = message.get("seq") if is_whole else None
    response = {
        "type": "response",
        "seq": 0,
        "request_seq": seq if type(seq) is int else 0,
        "command": command if isinstance(command, str) else "",
    }
    try:
        body = handle(*_request(message, command))
    except Refused as error:
        said = str(error)
        return {**response, "success": False, "message": said, "body": {"error": {"id": 1, "format": said}}}
    return {**response, "success": True, "body": body or {}}


def refusal(why: str) -> dict[str, Any]:
    """The response to what is no request."""

    def refuse(command: str, arguments: Arguments) -> None:
        raise Refused(why)

    return answer({"command": ""}, refuse)


def _request(message: Any, command: Any) -> tuple[str, Arguments]:
    if not isinstance(command, str) or message.get("type", "request") != "request":
        raise Refused("this is no request of the Debug Adapter Protocol")
    arguments = message.get("arguments")
    if arguments is not None and not isinstance(arguments, dict):
        raise Refused("the arguments are no object")
    return command, arguments or {}


def given(arguments: Any, name: str, kind: type[T], default: T | None = None) -> T:
    """An argument of this kind; Refused if it is missing or another kind of thing."""
    value = arguments.get(name, default) if isinstance(arguments, dict) else None
    if not isinstance(value, kind) or isinstance(value, bool):
        raise Refused(f"{name} is missing, or no {kind.__name__}")
    return value


def whole(arguments: Any, name: str) -> int:
    """A whole number; Refused if it is missing or another kind of thing."""
    return given(arguments, name, int)


def optional(arguments: Any, name: str) -> str:
    """A text, "" if it is missing; Refused if it is another kind of thing."""
    return given(arguments, name, str, "") if arguments.get(name) is not None else ""
