"""A connection to `evroute serve` in a process of its own: the two ends that the project has, against one another."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from evroute_kernel.engine.live.addresses import ListenAddress, MiAddress
from evroute_kernel.engine.live.arrivals import Inbox
from evroute_kernel.engine.live.connection import Connection, ConnectOptions, Traffic
from evroute_kernel.engine.live.raising import live_params, raise_live
from evroute_kernel.engine.live.subscription import SubscribeError
from evroute_kernel.engine.mi.management import Management
from evroute_kernel.engine.mi.server import Server
from evroute_kernel.engine.session.session import Session
from evroute_kernel.library import table

SERVED = """event_route[E_BURST] {
    $var(i) = 0;
    while ($var(i) < $param(n)) {
        $avp(n) = "n";
        $avp(v) = $var(i);
        raise_event("E_LAB", $avp(n), $avp(v));
        $avp(n) = NULL;
        $avp(v) = NULL;
        $var(i) += 1;
    }
}
event_route[E_LAB] { $var(x) = 1; }
"""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[dict[str, str]]:
    """`evroute serve` on every kind of door: kind -> address."""
    (tmp_path / "served.cfg").write_text(SERVED)
    doors = ["datagram:127.0.0.1:0", f"unix:{tmp_path}/mi.sock", f"fifo:{tmp_path}/mi.fifo", "http:127.0.0.1:0/mi"]
    command = [
        sys.executable,
        "-m",
        "evroute_kernel",
        "serve",
        str(tmp_path / "served.cfg"),
        f"--reply-dir={tmp_path}/",
    ]
    command += [f"--mi={door}" for door in doors]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env={**os.environ}) as process:
        assert process.stderr is not None
        lines = [process.stderr.readline() for _ in doors]
        found = [re.fullmatch(r"listening on (\S+) \(.* may command it.*\)\n", line) for line in lines]
        assert all(found), lines
        yield {match[1].partition(":")[0]: match[1] for match in found if match}
        process.send_signal(signal.SIGTERM)
        process.stderr.read()


@pytest.mark.parametrize(
    ("door", "listen"), [("datagram", "udp"), ("unix", "unix"), ("fifo", "tcp"), ("http", "tcp"), ("datagram", "tcp")]
)
def test_events_come_by_every_door(
    served: dict[str, str], tmp_path: Path, session: Session, door: str, listen: str
) -> None:
    session.load('event_route[E_LAB] { xlog("$param(n)\\n"); }')
    mi = MiAddress.parse(served[door])
    options = ConnectOptions(mi, listen=ListenAddress.parse(listen), reply_dir=str(tmp_path), count=5)
    connection = Connection(session, options, Inbox())
    raise_live(connection.client, "E_BURST", live_params({"n": 5}), table.of("3.6"))
    assert connection.reception is not None
    connection.reception.finished.result(30)
    assert [record.text for record in session.log] == [f"{number}\n" for number in range(5)]
    assert connection.traffic == Traffic(received=5)
    assert [s["expire"] for s in subscribers(connection)] == [60]
    connection.close()


def subscribers(connection: Connection) -> list[dict[str, object]]:
    found = connection.client.call("subscribers_list", {"event": "E_LAB"})["Event"]["Subscribers"]
    return [subscriber for subscriber in found if subscriber["socket"] == connection.event_socket]


def test_a_session_does_not_connect_to_itself(session: Session) -> None:
    session.load('event_route[E_LAB] { xlog("x\\n"); }')
    address = Server.of(session).open("datagram:127.0.0.1:0", Management(session))
    with pytest.raises(SubscribeError, match="on their own events"):
        Connection(session, ConnectOptions(MiAddress.parse(address)), Inbox())
    assert json.dumps([known.socket for known in session.subscribers() if known.ttl != 0]) == '["route:E_LAB"]'
