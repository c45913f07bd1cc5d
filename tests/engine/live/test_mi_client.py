"""The client of the management interface against a server that answers, refuses, is silent, or is not there."""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from evroute_kernel.engine.live.addresses import MiAddress
from evroute_kernel.engine.live.mi_client import BadReplyError, MiClient, MiFaultError, NoAnswerError
from evroute_kernel.engine.live.mi_transports import open_client
from support.live_server import KNOWN, LiveServer


@contextmanager
def client_of(server: LiveServer, kind: str) -> Iterator[MiClient]:
    address = {
        "udp": server.mi,
        "unix": f"datagram:{server.folder}/mi.sock",
        "fifo": f"fifo:{server.folder}/mi.fifo",
        "http": f"http://127.0.0.1:{server.http}/mi",
    }[kind]
    with closing(open_client(MiAddress.parse(address), str(server.folder))) as client:
        yield client


@pytest.fixture(params=["udp", "unix", "fifo", "http"])
def client(server: LiveServer, request: pytest.FixtureRequest) -> Iterator[MiClient]:
    with client_of(server, request.param) as opened:
        yield opened


def test_a_command_and_its_result(client: MiClient) -> None:
    assert [event["name"] for event in client.call("events_list")["Events"]] == KNOWN
    assert client.call("event_subscribe", ["E_A", "udp:127.0.0.1:9"]) == "OK"
    assert client.call("event_subscribe", {"event": "E_A", "socket": "udp:127.0.0.1:9", "expire": 0}) == "OK"


def test_a_refusal_has_code_and_words_of_the_server(client: MiClient) -> None:
    with pytest.raises(MiFaultError, match="404 Event not registered") as found:
        client.call("raise_event", {"event": "E_NO"})
    assert (found.value.code, found.value.fault) == (404, "Event not registered")
    with pytest.raises(MiFaultError) as found:
        client.call("nonsense")
    assert found.value.code == -32601


def test_calls_of_many_threads_get_their_own_answers(client: MiClient) -> None:
    found: dict[int, int] = {}

    def ask(size: int) -> None:
        found[size] = len(client.call("fake_large", [size]))

    threads = [threading.Thread(target=ask, args=(size,)) for size in range(1, 40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {size: size for size in range(1, 40)}


@pytest.mark.parametrize("kind", ["udp", "unix", "fifo"])
def test_silence_ends_in_time(server: LiveServer, kind: str) -> None:
    with client_of(server, kind) as client:
        client.call("fake_silence", [1])
        with pytest.raises(NoAnswerError, match=r"does not answer uptime within 0\.05 seconds"):
            client.call("uptime", timeout=0.05)
        assert client.call("fake_large", [3]) == "xxx"


def test_a_late_answer_is_not_taken_for_the_next_ones() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))

        def serve() -> None:
            """Answer two requests when both have come."""
            requests = [server.recvfrom(65536) for _ in range(2)]
            for request, peer in requests:
                identifier = json.loads(request)["id"]
                server.sendto(json.dumps({"jsonrpc": "2.0", "id": identifier, "result": identifier}).encode(), peer)

        thread = threading.Thread(target=serve)
        thread.start()
        with closing(open_client(MiAddress.parse(f"datagram:127.0.0.1:{server.getsockname()[1]}"))) as client:
            with pytest.raises(NoAnswerError):
                client.call("first", timeout=0.05)
            assert client.call("second") == 2
        thread.join()


@pytest.mark.parametrize("kind", ["fifo", "http"])
def test_large_answers(server: LiveServer, kind: str) -> None:
    with client_of(server, kind) as client:
        assert len(client.call("fake_large", [300_000])) == 300_000


def test_an_answer_too_large_for_a_datagram(server: LiveServer) -> None:
    with client_of(server, "udp") as client, pytest.raises(BadReplyError) as found:
        client.call("fake_large", [70_000])
    assert "fifo or http" in str(found.value)


def test_a_command_too_large_for_a_datagram(server: LiveServer) -> None:
    with client_of(server, "udp") as client, pytest.raises(NoAnswerError, match="more than a datagram holds"):
        client.call("raise_event", {"event": "x" * 70_000})


def test_a_fifo_takes_commands_longer_than_it_holds(server: LiveServer) -> None:
    with client_of(server, "fifo") as client, pytest.raises(MiFaultError):
        client.call("raise_event", {"event": "x" * 200_000})
    assert list(server.folder.glob("evroute_*")) == []


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("datagram:{folder}/none", "there is no such file"),
        ("fifo:{folder}/none", "there is no such file"),
        ("fifo:{folder}/file", "this file is no FIFO"),
        ("fifo:{folder}/idle", "nobody reads this FIFO"),
        ("datagram:{folder}/stream", "no datagram socket"),
        ("datagram:127.0.0.1:{closed}", "nothing listens there"),
        ("http://127.0.0.1:{closed}/", "nothing listens there"),
        ("datagram:nowhere.invalid:8080", "unknown host"),
    ],
)
def test_nobody_answers(tmp_path: Path, address: str, message: str) -> None:
    (tmp_path / "file").write_text("untouched")
    os.mkfifo(tmp_path / "idle")
    with socket.socket(socket.AF_UNIX) as stream, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        stream.bind(str(tmp_path / "stream"))
        taken.bind(("127.0.0.1", 0))
        closed = taken.getsockname()[1]
        taken.close()
        mi = MiAddress.parse(address.format(folder=tmp_path, closed=closed))
        with pytest.raises(NoAnswerError, match=message), closing(open_client(mi, str(tmp_path))) as client:
            client.call("uptime")
    assert (tmp_path / "file").read_text() == "untouched"


def test_a_name_of_two_addresses_means_ipv4(server: LiveServer, monkeypatch: pytest.MonkeyPatch) -> None:
    found = [
        (socket.AF_INET6, socket.SOCK_DGRAM, 17, "", ("::1", server.udp, 0, 0)),
        (socket.AF_INET, socket.SOCK_DGRAM, 17, "", ("127.0.0.1", server.udp)),
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    with closing(open_client(MiAddress.parse(f"datagram:twofold:{server.udp}"))) as client:
        assert client.call("uptime")["Up since"] == "start 0"


def test_a_token_is_sent_over_http(server: LiveServer, monkeypatch: pytest.MonkeyPatch) -> None:
    address = MiAddress.parse(f"http://127.0.0.1:{server.http}/token")
    with closing(open_client(address)) as client:
        with pytest.raises(BadReplyError, match="401") as found:
            client.call("uptime")
        assert "EVROUTE_MI_TOKEN" in str(found.value.hint)
        monkeypatch.setenv("EVROUTE_MI_TOKEN", "secret")
        assert client.call("uptime")["Up since"] == "start 0"


def test_something_else_answers(server: LiveServer) -> None:
    mi = MiAddress.parse(f"http://127.0.0.1:{server.http}/else")
    with closing(open_client(mi)) as client, pytest.raises(BadReplyError, match="HTTP status 404") as found:
        client.call("uptime")
    assert "root" in str(found.value)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))

        def reply() -> None:
            _, peer = other.recvfrom(65536)
            other.sendto(b"ICY 200 OK", peer)

        thread = threading.Thread(target=reply)
        thread.start()
        mi = MiAddress.parse(f"datagram:127.0.0.1:{other.getsockname()[1]}")
        with closing(open_client(mi)) as client, pytest.raises(BadReplyError, match="'ICY 200 OK'"):
            client.call("uptime")
        thread.join()
