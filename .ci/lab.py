"""Does `jupyter lab NOTEBOOK` come up with the kernel? Called with the command of README.md."""

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from urllib.error import URLError

TOKEN = "smoke"
SECONDS = 90


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


PORT = free_port()


def ask(path: str, body: dict | None = None) -> dict:
    """GET, or POST where there is a body."""
    headers = {"Authorization": f"token {TOKEN}"}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{PORT}{path}", data, headers)
    with urllib.request.urlopen(request, timeout=10) as reply:
        return json.load(reply)


def wait(what: str, happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not happened():
        assert time.monotonic() < deadline, f"{what}: not within {SECONDS} s"
        time.sleep(0.2)


def answers(server: subprocess.Popen) -> bool:
    assert server.poll() is None, f"jupyter lab ended with {server.returncode}"
    try:
        ask("/api/status")
    except URLError:
        return False
    return True


def main(command: str) -> None:
    *words, notebook = shlex.split(command)
    options = [
        "--no-browser",
        "--allow-root",
        f"--port={PORT}",
        "--port-retries=0",
        f"--IdentityProvider.token={TOKEN}",
    ]
    server = subprocess.Popen([*words, *options, notebook], start_new_session=True)
    try:
        wait("jupyter lab answers", lambda: answers(server))
        content = ask(f"/api/contents/{notebook.rpartition('/')[2]}")["content"]
        name = content["metadata"]["kernelspec"]["name"]
        kernel = ask("/api/kernels", {"name": name})["id"]
        wait("the kernel is ready", lambda: ask(f"/api/kernels/{kernel}")["execution_state"] == "idle")
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(30)
    print(f"jupyter lab opens {notebook} and starts the kernel {name}")


main(sys.argv[1])
