"""`%subscribe` and `%subscribers`."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.frontend import Frontend

ROUTE = 'event_route[E_A] { xlog("ran\\n"); }\n'


@pytest.fixture
def receiver() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as bound:
        bound.bind(("127.0.0.1", 0))
        bound.settimeout(30)
        yield bound


def test_a_socket_gets_events_and_is_listed(kernel: Frontend, receiver: socket.socket) -> None:
    target = f"udp:127.0.0.1:{receiver.getsockname()[1]}"
    found = kernel.run(ROUTE + f"%subscribe E_A {target} 600\n%raise E_A ip=é")
    assert (found.status, found.stdout, found.stderr) == ("ok", "ran\n", "")
    assert receiver.recv(100) == '{"jsonrpc":"2.0","method":"E_A","params":{"ip":"é"}}'.encode()
    listed = kernel.run("%subscribers")
    head, _, first, second = listed.shown[0].splitlines()
    assert head.split() == ["event", "socket", "expire", "left", "sent", "failed", "dropped", "waiting", "state"]
    fields = first.split()
    assert fields[:4] == ["E_A", target, "600", "s"]
    assert 590 <= int(fields[4]) <= 600
    assert fields[5:] == ["s", "1", "0", "0", "0", "ok"]
    assert second.split() == ["E_A", "route:E_A", "never"]
    assert target in listed.contents("display_data")[0]["data"]["text/html"]
    kernel.run(f"%subscribe E_A {target} 0")
    assert "expired" in kernel.run("%subscribers E_A").shown[0] or target not in kernel.run("%subscribers").shown[0]


def test_an_event_that_only_sockets_subscribe(kernel: Frontend, tmp_path: Path) -> None:
    both = f'"virtual:PARALLEL flatstore:{tmp_path}/a flatstore:{tmp_path}/b"'
    found = kernel.run(f"%subscribe E_PIKE_BLOCKED {both}\n%raise E_PIKE_BLOCKED 192.0.2.66")
    assert (found.status, found.stdout, found.stderr) == ("ok", "", "")
    assert [(tmp_path / name).read_text() for name in "ab"] == ["E_PIKE_BLOCKED,192.0.2.66\n"] * 2


def test_failures_are_shown_under_the_cell_that_raised(kernel: Frontend, tmp_path: Path) -> None:
    kernel.run(ROUTE + f"%subscribe E_A unix:{tmp_path}/none")
    found = kernel.run("%raise E_A")
    assert (found.status, found.stdout) == ("ok", "ran\n")
    assert f"error: unix:{tmp_path}/none did not get E_A: Cannot raise datagram event due to 2" in found.told
    assert "No such file or directory" in kernel.run("%subscribers E_A").shown[0]


@pytest.mark.parametrize(
    ("line", "word", "words"),
    [
        ("%subscribe E_PIKE_BLOCKD udp:127.0.0.1:9", "E_PIKE_BLOCKD", "did you mean 'E_PIKE_BLOCKED'?"),
        ("%subscribe E_PIKE_BLOCKED upd:127.0.0.1:9", "upd:127.0.0.1:9", "did you mean 'udp'?"),
        ("%subscribe E_PIKE_BLOCKED /tmp/x", "/tmp/x", "write unix:/tmp/x for a path"),
        ("%subscribe E_PIKE_BLOCKED udp:127.0.0.1:9 soon", "soon", "expected a number of seconds"),
        ("%subscribe udp:127.0.0.1:9 E_A", "udp:127.0.0.1:9", "write %subscribe E_A udp:127.0.0.1:9"),
        (
            "%subscribe E_A virtual:FAILOVER tcp:h:1 flatstore:/x 60",
            "virtual:FAILOVER tcp:h:1 flatstore:/x",
            'write "virtual:FAILOVER tcp:h:1 flatstore:/x"',
        ),
        ("%subscribers E_PIKE_BLOCKD", "E_PIKE_BLOCKD", "nobody has subscribed to E_PIKE_BLOCKD"),
    ],
)
def test_mistakes(kernel: Frontend, line: str, word: str, words: str) -> None:
    found = kernel.run(line)
    assert found.status == "error"
    assert words in found.traceback
    assert "^" * len(word) in found.traceback


def test_nothing_subscribed(kernel: Frontend) -> None:
    assert kernel.run("%subscribers").shown == ["nobody has subscribed to any event"]
    assert kernel.run("%subscribers E_PIKE_BLOCKED").shown == ["nobody has subscribed to E_PIKE_BLOCKED"]


def test_help(kernel: Frontend) -> None:
    assert "virtual:POLICY" in "".join(kernel.run("%help subscribe").shown)
