"""A JupyterLab server of its own: this tree's kernel and highlighting, this Python, and nothing of the machine's."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

from evroute_kernel.kernel.kernelspec import BROUGHT, resources, specification

ROOT = Path(__file__).parent.parent.parent
#: seconds for the server to come up, and for it to go
DEADLINE = 60.0

#: what JupyterLab would do otherwise: ask for news, look for versions, take cells that are not seen out of the page,
#: drop completions that come after a second (which they do on a machine that does much else)
SETTINGS = {
    "apputils-extension/notification": {"checkForUpdates": False, "fetchNews": "false"},
    "notebook-extension/tracker": {"windowingMode": "none", "recordTiming": False},
    "completer-extension/manager": {"providerTimeout": 20_000},
    "docmanager-extension/plugin": {"autosave": False},
    "codemirror-extension/plugin": {"defaultConfig": {"codeFolding": True, "cursorBlinkRate": 0}},
}


@dataclass(frozen=True, slots=True)
class Server:
    """A server that answers at `url`, and shows the files below `folder`."""

    url: str
    token: str
    folder: Path
    settings: Path

    def address(self, path: str, **query: str) -> str:
        """The URL of a page that needs no login."""
        parts = [f"{name}={value}" if value else name for name, value in {"token": self.token, **query}.items()]
        return f"{self.url}{path}?{'&'.join(parts)}"

    def ask(self, path: str, method: str = "GET") -> Any:
        request = Request(self.url + path, headers={"Authorization": f"token {self.token}"}, method=method)
        with urlopen(request, timeout=DEADLINE) as reply:
            return json.loads(reply.read() or "null")

    def shut_down_kernels(self) -> None:
        """End the sessions, which end their kernels."""
        for session in self.ask("/api/sessions"):
            self.ask(f"/api/sessions/{session['id']}", "DELETE")

    def configure(self, plugin: str, **values: Any) -> None:
        """Settings of a JupyterLab plugin, as a user would set them; they hold from the next loading of a page."""
        package, _, name = plugin.partition("/")
        file = self.settings / "@jupyterlab" / package / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(values), "utf-8")


@contextmanager
def running(folder: Path, home: Path) -> Iterator[Server]:
    """A server for the files below `folder`; `home` takes all that it and its kernels would keep for a user."""
    port = free_port()
    token = secrets.token_hex(16)
    server = Server(f"http://127.0.0.1:{port}", token, folder, home / "settings")
    for plugin, values in SETTINGS.items():
        server.configure(plugin, **values)
    options = [
        "--no-browser",
        "--allow-root",
        f"--port={port}",
        "--port-retries=0",
        f"--notebook-dir={folder}",
        f"--IdentityProvider.token={token}",
        f"--LabApp.user_settings_dir={server.settings}",
        f"--LabApp.workspaces_dir={home / 'workspaces'}",
        # lets a test open documents and change the theme; what it tests is clicked and typed
        "--LabApp.expose_app_in_browser=True",
        "--LabApp.news_url=None",
    ]
    with (home / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *options],
            env=environment(home),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            wait_for_answer(server, process, home / "server.log")
            yield server
            server.shut_down_kernels()
        finally:
            end(process)


def environment(home: Path) -> dict[str, str]:
    """Where the server finds the kernels and the highlighting of this tree, before those that are installed."""
    share = home / "share"
    shutil.copytree(ROOT / "labextension", share / "labextensions" / "evroute-kernel")
    for name in BROUGHT:
        kernel = share / "kernels" / name
        shutil.copytree(resources().with_name(name), kernel)
        spec = specification((kernel / "kernel.json").read_text("utf-8"))
        (kernel / "kernel.json").write_text(json.dumps(spec), "utf-8")
    return {
        **os.environ,
        "HOME": str(home),
        "PYTHONPATH": str(ROOT),
        "JUPYTER_PATH": str(share),
        "JUPYTER_PLATFORM_DIRS": "1",
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "IPYTHONDIR": str(home / "ipython"),
    }


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for_answer(server: Server, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + DEADLINE
    while True:
        assert process.poll() is None, f"the server ended with {process.returncode}:\n{log.read_text()}"
        assert time.monotonic() < deadline, f"the server does not answer:\n{log.read_text()}"
        try:
            server.ask("/api/status")
        except URLError:
            time.sleep(0.05)
        else:
            return


def end(process: subprocess.Popen[bytes]) -> None:
    """Ask the server to go, with its kernels; where it does not, make it."""
    process.terminate()
    try:
        process.wait(DEADLINE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise
