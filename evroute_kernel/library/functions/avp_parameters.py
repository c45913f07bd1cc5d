"""Module parameters that name an AVP, and those of call_control that pair names with variables. What these modules do
needs calls, so that their functions are stubs."""

from __future__ import annotations

from typing import Final

from evroute_kernel.library.behaviour import ModparamCheck, check_modparams

#: parameters with which the server does not start, where they name something else
AVPS: Final = {
    "auth": ("rpid_avp",),
    "b2b_sca": ("watchers_avp_spec",),
    "call_control": ("diverter_avp", "canonical_uri_avp", "signaling_ip_avp", "call_limit_avp", "call_token_avp"),
    "mediaproxy": ("signaling_ip_avp", "media_relay_avp", "ice_candidate_avp"),
    "mid_registrar": ("received_avp", "extra_contact_params_avp", "attr_avp"),
    "msilo": ("snd_time_avp",),
    "nathelper": ("received_avp",),
    "registrar": ("received_avp", "mcontact_avp", "attr_avp"),
    "rtpengine": ("setid_avp",),
}
_PAIRS: Final = ("init", "start", "stop")


def _checks(module: str) -> ModparamCheck:
    return lambda parameter, value: _check_avp(module, parameter, value)


def _check_avp(module: str, parameter: str, value: int | str) -> str | None:
    """Only what cannot be one: a text that has no AVP in it."""
    if parameter not in AVPS[module] or not value or "avp(" in str(value):
        return None
    return f"{value!r} is no AVP: write $avp(name)"


def _check_call_control(parameter: str, value: int | str) -> str | None:
    """`name = $var(x) other = $ci`: what the first pair is, and that no blanks follow the last one."""
    text = str(value)
    if parameter not in _PAIRS or not text:
        return _check_avp("call_control", parameter, value)
    name, equals, rest = text.partition("=")
    if not name.strip() or not equals or not rest.lstrip().startswith("$"):
        return f"{text!r} is not made of pairs such as call_id = $ci"
    if text != text.rstrip():
        return "no blanks may follow the last pair"
    return None


for _module in AVPS:
    if _module != "call_control":
        check_modparams(_module, _checks(_module))
check_modparams("call_control", _check_call_control)
