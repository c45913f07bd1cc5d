"""Does `jupyter lab NOTEBOOK` come up with kernel and highlighting? Called with the command of README.md."""

import asyncio
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

from tornado.websocket import websocket_connect

TOKEN = "smoke"
EXTENSION = "evroute-kernel"
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


def text(path: str) -> str:
    """What the browser gets at a path."""
    request = urllib.request.Request(f"http://127.0.0.1:{PORT}{path}", headers={"Authorization": f"token {TOKEN}"})
    with urllib.request.urlopen(request, timeout=10) as reply:
        return reply.read().decode()


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


async def first_output(kernel: str, code: str) -> str:
    """What a cell prints first, asked for as the browser does."""
    content = {"code": code, "silent": False, "store_history": False, "user_expressions": {}, "allow_stdin": False}
    header = {
        "msg_id": "1",
        "msg_type": "execute_request",
        "session": "s",
        "username": "",
        "date": "",
        "version": "5.3",
    }
    request = {"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"}
    url = f"ws://127.0.0.1:{PORT}/api/kernels/{kernel}/channels?token={TOKEN}"
    async with asyncio.timeout(SECONDS):
        socket = await websocket_connect(url)
        await socket.write_message(json.dumps(request))
        while True:
            message = json.loads(await socket.read_message())
            assert message["msg_type"] != "error", message["content"]
            if message["msg_type"] == "stream":
                return message["content"]["text"]


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
        logged = asyncio.run(first_output(kernel, 'xlog("hello from a cell\\n");'))
        assert logged == "hello from a cell\n", logged
        assert f'"{EXTENSION}"' in text("/lab"), "JupyterLab does not know the extension"
        assert EXTENSION in text(f"/lab/extensions/{EXTENSION}/static/remoteEntry.js")
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(30)
    print(f"jupyter lab opens {notebook}, its kernel {name} runs a cell, its colours are there")


main(sys.argv[1])
