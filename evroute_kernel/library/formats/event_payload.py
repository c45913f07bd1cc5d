"""The JSON text of an event, byte for byte what the server's transports send.

One line without blanks and without an end: a JSON-RPC notification, or a request where an `id` is given. Observed on
OpenSIPS 3.6 and 4.0. Strings are byte strings: what is no UTF-8 in the event is none in the payload. A parameter
without a value is left out, as 4.0 has it; only events of its own have such.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, TypeAlias

#: names, None where there is none, and values
Params: TypeAlias = "tuple[tuple[str | None, int | str | None], ...]"

_ESCAPES: Final = {code: f"\\u{code:04x}" for code in range(0x20)} | {
    ord('"'): '\\"',
    ord("\\"): "\\\\",
    ord("\b"): "\\b",
    ord("\f"): "\\f",
    ord("\n"): "\\n",
    ord("\r"): "\\r",
    ord("\t"): "\\t",
}


def payload(
    event: str,
    params: Params,
    *,
    method: str | None = None,
    identifier: int | None = None,
    event_param: str | None = None,
) -> bytes:
    """The payload of an event. `method` stands in place of its name; an `identifier` makes it a request.

    `params` become an array when the first has no name, else an object, in which a name may come twice. `event_param`
    is the name of one more member before the others, which holds the event's name; there is none without params.
    """
    head = f'"id":{identifier},' if identifier else ""
    text = f'{{{head}"jsonrpc":"2.0","method":{quoted(event if method is None else method)}'
    if params:
        named = params[0][0] is not None
        members = list(_members(params, named))
        if event_param is not None:
            members.insert(0, (f"{quoted(event_param)}:" if named else "") + quoted(event))
        inside = ",".join(members)
        text += f',"params":{{{inside}}}' if named else f',"params":[{inside}]'
    return (text + "}").encode("latin-1")


def _members(params: Params, named: bool) -> Iterator[str]:
    for name, value in params:
        if value is None:
            continue
        text = str(value) if isinstance(value, int) else quoted(value)
        yield f"{quoted(name or '')}:{text}" if named else text


def quoted(text: str) -> str:
    """A byte string as JSON. It ends at its first zero byte, as in C."""
    return f'"{text.partition(chr(0))[0].translate(_ESCAPES)}"'
