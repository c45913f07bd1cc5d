"""`xmlrpc:`: a request for each event. The first text was seen on the wire of a server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Wait = Callable[[Callable[[], bool]], None]
HEAD = (
    "POST /RPC2 HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\nUser-Agent: OpenSIPS XMLRPC Notifier\r\n"
    "Content-type: text/xml\r\nContent-length: 288\r\n\r\n"
)
BODY = (
    '<?xml version="1.0"?>\n<methodCall>\n<methodName>block_ip</methodName>\n<params>\n'
    "<param>\n<value><string>E_S</string></value>\n</param>\n"
    "<param>\n<name>n</name>\n<value><int>7</int></value>\n</param>\n"
    "<param>\n<name>ip</name>\n<value><string>10.0.0.1</string></value>\n</param>\n"
    "</params>\n</methodCall>"
)


def request(bench: Any, outgoing: Any, peers: Any, rest: str, params: Any) -> tuple[str, str]:
    listener, socket = peers.tcp()
    port = socket.rpartition(":")[2]
    target = bench.open(f"xmlrpc:127.0.0.1:{port}{rest}")
    target.deliver(outgoing("E_S", params))
    connection = peers.accept(listener)
    return port, b"".join(iter(lambda: connection.recv(4096), b"")).decode("latin-1")


def test_a_request(bench: Any, outgoing: Any, peers: Any) -> None:
    port, text = request(bench, outgoing, peers, ":block_ip", (("n", 7), ("ip", "10.0.0.1")))
    assert text == HEAD.format(port=port) + BODY


def test_path_struct_and_what_is_not_escaped(bench: Any, outgoing: Any, peers: Any) -> None:
    bench.modparams["event_xmlrpc", "use_struct_param"] = [1]
    port, text = request(bench, outgoing, peers, "/a/b:m", (("n", -1), (None, "<\xff")))
    assert text.startswith(f"POST /a/b HTTP/1.1\r\nHost:127.0.0.1:{port}\r\n")
    assert text.endswith(
        "<param>\n<value><struct><member>\n<name>n</name>\n<value><int>18446744073709551615</int></value>\n"
        "</member></struct></value>\n</param>\n"
        "<param>\n<value><string><\xff</string></value>\n</param>\n</params>\n</methodCall>"
    )


def test_failures(bench: Any, outgoing: Any, peers: Any, wait: Wait) -> None:
    socket = peers.dead().replace("tcp", "xmlrpc") + ":m"
    target = bench.open(socket)
    outcome = target.deliver(outgoing("E_S", ((None, "x" * 9000),)))
    assert outcome.lines == ("buffer too small...", "cannot create send buffer")
    assert target.deliver(outgoing("E_S", ())).ok
    wait(lambda: target.failed == 2)
    assert [words for _, _, words in bench.complaints] == [
        f"cannot send to {socket.split(':', 1)[1].removesuffix(':m')}: Connection refused"
    ]
