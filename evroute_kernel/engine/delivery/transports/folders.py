"""Files within named folders: all that the clients of a door may write, or reach by `unix:`, when others reach it too.

A path is looked at when it is asked for, and again whenever it is opened: then from the folder on, one directory after
the other, without following links, so that what somebody changes in the folder meanwhile leads nowhere else.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final

from evroute_kernel.worker.sockets import Address, BadSocket, members_of

#: folders by their real paths; none of them: no file at all
Folders = tuple[str, ...]

_DIRECTORY: Final = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_APPEND: Final = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_NOCTTY | os.O_CLOEXEC
_FILES: Final = ("flatstore", "unix")


class OutOfReach(BadSocket):
    """A socket that this door's clients may not subscribe."""


def check_reach(address: Address) -> None:
    """Raises OutOfReach for a socket with a file outside the folders of its subscription, also within `virtual:`."""
    if address.within is None:
        return
    for target in members_of(address) if address.protocol == "virtual" else [address]:
        if target.protocol in _FILES and not reaches(target.path.encode("latin-1"), address.within):
            raise OutOfReach(f"{target.socket} is out of reach: {described(address.within)}")
        if target.protocol == "kafka" and any(name != "key" for name, _ in target.options):
            raise OutOfReach("properties of kafka: can name files and libraries: this door takes none")


def described(folders: Folders) -> str:
    """What clients may do, as they are told."""
    if not folders:
        return "clients of this door write no files and reach no unix: sockets"
    return f"clients of this door write files and reach unix: sockets in {' and '.join(folders)} alone"


def reaches(path: bytes, folders: Folders) -> bool:
    """Whether a path leads into one of the folders, once all links are resolved."""
    return _place(path, folders) is not None


def open_file(path: bytes, folders: Folders, permissions: int) -> int:
    """Open a file to append to it; it is made where there is none. Raises OSError.

    A plain file of this user that has no second name: others may have put something else in its place.
    """
    with _directory(path, folders) as (directory, name):
        descriptor = os.open(name, _APPEND, permissions, dir_fd=directory)
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode) or status.st_nlink > 1 or status.st_uid != os.geteuid():
        os.close(descriptor)
        raise PermissionError("it is no plain file of this user")
    return descriptor


@contextmanager
def socket_within(path: bytes, folders: Folders) -> Iterator[str]:
    """A path by which the socket file at a path is reached, and nothing that a link would lead to. Raises OSError."""
    with _directory(path, folders) as (directory, name):
        descriptor = os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=directory)
    try:
        if not stat.S_ISSOCK(os.fstat(descriptor).st_mode):
            raise ConnectionRefusedError("it is no socket")
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)


def _place(path: bytes, folders: Folders) -> tuple[bytes, list[bytes]] | None:
    """The folder that a path leads into, and the names on the way from there; None when it leads elsewhere."""
    directory, name = os.path.split(path)
    if name in (b"", b".", b".."):
        return None
    real = os.path.realpath(directory or b".")
    for folder in map(os.fsencode, folders):
        if real == folder or real.startswith(folder.rstrip(b"/") + b"/"):
            return folder, [part for part in [*real[len(folder) :].split(b"/"), name] if part]
    return None


@contextmanager
def _directory(path: bytes, folders: Folders) -> Iterator[tuple[int, bytes]]:
    """The directory that holds a file, open, and the file's name in it. Raises OSError."""
    place = _place(path, folders)
    if place is None:
        raise PermissionError("it leads out of the folders named")
    folder, (*inner, name) = place
    descriptor = _walked(folder, inner)
    try:
        yield descriptor, name
    finally:
        os.close(descriptor)


def _walked(folder: bytes, inner: Iterable[bytes]) -> int:
    descriptor = os.open(folder, _DIRECTORY)
    for part in inner:
        above = descriptor
        try:
            descriptor = os.open(part, _DIRECTORY, dir_fd=above)
        finally:
            os.close(above)
    return descriptor
