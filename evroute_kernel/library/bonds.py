"""Bonds of sockets, from 4.0 on: `socket = bond:NAME {"udp:192.0.2.1:5060", ...}` gives several sockets a name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from evroute_kernel.library.sockets import SETTINGS, Modparams, own_socket
from evroute_kernel.records import dataclass

_BOND: Final = re.compile(r"bond\s*:\s*(?P<name>\w+)\s*\{(?P<members>.*)\}\s*", re.IGNORECASE | re.DOTALL)
_MEMBER: Final = re.compile(r"\"((?:[^\"\\]|\\.)*)\"|'([^']*)'", re.DOTALL)
_NAMED: Final = re.compile(r"bond:(?P<name>.*)", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Bond:
    """A bond as a setting defines it; `members` are sockets as they are written there, known ones or not."""

    name: str
    members: tuple[str, ...]

    def sockets(self, modparams: Modparams) -> dict[str, str]:
        """Those of its members that are sockets of the server: as it is written -> as the server prints it."""
        found = ((member, own_socket(member, modparams)) for member in self.members)
        return {member: own for member, own in found if own is not None}


def parse(value: str) -> Bond | None:
    """The bond that the value of a setting defines; None for a plain socket."""
    found = _BOND.fullmatch(value)
    if found is None:
        return None
    return Bond(found["name"], tuple(double or single for double, single in _MEMBER.findall(found["members"])))


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
    found = _NAMED.fullmatch(text)
    return configured(modparams).get(found["name"]) if found else None
