"""Listeners: what arrives is handed on, whatever it is; what cannot be read is counted; everything is closed."""

from __future__ import annotations

import gc
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from evroute_kernel.engine.live import listeners
from evroute_kernel.engine.live.addresses import ListenAddress, MiAddress
from evroute_kernel.engine.live.listeners import LEAST_PORT, Listener, ListenError, open_listener
from evroute_kernel.engine.live.notifications import LARGEST
from support.live_server import wait_until

MI = MiAddress.parse("datagram:127.0.0.1:8080")
Open = Callable[[str], tuple[Listener, list[bytes]]]


@pytest.fixture
def listening() -> Iterator[Open]:
    with ExitStack() as opened:

        def listen(text: str) -> tuple[Listener, list[bytes]]:
            found: list[bytes] = []
            listener = open_listener(ListenAddress.parse(text), MI, found.append)
            opened.callback(listener.close)
            listener.start()
            return listener, found

        yield listen
    assert not [thread for thread in threading.enumerate() if thread.name == "evroute live listener"]


def where(listener: Listener) -> tuple[str, int]:
    _, host, port = listener.event_socket.split(":")
    return host, int(port)


def test_datagrams_come_whole_and_in_order(listening: Open) -> None:
    listener, found = listening("udp")
    sent = [b"x" * size for size in (0, 1, 1000, 65507)]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for payload in sent:
            sender.sendto(payload, where(listener))
    wait_until(lambda: len(found) == 4)
    assert found == sent
    assert (listener.lost, listener.broken) == (0, 0)
    assert where(listener)[1] >= LEAST_PORT


def test_what_does_not_fit_the_socket_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listeners, "BUFFER", 10_000)
    found: list[bytes] = []
    listener = open_listener(ListenAddress("udp"), MI, found.append)
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for _ in range(1000):  # nobody reads yet
                sender.sendto(b"x" * 100, where(listener))
        listener.start()
        wait_until(lambda: len(found) + listener.lost == 1000)
        assert listener.lost > 0
    finally:
        listener.close()
    assert len(found) + listener.lost == 1000


def test_a_unix_socket_is_removed_in_the_end(listening: Open) -> None:
    listener, found = listening("unix")
    path = Path(listener.event_socket.removeprefix("unix:"))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"one", str(path))
    wait_until(lambda: found == [b"one"])
    listener.close()
    assert not path.parent.exists()


def test_new_unix_sockets_are_equally_long(listening: Open) -> None:
    first, second = (listening("unix")[0].event_socket for _ in range(2))
    assert len(Path(first).name) == len(Path(second).name)
    assert first != second


def test_a_unix_socket_of_ones_own(listening: Open, tmp_path: Path) -> None:
    listener, _ = listening(f"unix:{tmp_path}/x.sock")
    assert listener.event_socket == f"unix:{tmp_path}/x.sock"
    listener.close()
    assert list(tmp_path.iterdir()) == []


def test_a_stream_of_many_objects(listening: Open) -> None:
    listener, found = listening("tcp")
    objects = [b'{"method":"E_A","params":{"n":%d}}' % number for number in range(1000)]
    with socket.create_connection(where(listener)) as sender:
        sender.sendall(b"".join(objects))
        wait_until(lambda: len(found) == 1000)
    assert found == objects


def test_a_stream_that_breaks_off_or_never_ends(listening: Open) -> None:
    listener, found = listening("tcp")
    with socket.create_connection(where(listener)) as sound:
        with socket.create_connection(where(listener)) as sender:
            sender.sendall(b'{"method":"E_A"}noise{"method":')
        wait_until(lambda: listener.broken == 2)
        with socket.create_connection(where(listener)) as sender, suppress(OSError):  # it is cut off at some point
            sender.sendall(b'{"' + b"x" * 2 * LARGEST)
        wait_until(lambda: listener.broken == 3)
        sound.sendall(b'{"method":"E_B"}')
        wait_until(lambda: len(found) == 2)
    assert found == [b'{"method":"E_A"}', b'{"method":"E_B"}']


def test_requests_of_reliable_mode_are_answered(listening: Open) -> None:
    listener, found = listening("tcp")
    with socket.create_connection(where(listener)) as sender:
        sender.settimeout(30)
        sender.sendall(b'{"id":77,"jsonrpc":"2.0","method":"E_A"}{"method":"E_B","params":{"x":"\\"id\\""}}')
        answer = b'{"jsonrpc":"2.0","result":"OK","id":77}'
        assert sender.recv(100) == answer
        wait_until(lambda: len(found) == 2)


def test_connections_are_bounded(listening: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listeners, "MOST_CONNECTIONS", 2)
    listener, found = listening("tcp")
    with ExitStack() as stack:
        first, second = (stack.enter_context(socket.create_connection(where(listener))) for _ in range(2))
        first.sendall(b'{"method":"E_A"}')
        second.sendall(b'{"method":"E_A"}')
        wait_until(lambda: len(found) == 2)
        third = stack.enter_context(socket.create_connection(where(listener)))
        third.settimeout(30)
        assert third.recv(1) == b""


def test_the_one_that_has_been_silent_longest_makes_way(listening: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listeners, "MOST_CONNECTIONS", 2)
    monkeypatch.setattr(listeners, "SILENCE", 0.0)
    listener, found = listening("tcp")
    with ExitStack() as stack:
        first, second = (stack.enter_context(socket.create_connection(where(listener))) for _ in range(2))
        for number, sender in enumerate((first, second, first), 1):
            sender.sendall(b'{"method":"E_A"}')
            wait_until(lambda number=number: len(found) == number)
        second.sendall(b"{")  # no notification yet
        for number in (4, 5):  # both may be read in one turn, the other one last; the next turn comes after that
            first.sendall(b'{"method":"E_A"}')
            wait_until(lambda number=number: len(found) == number)
        third = stack.enter_context(socket.create_connection(where(listener)))
        second.settimeout(30)
        assert second.recv(1) == b""
        for sender in (first, third):
            sender.sendall(b'{"method":"E_A"}')
        wait_until(lambda: len(found) == 7)
    assert listener.broken == 1


@pytest.mark.parametrize(
    "text", ["udp:127.0.0.1:{udp}", "tcp:127.0.0.1:{tcp}", "unix:/nonexistent/x", "udp:no.invalid:0"]
)
def test_where_one_cannot_listen(listening: Open, text: str) -> None:
    taken = {kind: where(listening(kind)[0])[1] for kind in ("udp", "tcp")}
    with pytest.raises(ListenError, match="cannot listen at"):
        open_listener(ListenAddress.parse(text.format(**taken)), MI, print)


def test_the_address_told_is_one_that_the_server_reaches(listening: Open) -> None:
    assert listening("udp:0.0.0.0:0")[0].event_socket.startswith("udp:127.0.0.1:")
    assert listening("tcp:localhost:0")[0].event_socket.startswith("tcp:127.0.0.1:")


def test_nothing_is_left_by_a_listener_that_never_started() -> None:
    open_listener(ListenAddress("tcp"), MI, print).close()


def test_no_socket_is_left_where_no_address_leads_to_the_server() -> None:
    elsewhere = MiAddress.parse("http://[::1]:8888/mi")
    with pytest.raises(ListenError, match="no IPv4 address leads to ::1"):
        open_listener(ListenAddress.parse("udp:0.0.0.0:0"), elsewhere, lambda payload: None)
    gc.collect()  # would tell of a socket that was left open
