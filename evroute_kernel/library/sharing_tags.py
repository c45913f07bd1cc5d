"""Sharing tags of module clusterer: in a cluster one node is active for a tag, and the others are its backup.

Each node keeps its own view of a tag, `name/cluster`, in the memory that its workers share. Module parameter
`sharing_tag` (`vip/1=active`) says how it begins; a tag that nobody has declared begins as backup when it is first
asked for. Observed on OpenSIPS 3.6 and 4.0.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from evroute_kernel.library.behaviour import check_modparams
from evroute_kernel.records import dataclass
from evroute_kernel.runtime.shared import Shared

MODULE: Final = "clusterer"
PARAMETER: Final = "sharing_tag"
STATES: Final = ("backup", "active")
#: tag -> (whether it is active, how many there were before it)
_TABLE: Final = "sharing tags"
_BITS: Final = 2**32


class BadTag(ValueError):
    """A text that names no tag."""


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag by its name and the number of its cluster."""

    name: str
    cluster: int

    def __str__(self) -> str:
        return f"{self.name}/{self.cluster}"


def read(text: str) -> Tag:
    """`vip/1`, with blanks or without. Raises BadTag."""
    name, slash, number = text.partition("/")
    if not slash:
        raise BadTag(f"{text!r} names no sharing tag: it is written name/cluster, such as vip/1")
    number = number.strip(" ")
    if not (number.isascii() and number.isdigit()) or int(number) >= _BITS:
        raise BadTag(f"{number!r} in {text!r} is no number of a cluster: a sharing tag is written as vip/1")
    return Tag(name.strip(" "), int(number))


def declared(values: Iterable[int | str]) -> dict[str, bool]:
    """The tags that module parameters declare, and whether they begin active; those that cannot be read left out."""
    found = {}
    for value in values:
        tag, separator, state = str(value).partition("=")
        if separator and _problem(str(value)) is None:
            found[str(read(tag))] = STATES[1].startswith(state.strip(" "))
    return found


def is_active(shared: Shared, values: Iterable[int | str], tag: Tag) -> bool:
    """Whether this node is active for a tag; from now on it is known here."""
    found = shared.get_object(_TABLE, str(tag))
    if found is None:
        with shared.transaction():
            found = shared.get_object(_TABLE, str(tag)) or _begin(shared, values, tag)
    return bool(found[0])


def _begin(shared: Shared, values: Iterable[int | str], tag: Tag) -> tuple[int, int]:
    made = int(declared(values).get(str(tag), False)), len(shared.items(_TABLE))
    shared.put_object(_TABLE, str(tag), made)
    return made


def put(shared: Shared, values: Iterable[int | str], tag: Tag, active: bool) -> bool:
    """Make this node active for a tag, or its backup; whether it was active before."""
    with shared.transaction():
        was, number = shared.get_object(_TABLE, str(tag)) or _begin(shared, values, tag)
        if bool(was) != active:
            shared.put_object(_TABLE, str(tag), (int(active), number))
    return bool(was)


def listed(shared: Shared, values: Iterable[int | str]) -> list[tuple[Tag, bool]]:
    """All tags that are known here and whether they are active, the latest first."""
    told = declared(values)
    kept: list[tuple[str, Any]] = [item for item in shared.items(_TABLE) if item[0] not in told]
    kept.sort(key=lambda item: int(item[1][1]), reverse=True)
    names = [*(name for name, _ in kept), *reversed(told)]
    return [(read(name), is_active(shared, values, read(name))) for name in names]


def _problem(value: str) -> str | None:
    tag, separator, state = value.partition("=")
    if not separator:
        return f"{value!r} says no state: a sharing tag is declared as vip/1=active or vip/1=backup"
    if not any(known.startswith(state.strip(" ")) for known in STATES):
        return f"{state.strip(' ')!r} is no state of a sharing tag: it is active or backup"
    try:
        read(tag)
    except BadTag as error:
        return str(error)
    return None


def _check_modparam(parameter: str, value: int | str) -> str | None:
    return _problem(str(value)) if parameter == PARAMETER else None


check_modparams(MODULE, _check_modparam)
