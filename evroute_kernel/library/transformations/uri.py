"""Class `uri`: the parts of a SIP, SIPS or TEL URI."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from evroute_kernel.library.behaviour import transformation
from evroute_kernel.library.formats.c_numbers import LOW_DIGITS
from evroute_kernel.library.formats.sip_params import BadParams, find_param, parse_params
from evroute_kernel.library.formats.sip_uri import BadUri, SipUri, parse_uri
from evroute_kernel.library.transformations.arguments import as_text, literals, text_argument, two_forms
from evroute_kernel.runtime.context import Context
from evroute_kernel.runtime.values import NULL_INTEGER, NULL_TEXT, TypedNull, Value


def _parsed(context: Context, value: Value) -> SipUri | None:
    """The URI, or None; said why, unless the text is empty."""
    text = as_text(value)
    if not text:
        return None
    try:
        return parse_uri(text)
    except BadUri as error:
        context.error(f"{{uri}}: {text!r} is no URI: {error}")
        return None


def _declare_part(name: str, doc: str, read: Callable[[SipUri], Value]) -> None:
    """A transformation that reads one part; an empty part is null, with its type."""

    def part(context: Context, value: Value) -> Value | TypedNull:
        uri = _parsed(context, value)
        if uri is None:
            return None
        return read(uri) or NULL_TEXT

    part.__doc__ = doc
    transformation(f"uri.{name}", typed_null=True)(part)


def _known(name: str) -> Callable[[SipUri], Value]:
    return lambda uri: uri.known.get(name, ("", None))[1]


def _scheme(uri: SipUri) -> Value:
    return uri.text[: uri.text.index(":")]


_PARTS: Final[tuple[tuple[str, str, Callable[[SipUri], Value]], ...]] = (
    ("user", "The user, with its parameters; null when absent.", lambda uri: uri.user),
    ("passwd", "The password; null when absent or empty.", lambda uri: uri.password),
    ("host", "The host, an IPv6 address in its brackets.", lambda uri: uri.host),
    ("domain", "The same as `{uri.host}`.", lambda uri: uri.host),
    ("params", "All parameters of the URI as one text.", lambda uri: uri.params),
    ("headers", "What follows the `?`.", lambda uri: uri.headers),
    ("transport", "Value of the parameter transport.", _known("transport")),
    ("ttl", "Value of the parameter ttl.", _known("ttl")),
    ("uparam", "Value of the parameter user.", _known("user")),
    ("maddr", "Value of the parameter maddr.", _known("maddr")),
    ("method", "Value of the parameter method.", _known("method")),
    ("lr", "Value of the parameter lr; null when it has none.", _known("lr")),
    ("r2", "Value of the parameter r2; null when it has none.", _known("r2")),
    ("schema", "The scheme: sip, sips or tel.", _scheme),
)

for _part in _PARTS:
    _declare_part(*_part)


@transformation("uri.port", typed_null=True)
def port(context: Context, value: Value) -> Value | TypedNull:
    """The port; null when absent."""
    uri = _parsed(context, value)
    if uri is None:
        return None
    if not uri.port:
        return NULL_INTEGER
    return two_forms(uri.port, int(uri.port[-LOW_DIGITS:]) & 0xFFFF)


@transformation("uri.param", prepare=literals)
def param(context: Context, value: Value, name: Any) -> Value:
    """Value of a parameter, its name compared without case; empty for one without value, null for none."""
    uri = _parsed(context, value)
    if uri is None or not uri.params:
        return None
    try:
        params = parse_params(uri.params)
    except BadParams as error:
        context.error(f"{{uri.param}}: the parameters of {uri.text!r} are broken: {error}")
        return None
    wanted = text_argument(context, "uri.param", "name", name)
    found = None if wanted is None else find_param(params, wanted)
    return None if found is None else found.value
