"""The request URI, its original and the destination URI: `$ru`, `$rU`, `$rd`, `$rp`, `$ou`, `$du` and others."""

from __future__ import annotations

from collections.abc import Callable

from evroute_kernel.library.behaviour import VariableBehaviour, variable
from evroute_kernel.library.dummy_message import MAX_Q, ORIGINAL_URI, is_bare, message_of
from evroute_kernel.library.formats.c_numbers import LOW_DIGITS
from evroute_kernel.library.formats.sip_uri import BadUri, SipUri, parse_uri
from evroute_kernel.runtime.context import Context
from evroute_kernel.runtime.values import Dual, Value, int_of, text_of

# -- parts of a URI ---------------------------------------------------------------------------------------------------


def _user(uri: SipUri) -> Value:
    return uri.user or None


def _host(uri: SipUri) -> Value:
    return uri.host or None


def _port(uri: SipUri) -> Value:
    # a port that is written is text with an integer form, the default is an integer
    if uri.port is None:
        return uri.port_number
    return Dual(uri.port, int(uri.port[-LOW_DIGITS:] or "0") & 0xFFFF, is_int=False)


def _protocol(uri: SipUri) -> Value:
    return Dual(uri.protocol if uri.transport is None else uri.transport, uri.protocol_number, is_int=False)


def _text(context: Context, what: str, op: str, value: Value) -> str | None:
    """The text a part of a URI is set to; None, with the reason reported, for null and an integer without text form."""
    if value is None or is_bare(op, value):
        context.error(f"{what} takes a text, not {'null' if value is None else value}")
        return None
    return text_of(value)


def _port_text(op: str, value: Value) -> str:
    """The text a port is set to; of a text that has lost its memory (`+= $rm`) the server takes the integer."""
    if op == "=bare" and isinstance(value, Dual):
        return str(value.number)
    return text_of(value) or ""


# -- the request URI --------------------------------------------------------------------------------------------------


@variable("ru", needs_text=True)
def request_uri(context: Context, name: None, index: None) -> Value:
    """Request URI. Setting it checks nothing; reading one that is no URI is an error and gives null."""
    uri = message_of(context).parsed_uri(context)
    return None if uri is None else uri.text


@request_uri.setter
def set_request_uri(context: Context, name: None, index: None, op: str, value: Value) -> bool:
    text = _text(context, "$ru", op, value)
    if text is None:
        return False
    message_of(context).set_uri(text)
    return True


def _request_part(name: str, part: Callable[[SipUri], Value], doc: str) -> VariableBehaviour:
    def get(context: Context, subname: None, index: None) -> Value:
        uri = message_of(context).parsed_uri(context)
        return None if uri is None else part(uri)

    get.__doc__ = doc
    return variable(name, needs_text=part in (_user, _host))(get)


request_user = _request_part("rU", _user, "User of the request URI; `= NULL` removes it.")
request_host = _request_part("rd", _host, "Host of the request URI.")
request_port = _request_part("rp", _port, "Port of the request URI; `= NULL` removes it.")
_request_part("rP", _protocol, "Transport protocol of the request URI.")


@request_user.setter
def set_request_user(context: Context, name: None, index: None, op: str, value: Value) -> bool:
    text = "" if value is None else _text(context, "$rU", op, value)
    return text is not None and message_of(context).rewrite(context, "user", text)


@request_host.setter
def set_request_host(context: Context, name: None, index: None, op: str, value: Value) -> bool:
    text = _text(context, "$rd", op, value)
    return text is not None and message_of(context).rewrite(context, "host", text)


@request_port.setter
def set_request_port(context: Context, name: None, index: None, op: str, value: Value) -> bool:
    return message_of(context).rewrite(context, "port", _port_text(op, value))


@variable("ru_q")
def request_q(context: Context, name: None, index: None) -> Value:
    """q of the request URI, 0 to 1000; -1 when it has none."""
    return message_of(context).own.q


@request_q.setter
def set_request_q(context: Context, name: None, index: None, op: str, value: Value) -> bool:
    number = int_of(value)
    if number is None:
        context.error("$ru_q takes an integer from 0 to 1000")
        return False
    if number > MAX_Q:
        context.warning(f"$ru_q = {number} is too large: {MAX_Q} is used")
    message_of(context).own.q = min(number, MAX_Q)
    return True


# -- the original request URI -----------------------------------------------------------------------------------------


@variable("ou")
def original_uri(context: Context, name: None, index: None) -> Value:
    """Request URI as it was when the run began."""
    return ORIGINAL_URI


def _original_part(name: str, part: Callable[[SipUri], Value], doc: str) -> None:
    def get(context: Context, name: None, index: None) -> Value:
        return part(parse_uri(ORIGINAL_URI))

    get.__doc__ = doc
    variable(name)(get)


_original_part("oU", _user, "User of the original request URI.")
_original_part("od", _host, "Host of the original request URI.")
_original_part("op", _port, "Port of the original request URI.")
_original_part("oP", _protocol, "Transport protocol of the original request URI.")


# -- the destination URI ----------------------------------------------------------------------------------------------


@variable("du", needs_text=True)
def destination_uri(context: Context, name: None, index: None) -> Value:
    """Destination URI (next hop); null until set, `= NULL` removes it."""
    return message_of(context).own.dst_uri


@destination_uri.setter
def set_destination_uri(context: Context, name: None, index: None, op: str, value: Value) -> bool:
    text = "" if value is None else _text(context, "$du", op, value)
    if text is not None:
        message_of(context).own.dst_uri = text or None
    return text is not None


def _destination_part(name: str, part: Callable[[SipUri], Value], doc: str) -> VariableBehaviour:
    def get(context: Context, name: None, index: None) -> Value:
        text = message_of(context).own.dst_uri
        if text is None:
            return None
        try:
            return part(parse_uri(text))
        except BadUri as error:
            context.error(f"the destination URI {text!r} is no SIP URI: {error}")
            return None

    get.__doc__ = doc
    return variable(name, needs_text=part is _host)(get)


destination_host = _destination_part("dd", _host, "Host of the destination URI.")
destination_port = _destination_part("dp", _port, "Port of the destination URI; `= NULL` removes it.")
_destination_part("dP", _protocol, "Transport protocol of the destination URI.")


@destination_host.setter
def set_destination_host(context: Context, name: None, index: None, op: str, value: Value) -> bool:
    text = _text(context, "$dd", op, value)
    return text is not None and message_of(context).set_destination(context, host=text)


@destination_port.setter
def set_destination_port(context: Context, name: None, index: None, op: str, value: Value) -> bool:
    return message_of(context).set_destination(context, port=_port_text(op, value))
