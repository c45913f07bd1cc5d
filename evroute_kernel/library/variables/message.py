"""The rest of the dummy request: its text, headers, From and To, flags, sockets, source address."""

from __future__ import annotations

from typing import Any, Final

from evroute_kernel.library import bonds, sockets
from evroute_kernel.library.behaviour import ALL, variable
from evroute_kernel.library.dummy_message import (
    HEADERS,
    MESSAGE_FLAGS,
    METHOD,
    METHOD_NUMBER,
    SOCKET_TEXT,
    TEXT,
    flag_list,
    headers_named,
    is_bare,
    message_of,
    use_flag,
)
from evroute_kernel.library.variables.script import joined
from evroute_kernel.runtime.context import Context
from evroute_kernel.runtime.values import Dual, Value, is_int_type, is_true, text_of

TRUE: Final = Dual("true", 1)
FALSE: Final = Dual("false", 0)

# -- variables that never change --------------------------------------------------------------------------------------


def _fixed(name: str, value: Value, doc: str) -> None:
    def get(context: Context, subname: None, index: None) -> Value:
        return value

    get.__doc__ = f"{doc} In an event_route always `{'(the text)' if value is TEXT else value}`."
    variable(name)(get)


_fixed("rm", Dual(METHOD, METHOD_NUMBER, is_int=False), "Request method.")
_fixed("mb", TEXT, "Whole message text.")
_fixed("ml", len(TEXT), "Length of the message, in bytes.")
_fixed("mi", 0, "Number of the message in the process.")
_fixed("ci", "dummy-1", "Call-ID.")
_fixed("cs", "1", "CSeq number, as text.")
_fixed("fu", "sip:from@dummy.com", "URI of From.")
_fixed("fU", "from", "User of the From URI.")
_fixed("fd", "dummy.com", "Host of the From URI.")
_fixed("ft", "1", "Tag of From.")
_fixed("tu", "sip:to@dummy.com", "URI of To.")
_fixed("tU", "to", "User of the To URI.")
_fixed("td", "dummy.com", "Host of the To URI.")
_fixed("Au", "from@dummy.com", "Accounting user: that of the credentials, else user@host of From.")
_fixed("si", "0.0.0.0", "Source address: there is none.")
_fixed("sp", 0, "Source port: there is none.")
_fixed("msg.is_request", TRUE, "Whether the message is a request.")
_fixed("msg.type", "request", "Kind of the message, request or reply.")

# -- headers ----------------------------------------------------------------------------------------------------------


def _header_name(context: Context, variable_name: str, name: Any) -> str | None:
    text = text_of(name)
    if text is None:
        context.error(f"${variable_name}: the variable that gives the name is null")
    return text


def _at(values: list[str], index: int) -> str | None:
    return values[index] if -len(values) <= index < len(values) else None


@variable("hdr")
def header(context: Context, name: Any, index: Any) -> Value:
    """Body of a header by name, letter case ignored; `$(hdr(Via)[1])` is the second one, `[*]` all of them."""
    text = _header_name(context, "hdr", name)
    found = [] if text is None else headers_named(text)
    if not found:
        return None
    return joined(context, f"$(hdr({text})[*])", found) if index is ALL else _at(found, index or 0)


@variable("hdr_name")
def header_name(context: Context, name: None, index: Any) -> Value:
    """Name of a header by position, the first without an index; `[*]` all names."""
    names = [known for known, _ in HEADERS]
    return joined(context, "$(hdr_name[*])", names) if index is ALL else _at(names, index or 0)


@variable("hdrcnt")
def header_count(context: Context, name: Any, index: None) -> Value:
    """Number of headers of a name."""
    text = _header_name(context, "hdrcnt", name)
    return None if text is None else len(headers_named(text))


# -- flags ------------------------------------------------------------------------------------------------------------


@variable("mf")
def flags(context: Context, name: None, index: None) -> Value:
    """Names of the message flags that are set, the flag used last first."""
    return flag_list(context, MESSAGE_FLAGS, message_of(context).flags)


@variable("msg.flag")
def flag(context: Context, name: str, index: None) -> Value:
    """A message flag by name: `true` (1) or `false` (0). Set it with an integer."""
    return TRUE if use_flag(context, MESSAGE_FLAGS, name) in message_of(context).flags else FALSE


@flag.setter
def set_flag(context: Context, name: str, index: None, op: str, value: Value) -> bool:
    if not is_int_type(value):
        context.error(f"$msg.flag({name}) takes an integer, 0 or 1, not {'null' if value is None else repr(value)}")
        return False
    message = message_of(context)
    message.flags.add(use_flag(context, MESSAGE_FLAGS, name))
    if not is_true(value):
        message.flags.discard(name)
    return True


# -- sockets ----------------------------------------------------------------------------------------------------------

SOCKET_FIELDS: Final = ("ip", "port", "proto", "advertised_ip", "advertised_port", "tag", "anycast", "af")


def _socket_field(text: str) -> str:
    if text.lower() not in SOCKET_FIELDS:
        raise ValueError(f"a socket has {', '.join(SOCKET_FIELDS)}")
    return text.lower()


def _socket_out_field(text: str) -> str:
    return "forced" if text.lower() == "forced" else _socket_field(text)


_PROXY_FIELDS: Final = ("src_ip", "src_port", "dst_ip", "dst_port", "af")


def _proxy_field(text: str) -> str:
    if text.lower() not in _PROXY_FIELDS:
        raise ValueError(f"a PROXY header has {', '.join(_PROXY_FIELDS)}")
    return text.lower()


@variable("proxy_protocol", parse_name=_proxy_field)
def proxy_protocol(context: Context, name: str, index: None) -> Value:
    """What a PROXY header has told of the connection: `src_ip`, `src_port`, `dst_ip`, `dst_port` or `af`. In an
    event_route always null."""
    return None


@variable("socket_in", parse_name=_socket_field)
def socket_in(context: Context, name: str | None, index: None) -> Value:
    """Socket that received the message. In an event_route always null."""
    return None


@variable("socket_out", parse_name=_socket_out_field, needs_text=True)
def socket_out(context: Context, name: str | None, index: None) -> Value:
    """Socket that the message is to be sent from; null until set, `= NULL` removes it."""
    text, modparams = message_of(context).own.socket, context.process.settings.modparams
    own = None if text is None else sockets.own_socket(text, modparams)
    if own is None and text is not None and bonds.named_by(text, modparams) is not None:
        return "" if name is None else None  # of a bond no socket is chosen yet
    if own is None or name is None or name == "forced":
        return own
    protocol, _, rest = own.partition(":")
    address, _, port = rest.rpartition(":")
    af = "INET6" if address.startswith("[") else "INET"
    fields: dict[str, Value] = {"ip": address.strip("[]"), "port": int(port), "proto": protocol, "anycast": 0, "af": af}
    return fields.get(name)


@socket_out.setter
def set_socket_out(context: Context, name: str | None, index: None, op: str, value: Value) -> bool:
    text = text_of(value)
    if name is not None:
        context.error(f"$socket_out({name}) is read-only; set $socket_out")
        return False
    if value is not None and (not text or is_bare(op, value)):
        context.error(f"$socket_out takes a socket such as {SOCKET_TEXT!r}")
        return False
    modparams = context.process.settings.modparams
    if text is not None and sockets.own_socket(text, modparams) is None and bonds.named_by(text, modparams) is None:
        known = sockets.listed(modparams)
        context.warning(f"no socket is {text!r}: $socket_out stays as it is; known here: {known}")
        return True
    message_of(context).own.socket = text
    return True
