"""Events: a name and parameters, on their way to the routes that handle them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from difflib import SequenceMatcher
from math import isnan
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from evroute_kernel.engine.events.given import GivenError, kind_of, text
from evroute_kernel.errors import Diagnostic, ScriptError, near_misses
from evroute_kernel.records import dataclass
from evroute_kernel.runtime.event_context import EMPTY_LIST
from evroute_kernel.runtime.values import INT_MAX, INT_MIN, encode
from evroute_kernel.runtime.versions import ServerVersion
from evroute_kernel.worker.messages import Params as Params

#: parameters as callers give them: a mapping, an iterable of values, parameters that a server sent, or None
GivenParams: TypeAlias = "Mapping[str, Any] | Iterable[Any] | Received | None"

#: how alike, of 1, the names of two events are if one is taken for a misspelling of the other
_MISSPELT: Final = 0.8
#: the text `{}` as the parameters of a request
EMPTY_OBJECT: Final[Mapping[str, Any]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Received:
    """Parameters just as a server's routes have them: without names, too, integers stay integers."""

    params: Params


class UnknownEventError(ScriptError):
    """An event was raised that no route handles. `reason` tells why a route of its name does not."""

    def __init__(
        self, event: str, handled: Iterable[str], catalogued: Iterable[str] = (), reason: str | None = None
    ) -> None:
        handled, catalogued = sorted(handled), set(catalogued)
        hint = _meant(event, handled)
        if hint is None and event not in catalogued:
            hint = _meant(event, catalogued)
        if hint is None:
            hint = f"define event_route[{event}]"
            if handled and event not in catalogued:
                hint += "; handled are " + ", ".join(handled[:8]) + (" ..." if len(handled) > 8 else "")
        message = f"no route handles the event {event}"
        if reason:
            hint = f"event_route[{event}] is not registered, as on a server: {reason}"
        super().__init__([Diagnostic("error", "unknown-event", message, None, hint)])
        self.event = event


def _meant(event: str, known: Iterable[str]) -> str | None:
    """A hint naming the event of which this one is a misspelling. Events are many, and a new one is often called like
    another (E_CALL, E_CALL_HOLD): it has to be more alike than other words have."""
    found = near_misses(event, known, 1)
    is_near = bool(found) and SequenceMatcher(None, event.lower(), found[0].lower()).ratio() >= _MISSPELT
    return f"did you mean {found[0]!r}?" if is_near else None


class ParameterError(ScriptError):
    """A parameter cannot be given to an event."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__([Diagnostic("error", "event-parameter", message, None, hint)])


def event_params(given: GivenParams) -> Params:
    """Parameters as the server's `raise_event` command makes them.

    From a mapping: numbers become integers (fractions cut, beyond 32 bits the nearest limit), text stays text, all
    else becomes its JSON text. From a list: every value becomes text, without a name; only text and numbers are taken.
    Language manual, "$param". Raises ParameterError.
    """
    if given is None:
        return ()
    if isinstance(given, Received):
        return given.params
    if isinstance(given, Mapping):
        return tuple((param_name(name), named_value(name, value)) for name, value in given.items())
    if isinstance(given, str | bytes) or not isinstance(given, Iterable):
        what = "one text" if isinstance(given, str) else kind_of(given)
        raise ParameterError(
            f"parameters are a mapping or a list of values, not {what}", "write [value] for a single one"
        )
    return tuple((None, unnamed_value(value)) for value in given)


def for_routes(given: GivenParams, taken: Params, version: ServerVersion) -> Params:
    """What the routes of an event get of the parameters that were given, and sockets as `taken`.

    The routes of a 4.0 tell an object without members, a list that is empty, from no list at all: of what that lacks
    they are not warned. Observed on OpenSIPS 4.0.1.
    """
    return EMPTY_LIST if given is EMPTY_OBJECT and version != "3.6" else taken


def param_name(name: object) -> str:
    """The name of a parameter; a number is one, too."""
    if isinstance(name, int) and not isinstance(name, bool):
        return str(name)
    if not isinstance(name, str):
        raise ParameterError(f"the name of a parameter is a text, not {kind_of(name)}", "leave the names out: [value]")
    return _text(name, "the name of a parameter")


def _text(value: str, what: str) -> str:
    """A text as a byte string; raises ParameterError for one that is none."""
    try:
        return encode(text(value, what))
    except GivenError as error:
        found = error.diagnostics[0]
        raise ParameterError(found.message, found.hint) from None


def named_value(name: object, value: object) -> int | str:
    """The value of a named parameter."""
    if type(value) is str and value.isascii():
        return value
    if isinstance(value, str):
        return _text(value, f"parameter {name!a}")
    if isinstance(value, int | float) and not isinstance(value, bool):
        return saturated(value)
    try:
        written = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError):
        raise ParameterError(f"parameter {name} is no value of JSON: {kind_of(value)}") from None
    return _text(written, f"parameter {name!a}")


def unnamed_value(value: object) -> str:
    """A value of a list."""
    if type(value) is str and value.isascii():
        return value
    if isinstance(value, str):
        return _text(value, "a parameter")
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(saturated(value))
    raise ParameterError(
        f"an unnamed parameter is a text or a number, not {kind_of(value)}", "give it as text, or give it a name"
    )


def saturated(number: float) -> int:
    """The nearest 32-bit integer towards zero."""
    if isinstance(number, float) and isnan(number):
        raise ParameterError("NaN is no parameter")
    return int(max(INT_MIN, min(INT_MAX, number)))
