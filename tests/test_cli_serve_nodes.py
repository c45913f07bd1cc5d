"""Nodes of a cluster in processes of their own: `evroute serve --node --peer`."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from support.mi_clients import wait_until
from test_cli_serve import COMMAND, DEADLINE, Served, serving

HEAD = """
loadmodule "cfgutils.so"
loadmodule "proto_bin.so"
loadmodule "clusterer.so"
modparam("clusterer", "db_mode", 0)
modparam("clusterer", "my_node_id", %d)
socket=bin:127.0.0.1:5555
event_route[E_CLUSTERER_NODE_STATE_CHANGED] { xlog("$param(node_id) is $param(new_state)\\n"); }
event_route[E_CLUSTERER_SHARING_TAG_CHANGED] { xlog("$param(name) $param(state) $param(reason)\\n"); }
event_route[E_SHOW] { xlog("shown\\n"); }
"""
ASKS = """
event_route[E_GO] { cluster_send_req(1, 2, "hello", $shv(t)); xlog("rc $rc\\n"); }
event_route[E_LONG] { cluster_send_req(1, 2, $param(1), $shv(t)); xlog("rc $rc\\n"); }
event_route[E_TAKE] { $cluster.sh_tag(vip/1) = 1; }
event_route[E_CLUSTERER_RPL_RECEIVED] { if ($param(tag) == $shv(t)) xlog("reply $param(src_id) [$param(msg)]\\n"); }
"""
ANSWERS = """
modparam("clusterer", "sharing_tag", "vip/1=active")
event_route[E_CLUSTERER_REQ_RECEIVED] {
    xlog("request $param(src_id) [$param(msg)]\\n");
    cluster_send_rpl(1, $param(src_id), "yes \\xc3\\xa4", $param(tag));
}
"""


@contextmanager
def two(folder: Path) -> Iterator[tuple[Served, Served]]:
    """Nodes 1 and 2."""
    nodes = folder / "1.node", folder / "2.node"
    with ExitStack() as stack:
        served = []
        for number, script in ((1, ASKS), (2, ANSWERS)):
            (own := folder / str(number)).mkdir()
            other = 3 - number
            served.append(
                stack.enter_context(
                    serving(
                        own,
                        f"--mi=unix:{own}/mi.sock",
                        f"--node={number}={nodes[number - 1]}",
                        f"--peer={other}={nodes[other - 1]}",
                        script=HEAD % number + script,
                    )
                )
            )
        first, second = served
        wait_until(lambda: "2 is 1" in first.out and "1 is 1" in second.out)
        yield first, second


def ask(served: Served, method: str, *params: object) -> object:
    """A request, and its result or error."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as client:
        path = served.folder / f"client{os.urandom(4).hex()}"
        client.bind(str(path))
        client.settimeout(DEADLINE)
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        client.sendto(json.dumps(request).encode(), str(served.folder / "mi.sock"))
        reply = json.loads(client.recv(100_000))
        path.unlink()
    return reply.get("result", reply.get("error"))


def test_nodes_in_two_processes(tmp_path: Path) -> None:
    with two(tmp_path) as (first, second):
        assert "not the protocol of proto_bin" in first.err
        assert stat.S_IMODE((tmp_path / "1.node").stat().st_mode) == 0o600
        ask(first, "raise_event", "E_GO")
        wait_until(lambda: "reply 2 [yes ä]" in first.out)
        assert "rc 1" in first.out
        assert "request 1 [hello]" in second.out
        ask(first, "raise_event", "E_TAKE")
        wait_until(lambda: "vip backup cluster broadcast from 1" in second.out)
        assert "vip active script variable" in first.out
        assert ask(first, "cluster_broadcast_mi", 1, "raise_event", ["E_SHOW"]) == "OK"
        wait_until(lambda: "shown" in first.out and "shown" in second.out)
        ask(first, "raise_event", "E_LONG", ["x" * 200_000])
        wait_until(lambda: "rc -3" in first.out)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_node_that_ends_is_down(tmp_path: Path, number: int) -> None:
    with two(tmp_path) as (first, second):
        second.end(number)
        wait_until(lambda: "2 is 0" in first.out)
        ask(first, "raise_event", "E_GO")
        wait_until(lambda: "rc -2" in first.out)
        with serving(
            second.folder,
            f"--mi=unix:{second.folder}/mi.sock",
            f"--node=2={tmp_path / '2.node'}",
            f"--peer=1={tmp_path / '1.node'}",
            script=HEAD % 2 + ANSWERS,
        ):
            wait_until(lambda: first.out.count("2 is 1") == 2)
            ask(first, "raise_event", "E_GO")
            wait_until(lambda: "reply 2 [yes ä]" in first.out)


