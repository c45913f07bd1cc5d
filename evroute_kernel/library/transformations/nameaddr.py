"""Class `nameaddr`: entries of From, To, Contact and similar headers. All take an index: `{nameaddr.1.uri}`."""

from __future__ import annotations

from evroute_kernel.library.behaviour import transformation
from evroute_kernel.library.formats.sip_nameaddr import BadNameAddr, NameAddr, parse_nameaddrs
from evroute_kernel.library.transformations.arguments import Literal, as_text, int_argument, literals
from evroute_kernel.runtime.context import Context
from evroute_kernel.runtime.values import NULL_TEXT, TypedNull, Value


def _entry(context: Context, name: str, value: Value, index: Value) -> NameAddr | None:
    """The entry meant, or None; said why, unless the text is empty or there are too few entries."""
    text = as_text(value)
    if not text:
        return None
    try:
        entries, complaint = parse_nameaddrs(text)
    except BadNameAddr as error:
        context.error(f"{{nameaddr}}: {text!r} is no header with names and addresses: {error}")
        return None
    if complaint:
        context.error(f"{{nameaddr}}: the last entry of {text!r} is broken: {complaint}")
    place = int_argument(context, f"nameaddr.{name}", "the index", index)
    if place is None or not -len(entries) <= place < len(entries):
        return None
    return entries[place]


@transformation("nameaddr.uri", typed_null=True)
def uri(context: Context, value: Value, index: Value) -> Value | TypedNull:
    """The URI, without its angle brackets."""
    entry = _entry(context, "uri", value, index)
    return None if entry is None else entry.uri or NULL_TEXT


@transformation("nameaddr.name", typed_null=True)
def display_name(context: Context, value: Value, index: Value) -> Value | TypedNull:
    """The display name with its quotes; null when absent."""
    entry = _entry(context, "name", value, index)
    return None if entry is None else entry.name or NULL_TEXT


@transformation("nameaddr.len")
def length(context: Context, value: Value, index: Value) -> Value:
    """Length of name and address where parameters follow; two more at the end of the text, 0 before a comma."""
    entry = _entry(context, "len", value, index)
    return None if entry is None else entry.length


@transformation("nameaddr.param", prepare=literals, typed_null=True)
def param(context: Context, value: Value, index: Value, name: Value) -> Value | TypedNull:
    """Value of a header parameter, letter case of its name counts; null when absent or empty.

    The name cannot be a variable: an error when it runs.
    """
    entry = _entry(context, "param", value, index)
    if entry is None:
        return None
    if type(name) is not Literal:
        context.error("{nameaddr.param}: the name is a variable, only a literal can stand there")
        return None
    return next((found or NULL_TEXT for key, found in entry.values if key == name), NULL_TEXT)


@transformation("nameaddr.params")
def params(context: Context, value: Value, index: Value) -> Value:
    """All header parameters as one text; null when there are none."""
    entry = _entry(context, "params", value, index)
    return None if entry is None else entry.params
