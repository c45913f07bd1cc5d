"""The kernel that front ends talk to: requests in, replies out. What a cell does is in `cell.running`.

A kernel is ready when it answers kernel_info_request, so nothing is imported before that which only cells need.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import comm
from traitlets import Float, Unicode, default

from evroute_kernel import __version__
from evroute_kernel.kernel.cell.notebook import Notebook
from evroute_kernel.kernel.cell.output import Outlet
from evroute_kernel.kernel.protocol.concurrency import ConcurrentKernel, Message
from evroute_kernel.kernel.protocol.history import History, default_file
from evroute_kernel.kernel.protocol.usage import Usage
from evroute_kernel.kernel.questions.warming import prepare_for_questions
from evroute_kernel.runtime.versions import DEFAULT_VERSION
from evroute_kernel.source import Source

if TYPE_CHECKING:
    from evroute_kernel.kernel.cell.cell import Cell
    from evroute_kernel.kernel.cell.failures import CellFailure
    from evroute_kernel.kernel.protocol.debugging import Debugging

#: what front ends need to know of the language; `name` is also the id of its highlighting
LANGUAGE = {
    "name": "opensips",
    "version": DEFAULT_VERSION,
    "mimetype": "text/x-opensips",
    "file_extension": ".cfg",
    "pygments_lexer": "opensips",
    "nbconvert_exporter": "opensips",
}
MANUAL = "https://www.opensips.org/Documentation/Manual-"
#: seconds after the first kernel_info_reply at which the kernel prepares for its first cell
WARM_UP_DELAY = 0.02
#: seconds after which it prepares for questions about what is typed, when no cell needs the time
QUESTIONS_DELAY = 1.0


class EvrouteKernel(ConcurrentKernel):
    """OpenSIPS event routes in cells."""

    implementation = "evroute"
    implementation_version = __version__
    # the base class waits this long before each reply, for output that ours never leaves behind
    _execute_sleep = Float(0.0)

    history_file = Unicode(help="where the cells that were run are kept; :memory: for nowhere").tag(config=True)

    server = Unicode(help="the version of OpenSIPS that a notebook begins with; empty: what the project says").tag(
        config=True
    )

    debug_grace = Float(
        3600.0, help="seconds without a debug request after which a run that stands still goes on; 0: never"
    ).tag(config=True)

    @default("history_file")
    def _history_file(self) -> str:
        return default_file()

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.notebook = Notebook(server=self.server)
        self.history = History(self.history_file, self.log.error)
        self.notebook.history = self.history.reply
        self.cell: Cell | None = None
        self.usage = Usage()
        self._debugging: Debugging | None = None
        # ipykernel's own, which it puts in the place of comm's; ipywidgets asks for the same one
        self.comm_manager = comm.get_comm_manager()
        for kind in ("comm_open", "comm_msg", "comm_close"):
            self.shell_handlers[kind] = getattr(self.comm_manager, kind)
        self._is_warm = False
        self._number = 0

    # -- who we are -------------------------------------------------------------------------------------------------

    @property
    def language_info(self) -> dict[str, Any]:
        """Front ends keep it in the notebook: so a notebook says which server it was written for."""
        return {**LANGUAGE, "version": self.notebook.version}

    @property
    def banner(self) -> str:
        version = self.notebook.version
        return f"evroute {__version__}: event routes of OpenSIPS {version} in cells; %help tells what a cell can do"

    @property
    def help_links(self) -> list[dict[str, str]]:
        version = self.notebook.version
        return [{"text": f"OpenSIPS {version}", "url": MANUAL + version.replace(".", "-")}]

    @property
    def kernel_info(self) -> dict[str, Any]:
        """The reply to kernel_info_request; the base class would import a debugger to make it, and promise it."""
        return {
            "protocol_version": "5.5",
            "implementation": self.implementation,
            "implementation_version": self.implementation_version,
            "language_info": self.language_info,
            "banner": self.banner,
            "help_links": self.help_links,
            "supported_features": ["debugger"],
        }

    async def kernel_info_request(self, stream: Any, ident: Any, parent: Message) -> None:
        await super().kernel_info_request(stream, ident, parent)
        if not self._is_warm and self.loop is not None:
            self._is_warm = True
            self.later(WARM_UP_DELAY, lambda: self.notebook.warm_up(_import_for_cells))
            self.later(QUESTIONS_DELAY, self.prepare_for_questions)

    def prepare_for_questions(self) -> None:
        """Let the first completion be as quick as all others. Called in the event loop."""
        if self.running is not None:
            self.later(QUESTIONS_DELAY, self.prepare_for_questions)
        else:
            prepare_for_questions()

    # -- cells ------------------------------------------------------------------------------------------------------

    async def execute_request(self, stream: Any, ident: Any, parent: Message) -> None:
        """Run a cell; its text may come with halves of characters, which no message can send back."""
        content = parent["content"]
        if isinstance(content.get("code"), str):
            content["code"] = content["code"].encode("utf-8", "replace").decode()
        await super().execute_request(stream, ident, parent)

    async def do_execute(
        self,
        code: str,
        silent: bool,
        store_history: bool = True,
        user_expressions: Mapping[str, str] | None = None,
        allow_stdin: bool = False,
        *,
        cell_meta: Mapping[str, Any] | None = None,
        cell_id: str | None = None,
    ) -> dict[str, Any]:
        """Run a cell and say how it went."""
        request = self.get_parent("shell")
        count = self.execution_count
        outlet = self.outlet(request, silent)
        self.running = request
        # some test runners store no cell; theirs must have names of their own, the same in every run
        self._number = count if store_history else self._number + 1
        try:
            reply = await self.execute(code, outlet, cell_meta or {}, cell_id, self.interrupted_before(request))
            if reply["status"] == "ok":
                reply["user_expressions"] = await self.evaluate_all(user_expressions or {})
        finally:
            outlet.settle()
            self.cell = self.running = None
            if not store_history and not silent:
                self.execution_count -= 1  # the base class has counted it; only stored cells have a number of their own
        if store_history and not silent:
            self.history.add(count, code, outlet.value)
        return {"execution_count": count, **reply}

    def outlet(self, request: Message, silent: bool) -> Outlet:
        """Where output goes that a request causes, whenever it comes."""
        return Outlet(self.publish, self.later, request, self.notebook.text_of, silent, self.notebook.is_finding)

    def publish(self, kind: str, content: dict[str, Any], parent: Mapping[str, Any]) -> None:
        if self.session is not None:
            self.session.send(self.iopub_socket, kind, content, parent=parent, ident=self._topic(kind))

    def later(self, seconds: float, function: Any) -> None:
        """Call a function after some seconds; safe from any thread."""
        assert self.loop is not None
        if not self.loop.is_closed():
            self.loop.call_soon_threadsafe(self.loop.call_later, seconds, function)

    async def execute(
        self, code: str, outlet: Outlet, cell_meta: Mapping[str, Any], cell_id: str | None, interrupted: bool
    ) -> dict[str, Any]:
        """Run a cell; the reply without what all replies have."""
        from evroute_kernel.kernel.cell.cell import Cell
        from evroute_kernel.kernel.cell.failures import CellFailure, Interrupted, failure, internal_error, no_fault
        from evroute_kernel.kernel.cell.running import run
        from evroute_kernel.kernel.cell.scripts import drop_cells

        name = f"In[{self._number}]"
        owner = cell_id or self.get_parent("shell")["header"]["msg_id"]
        self.cell = Cell(self.notebook, Source(name, code), outlet, owner, self.execution_count)
        try:
            if interrupted:
                self.cell.stop()
            await drop_cells(self.cell, _strings(cell_meta.get("deletedCells")))
            await run(self.cell)
        except CellFailure as found:
            return self.fail(outlet, found)
        except Interrupted:
            return self.fail(outlet, failure("Interrupted", "the cell was stopped"))
        except Exception as error:
            if (failed := no_fault(error)) is not None:
                return self.fail(outlet, failed)
            self.log.exception("internal error")
            return self.fail(outlet, internal_error(error))
        return {"status": "ok", "payload": self.cell.pages}

    def fail(self, outlet: Outlet, found: CellFailure) -> dict[str, Any]:
        """Show the one error of a cell, and put it into the reply."""
        from evroute_kernel.rendering import traceback

        lines = traceback(found.name, found.message, found.diagnostics)
        outlet.error(found.name, found.message, lines)
        return {"status": "error", "ename": found.name, "evalue": found.message, "traceback": lines}

    async def evaluate_all(self, expressions: Mapping[str, str]) -> dict[str, Any]:
        """The values of user_expressions."""
        from evroute_kernel.kernel.cell.running import evaluate

        assert self.cell is not None
        return {name: await evaluate(self.cell, text) for name, text in expressions.items()}

    def interrupt(self) -> None:
        """End what runs: the cell with its routes, or the routes of a detached raise or of a form."""
        if self.cell is not None:
            self.cell.stop()
        else:
            self.notebook.interrupt()

    # -- questions --------------------------------------------------------------------------------------------------

    async def do_history(
        self, hist_access_type: str, output: bool = False, raw: bool = True, **request: Any
    ) -> dict[str, Any]:
        """The cells that have been run."""
        return {"status": "ok", "history": self.history.reply(hist_access_type, output, **request)}

    async def do_complete(self, code: str, cursor_pos: int) -> dict[str, Any]:
        """What can stand at the cursor."""
        from evroute_kernel.kernel.questions.completion import complete

        return complete(self.notebook, code, _within(code, cursor_pos))

    async def do_inspect(
        self, code: str, cursor_pos: int, detail_level: int = 0, omit_sections: Any = ()
    ) -> dict[str, Any]:
        """What is known about the name at the cursor."""
        from evroute_kernel.kernel.questions.inspection import inspect

        return inspect(self.notebook, code, _within(code, cursor_pos), detail_level)

    async def do_is_complete(self, code: str) -> dict[str, Any]:
        """Whether a console should run what has been typed, or ask for another line."""
        from evroute_kernel.kernel.cell.completeness import completeness

        return completeness(code, self.notebook.version)

    async def do_debug_request(self, msg: Message) -> dict[str, Any]:
        """A request of the debugger. It may wait for a worker, so it is answered in another thread."""
        if self._debugging is None:
            from evroute_kernel.kernel.protocol.debugging import Debugging  # for those alone who debug

            self._debugging = Debugging(
                lambda: self.notebook.session,
                lambda event: self.publish("debug_event", event, {}),
                lambda: self.debug_grace,
            )
        return await asyncio.get_running_loop().run_in_executor(None, self._debug, self._debugging, dict(msg))

    def _debug(self, debugging: Debugging, message: dict[str, Any]) -> dict[str, Any]:
        """The response; there is one whatever happens, as front ends wait for it."""
        from evroute_kernel.engine.dap.requests import refusal
        from evroute_kernel.errors import ScriptError

        try:
            return debugging.request(message)
        except ScriptError as error:
            return refusal("; ".join(each.message for each in error.diagnostics))
        except Exception as error:
            if not self.notebook.is_closed:
                self.log.exception("internal error")
            return refusal(f"{type(error).__name__}: {error}")

    async def usage_request(self, stream: Any, ident: Any, parent: Message) -> None:
        """What the kernel and its workers take of the machine."""
        self.session.send(stream, "usage_reply", self.usage.reply(), parent, ident=ident)

    async def create_subshell_request(self, stream: Any, ident: Any, parent: Message) -> None:
        """Refuse subshells, which would run cells on other threads (ipykernel 7)."""
        content = {"status": "error", "ename": "NotImplementedError", "evalue": "no subshells here", "traceback": []}
        self.session.send(stream, "create_subshell_reply", content, parent, ident=ident)

    # -- the end ----------------------------------------------------------------------------------------------------

    async def do_shutdown(self, restart: bool) -> dict[str, Any]:
        """End every process of the session. Called on the control thread."""
        await asyncio.get_running_loop().run_in_executor(None, self.notebook.close)
        return {"status": "ok", "restart": restart}


def _import_for_cells() -> None:
    from evroute_kernel.kernel.cell import running  # noqa: F401 - imported for the first cell


def _within(code: str, cursor: int) -> int:
    """A cursor position as far as the text has it."""
    return max(0, min(cursor, len(code)))


def _strings(value: Any) -> Sequence[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
