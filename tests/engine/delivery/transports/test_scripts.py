"""raise_event() and subscribe_event() of scripts with sockets: return codes and the lines that a server logs."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from evroute_kernel.engine.session.session import Session

Wait = Callable[[Callable[[], bool]], None]
GONE = "Cannot raise datagram event due to 2:No such file or directory"
FAILED = "cannot raise event"


def texts(session: Session, script: str, *, log_level: int = 2) -> list[str]:
    """What an event route logs, messages of the server and all."""
    session.load(f"log_level = {log_level}\nevent_route[E_GO] {{ {script} }}")
    run = session.raise_event("E_GO")
    assert run.ok, run.error
    return [record.text for record in run.log]


def test_parameters_go_out_newest_first(session: Session, peers: Any) -> None:
    receiver, socket = peers.udp()
    script = f"""
        subscribe_event("E_OUT", "{socket}");
        $avp(v) = 7; $avp(n) = "int"; $avp(v) = "a,b\\"\\\\\\t\\x01/é"; $avp(n) = "str";
        $avp(v) = ""; $avp(n) = "e"; $avp(v) = -3; $avp(n) = "neg";
        raise_event("E_OUT", $avp(n), $avp(v)); xlog("$rc\\n");
        raise_event("E_OUT", , $avp(v)); xlog("$rc\\n");
        raise_event("E_OUT"); xlog("$rc\\n");
    """
    assert texts(session, script) == ["1\n"] * 3
    assert [receiver.recv(1000).decode() for _ in range(3)] == [
        '{"jsonrpc":"2.0","method":"E_OUT","params":{"neg":-3,"e":"","str":"a,b\\"\\\\\\t\\u0001/é","int":7}}',
        '{"jsonrpc":"2.0","method":"E_OUT","params":[-3,"","a,b\\"\\\\\\t\\u0001/é",7]}',
        '{"jsonrpc":"2.0","method":"E_OUT"}',
    ]


def test_a_failure_is_logged_by_the_route_and_the_others_get_the_event(
    session: Session, peers: Any, tmp_path: Path
) -> None:
    receiver, socket = peers.udp()
    script = f"""
        subscribe_event("E_OUT", "unix:{tmp_path}/none");
        subscribe_event("E_OUT", "{socket}");
        subscribe_event("E_OUT", "unix:{tmp_path}/none2");
        xlog("before\\n"); raise_event("E_OUT"); xlog("$rc\\n");
    """
    assert texts(session, script) == ["before\n", GONE, GONE, FAILED, "-1\n"]
    assert receiver.recv(100) == b'{"jsonrpc":"2.0","method":"E_OUT"}'
    assert {record.level for record in session.log if record.diagnostic} == {"ERROR"}
    assert {record.route for record in session.log} == {"event_route[E_GO]"}


def test_the_level_of_the_server_filters_its_lines(session: Session, tmp_path: Path) -> None:
    script = f'subscribe_event("E_OUT", "unix:{tmp_path}/none"); raise_event("E_OUT"); xlog("$rc\\n");'
    assert texts(session, script, log_level=-2) == ["-1\n"]


def test_a_virtual_socket_may_log_and_still_succeed(session: Session, peers: Any, tmp_path: Path) -> None:
    _, socket = peers.udp()
    script = f"""
        subscribe_event("E_OUT", "virtual:FAILOVER unix:{tmp_path}/none {socket}");
        raise_event("E_OUT"); xlog("$rc\\n"); raise_event("E_OUT"); xlog("$rc\\n");
    """
    assert texts(session, script) == [GONE, "1\n", "1\n"]


def test_a_connection_is_taken_for_good(session: Session, peers: Any, wait: Wait) -> None:
    dead = peers.dead()
    assert texts(session, f'subscribe_event("E_OUT", "{dead}"); raise_event("E_OUT"); xlog("$rc\\n");')[-1] == "1\n"
    wait(lambda: session.subscribers("E_OUT")[0].failed == 1)


def test_expiry_rules_of_scripts(session: Session, peers: Any) -> None:
    _, socket = peers.udp()

    def expire() -> int | None:
        return session.subscribers("E_OUT")[0].expire

    texts(session, f'subscribe_event("E_OUT", "{socket}");')
    assert expire() is None
    texts(session, f'subscribe_event("E_OUT", "{socket}", 60);')
    assert expire() == 60
    texts(session, f'subscribe_event("E_OUT", "{socket}"); subscribe_event("E_OUT", "{socket}", 0);')
    assert expire() == 60
    session.subscribe("E_OUT", socket, 0)
    texts(session, f'subscribe_event("E_OUT", "{socket}");')
    assert expire() == 0
    assert len(session.subscribers("E_OUT")) == 1


@pytest.mark.parametrize(
    "socket",
    [
        "udp:192.0.2.7:9",
        "udp:other.example:9",
        "tcp:192.0.2.7:9/m",
        "xmlrpc:192.0.2.7:9:m",
        "kafka:192.0.2.7:9092/t",
        "kafka:127.0.0.1:9092,192.0.2.7:9092/t",
        "kafka:127.0.0.1:9092/t?g.bootstrap.servers=192.0.2.7:9092",
        "rabbitmq:192.0.2.7/q",
        "virtual:PARALLEL unix:/tmp/none udp:192.0.2.7:9",
        "udp:1.27.0.0.1:9",
        "udp:localhost.example:9",
        "udp:0.0.0.0:9",
    ],
)
def test_other_machines_are_out_of_reach_while_the_network_is_off(session: Session, socket: str) -> None:
    script = f'subscribe_event("E_OUT", "{socket}"); xlog("$rc\\n");'
    said, code = texts(session, script)
    assert code == "-1\n"
    assert said.endswith("is another machine, and the network is off (%config network=on allows it)")
    assert session.subscribers("E_OUT") == []


def test_other_machines_are_reached_where_the_network_is_on(session: Session) -> None:
    session.settings["network"] = True
    assert texts(session, 'subscribe_event("E_OUT", "udp:192.0.2.7:9"); xlog("$rc\\n");') == ["1\n"]
    session.settings["network"] = False
    assert "-1\n" in texts(session, 'subscribe_event("E_OUT", "udp:192.0.2.8:9"); xlog("$rc\\n");')
    session.subscribe("E_OUT", "udp:192.0.2.9:9")  # the user's own word
    assert [known.socket for known in session.subscribers("E_OUT")] == ["udp:192.0.2.9:9", "udp:192.0.2.7:9"]


def test_this_machine_is_always_in_reach(session: Session, tmp_path: Path) -> None:
    sockets = ["udp:127.0.0.1:9", "udp:localhost:9", "udp:127.1:9", f"unix:{tmp_path}/x", f"flatstore:{tmp_path}/y"]
    sockets.append(f"virtual:PARALLEL udp:127.0.0.2:9 unix:{tmp_path}/x")
    for socket in sockets:
        assert texts(session, f'subscribe_event("E_OUT", "{socket}"); xlog("$rc\\n");') == ["1\n"], socket


def test_what_cannot_be_subscribed(session: Session, tmp_path: Path) -> None:
    session.settings["network"] = True
    script = f"""
        subscribe_event("E_OUT", "bad:x"); xlog("$rc\\n");
        subscribe_event("E_OUT", "udp:127.0.0.1:x"); xlog("$rc\\n");
        subscribe_event("E_OUT", "flatstore:{tmp_path}"); xlog("$rc\\n");
        subscribe_event("E_OUT", "udp:no.such.host.invalid:1"); xlog("$rc\\n");
    """
    found = texts(session, script)
    assert found.count("-1\n") == 4
    for part in ("no transport can serve 'bad:x'", "is a directory", "cannot find the IPv4 address"):
        assert any(part in text for text in found)
    assert session.subscribers("E_OUT") == []


def test_an_event_for_routes_and_sockets(session: Session, peers: Any) -> None:
    receiver, socket = peers.udp()
    session.load('event_route[E_OUT] { xlog("inner $param(1)\\n"); }')
    script = f"""
        subscribe_event("E_OUT", "{socket}");
        $avp(v) = "x"; raise_event("E_OUT", , $avp(v)); xlog("outer\\n");
    """
    assert texts(session, script) == ["outer\n", "inner x\n"]
    assert receiver.recv(100) == b'{"jsonrpc":"2.0","method":"E_OUT","params":["x"]}'


def test_routes_of_a_batch_raise_for_sockets(session: Session, peers: Any, tmp_path: Path) -> None:
    session.load(
        'event_route[E_IN] { xlog("a\\n"); $avp(v) = $param(n); raise_event("E_OUT", , $avp(v)); xlog("$rc\\n"); }\n'
        f'startup_route {{ subscribe_event("E_OUT", "flatstore:{tmp_path}/flat");'
        f' subscribe_event("E_OUT", "unix:{tmp_path}/none"); }}'
    )
    result = session.submit_batch("E_IN", [{"n": n} for n in range(50)]).result()
    assert [record.text for record in result.log] == ["a\n", GONE, FAILED, "-1\n"] * 50
    assert (tmp_path / "flat").read_text() == "".join(f"E_OUT,{n}\n" for n in range(50))


def test_a_script_that_raises_without_end_can_be_interrupted_again_and_again(session: Session, tmp_path: Path) -> None:
    session.load(
        'max_while_loops = 100000000\nevent_route[E_LOOP] { while (1) { raise_event("E_OUT"); } }\n'
        'event_route[E_ONE] { raise_event("E_OUT"); xlog("$rc\\n"); }\n'
        f'startup_route {{ subscribe_event("E_OUT", "flatstore:{tmp_path}/flat"); }}'
    )
    pid = session.workers()[0].pid
    for _ in range(10):
        future = session.submit("E_LOOP", origin="loop")
        size = (tmp_path / "flat").stat().st_size if (tmp_path / "flat").exists() else 0
        end = monotonic() + 10
        while not (tmp_path / "flat").exists() or (tmp_path / "flat").stat().st_size <= size:
            assert monotonic() < end
        assert session.interrupt("loop") == 1
        assert [error.cause for error in future.result(10).errors] == ["interrupted"]
        assert [record.text for record in session.raise_event("E_ONE").log] == ["1\n"]
    assert session.workers()[0].pid == pid  # no worker was lost by it


def test_a_reader_that_reads_nothing_stops_no_route(session: Session, peers: Any) -> None:
    _, socket = peers.unix()
    script = f"""
        subscribe_event("E_OUT", "{socket}");
        $var(i) = 0; while ($var(i) < 400) {{ raise_event("E_OUT"); $var(last) = $rc; $var(i) = $var(i) + 1; }}
        xlog("$var(last)\\n");
    """
    found = texts(session, script)
    assert found[-1] == "-1\n"
    assert found[-2:-4:-1] == [FAILED, "Cannot raise datagram event due to 11:Resource temporarily unavailable"]


def test_workers_leave_nothing_open(session: Session, peers: Any) -> None:
    _, socket = peers.udp()
    texts(session, f'subscribe_event("E_OUT", "{socket}"); raise_event("E_OUT");')
    pid = session.workers()[0].pid
    before = len(list(Path(f"/proc/{pid}/fd").iterdir()))
    for _ in range(5):
        session.raise_event("E_GO")
    assert len(list(Path(f"/proc/{pid}/fd").iterdir())) == before
    assert not [thread for thread in threading.enumerate() if "sender" in thread.name]
