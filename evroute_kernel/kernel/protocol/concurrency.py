"""ipykernel's Kernel, made to answer while a cell runs and to treat an interrupt as a message, not as an exception.

ipykernel handles one shell message at a time. Here questions (completion, inspection, history, ...) that arrive while a
cell runs are answered beside it, and beside an interrupt debug requests, which may wait for a route. Both the interrupt
message and SIGINT call one method, so that nothing is ever raised into the event loop. Works with ipykernel 6 (one
queue of messages) and 7 (a thread for the shell channel); the two methods that differ are overridden both, and a
version that calls neither still works, one message at a time.
"""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from ipykernel.kernelbase import Kernel

from evroute_kernel.kernel.protocol.requests import Handlers, reply_type

#: messages that are answered at once, also while a cell runs
QUESTIONS: Final = frozenset(
    {
        "comm_close",
        "comm_info_request",
        "comm_msg",
        "comm_open",
        "complete_request",
        "history_request",
        "inspect_request",
        "is_complete_request",
        "kernel_info_request",
    }
)

#: seconds for which an interrupt that found no running cell is remembered, see `interrupted_before`
REMEMBER: Final = 1.0

Message = Mapping[str, Any]


class ConcurrentKernel(Kernel):  # type: ignore[misc]
    """A kernel whose cells are coroutines on the main thread's event loop."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        #: the request of the cell that runs now
        self.running: Message | None = None
        self.loop: asyncio.AbstractEventLoop | None = None
        self._questions: set[asyncio.Task[None]] = set()
        self._debug_lock = asyncio.Lock()
        self._missed: tuple[datetime, float] | None = None
        for channel in ("shell_handlers", "control_handlers"):
            setattr(self, channel, Handlers(getattr(self, channel), self.refuse, self._log_exception))

    def start(self) -> None:
        super().start()
        self.loop = self.io_loop.asyncio_loop
        self.loop.add_signal_handler(signal.SIGINT, self._on_interrupt, None)

    # -- interrupts -------------------------------------------------------------------------------------------------

    def pre_handler_hook(self) -> None:
        """Keep our signal handler: the base class would let SIGINT rise as KeyboardInterrupt in the event loop."""

    def post_handler_hook(self) -> None:
        """Nothing to undo."""

    def interrupt(self) -> None:
        """Stop the cell that runs now, and whatever runs else. Called in the event loop; overridden by the kernel."""

    async def interrupt_request(self, stream: Any, ident: Any, parent: Message) -> None:
        """Answer an interrupt message; arrives on the control thread."""
        if self.loop is not None:
            self.loop.call_soon_threadsafe(self._on_interrupt, parent["header"].get("date"))
        self.session.send(stream, "interrupt_reply", {"status": "ok"}, parent, ident=ident)

    def _on_interrupt(self, sent: Any) -> None:
        is_cell_running = self.running is not None
        self.interrupt()
        if not is_cell_running and isinstance(sent, datetime):
            self._missed = (sent, time.monotonic())

    def interrupted_before(self, request: Message) -> bool:
        """Whether the user sent an interrupt after this request which overtook it, on the faster control channel."""
        missed, self._missed = self._missed, None
        sent = request["header"].get("date")
        if missed is None or not isinstance(sent, datetime) or time.monotonic() - missed[1] > REMEMBER:
            return False
        return sent < missed[0]

    # -- questions while a cell runs --------------------------------------------------------------------------------

    async def shell_main(self, subshell_id: str | None, msg: list[Any]) -> None:
        """Take a message from the shell channel (ipykernel 7)."""
        if subshell_id is None and self._is_question(msg):
            manager = self.shell_channel_thread.manager
            await self._answer(msg, manager.get_subshell_to_shell_channel_socket(None))
        else:
            await super().shell_main(subshell_id, msg)

    def schedule_dispatch(self, dispatch: Callable[..., Any], *args: Any) -> None:
        """Put a message in the queue (ipykernel 6)."""
        if dispatch == self.dispatch_shell and self._is_question(args[0]):
            task = asyncio.ensure_future(self._answer(args[0], self.shell_stream))
            self._questions.add(task)
            task.add_done_callback(self._questions.discard)
        else:
            super().schedule_dispatch(dispatch, *args)

    def _is_question(self, msg: list[Any]) -> bool:
        """Whether a cell runs and this is a question that need not wait for it."""
        return self.running is not None and self._kind(msg) in QUESTIONS

    def _kind(self, msg: list[Any]) -> str:
        """The type of a message; "" where that cannot be told."""
        if len(msg) < 2:  # ipykernel 7 sends itself messages of one part
            return ""
        try:
            _, frames = self.session.feed_identities(msg, copy=False)
            header = self.session.deserialize(frames, content=False, copy=False)["header"]
        except (ValueError, TypeError, KeyError):
            return ""  # the usual way logs and drops what it cannot read
        return str(header["msg_type"])

    async def dispatch_control(self, msg: list[Any]) -> None:
        """Take a message from the control channel: debug requests one after the other, all else beside them."""
        if self._kind(msg) == "debug_request":
            async with self._debug_lock:
                await self._answer(msg, self.control_stream, "control")
        else:
            await super().dispatch_control(msg)

    async def _answer(self, msg: list[Any], stream: Any, channel: str = "shell") -> None:
        """Answer a question: status, reply and idle carry the question as parent, and the cell's state comes after."""
        idents, frames = self.session.feed_identities(msg, copy=False)
        try:
            request = self.session.deserialize(frames, content=True, copy=False)
        except (ValueError, TypeError):
            self.log.error("invalid message", exc_info=True)
            return
        handlers = self.shell_handlers if channel == "shell" else self.control_handlers
        self._publish_status("busy", channel, parent=request)
        try:
            await handlers.get(request["header"]["msg_type"])(stream, idents, request)
        except Exception:
            self.log.error("exception in message handler:", exc_info=True)
        self._publish_status("idle", channel, parent=request)
        if self.running is not None and channel == "shell":
            self._publish_status("busy", "shell", parent=self.running)

    # -- what cannot be answered ------------------------------------------------------------------------------------

    def refuse(self, stream: Any, ident: Any, message: Message, name: str, what: str) -> None:
        """Send the error reply to a request; what the protocol has no reply for is dropped."""
        kind = reply_type(message)
        self.log.warning("%s: %s", name, what)
        if kind is None:
            return
        content: dict[str, Any] = {"status": "error", "ename": name, "evalue": what, "traceback": [f"{name}: {what}"]}
        if kind == "execute_reply":
            content["execution_count"] = self.execution_count
        self.session.send(stream, kind, content, message, ident=ident)

    def _log_exception(self, what: str) -> None:
        self.log.error("%s", what, exc_info=True)
