"""Class `via`: the parts of a Via header (the first of a list)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from evroute_kernel.library.behaviour import transformation
from evroute_kernel.library.formats.c_numbers import LOW_DIGITS
from evroute_kernel.library.formats.sip_via import BadVia, Via, parse_via
from evroute_kernel.library.transformations.arguments import as_text, literals, text_argument, two_forms
from evroute_kernel.runtime.context import Context
from evroute_kernel.runtime.values import NOWHERE, NULL_INTEGER, NULL_TEXT, TypedNull, Value, fold

#: shorter texts are null without an error
_SHORTEST: Final = 3


def _parsed(context: Context, value: Value) -> Via | None:
    """The Via, or None; said why, unless the text is very short."""
    text = as_text(value)
    if len(text) < _SHORTEST:
        return None
    try:
        return parse_via(text)
    except BadVia as error:
        # the server keeps a freed buffer, and its process dies at the second text that is no Via header
        context.error(f"{{via}}: {text!r} is no Via header: {error}; a second one kills the server's process")
        return None


def _declare_part(name: str, doc: str, read: Callable[[Via], str | None]) -> None:
    """A transformation that reads one part; an empty part is null, with its type."""

    def part(context: Context, value: Value) -> Value | TypedNull:
        via = _parsed(context, value)
        return None if via is None else read(via) or NULL_TEXT

    part.__doc__ = doc
    transformation(f"via.{name}", typed_null=True)(part)


_PARTS: Final[tuple[tuple[str, str, Callable[[Via], str | None]], ...]] = (
    ("name", "Protocol name.", lambda via: via.name),
    ("version", "Protocol version.", lambda via: via.version),
    ("transport", "Transport.", lambda via: via.transport),
    ("host", "Host, an IPv6 address in its brackets.", lambda via: via.host),
    ("domain", "The same as `{via.host}`.", lambda via: via.host),
    ("comment", "Comment, without its parentheses.", lambda via: via.comment),
    ("params", "All parameters as one text.", lambda via: via.params),
    ("branch", "Value of the parameter branch.", lambda via: via.known.get("branch")),
    ("received", "Value of the parameter received.", lambda via: via.known.get("received")),
    ("rport", "Value of the parameter rport; null when it has none.", lambda via: via.known.get("rport")),
)

for _part in _PARTS:
    _declare_part(*_part)


@transformation("via.port", typed_null=True)
def port(context: Context, value: Value) -> Value | TypedNull:
    """The port; null when absent."""
    via = _parsed(context, value)
    if via is None:
        return None
    if not via.port:
        return NULL_INTEGER
    return two_forms(via.port, int(via.port[-LOW_DIGITS:]) & 0xFFFF)


@transformation("via.param", prepare=literals)
def param(context: Context, value: Value, name: Value) -> Value:
    """Value of a parameter, its name compared without case; empty for one without value, null for none.

    What is empty compares as nothing: `== ""` is false.
    """
    via = _parsed(context, value)
    if via is None or not via.params:
        return None
    wanted = text_argument(context, "via.param", "name", name)
    if wanted is None:
        return None
    return next((found or NOWHERE for key, found in via.values if fold(key) == fold(wanted)), None)
