"""A stand-in for a running server, as a process of its own: the management interface and the senders of events.

Run as a program it answers by UDP, a unix socket, a FIFO and HTTP at once, and prints where as one line of JSON. What
it answers is what OpenSIPS 3.6 answers; commands that begin with `fake_` make it misbehave.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

KNOWN = ["E_CORE_THRESHOLD", "E_A", "E_B", "E_PIKE_BLOCKED"]


class Fault(Exception):
    def __init__(self, code: int, message: str, data: str | None = None) -> None:
        super().__init__(message)
        self.error = {"code": code, "message": message, **({"data": data} if data else {})}


class Server:
    """The state, and one method for each command."""

    def __init__(self, senders: list[str]) -> None:
        self.senders = senders
        self.started = 0
        self.silent = 0
        self.log: list[list[Any]] = []
        #: (event, socket) -> expire
        self.subscribers: dict[tuple[str, str], int] = {}
        self.streams: dict[str, socket.socket] = {}
        self.lock = threading.RLock()

    def answer(self, text: bytes) -> bytes | None:
        with self.lock:
            request = json.loads(text.decode("utf-8", "surrogateescape"))
            reply: dict[str, Any] = {"jsonrpc": "2.0"}
            try:
                command = getattr(self, request["method"], None)
                if command is None:
                    raise Fault(-32601, "Method not found")
                params = request.get("params", {})
                reply["result"] = command(**params) if isinstance(params, dict) else command(*params)
            except Fault as fault:
                reply["error"] = fault.error
            if self.silent and not request["method"].startswith("fake_"):
                self.silent -= 1
                return None
            reply["id"] = request["id"]
            return json.dumps(reply).encode()

    # -- what servers know ------------------------------------------------------------------------------------------

    def uptime(self) -> dict[str, str]:
        return {"Now": "now", "Up since": f"start {self.started}", "Up time": "1 [sec]"}

    def events_list(self) -> dict[str, Any]:
        return {"Events": [{"name": name, "id": i} for i, name in enumerate(KNOWN)]}

    def event_subscribe(self, event: str, socket: str, expire: int = 3600) -> str:
        self.log.append([event, socket, expire])
        if event not in KNOWN or socket.partition(":")[0] not in self.senders:
            raise Fault(400, "Bad parameter value")
        self.subscribers[event, socket] = expire
        if not expire:
            del self.subscribers[event, socket]
        return "OK"

    def raise_event(self, event: str, params: Any = None) -> str:
        if event not in KNOWN:
            raise Fault(404, "Event not registered")
        if not any(known == event for known, _ in self.subscribers):
            raise Fault(480, "Temporarily Unavailable")
        if isinstance(params, str):
            params = json.loads(params)
        elif params is not None and not isinstance(params, list):
            raise Fault(400, "No Params")
        message = {"jsonrpc": "2.0", "method": event, **({"params": params} if params else {})}
        self.send(event, json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode())
        return "OK"

    # -- what servers do not know -----------------------------------------------------------------------------------

    def fake_silence(self, replies: int) -> str:
        self.silent = replies
        return "OK"

    def fake_restart(self) -> str:
        self.started += 1
        self.subscribers.clear()
        return "OK"

    def fake_send(self, event: str, payloads: list[str]) -> str:
        for payload in payloads:
            self.send(event, payload.encode("latin-1"))
        return "OK"

    def fake_log(self) -> list[list[Any]]:
        return self.log

    def fake_large(self, size: int) -> str:
        return "x" * size

    # -- sending ----------------------------------------------------------------------------------------------------

    def send(self, event: str, payload: bytes) -> None:
        for known, address in self.subscribers:
            if known == event:
                protocol, _, rest = address.partition(":")
                host, _, port = rest.rpartition(":")
                if protocol == "tcp":
                    self.stream(address, (host, int(port))).sendall(payload)
                    continue
                family = socket.AF_UNIX if protocol == "unix" else socket.AF_INET
                with socket.socket(family, socket.SOCK_DGRAM) as sender:
                    sender.sendto(payload, rest if protocol == "unix" else (host, int(port)))

    def stream(self, address: str, where: tuple[str, int]) -> socket.socket:
        if address not in self.streams:
            self.streams[address] = socket.create_connection(where)
        return self.streams[address]


def serve_datagrams(server: Server, opened: socket.socket) -> None:
    while True:
        request, peer = opened.recvfrom(65536)
        reply = server.answer(request)
        if reply is not None:
            with suppress(OSError):
                opened.sendto(reply[:65457], peer)


def serve_fifo(server: Server, path: Path, replies: Path) -> None:
    # opened for writing too, so that it never ends
    with os.fdopen(os.open(path, os.O_RDWR), "rb", buffering=0) as fifo:
        line = b""
        while True:
            line += fifo.read(65536)
            while b"\n" in line:
                request, _, line = line.partition(b"\n")
                _, name, text = request.split(b":", 2)
                reply = server.answer(text)
                if reply is not None:
                    (replies / name.decode()).write_bytes(reply)


def http_server(server: Server) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path == "/token" and self.headers["Authorization"] != "Bearer secret":
                self.send_error(401)
                return
            if self.path not in ("/mi", "/token"):
                self.send_error(404)
                return
            reply = server.answer(request) or b""
            self.send_response(200)
            self.send_header("Content-Length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)

        def log_message(self, *_: Any) -> None:
            pass

    return ThreadingHTTPServer(("127.0.0.1", 0), Handler)


def main(folder: Path, port: int, senders: list[str]) -> None:
    server = Server(senders)
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(("127.0.0.1", port))
    unix = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    for name in ("mi.sock", "mi.fifo"):
        (folder / name).unlink(missing_ok=True)
    unix.bind(str(folder / "mi.sock"))
    os.mkfifo(folder / "mi.fifo")
    http = http_server(server)
    for target, arguments in (
        (serve_datagrams, (server, udp)),
        (serve_datagrams, (server, unix)),
        (serve_fifo, (server, folder / "mi.fifo", folder)),
        (http.serve_forever, ()),
    ):
        threading.Thread(target=target, args=arguments, daemon=True).start()
    print(json.dumps({"udp": udp.getsockname()[1], "http": http.server_address[1]}), flush=True)
    sys.stdin.read()  # until whoever started it is gone


# -- for tests ------------------------------------------------------------------------------------------------------


@dataclass
class LiveServer:
    """The process, and how to reach it."""

    process: subprocess.Popen[str]
    folder: Path
    udp: int
    http: int

    @property
    def mi(self) -> str:
        return f"datagram:127.0.0.1:{self.udp}"

    def call(self, method: str, **params: Any) -> Any:
        """A command by a client that has nothing in common with the one that is tested."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(10)
            request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
            client.sendto(json.dumps(request).encode(), ("127.0.0.1", self.udp))
            return json.loads(client.recv(65536)).get("result")

    def subscriptions(self) -> list[list[Any]]:
        found: list[list[Any]] = self.call("fake_log")
        return found

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def start_again(self) -> None:
        """At the same addresses."""
        self.close()
        self.process, _ = started(self.folder, self.udp, [])

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()


def started(folder: Path, port: int, senders: list[str]) -> tuple[subprocess.Popen[str], dict[str, int]]:
    command = [sys.executable, __file__, str(folder), str(port), *senders]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, json.loads(process.stdout.readline())


@contextmanager
def live_server(folder: Path, *senders: str) -> Iterator[LiveServer]:
    """A server that sends by these kinds of sockets only; by all when none is named."""
    process, ports = started(folder, 0, list(senders))
    server = LiveServer(process, folder, ports["udp"], ports["http"])
    try:
        yield server
    finally:
        server.close()


def wait_until(condition: Any, seconds: float = 30.0) -> None:
    """Wait for something that is about to be true; fails when it is not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.005)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:] or ["udp", "unix", "tcp"])
