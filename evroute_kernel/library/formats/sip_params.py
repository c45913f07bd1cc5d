"""Parameter lists such as `tag=1;lr;text="a;b"`, as OpenSIPS 3.6 reads those of URIs and headers."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from evroute_kernel.records import dataclass
from evroute_kernel.runtime.values import fold

_BLANKS: Final = re.compile(r"[ \t\r\n]*")
_NAME: Final = re.compile(r"[^ \t\r\n;,=]*")
_TOKEN: Final = re.compile(r"[^ \t\r\n;,]+")


class BadParams(ValueError):
    """The text is no parameter list; the message says why."""


@dataclass(frozen=True, slots=True)
class SipParam:
    """One parameter. `value` is without its quotes, "" where there is none."""

    name: str
    value: str


@lru_cache(256)
def parse_params(text: str) -> tuple[SipParam, ...]:
    """The parameters in order; a comma or `>` ends the list. One bad parameter spoils all of it: BadParams."""
    params: list[SipParam] = []
    at = 0
    while True:
        name = _match(_NAME, text, at)
        at = _skip(text, at + len(name))
        value = ""
        if text.startswith("=", at):
            value, at = _value(text, _skip(text, at + 1), name)
            at = _skip(text, at)
        params.append(SipParam(name, value))
        if at >= len(text) or text[at] in ",>":
            return tuple(params)
        if text[at] != ";":
            raise BadParams(f"{text[at]!r} after parameter {name!r}, expected ';'")
        at = _skip(text, at + 1)
        if at >= len(text):
            raise BadParams("nothing follows the last ';'")


def find_param(params: tuple[SipParam, ...], name: str) -> SipParam | None:
    """The first parameter of a name, letter case ignored."""
    wanted = fold(name)
    return next((p for p in params if fold(p.name) == wanted), None)


def _match(pattern: re.Pattern[str], text: str, at: int) -> str:
    found = pattern.match(text, at)
    return found[0] if found else ""


def _skip(text: str, at: int) -> int:
    return at + len(_match(_BLANKS, text, at))


def _value(text: str, at: int, name: str) -> tuple[str, int]:
    """The value that starts at `at`, and the place after it."""
    if text.startswith('"', at):
        end = text.find('"', at + 1)
        if end < 0:
            raise BadParams(f"the quotes of parameter {name!r} are not closed")
        return text[at + 1 : end], end + 1
    token = _match(_TOKEN, text, at)
    if not token:
        raise BadParams(f"parameter {name!r} has '=' but no value")
    return token, at + len(token)
