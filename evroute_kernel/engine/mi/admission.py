"""Who may command a door, and what files they may have written: bounded by who can reach it.

Users of other names on the same machine reach every port of it. What they could have written into a file of the user
who opened the door, they would have from that user; so they get files only in folders named for that purpose.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from evroute_kernel.engine.mi.addresses import Address, AddressError
from evroute_kernel.records import dataclass


@dataclass(frozen=True, slots=True)
class Admission:
    """`who` may command the door; `within`: folders that they may write in, None: wherever this user may."""

    who: str
    within: tuple[str, ...] | None = None

    def __str__(self) -> str:
        if self.within is None:
            return f"{self.who} may command it"
        if not self.within:
            return f"{self.who} may command it, but not write files"
        return f"{self.who} may command it, and write files in {' and '.join(self.within)}"


def admission(address: Address, token: str | None, files: Iterable[str | os.PathLike[str]] = ()) -> Admission:
    """Who reaches a door. `files` are the folders named for its clients. Raises AddressError."""
    folders = tuple(dict.fromkeys(_folder(os.fspath(name)) for name in files))
    if address.is_file:
        return Admission("this user and root", folders or None)
    if token:
        return Admission("whoever has the token", folders or None)
    return Admission("every user of this machine", folders)


def is_admitted(user: int) -> bool:
    """Whether a user, by number, may command a door that is a file: its owner and root may."""
    return user in (os.geteuid(), 0)


def _folder(name: str) -> str:
    # not those of Path, which raise what they meet: links in a circle, no right to look
    real = os.path.realpath(os.path.expanduser(name))  # noqa: PTH111
    if not os.path.isdir(real):  # noqa: PTH112
        raise AddressError(f"{name} is no folder", "name one that exists, for the files of clients alone", "files")
    return real
