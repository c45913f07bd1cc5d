"""A small front end for tests: starts real kernels, sends requests, gathers what comes back."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty
from typing import Any

import psutil
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager

ROOT = Path(__file__).parent.parent.parent
#: seconds after which a test gives up; what is waited for takes milliseconds
DEADLINE = 30.0

#: a route that runs for minutes
SPIN = """event_route[E_SPIN] {
    xlog("spinning\\n");
    $var(i) = 0;
    while ($var(i) < 9999) {
        $var(j) = 0;
        while ($var(j) < 9999) { $var(j) += 1; }
        $var(i) += 1;
    }
}
"""


@dataclass
class Result:
    """What one request brought: the reply's content, and the IOPub messages that have it as parent, in order."""

    reply: dict[str, Any]
    messages: list[dict[str, Any]] = field(default_factory=list)

    def contents(self, kind: str) -> list[dict[str, Any]]:
        return [m["content"] for m in self.messages if m["msg_type"] == kind]

    def text(self, stream: str) -> str:
        return "".join(c["text"] for c in self.contents("stream") if c["name"] == stream)

    @property
    def stdout(self) -> str:
        return self.text("stdout")

    @property
    def stderr(self) -> str:
        return self.text("stderr")

    @property
    def status(self) -> str:
        return str(self.reply["status"])

    @property
    def kinds(self) -> list[str]:
        """Types of the messages; a status with its state."""
        return [m["content"].get("execution_state", m["msg_type"]) for m in self.messages]

    @property
    def shown(self) -> list[str]:
        """text/plain of displays and results."""
        return [c["data"]["text/plain"] for k in ("display_data", "execute_result") for c in self.contents(k)]

    @property
    def told(self) -> str:
        """text/plain of the displays that are findings."""
        shown = [content["data"] for content in self.contents("display_data")]
        return "\n".join(data["text/plain"] for data in shown if "evroute-finding" in data.get("text/html", ""))

    @property
    def error(self) -> dict[str, Any]:
        (found,) = self.contents("error")
        return found

    @property
    def traceback(self) -> str:
        """The lines of the error without colours."""
        return plain("\n".join(self.error["traceback"]))


def plain(text: str) -> str:
    """Text without ANSI colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


class Frontend:
    """One kernel process and a client."""

    def __init__(self, manager: KernelManager, client: BlockingKernelClient) -> None:
        self.manager = manager
        self.client = client
        #: messages of other requests that came by
        self.others: list[dict[str, Any]] = []

    @property
    def process(self) -> psutil.Process:
        return psutil.Process(self.manager.provisioner.pid)

    def running(self) -> list[psutil.Process]:
        """Processes below the kernel that run a route now: those that use the processor."""
        return [p for p in self.process.children(recursive=True) if status(p) == psutil.STATUS_RUNNING]

    def execute(self, code: str, metadata: dict[str, Any] | None = None, **options: Any) -> str:
        """Send an execute_request; its id."""
        content = {
            "code": code,
            "silent": False,
            "store_history": True,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": True,
        }
        return self.request("execute_request", {**content, **options}, metadata)

    def request(self, kind: str, content: dict[str, Any], metadata: dict[str, Any] | None = None) -> str:
        message = self.client.session.msg(kind, content, metadata=metadata)
        self.client.shell_channel.send(message)
        return str(message["header"]["msg_id"])

    def control(self, kind: str, content: dict[str, Any]) -> dict[str, Any]:
        """Send a control request and wait for its reply."""
        message = self.client.session.msg(kind, content)
        self.client.control_channel.send(message)
        while True:
            reply = self.client.get_control_msg(timeout=DEADLINE)
            if reply["parent_header"]["msg_id"] == message["header"]["msg_id"]:
                return dict(reply["content"])

    def run(self, code: str, **options: Any) -> Result:
        """Execute a cell and wait for its end."""
        return self.gather(self.execute(code, **options))

    def ask(self, kind: str, **content: Any) -> Result:
        """Send a question and wait for the answer."""
        return self.gather(self.request(kind, content))

    def reply(self, request: str) -> dict[str, Any]:
        """The content of the reply to a request. Where it failed, what is sent before it is idle may be aborted."""
        while True:
            message = self.client.get_shell_msg(timeout=DEADLINE)
            if message["parent_header"].get("msg_id") == request:
                return dict(message["content"])

    def gather(self, request: str) -> Result:
        """Everything that belongs to a request, up to its idle status."""
        reply = self.reply(request)
        return Result(reply, self.messages(request, "idle"))

    def messages(self, request: str, until: str) -> list[dict[str, Any]]:
        """IOPub messages of a request up to one of a kind (or status) `until`."""
        found = []
        while True:
            message = self.client.get_iopub_msg(timeout=DEADLINE)
            if message["parent_header"].get("msg_id") != request:
                self.others.append(message)
                continue
            found.append(message)
            if until in (message["msg_type"], message["content"].get("execution_state")):
                return found

    def spin(self) -> str:
        """Start a cell that runs for minutes; returns when its route runs."""
        request = self.execute(SPIN + "%raise E_SPIN")
        self.messages(request, "stream")
        return request

    def interrupt(self) -> None:
        self.manager.interrupt_kernel()

    def is_quiet(self, seconds: float) -> bool:
        """Whether no message comes for so long."""
        try:
            self.others.append(self.client.get_iopub_msg(timeout=seconds))
        except Empty:
            return True
        return False


def write_kernelspec(folder: Path, name: str = "evroute", **changes: Any) -> KernelSpecManager:
    """A kernelspec of this source tree and this interpreter, in a folder of its own."""
    from evroute_kernel.kernel.kernelspec import resources, specification

    spec = {**specification((resources() / "kernel.json").read_text("utf-8")), **changes}
    kernel = folder / name
    kernel.mkdir(parents=True, exist_ok=True)
    (kernel / "kernel.json").write_text(json.dumps(spec), "utf-8")
    return KernelSpecManager(kernel_dirs=[str(folder)])


@contextmanager
def started(folder: Path, **changes: Any) -> Iterator[Frontend]:
    """A kernel that runs, and is shut down at the end whatever happens."""
    manager = KernelManager(kernel_name="evroute", kernel_spec_manager=write_kernelspec(folder, **changes))
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    manager.start_kernel(cwd=str(folder), env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)})
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=DEADLINE)
        yield Frontend(manager, client)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=False)
        manager.cleanup_resources()


def wait_until(condition: Any, seconds: float = DEADLINE) -> None:
    """Wait for something that is about to be true; fails when it is not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.005)


def all_gone(processes: list[psutil.Process]) -> bool:
    """Whether these processes have ended, though nobody may have asked how."""
    ended = (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)
    return not any(process.is_running() and status(process) not in ended for process in processes)


def status(process: psutil.Process) -> str:
    """What a process does, in psutil's words; that it is dead where it has ended since it was found."""
    try:
        return str(process.status())
    except psutil.NoSuchProcess:
        return str(psutil.STATUS_DEAD)
