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
from urllib.error import URLError

TOKEN = "smoke"
SECONDS = 90


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


PORT = free_port()


def get(path: str) -> dict:
    request = urllib.request.Request(f"http://127.0.0.1:{PORT}{path}", headers={"Authorization": f"token {TOKEN}"})
    with urllib.request.urlopen(request, timeout=10) as reply:
        return json.load(reply)


def wait_for_server(server: subprocess.Popen) -> None:
    deadline = time.monotonic() + SECONDS
    while True:
        assert server.poll() is None, f"jupyter lab ended with {server.returncode}"
        assert time.monotonic() < deadline, f"jupyter lab did not answer within {SECONDS} s"
        try:
            get("/api/status")
            return
        except URLError:
            time.sleep(0.2)


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
        wait_for_server(server)
        content = get(f"/api/contents/{notebook.rpartition('/')[2]}")["content"]
        kernel = content["metadata"]["kernelspec"]["name"]
        assert kernel in get("/api/kernelspecs")["kernelspecs"], f"no kernelspec {kernel}"
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(30)
    print(f"jupyter lab opens {notebook} with the kernel {kernel}")


main(sys.argv[1])
