"""Bonds of sockets, from 4.0 on: `socket = bond:NAME {"udp:192.0.2.1:5060", ...}` gives several sockets a name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from evroute_kernel.library.sockets import SETTINGS, Modparams, own_socket
from evroute_kernel.library.sockets import configured as sockets
from evroute_kernel.records import dataclass

#: patterns as text: they are compiled when there is a bond, which no 3.6 has
_BOND: Final = r"(?is)bond\s*:\s*(?P<name>\w+)\s*\{(?P<members>.*)\}\s*"
_MEMBER: Final = r"(?s)\"((?:[^\"\\]|\\.)*)\"|'([^']*)'"
#: what a member may look like, and what a socket may be named by besides its own place
_PLACE: Final = r"(?i)(?:[a-z_]+:)?(?:\[[0-9a-f:.]+\]|[^\s:\[\]]+)(?::[0-9]+)?"
_TAG: Final = r"\stag\s+(\w+)"
_ADVERTISED: Final = r"\s(?:as|AS)\s+(\S+)"
_NAMED: Final = r"(?is)bond:(?P<name>.*)"


@dataclass(frozen=True, slots=True)
class Bond:
    """A bond as a setting defines it; `members` are sockets as they are written there, known ones or not."""

    name: str
    members: tuple[str, ...]

    def sockets(self, modparams: Modparams) -> dict[str, str]:
        """Those of its members that are sockets of the server: as it is written -> as the server prints it."""
        found = ((member, _socket(member, modparams)) for member in self.members)
        return {member: own for member, own in found if own is not None}


def _socket(member: str, modparams: Modparams) -> str | None:
    """A socket by `[proto:]host[:port]`, its own or the advertised ones, or by its tag."""
    if re.fullmatch(_PLACE, member) is None:
        return None
    for value in sockets(modparams):
        tag, advertised = re.search(_TAG, value), re.search(_ADVERTISED, value)
        own = value.split(maxsplit=1)[0]
        if tag is not None and tag[1] == member:
            return own_socket(own, modparams)
        if advertised is not None and f"{own.partition(':')[0]}:{advertised[1]}".lower() == member.lower():
            return own_socket(own, modparams)
    return own_socket(member, modparams)


def parse(value: str) -> Bond | None:
    """The bond that the value of a setting defines; None for a plain socket."""
    found = re.fullmatch(_BOND, value) if _begins(value) else None
    if found is None:
        return None
    return Bond(found["name"], tuple(double or single for double, single in re.findall(_MEMBER, found["members"])))


def _begins(text: str) -> bool:
    return text[:4].lower() == "bond"


def configured(modparams: Modparams) -> dict[str, Bond]:
    """The bonds of the settings, by name."""
    return {bond.name: bond for bond in _bonds(modparams)}


def _bonds(modparams: Modparams) -> Iterator[Bond]:
    for setting in SETTINGS:
        for value in modparams.get(("core", setting), ()):
            bond = parse(str(value))
            if bond is not None:
                yield bond


def named_by(text: str, modparams: Modparams) -> Bond | None:
    """The bond that a text such as `bond:NAME` means; None where it means none that there is."""
    found = re.fullmatch(_NAMED, text) if _begins(text) else None
    return configured(modparams).get(found["name"]) if found else None
