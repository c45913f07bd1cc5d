"""Module sipmsgops: questions about the message and changes of it, here of the dummy request.

An event_route itself may not call these functions, but a plain route that it calls may. The request has five headers
and no body, so every function about a body or its SDP gives -1 (see `bodies`). Headers that are added or removed show
only in a message that is sent, and the dummy request never is. What writes into the request's memory kills the
server's process.
"""

from __future__ import annotations

import re
from typing import Final

from evroute_kernel.library.behaviour import function
from evroute_kernel.library.dummy_message import HEADERS, METHOD, URI_LIMIT, headers_named, message_of
from evroute_kernel.library.formats.sip_params import BadParams, parse_params
from evroute_kernel.library.formats.sip_uri import BadUri, parse_uri
from evroute_kernel.library.functions.parameters import literal
from evroute_kernel.library.references import Reference
from evroute_kernel.runtime.context import Context
from evroute_kernel.runtime.control import ScriptCrash
from evroute_kernel.runtime.patterns.protocol import Regex

MODULE: Final = "sipmsgops"
METHODS: Final = frozenset(
    "INVITE CANCEL ACK BYE INFO OPTIONS UPDATE REGISTER MESSAGE SUBSCRIBE NOTIFY PRACK REFER PUBLISH".split()
)
PRIVACY: Final = ("none", "header", "session", "user", "critical", "id", "history")
REMOVED: Final = "sipmsgops removed"
_E164: Final = re.compile(r"\+[0-9]{2,15}")


def _has_header(name: str) -> int:
    return 1 if headers_named(name) else -1


# -- headers ----------------------------------------------------------------------------------------------------------


@function("is_present_hf")
def is_present_hf(context: Context, hf_name: str) -> int:
    """Whether the message has a header of that name, in any letter case or short form.

    Returns 1 or -1.
    """
    return _has_header(hf_name)


@function("append_hf")
def append_hf(context: Context, txt: str, hdr_anchor: str | None) -> int:
    """Add a header behind the others, or behind a named one, in the message that is sent.

    Returns 1.
    """
    return 1


@function("insert_hf")
def insert_hf(context: Context, txt: str, hdr: str | None) -> int:
    """Add a header before the others, or before a named one, in the message that is sent.

    Returns 1.
    """
    return 1


@function("append_urihf")
def append_urihf(context: Context, prefix: str, suffix: str) -> int:
    """Add a header made of the request URI between two texts, in the message that is sent.

    Returns 1.
    """
    return 1


@function("append_to_reply")
def append_to_reply(context: Context, txt: str) -> int:
    """Add a header to the reply that is sent.

    Returns 1.
    """
    return 1


@function("append_body_to_reply")
def append_body_to_reply(context: Context, txt: str) -> int:
    """Set the body of the reply that is sent.

    Returns 1.
    """
    return 1


@function("append_time")
def append_time(context: Context) -> int:
    """Add a Date header to the reply that is sent.

    Returns 1.
    """
    return 1


@function("remove_hf")
def remove_hf(context: Context, hname: str) -> int:
    """Remove the headers of a name, in the message that is sent; `$hdr` still shows them.

    Returns 1; -1 when there is none, or none any more.
    """
    names = {name for name, body in HEADERS if body in headers_named(hname)}
    removed = _removed(context)
    left = names - removed
    removed |= names
    return 1 if left else -1


def _removed(context: Context) -> set[str]:
    """Names of the headers that this run has removed."""
    known = context.process.state.get(REMOVED)
    if known is None or known[0] is not context:
        known = context.process.state[REMOVED] = (context, set[str]())
    names: set[str] = known[1]
    return names


def _crash(function: str, instead: str) -> ScriptCrash:
    return ScriptCrash(f"{function}() on the built-in request kills the server's process; {instead}")


@function("remove_hf_re")
def remove_hf_re(context: Context, hname_expr: Regex) -> int:
    """Remove the headers whose name matches a regular expression. With the built-in request this kills the server."""
    raise _crash("remove_hf_re", "use remove_hf() with the name of the header")


@function("remove_hf_glob")
def remove_hf_glob(context: Context, hname_pattern: str) -> int:
    """Remove the headers whose name matches a shell pattern. With the built-in request this kills the server."""
    raise _crash("remove_hf_glob", "use remove_hf() with the name of the header")


@function("get_glob_headers_values")
def get_glob_headers_values(
    context: Context, hdr_name_glob: str, hdr_names_avp: Reference, hdr_vals_avp: Reference
) -> int:
    """Collect headers whose name matches a shell pattern in AVPs. With the built-in request this kills the server."""
    raise _crash("get_glob_headers_values", "read $hdr(name)")


# -- headers that are lists -------------------------------------------------------------------------------------------


@function("list_hdr_has_option")
def list_hdr_has_option(context: Context, hdr_name: str, option: str) -> int:
    """Whether a header, read as a comma list, holds an option.

    Returns 1 or -1.
    """
    items = [item.strip().lower() for body in headers_named(hdr_name) for item in body.split(",")]
    return 1 if option.lower() in items else -1


