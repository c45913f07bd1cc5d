"""Class `isup` of the module sip_i: fields of an ISUP message, which nothing here can read."""

from __future__ import annotations

from evroute_kernel.library.behaviour import transformation
from evroute_kernel.runtime.context import Context
from evroute_kernel.runtime.values import Value


@transformation("isup.param")
def param(context: Context, value: Value, parameter: str, subfield: str | None = None) -> Value:
    """A parameter of an ISUP message. Not simulated: null, with a warning."""
    return _not_simulated(context, "isup.param")


@transformation("isup.param.str")
def param_str(context: Context, value: Value, parameter: str, subfield: str | None = None) -> Value:
    """A parameter of an ISUP message in words. Not simulated: null, with a warning."""
    return _not_simulated(context, "isup.param.str")


def _not_simulated(context: Context, name: str) -> Value:
    context.warning(f"{{{name}}} of module sip_i is not simulated: it gives null")
    return None