def said(**message: object) -> bytes:
    """What node 2 says."""
    return json.dumps({"node": 2, "cluster": 1, **message}).encode()


NO_MESSAGES = [
    b"\xff",
    b"[]",
    b"[" * 100_000,
    b"9" * 10_000,
    b'{"node": 9, "cluster": 1}',
    said(event=1),
    said(event=1, params=[]),
    said(event="E_SHOW\u20ac", params=[["a", "b"]]),
    said(event="E_SHOW", params=None),
    said(event="E_SHOW", params=[["a", 1.5]]),
    said(event="E_SHOW", params=[["a", 10**30]]),
    said(event="E_SHOW", params=[["a", True]]),
    said(event="E_SHOW", params=[["a", "\u20ac"]]),
    said(event="E_SHOW", params=[["\ud800", "a"]]),
    said(tag=5),
    said(tag=[1]),
    said(command=5, params=[]),
    said(command="ps", params=5),
    said(command="raise_event", params=[["E_SHOW"], {"a": 1}]),
]


def test_what_is_no_message_of_a_node_is_dropped(tmp_path: Path) -> None:
    with two(tmp_path) as (first, _):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as stranger:
            for count, message in enumerate(NO_MESSAGES, 1):
                stranger.sendto(message, str(tmp_path / "1.node"))
                stranger.sendto(said(event="E_SHOW", params=[["a", "b"]]), str(tmp_path / "1.node"))
                wait_until(lambda count=count: first.out.count("shown") == count)  # type: ignore[misc]
        assert "was dropped" in first.err
        assert "Traceback" not in first.err
        ask(first, "raise_event", "E_GO")
        wait_until(lambda: "reply 2" in first.out)


def test_a_script_that_names_another_number(tmp_path: Path) -> None:
    (tmp_path / "x.cfg").write_text(HEAD % 2)
    command = [COMMAND, "serve", tmp_path / "x.cfg", f"--mi=unix:{tmp_path}/mi.sock", f"--node=1={tmp_path}/1.node"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE, check=False)
    assert done.returncode == 2
    assert "the script says my_node_id 2, and --node 1" in done.stderr
    assert not (tmp_path / "1.node").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--peer=2=/x"], "--peer needs --node"),
        (["--node=0=/x"], "expected a number from 1 on"),
        (["--node=1=x.sock"], "is no path for the socket of a node"),
        (["--node=1=/nowhere/at/all"], "cannot listen at /nowhere/at/all"),
        (["--node=1=/x", "--peer=1=/y"], "node 1 is this one and a peer"),
        (["--node=1=/x", "--peer=2=/x"], "two nodes have the same socket"),
        (["--node=1=/x", "--peer=2=/y", "--peer=2=/z"], "named twice"),
    ],
)
def test_options_that_cannot_be(tmp_path: Path, options: list[str], said: str) -> None:
    (tmp_path / "x.cfg").write_text('event_route[E_X] { xlog("x"); }')
    command = [COMMAND, "serve", tmp_path / "x.cfg", f"--mi=unix:{tmp_path}/mi.sock", *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE, check=False)
    assert (done.returncode, said in done.stderr) == (2, True), done.stderr
