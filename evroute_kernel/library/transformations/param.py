"""Class `param`: lists such as `tag=1;lr;q=0.5`."""

from __future__ import annotations

from typing import Any, Final

from evroute_kernel.library.behaviour import transformation
from evroute_kernel.library.formats.sip_params import BadParams, SipParam, find_param, parse_params
from evroute_kernel.library.transformations.arguments import as_text, int_argument, literals, text_argument
from evroute_kernel.runtime.context import Context
from evroute_kernel.runtime.values import NOWHERE, Value

_STATE: Final = "transformations.param"


def _list(context: Context, value: Value) -> tuple[SipParam, ...] | None:
    """The parameters, or None. The process remembers the last list, so that a bad one is complained about once."""
    text = as_text(value)
    if not text:
        return None
    state: dict[str, Any] = context.process.state
    known = state.get(_STATE)
    if known is not None and known[0] == text:
        return known[1]  # type: ignore[no-any-return]
    params = None
    try:
        params = parse_params(text)
    except BadParams as error:
        context.error(f"{{param}}: {text!r} is no parameter list: {error}")
    state[_STATE] = text, params
    return params


def _named(context: Context, transformation: str, value: Value, name: Value) -> tuple[bool, SipParam | None]:
    """Whether the question could be asked, and the parameter if there is one."""
    params = _list(context, value)
    wanted = None if params is None else text_argument(context, transformation, "name", name)
    if params is None or wanted is None:
        return False, None
    return True, find_param(params, wanted)


@transformation("param.value", prepare=literals)
def value_of(context: Context, value: Value, name: Value) -> Value:
    """Value of a parameter, its name compared without case; empty for one without value, null for none."""
    param = _named(context, "param.value", value, name)[1]
    return None if param is None else param.value


def _exists(context: Context, value: Value, name: Value) -> Value:
    """1 when the list has a parameter of that name, else 0. The name of the transformation is in lower case."""
    asked, param = _named(context, "param.exist", value, name)
    return int(param is not None) if asked else None


for _name in ("param.exist", "param.exists"):
    transformation(_name, prepare=literals)(_exists)


def _at(context: Context, transformation: str, value: Value, index: Value) -> SipParam | None:
    params = _list(context, value)
    place = None if params is None else int_argument(context, transformation, "index", index)
    if params is None or place is None or not -len(params) <= place < len(params):
        return None
    return params[place]


@transformation("param.valueat")
def value_at(context: Context, value: Value, index: Value) -> Value:
    """Value by position, from 0 (negative: from the end); null when there are too few.

    Empty for a parameter without value, which compares as nothing: `== ""` is false.
    """
    param = _at(context, "param.valueat", value, index)
    return None if param is None else param.value or NOWHERE


@transformation("param.name")
def name_at(context: Context, value: Value, index: Value) -> Value:
    """Name by position, from 0 (negative: from the end); null when there are too few."""
    param = _at(context, "param.name", value, index)
    return None if param is None else param.name


@transformation("param.count")
def count(context: Context, value: Value) -> Value:
    """Number of parameters."""
    params = _list(context, value)
    return None if params is None else len(params)
