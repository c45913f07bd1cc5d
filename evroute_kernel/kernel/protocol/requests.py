"""What front ends may ask, and the error reply for what they may not.

Jupyter's protocol gives each `NAME_request` a `NAME_reply`, whose content may be an error. A front end that sends a
request which is malformed or unknown gets that reply, rather than none for which it would wait for ever; what has no
reply (`comm_msg`) is logged and dropped. Nothing else changes: no cell is stopped, none that waits is aborted.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeAlias

from evroute_kernel.records import dataclass

#: what answers a request: (stream, identities, message)
Handler: TypeAlias = Callable[[Any, Any, Any], Any]
#: sends the error reply: (stream, identities, message, error's name, what is wrong)
Refuse: TypeAlias = Callable[[Any, Any, Mapping[str, Any], str, str], None]

REQUEST: Final = "_request"


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a request's content: its type in words and in Python, and the values it may have (none: all)."""

    name: str
    types: tuple[type, ...]
    required: bool = False
    values: tuple[str, ...] = ()

    def complaint(self, value: Any) -> str | None:
        """Why a value cannot stand here."""
        # Python takes True for an integer, JSON does not
        if not isinstance(value, self.types) or (isinstance(value, bool) and bool not in self.types):
            return f"must be {self.name}, not {_json_type(value)}"
        if self.values and value not in self.values:
            return f"must be one of {', '.join(self.values)}, not {value!r:.100}"
        return None


_TEXT: Final = Member("a string", (str,))
_FLAG: Final = Member("true or false", (bool,))
_NUMBER: Final = Member("an integer", (int,))
_NUMBER_OR_NULL: Final = Member("an integer", (int, type(None)))
_CODE: Final = Member("a string", (str,), required=True)
_CURSOR: Final = Member("an integer", (int,), required=True)
_KINDS: Final = Member("a string", (str,), required=True, values=("range", "tail", "search"))
_OBJECT: Final = Member("an object", (dict,))
_OBJECT_OR_NULL: Final = Member("an object", (dict, type(None)))
_LIST: Final = Member("a list", (list,))

#: request -> members of its content; others are ignored, as the protocol asks
CONTENTS: Final[Mapping[str, Mapping[str, Member]]] = {
    "execute_request": {
        "code": _CODE,
        "silent": _FLAG,
        "store_history": _FLAG,
        "user_expressions": _OBJECT_OR_NULL,
        "allow_stdin": _FLAG,
        "stop_on_error": _FLAG,
    },
    "complete_request": {"code": _CODE, "cursor_pos": _CURSOR},
    "inspect_request": {
        "code": _CODE,
        "cursor_pos": _CURSOR,
        "detail_level": _NUMBER,
        "omit_sections": _LIST,
    },
    "is_complete_request": {"code": _CODE},
    "history_request": {
        "hist_access_type": _KINDS,
        "output": _FLAG,
        "raw": _FLAG,
        "session": _NUMBER_OR_NULL,
        "start": _NUMBER_OR_NULL,
        "stop": _NUMBER_OR_NULL,
        "n": _NUMBER_OR_NULL,
        "pattern": Member("a string", (str, type(None))),
        "unique": _FLAG,
    },
    "comm_info_request": {"target_name": Member("a string", (str, type(None)))},
    "shutdown_request": {"restart": Member("true or false", (bool,), required=True)},
    "debug_request": {"command": _TEXT, "seq": _NUMBER},
}


def complaint(message: Mapping[str, Any]) -> str | None:
    """What is wrong with a request; None when it can be answered."""
    content = message["content"]
    if not isinstance(content, dict):
        return f"the content must be an object, not {_json_type(content)}"
    if not isinstance(message["metadata"], dict):
        return f"the metadata must be an object, not {_json_type(message['metadata'])}"
    for name, member in CONTENTS.get(message["header"]["msg_type"], {}).items():
        if name in content:
            wrong = member.complaint(content[name])
            if wrong:
                return f"{name} {wrong}"
        elif member.required:
            return f"{name} is missing"
    expressions = content.get("user_expressions") or {}
    if not all(isinstance(text, str) for text in expressions.values()):
        return "user_expressions must hold strings"
    return None


class Handlers(dict[str, Handler]):
    """The handlers of a channel, by message type, for a dispatcher that asks with `get`.

    Each is given requests that can be answered; for all others there is an error reply.
    """

    def __init__(self, handlers: Mapping[str, Handler], refuse: Refuse, failed: Callable[[str], None]) -> None:
        super().__init__(handlers)
        self.refuse = refuse
        self.failed = failed

    def get(self, kind: Any, default: Any = None) -> Handler:
        handler = super().get(kind) if isinstance(kind, str) else None
        return self.unknown if handler is None else self.guarded(handler)

    def unknown(self, stream: Any, ident: Any, message: Mapping[str, Any]) -> None:
        kind = message["header"]["msg_type"]
        self.refuse(stream, ident, message, "UnknownRequest", f"unknown message type {kind!r:.100}")

    def guarded(self, handler: Handler) -> Callable[[Any, Any, Any], Awaitable[None]]:
        async def handle(stream: Any, ident: Any, message: Mapping[str, Any]) -> None:
            wrong = complaint(message)
            if wrong:
                self.refuse(stream, ident, message, "BadRequest", f"{message['header']['msg_type']}: {wrong}")
                return
            try:
                result = handler(stream, ident, message)
                if inspect.isawaitable(result):
                    await result
            except Exception as error:
                self.failed(f"exception in handler of {message['header']['msg_type']}")
                self.refuse(stream, ident, message, "InternalError", f"{type(error).__name__}: {error}")

        return handle


def reply_type(message: Mapping[str, Any]) -> str | None:
    """The type of the reply to a message; None when the protocol has none."""
    kind = message["header"]["msg_type"]
    if not isinstance(kind, str) or not kind.endswith(REQUEST):
        return None
    return kind.removesuffix(REQUEST) + "_reply"


def _json_type(value: Any) -> str:
    """What JSON calls a value."""
    names = {bool: "a boolean", int: "a number", float: "a number", str: "a string", list: "a list", dict: "an object"}
    return "null" if value is None else names.get(type(value), type(value).__name__)
