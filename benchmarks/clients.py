"""Clients of doors, as processes of their own: `python benchmarks/clients.py KIND ADDRESS COUNT PREFIX`.

Each waits for every answer before it asks again, and does nothing between that could be done before: what is measured
is the door. It says `ready`, begins with the first line that it is given, and prints the seconds, and the processor
seconds, that it took. Standard library alone, and little of it.
"""

from __future__ import annotations

import os
import socket
import struct
import sys
import time
from collections.abc import Callable

#: what is raised: an event with two parameters
REQUEST = b'{"jsonrpc":"2.0","id":%d,"method":"raise_event","params":["E_BENCH",["192.0.2.1","x"]]}'
REPLY = b'{"jsonrpc":"2.0","result":"OK","id":%d}'
LONGEST = 4096
#: ten seconds, as a socket takes them: an answer that has not come by then is lost
PATIENCE = struct.pack("@ll", 10, 0)

Ask = Callable[[bytes], bytes]


def by_datagram(address: str, prefix: str) -> Ask:
    host, port = address.rsplit(":", 1)
    client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    client.connect((host, int(port)))
    # not settimeout(), which asks the system twice for each datagram
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, PATIENCE)

    def ask(request: bytes) -> bytes:
        client.send(request)
        return client.recv(LONGEST)

    return ask


def by_unix(address: str, prefix: str) -> Ask:
    client = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    client.bind(f"{address}.{prefix}")
    client.connect(address)

    def ask(request: bytes) -> bytes:
        client.send(request)
        return client.recv(LONGEST)

    return ask


def by_fifo(address: str, prefix: str) -> Ask:
    """Replies come to a FIFO file beside that of the door."""
    name = f"{prefix}-reply"
    path = f"{os.path.dirname(address)}/{name}"  # noqa: PTH120 - pathlib takes as long to import as all the rest
    os.mkfifo(path)
    door = os.open(address, os.O_WRONLY)

    def ask(request: bytes) -> bytes:
        os.write(door, b":%b:%b" % (name.encode(), request))
        replies = os.open(path, os.O_RDONLY)
        reply = b""
        while piece := os.read(replies, LONGEST):  # to its end, or the next one would begin with that
            reply += piece
        os.close(replies)
        return reply

    return ask


def by_http(address: str, prefix: str) -> Ask:
    """One connection for all requests."""
    host, port = address.partition("/")[0].rsplit(":", 1)
    client = socket.create_connection((host, int(port)))
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    head = b"POST /mi HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"

    def ask(request: bytes) -> bytes:
        client.sendall(head % len(request) + request)
        reply = client.recv(LONGEST)
        while not reply.endswith(b"}"):
            reply += client.recv(LONGEST)
        return reply.partition(b"\r\n\r\n")[2]

    return ask


CLIENTS = {"datagram": by_datagram, "unix": by_unix, "fifo": by_fifo, "http": by_http}


def main(kind: str, address: str, count: int, prefix: str) -> None:
    ask = CLIENTS[kind](address, prefix)
    exchanges = [(REQUEST % number, REPLY % number) for number in range(count)]
    print("ready", flush=True)
    sys.stdin.readline()
    started, used = time.perf_counter(), time.process_time()
    for request, reply in exchanges:
        try:
            found = ask(request)
        except BlockingIOError:
            raise SystemExit(f"no answer to {request!r} has come") from None
        if found != reply:
            raise SystemExit(f"{found!r} is no answer to {request!r}")
    print(time.perf_counter() - started, time.process_time() - used, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4])