@function("list_hdr_add_option")
def list_hdr_add_option(context: Context, hdr_name: str, option: str) -> int:
    """Add an option to a header that is a comma list, in the message that is sent.

    Returns 1; -1 when there is no such header.
    """
    return _has_header(hdr_name)


@function("list_hdr_remove_option")
def list_hdr_remove_option(context: Context, hdr_name: str, option: str) -> int:
    """Remove an option from a header that is a comma list, in the message that is sent.

    Returns 1; -1 when there is no such header or option.
    """
    return list_hdr_has_option(context, hdr_name, option)


# -- the request ------------------------------------------------------------------------------------------------------


def _check_method(text: str) -> tuple[str, str | None] | None:
    if not text:
        return "the method is empty", None
    unknown = [m for m in re.split(r"[|,]", text) if m.strip().upper() not in METHODS]
    if "|" in text and unknown:
        return f"unknown method {unknown[0]!r} in a list", f"known are: {', '.join(sorted(METHODS))}"
    return None


@function("is_method", check=literal(0, _check_method))
def is_method(context: Context, name: str) -> int:
    """Whether the request has a method, or one of several joined by `|`. The dummy request's is DUMMY.

    Returns 1 or -1.
    """
    problem = _check_method(name)
    if problem is not None:
        context.error(problem[0])
        return -1
    return 1 if name.upper() == METHOD else -1


@function("has_totag")
def has_totag(context: Context) -> int:
    """Whether the To header has a tag, so that the request belongs to a dialog.

    Returns -1.
    """
    return -1


def _check_privacy(text: str) -> tuple[str, str | None] | None:
    if text.lower() in PRIVACY:
        return None
    return f"{text!r} is no privacy value", f"known are: {', '.join(PRIVACY)}"


@function("is_privacy", check=literal(0, _check_privacy))
def is_privacy(context: Context, privacy_type: str) -> int:
    """Whether the Privacy header asks for a kind of privacy.

    Returns -1.
    """
    return -1


@function("is_uri_user_e164")
def is_uri_user_e164(context: Context, uri: str) -> int:
    """Whether the user of a URI is a telephone number: `+` and 2 to 15 digits.

    Returns 1 or -1.
    """
    if not uri:
        return -1
    try:
        user = parse_uri(uri).user
    except BadUri as error:
        context.error(f"{uri!r} is no SIP URI: {error}")
        return -1
    return 1 if user and _E164.fullmatch(user) else -1


# -- parameters of the request URI ------------------------------------------------------------------------------------


@function("ruri_has_param")
def ruri_has_param(context: Context, param: str, value: str | None) -> int:
    """Whether the request URI has a parameter: of that value, or without any when `value` is left out.

    Returns 1 or -1.
    """
    uri = message_of(context).parsed_uri(context)
    if uri is None or not uri.params:
        return -1
    try:
        found = next((p for p in parse_params(uri.params) if p.name == param), None)
    except BadParams as error:
        context.error(f"the parameters {uri.params!r} of the request URI make no sense: {error}")
        return -1
    return 1 if found is not None and found.value == (value or "") else -1


@function("ruri_add_param")
def ruri_add_param(context: Context, param: str) -> int:
    """Add a parameter to the request URI.

    Returns -1 (a fault of the server, which takes its success for a failure), also when the URI cannot be parsed or
    grows too long, and then changes nothing; 1 for an empty parameter.
    """
    if not param:
        return 1
    message = message_of(context)
    uri = message.parsed_uri(context)
    if uri is None:
        return -1
    before, question, headers = message.uri.partition("?") if uri.headers else (message.uri, "", "")
    changed = f"{before};{param}{question}{headers}"
    if len(changed) > URI_LIMIT:
        context.error(f"the new request URI would be {len(changed)} bytes long, the server has room for {URI_LIMIT}")
        return -1
    message.set_uri(changed)
    return -1


@function("ruri_del_param")
def ruri_del_param(context: Context, param: str) -> int:
    """Delete a parameter of the request URI.

    Returns 1; -1 when the URI has no such parameter or cannot be parsed.
    """
    if not param:
        return 1
    message = message_of(context)
    uri = message.parsed_uri(context)
    if uri is None or not uri.params:
        return -1
    parts = uri.params.split(";")
    index = next((i for i, part in enumerate(parts) if part.partition("=")[0] == param), None)
    if index is None:
        return -1
    kept = "".join(f";{part}" for i, part in enumerate(parts) if i != index)
    message.set_uri(message.uri.replace(f";{uri.params}", kept, 1))
    return 1


@function("ruri_tel2sip")
def ruri_tel2sip(context: Context) -> int:
    """Make a SIP URI of a tel URI in the request line, with the host of From; any other URI stays as it is.

    Returns 1 where nothing is to do, -1 where it was done (a fault of the server).
    """
    message = message_of(context)
    if message.uri[:4].lower() != "tel:":
        return 1
    host = parse_uri(headers_named("From")[0].partition("<")[2].partition(">")[0]).host
    message.set_uri(f"sip:{message.uri[4:]}@{host};user=phone")
    return -1
