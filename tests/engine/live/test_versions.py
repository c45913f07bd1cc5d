"""Servers of both versions are recognised, and asked by their own names."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[3]))  # beside the tests, not a part of what is installed

from evroute_kernel.engine.live import subscription
from evroute_kernel.engine.live.addresses import ListenAddress, MiAddress
from evroute_kernel.engine.live.arrivals import Inbox
from evroute_kernel.engine.live.connection import Connection, ConnectOptions
from evroute_kernel.engine.live.mi_client import MiClient
from evroute_kernel.engine.live.peer import Peer, difference, met
from evroute_kernel.engine.live.raising import live_params, raise_live
from evroute_kernel.engine.mi.management import Management
from evroute_kernel.engine.mi.server import Server
from evroute_kernel.engine.session.session import Session
from evroute_kernel.library import table
from evroute_kernel.runtime.versions import VERSIONS, ServerVersion, server_version
from fidelity.installed import Installed, NotInstalledError, installed
from fidelity.server import running
from support.live_server import wait_until

SCRIPT = 'event_route[E_A] { xlog("there\\n"); }'
NEW_NAMES = {"events_list": "evi:list", "event_subscribe": "evi:subscribe", "raise_event": "evi:raise"}
RELEASES: dict[ServerVersion, str] = {"3.6": "3.6-evroute_kernel-", "4.0": "4.0-evroute_kernel-"}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscription, "CHECK", 0.02)
    monkeypatch.setattr(subscription, "FIRST_PAUSE", 0.02)


@pytest.fixture
def served() -> Iterator[Callable[..., str]]:
    """`served(version, address)`: a session of that version with a door; where that is. The one before is closed."""
    sessions: list[Session] = []

    def serve(version: str, address: str = "datagram:127.0.0.1:0") -> str:
        while sessions:
            sessions.pop().close()
        session = Session(workers=1, version=version)
        sessions.append(session)
        session.load(SCRIPT)
        return Server.of(session).open(address, Management(session))

    yield serve
    for session in sessions:
        session.close()


def connected(session: Session, address: str, **options: Any) -> Connection:
    options = {"events": ("E_A",), "listen": ListenAddress.parse("udp"), **options}
    return Connection(session, ConnectOptions(MiAddress.parse(address), **options), Inbox())


@pytest.mark.parametrize("version", VERSIONS)
def test_a_server_of_our_own(served: Callable[..., str], session: Session, version: ServerVersion) -> None:
    session.load('event_route[E_A] { xlog("here $param(n)\\n"); }')
    connection = connected(session, served(version), count=1)
    assert connection.peer.version == version
    assert (connection.peer.release or "").startswith(RELEASES[version])
    assert connection.client.names == (NEW_NAMES if version == "4.0" else {})
    raise_live(connection.client, "E_A", live_params({"n": 5}), table.of(version))
    assert connection.reception is not None
    connection.reception.finished.result(30)
    assert [record.text for record in session.log] == ["here 5\n"]
    connection.close()


@pytest.mark.parametrize(("before", "after"), [("3.6", "4.0"), ("4.0", "3.6")])
def test_a_server_that_comes_back_as_another(
    served: Callable[..., str], session: Session, before: ServerVersion, after: ServerVersion
) -> None:
    session.load('event_route[E_A] { xlog("here\\n"); }')
    address = served(before)
    connection = connected(session, address)
    assert connection.peer.version == before
    assert served(after, address) == address
    wait_until(lambda: connection.state.returns > 0 and connection.state.state == "connected")
    assert connection.peer.version == after
    assert connection.client.names == (NEW_NAMES if after == "4.0" else {})
    raise_live(connection.client, "E_A", None, table.of(after))
    wait_until(lambda: connection.traffic.received == 1)
    connection.close()


class Answering(MiClient):
    """A server that answers as told; what it does not know is a method that is not found."""

    def __init__(self, **replies: str) -> None:
        super().__init__("nowhere")
        self.replies = {name.replace("__", ":"): reply for name, reply in replies.items()}

    def exchange(self, request: bytes, identifier: int, deadline: float) -> bytes:
        method = request.decode().partition('"method":"')[2].partition('"')[0]
        reply = self.replies.get(method)
        if reply is None:
            return b'{"jsonrpc":"2.0","error":{"code":-32601,"message":"Method not found"},"id":%d}' % identifier
        return b'{"jsonrpc":"2.0","result":%b,"id":%d}' % (reply.encode(), identifier)

    def close(self) -> None:
        """Nothing is open."""


OLD = '["version","raise_event","event_subscribe","events_list"]'
NEW = '["core:version","evi:raise","evi:subscribe","evi:list"]'


@pytest.mark.parametrize(
    ("client", "release", "version", "names"),
    [
        (Answering(version='{"Server":"OpenSIPS (3.6.8 (x86_64/linux))"}', which=OLD), "3.6.8", "3.6", {}),
        (Answering(version='{"Server":"OpenSIPS (4.0.1 (x86_64/linux))"}', which=NEW), "4.0.1", "4.0", NEW_NAMES),
        # a module of one's own has a command `version`, so that the short name is ambiguous
        (
            Answering(core__version='{"Server":"OpenSIPS (4.0.2-dev (aarch64/linux))"}', core__which=NEW),
            "4.0.2-dev",
            "4.0",
            NEW_NAMES,
        ),
        (Answering(version='{"Server":"OpenSIPS (3.4.9 (x86_64/linux))"}', which=OLD), "3.4.9", None, {}),
        (Answering(version='"no"', which='"no"'), None, None, {}),
        (Answering(), None, None, {}),
    ],
)
def test_what_servers_say(client: Answering, release: str | None, version: str | None, names: dict[str, str]) -> None:
    assert met(client) == Peer(release, version, names)  # type: ignore[arg-type]


def test_a_difference_is_told() -> None:
    assert difference(Peer("4.0.1", "4.0"), "4.0") is None
    assert difference(Peer(), "4.0") is None
    said = difference(Peer("4.0.1", "4.0"), "3.6")
    assert said is not None
    assert "the server is OpenSIPS 4.0.1" in said
    assert said.endswith("3.6 runs them (as 4.0: %reset, %config version=4.0, and %connect again)")
    assert difference(Peer("3.4.9"), "3.6") == (
        "the server is OpenSIPS 3.4.9; events run here as OpenSIPS 3.6 runs them"
    )


@pytest.fixture(scope="module")
def real() -> Installed:
    try:
        return installed()
    except NotInstalledError as error:
        pytest.skip(str(error))


def test_a_real_server(real: Installed, session: Session) -> None:
    """The one that the environment names: its release is that of `-V`, and events come."""
    if not real.has("event_datagram"):
        pytest.skip("event_datagram is not installed")
    session.load('event_route[E_A] { xlog("here $param(n)\\n"); }')
    with running(real, SCRIPT) as server:
        connection = connected(session, server.address, count=1)
        assert connection.peer.release == real.version()
        assert connection.peer.version == server_version(real.version())
        assert bool(connection.client.names) == (connection.peer.version == "4.0")
        raise_live(connection.client, "E_A", live_params({"n": 5}), table.of(server_version(real.version())))
        assert connection.reception is not None
        connection.reception.finished.result(30)
        connection.close()
    assert [record.text for record in session.log] == ["here 5\n"]
