"""Variables about parts that the dummy request does not have: always null in an event_route.

They are declared so that scripts which mention them load, as they do on a server.
"""

from __future__ import annotations

from typing import Any

from evroute_kernel.library.behaviour import VariableBehaviour, variable
from evroute_kernel.library.formats.mime_type import problem
from evroute_kernel.runtime.context import Context
from evroute_kernel.runtime.values import Value


def _absent(name: str, doc: str, **traits: Any) -> VariableBehaviour:
    def get(context: Context, subname: Any, index: Any) -> Value:
        return None

    get.__doc__ = f"{doc} In an event_route always null."
    return variable(name, **traits)(get)


_absent("ad", "Authentication domain.")
_absent("adu", "Authentication digest URI.")
_absent("ai", "URI of P-Asserted-Identity.")
_absent("an", "Authentication nonce.")
_absent("ar", "Authentication realm.")
_absent("au", "Authentication user.")
_absent("aU", "Authentication user with its domain.")
_absent("auth.alg", "Authentication algorithm.")
_absent("auth.cnonce", "Authentication client nonce.")
_absent("auth.nc", "Authentication nonce count.")
_absent("auth.opaque", "Authentication opaque.")
_absent("auth.qop", "Authentication qop.")
_absent("auth.resp", "Authentication response.")
_absent("challenge.algorithm", "Algorithm of a challenge. In code $(challenge.algorithm): the bare name holds 'or'.")
_absent("challenge.ck", "CK of a challenge.")
_absent("challenge.ik", "IK of a challenge.")
_absent("challenge.nonce", "Nonce of a challenge.")
_absent("challenge.opaque", "Opaque of a challenge.")
_absent("challenge.qop", "qop of a challenge.")
_absent("challenge.realm", "Realm of a challenge.")
_absent("cl", "Content-Length.")
_absent("ct", "Contact.")
_absent("cT", "Content-Type.")
_absent("di", "URI of Diversion.")
_absent("dip", "Privacy of Diversion.")
_absent("dir", "Reason of Diversion.")
_absent("fn", "Display name of From.")
_absent("pd", "Host of P-Preferred-Identity.")
_absent("pn", "Display name of P-Preferred-Identity.")
_absent("pu", "URI of P-Preferred-Identity.")
_absent("pU", "User of P-Preferred-Identity.")
_absent("re", "URI of Remote-Party-ID.")
_absent("rr", "Reason of a reply.")
_absent("rs", "Status of a reply.")
_absent("rt", "Refer-To.")
_absent("tn", "Display name of To.")
_absent("tt", "Tag of To.")
_absent("ua", "User-Agent.")

# -- names in parentheses ---------------------------------------------------------------------------------------------

CONTACT_FIELDS = ("name", "uri", "q", "expires", "methods", "received", "params")


def _contact_field(text: str) -> str:
    if text.lower() not in CONTACT_FIELDS:
        raise ValueError(f"a contact has {', '.join(CONTACT_FIELDS)}")
    return text.lower()


def _mime_type(text: str) -> str:
    wrong = problem(text, one=False)
    if wrong is not None:
        raise ValueError(wrong)
    return text


_absent("ct.fields", "A field of a Contact.", parse_name=_contact_field)
_absent("rb", "Message body, or its part of a MIME type.", parse_name=_mime_type)

# -- SDP --------------------------------------------------------------------------------------------------------------


def _sdp_name(text: str) -> str:
    if text.startswith(("$", "@")):
        raise ValueError("the name cannot be a variable" if text[0] == "$" else "'@' may not begin the name")
    return text


def _no_sdp(context: Context, name: str) -> bool:
    context.error(f"${name}: the message of an event has no SDP body")
    return False


def _sdp(name: str, doc: str, writable: bool = True) -> None:
    def get(context: Context, part: Any, index: Any) -> Value:
        _no_sdp(context, name)
        return None

    def put(context: Context, part: Any, index: Any, op: str, value: Value) -> bool:
        return _no_sdp(context, name)

    get.__doc__ = f"{doc} In an event_route always null."
    declared = variable(name, parse_name=_sdp_name)(get)
    if writable:
        declared.setter(put)


_sdp("sdp.line", "A line of the SDP body.")
_sdp("sdp.session", "Session part of the SDP body.")
_sdp("sdp.stream", "A stream of the SDP body.")
_sdp("sdp.stream.idx", "Index of a stream of the SDP body.", writable=False)


@_absent("sdp", "The SDP body.", parse_name=_sdp_name).setter
def set_sdp(context: Context, name: Any, index: Any, op: str, value: Value) -> bool:
    return _no_sdp(context, "sdp")
