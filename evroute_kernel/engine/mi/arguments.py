"""The arguments of a command: matched with what it takes, then read by name and type.

Observed on OpenSIPS 3.6: a text may be given as a number and an integer as a text; fractions are cut; which list of
parameters is meant is told by the number of arguments, and for named ones by their names.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, TypeAlias

from evroute_kernel.engine.events.params import saturated
from evroute_kernel.engine.mi.protocol import INVALID_PARAMS, CommandError, Object, Params, is_number
from evroute_kernel.library.formats.c_numbers import str2sint
from evroute_kernel.runtime.values import encode

#: names of parameters, in order; a command takes several such lists
Recipe: TypeAlias = tuple[str, ...]


class Arguments:
    """What a command was given. Each reader raises CommandError for a value of another type."""

    def __init__(self, values: dict[str, Any]) -> None:
        self._values: Final = values

    def __contains__(self, name: str) -> bool:
        """Whether the parameter is given."""
        return name in self._values

    def value(self, name: str) -> Any:
        """A parameter as JSON has it; objects are `Object`."""
        return self._values[name]

    def text(self, name: str) -> str:
        return _text(self._values[name], bad_type(name))

    def text_if_any(self, name: str) -> str | None:
        """A text; None where there is none, or what is given is no text: some commands take that for nothing."""
        return as_text(self._values.get(name))

    def non_empty(self, name: str) -> str:
        """A text that must not be empty; the server then speaks of its type."""
        text = self.text(name)
        if not text:
            raise bad_type(name)
        return text

    def integer(self, name: str) -> int:
        value = self._values[name]
        if is_number(value):
            return saturated(value)
        number = str2sint(encode(value)) if isinstance(value, str) else None
        if number is None:
            raise bad_type(name)
        return number

    def texts(self, name: str) -> list[str]:
        """An array of texts or numbers, which must not be empty."""
        items = self._values[name]
        if not isinstance(items, list):
            raise bad_type(name)
        if not items:
            raise invalid_params(f"Empty array in parameter '{name}'")
        return [_text(item, invalid_params(f"Bad type for array item in parameter '{name}'")) for item in items]


def invalid_params(detail: str) -> CommandError:
    return CommandError(INVALID_PARAMS, "Invalid params", detail)


def bad_type(name: str) -> CommandError:
    return invalid_params(f"Bad type for parameter '{name}'")


def as_text(value: Any) -> str | None:
    """A value as a command takes it for a text; None for what is neither text nor number."""
    if isinstance(value, str):
        return value
    return str(saturated(value)) if is_number(value) else None


def _text(value: Any, error: CommandError) -> str:
    text = as_text(value)
    if text is None:
        raise error
    return text


def match(accepted: Sequence[Recipe], params: Params) -> Arguments:
    """Bind what a request gives to the parameters that a command accepts. Raises CommandError."""
    count = len(params) if params else 0
    recipes = [recipe for recipe in accepted if len(recipe) == count]
    if not recipes:
        raise invalid_params("Too few or too many parameters")
    if not params:
        return Arguments({})
    if isinstance(params, list):
        if len(recipes) > 1:
            raise invalid_params("Ambiguous call, use named parameters instead")
        return Arguments(dict(zip(recipes[0], params, strict=True)))
    return Arguments(_named(recipes, params))


def _named(recipes: list[Recipe], params: Object) -> dict[str, Any]:
    for recipe in recipes:
        if all(name in recipe for name in params) and all(name in params for name in recipe):
            return {name: params[name] for name in recipe}
    raise invalid_params("Named parameters do not match")
