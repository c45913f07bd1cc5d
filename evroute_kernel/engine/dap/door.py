"""Where clients attach to a session: a unix socket, on which each speaks the Debug Adapter Protocol.

The file is for its owner alone (mode 0600), the system tells who has connected, and `attach` needs the token too:
whoever debugs, commands. A client that is gone without a word may come back for a while, and finds standing still what
stood.
"""

from __future__ import annotations

import hmac
import os
import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from evroute_kernel.engine.dap.attached import Attached, Debugged
from evroute_kernel.engine.dap.conversation import LAST_WORDS, Conversation, Publish
from evroute_kernel.engine.dap.launch import ATTACH, check
from evroute_kernel.engine.dap.program import told
from evroute_kernel.engine.dap.requests import Arguments, Refused
from evroute_kernel.engine.dap.stream import Stream
from evroute_kernel.engine.dap.token import Token
from evroute_kernel.engine.mi.addresses import AddressError
from evroute_kernel.engine.mi.admission import is_admitted
from evroute_kernel.engine.mi.doors.door import Descriptors
from evroute_kernel.engine.mi.doors.files import MODE, OwnFile, check_free
from evroute_kernel.engine.results.log import LogRecord
from evroute_kernel.engine.session.session import Session
from evroute_kernel.runtime.limits import UNIX_PATH_LIMIT

#: seconds that a run stands still for a client that is gone
GRACE: Final = 10.0
#: clients at once
CLIENTS: Final = 16
#: what the system tells of who has connected: process, user, group
_PEER: Final = struct.Struct("=iII")


class DebugDoor:
    """Listens until it is closed. `tell`: takes sentences for whoever runs the session; `end`: a client ends it all."""

    def __init__(
        self,
        session: Session,
        path: str,
        token: str,
        *,
        tell: Callable[[str], None],
        end: Callable[[], None],
        grace: float = GRACE,
    ) -> None:
        """Clients may connect from now on. Raises AddressError."""
        self._session, self._token, self._tell, self.end, self._grace = session, token, tell, end, grace
        self._lock = threading.Lock()
        #: connections, and who speaks there
        self.clients: dict[socket.socket, threading.Thread] = {}
        self._attached: dict[Debugged, Publish] = {}
        self._lost: dict[Debugged, threading.Timer] = {}
        self._is_closing = False
        self.refused = 0
        self._socket = _listening(path)
        self._file = OwnFile(path)
        self._descriptors = Descriptors(self._socket.fileno())
        self._thread = threading.Thread(target=self._serve, name="evroute debugger", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Tell clients that all is over, let go on what stands still, and leave nothing behind."""
        with self._lock:
            self._is_closing = True
            attached, lost = dict(self._attached), dict(self._lost)
        self._descriptors.wake()
        self._thread.join()
        for timer in lost.values():
            timer.cancel()
        for debugged in (*attached, *lost):
            debugged.close()
        for publish in attached.values():
            publish({"type": "event", "seq": 0, "event": "terminated", "body": {}})
        for how in (socket.SHUT_RD, socket.SHUT_RDWR):
            for client, thread in tuple(self.clients.items()):
                with suppress(OSError):
                    client.shutdown(how)
                thread.join(LAST_WORDS)
        self._socket.close()
        self._descriptors.close()
        self._file.remove()

    def heard(self, record: LogRecord, origin: object) -> None:
        """Tell all who are attached of a log record. In the supervisor's thread."""
        for publish in tuple(self._attached.values()):
            publish({"type": "event", "seq": 0, "event": "output", "body": told(record)})

    # -- clients ------------------------------------------------------------------------------------------------------

    def _serve(self) -> None:
        while not self._descriptors.is_closing:
            if self._descriptors.wait():
                with suppress(OSError):  # gone before it could be welcomed
                    self._welcome(self._socket.accept()[0])

    def _welcome(self, client: socket.socket) -> None:
        _, user, _ = _PEER.unpack(client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size))
        if not is_admitted(user) or len(self.clients) >= CLIENTS:
            self._refuse(f"user {user} may not" if not is_admitted(user) else f"{CLIENTS} are there already")
            client.close()
            return
        thread = threading.Thread(target=self._talk, args=(client,), name="evroute debugger client", daemon=True)
        self.clients[client] = thread
        thread.start()

    def _talk(self, client: socket.socket) -> None:
        def give_up() -> None:
            with suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)

        stream = Stream(client.makefile("rb"), client.makefile("wb"))
        try:
            Conversation(stream, {"attach": self._admit}, give_up).hold()
        finally:
            self.clients.pop(client, None)
            give_up()
            stream.close()
            client.close()

    def _admit(self, arguments: Arguments, client: Arguments, publish: Publish) -> Attached:
        """Raises Refused."""
        check(arguments, ATTACH)
        given = arguments.get("token") or ""
        if not hmac.compare_digest(_bytes(given), _bytes(self._token)):
            self._refuse("its token is wrong" if given else "it has sent no token")
            raise Refused("attach needs the token that evroute serve has told when it started, and this is another one")
        with self._lock:
            if self._is_closing:
                raise Refused("evroute serve is ending")
            debugged, timer = self._lost.popitem() if self._lost else (Debugged(self._session), None)
        if timer is not None:
            timer.cancel()
        return Attached(debugged, self, publish)

    def joined(self, debugged: Debugged, publish: Publish) -> None:
        """As `attached.Host.joined`."""
        with self._lock:
            self._attached[debugged] = publish

    def left(self, debugged: Debugged, *, is_lost: bool) -> None:
        """As `attached.Host.left`."""
        with self._lock:
            self._attached.pop(debugged, None)
            if is_lost and debugged.adapter.has_stops and not self._is_closing:
                debugged.adapter.forget_breakpoints()  # nothing more comes to stand still
                self._lost[debugged] = timer = threading.Timer(self._grace, self._give_up, (debugged,))
                timer.daemon = True
                timer.start()
                self._tell(f"a debugger is gone while a run stands still: that goes on in {self._grace:g} s")
                return
        debugged.close()

    def _give_up(self, debugged: Debugged) -> None:
        with self._lock:
            is_lost = self._lost.pop(debugged, None) is not None
        if is_lost:
            debugged.close()

    def _refuse(self, why: str) -> None:
        self.refused += 1
        if self.refused == 1:
            self._tell(f"{self._file.path} has refused a debugger: {why}")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _listening(path: str) -> socket.socket:
    """A socket at a path. Raises AddressError."""
    if "\0" in path or not path or len(os.fsencode(path)) > UNIX_PATH_LIMIT:
        raise AddressError(f"{path!r} is no path for a socket", f"it has at most {UNIX_PATH_LIMIT} bytes")
    check_free(path)
    opened = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        os.fchmod(opened.fileno(), MODE)  # before the file exists, so that it never is anybody else's
        opened.bind(path)
        opened.listen(CLIENTS)
    except OSError as error:
        opened.close()
        raise AddressError(f"cannot listen at {path}: {(error.strerror or str(error)).lower()}") from None
    return opened


def open_door(
    session: Session,
    path: str,
    token: Token,
    tell: Callable[[str], None],
    end: Callable[[], None],
) -> DebugDoor:
    """Let debuggers attach to a session until it is closed, and tell how. Raises AddressError."""
    session.attach(token)
    door = DebugDoor(session, path, token.text, tell=tell, end=end)
    session.attach(door)
    tell(f"debuggers attach at {path} (this user and root, {token.told})")
    return door
