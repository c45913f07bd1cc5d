"""Nodes in several processes: a unix socket for each, through which they send each other messages.

What goes through it is ours and no server's: one JSON object in a datagram, not the binary protocol of `proto_bin`. The
file is for its owner alone (mode 0600), and the system tells who has sent a datagram: those of other users are dropped.
A node that cannot be reached is down at that moment. Each says once a second that it is there.
"""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from evroute_kernel.engine.cluster.peer import CarryOut, Parcel, Place, Unreachable
from evroute_kernel.engine.cluster.router import Router
from evroute_kernel.engine.events.params import Params
from evroute_kernel.engine.mi.addresses import AddressError
from evroute_kernel.engine.mi.admission import is_admitted
from evroute_kernel.engine.mi.commands.clusterer import carried_out
from evroute_kernel.engine.mi.doors.datagram import SENDER_SPACE, user_of
from evroute_kernel.engine.mi.doors.door import Descriptors
from evroute_kernel.engine.mi.doors.files import MODE, OwnFile, check_free
from evroute_kernel.engine.mi.management import Management
from evroute_kernel.engine.mi.protocol import CommandError
from evroute_kernel.library.sharing_tags import Tag
from evroute_kernel.runtime.limits import UNIX_PATH_LIMIT

if TYPE_CHECKING:
    from evroute_kernel.engine.session.session import Session

#: bytes of a message between nodes
LIMIT: Final = 128 * 1024
#: seconds between two signs of life, and after which a node that has given none is down
SIGN: Final = 1.0
SILENCE: Final = 5.0
#: messages that are taken until it is looked whether the door is to be closed
AT_ONCE: Final = 64
#: what the greeting says, so that nobody takes it for a server's
NOT_A_SERVERS: Final = "only evroute speaks there: it is not the protocol of proto_bin, and no server can join"


class RemotePeer:
    """A node in another process."""

    #: nobody here tells it who is up
    tells_states = False

    def __init__(self, place: Place, path: str, door: NodeDoor) -> None:
        self.place = place
        self.path = path
        self.heard = 0.0
        self._door = door

    def take(self, parcel: Parcel) -> Future[Any] | None:
        """As `Peer.take`."""
        self._send({"event": parcel.event, "params": parcel.params})
        return None

    def activate(self, tag: str, cluster: int) -> bool:
        """As `Peer.activate`: only the node itself does that."""
        return False

    def back_up(self, tag: str, cluster: int) -> bool:
        """As `Peer.back_up`; it raises the event itself."""
        with suppress(Unreachable):
            self._send({"tag": tag})
        return False

    def manage(self, carry_out: CarryOut, command: str, params: Sequence[Any] | None) -> None:
        """As `Peer.manage`."""
        with suppress(Unreachable):
            self._send({"command": command, "params": params})

    def interrupt(self, home: int, origin: object) -> int:
        """As `Peer.interrupt`: what runs in another process is left alone."""
        return 0

    def _send(self, message: dict[str, Any]) -> None:
        self._door.send(self, message)


