"""Opens and closes doors. Each has a thread of its own; nothing runs before the first door is opened."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterable
from threading import Lock
from time import monotonic, sleep
from typing import TYPE_CHECKING, Final

# the first client that subscribes would wait for it, and clients wait a tenth of a second for a datagram, no longer
from evroute_kernel.engine.delivery.transports import open_destinations as _destinations  # noqa: F401
from evroute_kernel.engine.mi.addresses import Address, AddressError, parse_address
from evroute_kernel.engine.mi.admission import Admission, admission
from evroute_kernel.engine.mi.doors.datagram import DatagramDoor
from evroute_kernel.engine.mi.doors.door import Door
from evroute_kernel.engine.mi.doors.fifo import REPLY_DIRECTORY, FifoDoor
from evroute_kernel.engine.mi.management import Management
from evroute_kernel.engine.state.published import published
from evroute_kernel.records import dataclass

if TYPE_CHECKING:
    from evroute_kernel.engine.session.session import Session

#: seconds until an address is free again that a door of this session had, and between two tries: a process that is just
#: being started has copies of all descriptors for a moment
REOPENING: Final = 2.0
PAUSE: Final = 0.01
#: what to do about what the system says of an address
_REMEDIES: Final = {
    errno.EADDRINUSE: "another program listens there; choose another port, or port 0, which is any that is free",
    errno.EACCES: "this user may not listen there; ports below 1024 are the system's, and a folder must be writable",
    errno.EADDRNOTAVAIL: "this machine does not have that address; `ip address` lists those it has",
    errno.EAFNOSUPPORT: "this machine has no addresses of that kind",
    errno.ENOENT: "the folder must exist; make it first",
    errno.ENOTDIR: "the path leads through a file; choose a folder that exists",
    errno.EROFS: "nothing can be made in that folder; choose another one",
    errno.EMFILE: "too many files are open: close some, or raise `ulimit -n`",
}


@dataclass(frozen=True, slots=True)
class DoorInfo:
    """A door as `%mi` shows it: address, requests so far, raised events that have not ended, requests of users who may
    not command it, and who may."""

    address: str
    requests: int
    pending: int
    refused: int
    clients: str


class Server:
    """The doors of one session, closed with it. Safe from any thread; every method waits."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._lock = Lock()
        self._doors: dict[str, tuple[Door, Management, Admission]] = {}

    @classmethod
    def of(cls, session: Session) -> Server:
        """The server of a session, made when it is asked for first."""
        return session.companion(cls, lambda: cls(session))

    def open(
        self,
        text: str,
        management: Management,
        *,
        listen: str | None = None,
        token: str | None = None,
        reply_directory: str = REPLY_DIRECTORY,
        files: Iterable[str | os.PathLike[str]] = (),
    ) -> str:
        """Open a door at an address as people write it; the address with the port that was chosen.

        Clients may write files, and reach `unix:` sockets, in the folders `files` alone; where only this user and root,
        or who has the token, can be clients, and no folders are named, wherever this user may. A door that this session
        has open there makes way: a cell that opens one can be run again. Raises AddressError for an address that is
        wrong, refused or taken, and for a folder that is none.
        """
        address = parse_address(text, listen, token)
        admitted = admission(address, token, files)
        management = management.bounded(admitted.within)
        published(self._session)  # reads the catalogue: clients wait a tenth of a second for a datagram, no longer
        with self._lock:
            patience = REOPENING if self._end(str(address)) else 0.0
            try:
                door = _started(lambda: _door(address, management, token, reply_directory), patience)
            except OSError as error:
                hint = _REMEDIES.get(error.errno or 0)
                raise AddressError(f"cannot listen on {address}: {error.strerror or error}", hint) from None
            name = str(door.address)
            self._doors[name] = (door, management, admitted)
            return name

    def greeting(self, name: str) -> str:
        """The line that says where a door listens, and who may command it."""
        with self._lock:
            return f"listening on {name} ({self._doors[name][2]})"

    def doors(self) -> list[DoorInfo]:
        with self._lock:
            return [
                DoorInfo(name, door.requests, management.pending, door.refused, str(admitted))
                for name, (door, management, admitted) in self._doors.items()
            ]

    def close_door(self, name: str) -> bool:
        """Close the door at an address, as `open` gave it; False when there is none."""
        with self._lock:
            return self._end(name)

    def close(self) -> None:
        """Close all doors. Closing twice is harmless."""
        with self._lock:
            for name in list(self._doors):
                self._end(name)

    def _end(self, name: str) -> bool:
        """Close the door at an address; False when there is none."""
        found = self._doors.pop(name, None)
        if found is not None:
            found[0].stop()
        return found is not None


def close_doors(session: Session) -> None:
    """Close all doors of a session, if it has any."""
    server = session.attached(Server)
    if server is not None:
        server.close()


def _started(make: Callable[[], Door], patience: float) -> Door:
    """A door that listens. Raises OSError, AddressError; an address that is taken is tried again for some seconds."""
    end = monotonic() + patience
    while True:
        door = make()
        try:
            door.start()
        except OSError as error:
            if error.errno != errno.EADDRINUSE or monotonic() > end:
                raise
            sleep(PAUSE)
        else:
            return door


def _door(address: Address, management: Management, token: str | None, reply_directory: str) -> Door:
    if address.kind == "fifo":
        return FifoDoor(address, management, reply_directory)
    if address.kind == "http":
        from evroute_kernel.engine.mi.doors.http import HttpDoor  # imports tornado

        return HttpDoor(address, management, token)
    return DatagramDoor(address, management)
