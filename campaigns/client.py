"""A real kernel process and a front end that never waits without end."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty
from typing import Any, Final

import psutil
from jupyter_client.manager import KernelManager

from campaigns.report import FaultError
from support.frontend import ROOT, Frontend, write_kernelspec

#: seconds for a request whose routes are within their limits, on a machine that is busy
DEADLINE: Final = 60.0
#: messages of a cell that are kept
KEPT: Final = 20_000


@dataclass(slots=True)
class Ended:
    """What became of a cell: the reply's content, and the last messages of its output."""

    reply: dict[str, Any]
    messages: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=KEPT))
    #: characters of its output
    size: int = 0
    was_interrupted: bool = False

    @property
    def status(self) -> str:
        return "interrupted" if self.was_interrupted else str(self.reply["status"])

    def text(self, stream: str = "stdout") -> str:
        found = (m["content"] for m in self.messages if m["msg_type"] == "stream")
        return "".join(content["text"] for content in found if content["name"] == stream)

    @property
    def value(self) -> str | None:
        """text/plain of the cell's result."""
        found = [m["content"]["data"]["text/plain"] for m in self.messages if m["msg_type"] == "execute_result"]
        return found[-1] if found else None


class Kernel(Frontend):
    """A kernel in a folder of its own. What it prints goes to a file: it should print nothing."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.printed = folder / "printed"
        specs = write_kernelspec(folder / "kernels")
        manager = KernelManager(kernel_name="evroute", kernel_spec_manager=specs)
        paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "EVROUTE_HISTORY": ":memory:"}
        with self.printed.open("ab") as output:
            manager.start_kernel(cwd=str(folder), env=environment, stdout=output, stderr=output)
        client = manager.client()
        client.start_channels()
        super().__init__(manager, client)
        self._replies: dict[str, dict[str, Any]] = {}
        try:
            client.wait_for_ready(timeout=DEADLINE)
        except RuntimeError as error:
            complaint = f"{error}\n{self.complaints()}"
            self.end()
            raise FaultError("a kernel does not start", complaint) from None

    @property
    def pid(self) -> int:
        return int(self.manager.provisioner.process.pid)

    @property
    def lives(self) -> bool:
        with suppress(psutil.Error):
            return bool(psutil.Process(self.pid).status() != psutil.STATUS_ZOMBIE)
        return False

    def complaints(self) -> str:
        """What the kernel's process has printed."""
        return self.printed.read_text("utf-8", "replace")[-4000:]

    def check(self) -> None:
        """Raises FaultError when the process has ended, or said on its terminal that something is wrong."""
        if not self.lives:
            raise FaultError("the kernel died", self.complaints())
        if "Traceback" in (said := self.complaints()):
            raise FaultError(f"the kernel prints: {said.rstrip().rpartition(chr(10))[2][:100]}", said)

    def end(self) -> None:
        """End the process, whatever its state, and forget it."""
        self.client.stop_channels()
        if self.lives:
            with suppress(RuntimeError):
                self.manager.shutdown_kernel(now=False)
        self.manager.cleanup_resources()

    # -- requests -------------------------------------------------------------------------------------------------

    def cell(self, code: str, patience: float = DEADLINE, **options: Any) -> Ended:
        """Run a cell to its end; it is interrupted after `patience` seconds, and must end then."""
        return self.finish(self.execute(code, **options), patience)

    def finish(
        self, request: str, patience: float = DEADLINE, seen: Callable[[dict[str, Any]], None] | None = None
    ) -> Ended:
        """Wait for a cell's idle and its reply. `seen` is told of each message of it as it comes."""
        ended, now = Ended({}), time.monotonic()
        interrupt_at, deadline = now + patience, now + patience + DEADLINE
        while (message := self._next(request)) is None or message["content"].get("execution_state") != "idle":
            now = time.monotonic()
            if message is not None:
                self._keep(ended, message)
                if seen is not None:
                    seen(message)
            if now > interrupt_at and not ended.was_interrupted:
                ended.was_interrupted = True
                self.interrupt()
            if now > deadline or not self.lives:
                raise FaultError("a cell has no idle" if self.lives else "the kernel died", self.complaints())
        ended.reply = self.answer(request)
        return ended

    def _next(self, request: str) -> dict[str, Any] | None:
        """The next message of a cell, if one comes soon."""
        with suppress(Empty):
            message: dict[str, Any] = self.client.get_iopub_msg(timeout=0.2)
            if message["parent_header"].get("msg_id") == request:
                return message
        return None

    def _keep(self, ended: Ended, message: dict[str, Any]) -> None:
        ended.messages.append(message)
        if message["msg_type"] == "stream":
            ended.size += len(message["content"]["text"])

    def answer(self, request: str) -> dict[str, Any]:
        """The content of the reply to a request; raises FaultError when it does not come."""
        deadline = time.monotonic() + DEADLINE
        while request not in self._replies:
            with suppress(Empty):
                message = self.client.get_shell_msg(timeout=0.2)
                self._replies[message["parent_header"].get("msg_id", "")] = message["content"]
            if time.monotonic() > deadline or not self.lives:
                raise FaultError("a request has no reply" if self.lives else "the kernel died", self.complaints())
        return self._replies.pop(request)