class NodeDoor:
    """The node of a session that others in other processes reach. Closed with its session."""

    def __init__(self, session: Session, id: int, path: str, peers: dict[int, str], cluster: int = 1) -> None:
        """Listen at `path`, and know the other nodes by their numbers and paths. Raises AddressError, OSError."""
        self._id = id
        self._session = session
        self._management = Management(session)
        self.router = Router(cluster)
        self.refused = 0
        self._lock = threading.Lock()
        for each in (path, *peers.values()):
            if not each.startswith("/") or len(os.fsencode(each)) > UNIX_PATH_LIMIT:
                message = f"{each!r} is no path for the socket of a node"
                raise AddressError(message, f"it begins with / and has at most {UNIX_PATH_LIMIT} bytes")
        check_free(path)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
            os.fchmod(self._socket.fileno(), MODE)  # before the file exists
            self._socket.bind(path)
        except BaseException:
            self._socket.close()
            raise
        self._file = OwnFile(path)
        self._descriptors = Descriptors(self._socket.fileno())
        session.enter(self.router, id, str(id))
        self._peers = {number: RemotePeer(_place(number), at, self) for number, at in peers.items()}
        for peer in self._peers.values():
            self.router.add(peer, is_up=False)
        self._thread = threading.Thread(target=self._serve, name="evroute node", daemon=True)

    def start(self) -> None:
        """Tell the others that this node is there, and take what they send. Its routes are there by now."""
        self._thread.start()

    def close(self) -> None:
        """Tell the others that this node is gone, and leave nothing behind."""
        for peer in self._peers.values():
            self._put(peer, {"sign": "gone"})
        if self._thread.is_alive():
            self._descriptors.wake()
            self._thread.join()
        self._socket.close()
        self._descriptors.close()
        self._file.remove()

    # -- sending ------------------------------------------------------------------------------------------------------

    def send(self, peer: RemotePeer, message: dict[str, Any]) -> None:
        """Send a node a message. Raises Unreachable; a node that is not there is down from now on."""
        fault = self._put(peer, message)
        if fault is not None:
            raise Unreachable(f"the node {peer.place.id} cannot be reached: {fault}")

    def _put(self, peer: RemotePeer, message: dict[str, Any]) -> str | None:
        """What has gone wrong."""
        data = json.dumps({"node": self._id, "cluster": self.router.cluster, **message}).encode()
        if len(data) > LIMIT:
            return f"the message has {len(data)} bytes, and at most {LIMIT} can be sent between processes"
        try:
            with self._lock:
                self._socket.sendto(data, peer.path)
        except BlockingIOError:
            return "it takes no more for now"
        except OSError as error:
            self.router.set_up(peer.place.id, False)
            return (error.strerror or str(error)).lower()
        return None

    def _give_signs(self) -> None:
        """Say that this node is there; who has been silent for long is down."""
        now = monotonic()
        for id, peer in self._peers.items():
            self._put(peer, {"sign": "here"})
            if peer.heard and now - peer.heard > SILENCE:
                self.router.set_up(id, False)

    # -- receiving ----------------------------------------------------------------------------------------------------

    def _serve(self) -> None:
        due = monotonic()
        while not self._descriptors.is_closing:
            if monotonic() >= due:
                self._give_signs()
                due = monotonic() + SIGN
            if self._descriptors.wait(max(0.0, due - monotonic())):
                self._take()

    def _take(self) -> None:
        for _ in range(AT_ONCE):
            try:
                data, ancillary, _, _ = self._socket.recvmsg(LIMIT, SENDER_SPACE)
            except OSError:  # nothing is left
                return
            user = user_of(ancillary)
            if not is_admitted(user):
                self._refuse(f"it came from user {user}, and only this user and root may")
                continue
            try:
                self._obey(json.loads(data))
            except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
                self._refuse(f"it is no message of a node ({type(error).__name__}: {error})")

    def _refuse(self, why: str) -> None:
        self.refused += 1
        self._management.tell_once(f"a message at {self._file.path} was dropped: {why}")

    def _obey(self, message: dict[str, Any]) -> None:
        id = message["node"]
        peer = self._peers.get(id)
        if peer is None or message["cluster"] != self.router.cluster:
            raise KeyError(f"node {id} of cluster {message['cluster']} is not known here: name it with --peer")
        if message.get("sign") == "gone":
            peer.heard = 0.0
            self.router.set_up(id, False)
            return
        peer.heard = monotonic()
        if (node := self.router.node(id)) is not None and not node.is_up:
            self.router.set_up(id, True)
            self._put(peer, {"sign": "here"})
        own = self.router.node(self._id)
        if own is None or own.disabled & {id, self._id} or "sign" in message:
            return
        if "event" in message:
            with suppress(Unreachable):
                own.peer.take(Parcel(_text(message["event"]), _params(message["params"]), None, None))
        elif "tag" in message:
            self._back_up(Tag(_text(message["tag"]), self.router.cluster), id)
        else:
            self._carry_out(_text(message["command"]), message["params"])

    def _back_up(self, tag: Tag, id: int) -> None:
        own, sender = self.router.node(self._id), self.router.node(id)
        if own is not None and sender is not None and own.peer.back_up(tag.name, tag.cluster):
            self.router.tell_tag(sender, own, tag.name, "backup", f"cluster broadcast from {id}", None, None)

    def _carry_out(self, command: str, params: Any) -> None:
        try:
            carried_out(self._management, command, params)
        except CommandError as error:
            self._management.tell_once(f"{command} of another node has failed: {error}")


def _place(id: int) -> Place:
    return Place(id, str(id), f"bin:127.0.0.1:{5555 + id}", f"10.0.0.{id}")


def _text(given: Any) -> str:
    """A text as scripts have it, one character for each byte. Raises ValueError, TypeError."""
    if not isinstance(given, str):
        raise TypeError(f"{given!r} is no text")
    given.encode("latin-1")
    return given


def _params(given: Any) -> Params:
    """Parameters as they were sent. Raises ValueError, TypeError."""
    return tuple((_text(name), value if _is_integer(value) else _text(value)) for name, value in given)


def _is_integer(value: Any) -> bool:
    return type(value) is int and -(2**63) <= value < 2**63


def open_node(session: Session, id: int, path: str, peers: dict[int, str], cluster: int = 1) -> NodeDoor:
    """Make a session a node that other processes reach. Call `start` when its routes are there. Raises AddressError."""
    if id in peers:
        raise AddressError(f"node {id} is this one and a peer", "each node has a number of its own")
    if len({path, *peers.values()}) <= len(peers):
        raise AddressError("two nodes have the same socket", "each node has a path of its own")
    try:
        door = NodeDoor(session, id, path, peers, cluster)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise AddressError(f"cannot listen at {path}: {reason}", f"is {Path(path).parent} a folder of yours?") from None
    session.attach(door)
    return door
