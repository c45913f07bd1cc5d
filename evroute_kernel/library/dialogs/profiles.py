"""Profiles of dialogs: declared by modparams `profiles_with_value` and `profiles_no_value`, `name; other/s`.

What follows the slash says who else counts (a cache, a cluster); where that is not set up, the name is a plain one.
"""

from __future__ import annotations

import re
from typing import Final

from evroute_kernel.library import modparams
from evroute_kernel.library.behaviour import check_modparams
from evroute_kernel.records import dataclass
from evroute_kernel.runtime.context import Process

MODULE: Final = "dialog"
WITH_VALUE: Final = "profiles_with_value"
NO_VALUE: Final = "profiles_no_value"
_NAME: Final = re.compile(r"[A-Za-z0-9_-]+")
#: letter behind the slash -> the parameter without which it counts for nothing
_SHARING: Final = {"s": "cachedb_url", "b": "profile_replication_cluster"}


@dataclass(frozen=True, slots=True)
class Profile:
    """A declared profile. `sharing`: the letter of who else counts, or nothing."""

    name: str
    has_value: bool
    sharing: str = ""


def find(process: Process, written: str) -> Profile | None:
    """The profile that a script names, `/s` and `/b` included."""
    name, sharing = _read(written)
    found = modparams.derived(process, MODULE, (WITH_VALUE, NO_VALUE, *_SHARING.values()), _declared).get(name)
    return found if found is not None and found.sharing == (sharing if sharing in _SHARING else "") else None


def _read(text: str) -> tuple[str, str]:
    """Name, and the letter behind the slash."""
    name, _, sharing = text.partition("/")
    return name.strip(" ") if sharing else name, sharing.lstrip(" ")[:1]


def _declared(
    with_value: modparams.Values, no_value: modparams.Values, cache: modparams.Values, cluster: modparams.Values
) -> dict[str, Profile]:
    is_set = {"s": bool(cache and cache[-1]), "b": bool(cluster and cluster[-1])}
    found: dict[str, Profile] = {}
    for values, has_value in ((with_value, True), (no_value, False)):
        for text in str(values[-1]).split(";") if values else ():
            name, sharing = _read(text.strip(" "))
            if name:
                found.setdefault(name, Profile(name, has_value, sharing if is_set.get(sharing) else ""))
    return found


def _check_modparam(parameter: str, value: int | str) -> str | None:
    if parameter in (WITH_VALUE, NO_VALUE):
        return _check_profiles(str(value))
    if parameter == "default_timeout" and int(value) <= 0:
        return "a dialog lasts at least 1 second"
    if parameter == "log_profile_hash_size" and int(value) <= 0:
        return "the size is at least 1"
    return None


def _check_profiles(text: str) -> str | None:
    names: list[str] = []
    for part in filter(None, (part.strip(" ") for part in text.split(";"))):
        name, sharing = _read(part)
        if sharing.isalnum() and sharing not in _SHARING:
            return f"{sharing!r} in {part!r} says nothing: a profile is shared with /s (a cache) or /b (a cluster)"
        if not _NAME.fullmatch(name):
            return f"{name!r} is no name of a profile: letters, digits, _ and - are"
        if name in names:
            return f"the profile {name} is declared twice"
        names.append(name)
    return None


check_modparams(MODULE, _check_modparam)
