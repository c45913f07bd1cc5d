"""What magics get: one cell while it runs, with its notebook, its output, and ways to wait.

It is all that magics know of the kernel. What runs a cell is in `running`, what loads script into its session in
`scripts`; nothing here knows of magics.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, TypeVar

from evroute_kernel.errors import Diagnostic
from evroute_kernel.kernel.cell.failures import Interrupted, run_failure
from evroute_kernel.kernel.cell.notebook import Notebook
from evroute_kernel.kernel.cell.output import Bundle, Outlet
from evroute_kernel.kernel.display.formats import note_bundle
from evroute_kernel.source import Source, Span

if TYPE_CHECKING:
    from evroute_kernel.engine.results.runs import BatchResult, Run, RunError
    from evroute_kernel.engine.session.session import Session

T = TypeVar("T")

#: seconds that interrupted routes get to hand over what they logged
GRACE: Final = 0.5


#: codes of remarks that come of a run; those about the parameters that are given are told before
REMARKED: Final = ("event-filter", "wait-for-event")


class Cell:
    """A cell that is being run. Made in the event loop, in which its methods are called."""

    def __init__(self, notebook: Notebook, source: Source, outlet: Outlet, owner: str, count: int = 0) -> None:
        self.notebook = notebook
        self.source = source
        self.outlet = outlet
        self.owner = owner
        self.count = count
        #: the node that it is run on; empty for the notebook's own session
        self.node = ""
        #: runs that the cell waits for before it ends (`%raise --async`)
        self.pending: list[tuple[Future[Any], Span]] = []
        #: what the front end shows in its pager or puts into the cell, apart from the cell's output
        self.pages: list[dict[str, Any]] = []
        #: when that began which is being timed, the outermost first
        self.begun: list[float] = []
        #: what is to be done when all that it runs has ended, whatever became of it
        self.at_end: list[Callable[[], None]] = []
        self._remarked: set[Diagnostic] = set()
        self._loop = asyncio.get_running_loop()
        self._stopped: asyncio.Future[None] = self._loop.create_future()

    @property
    def session(self) -> Session:
        """That of its node."""
        return self.notebook.session_of(self.node) if self.node else self.notebook.session

    # -- what it shows ----------------------------------------------------------------------------------------------

    def note(self, lines: Sequence[str]) -> None:
        """Show what the user should know and need not act upon, apart from the log."""
        if lines:
            self.outlet.display(note_bundle(lines))

    def tell(self, found: Sequence[Diagnostic]) -> None:
        """Show findings, each a block of its own: what does not end the cell, and the user may want to act upon."""
        self.outlet.tell(found)

    def page(self, data: Bundle) -> None:
        """Show something in the front end's pager."""
        self.pages.append({"source": "page", "data": data, "start": 0})

    def replace(self, text: str) -> None:
        """Put another text into the cell, in front ends that can."""
        self.pages.append({"source": "set_next_input", "text": text, "replace": True})

    # -- interrupts -------------------------------------------------------------------------------------------------

    def stop(self) -> None:
        """Interrupt the cell: end its routes, then the cell itself."""
        if not self._stopped.done():
            self._stopped.set_result(None)
        self.notebook.interrupt()

    def go_on(self) -> None:
        """The interrupt was meant for what has ended by it, and not for the cell: what follows runs."""
        self._stopped = self._loop.create_future()

    def check_stopped(self) -> None:
        if self._stopped.done():
            raise Interrupted

    # -- runs -------------------------------------------------------------------------------------------------------

    def check_run(self, run: Run | BatchResult, span: Span | None = None) -> None:
        """Tell what the run has to remark about events and who listens; raise CellFailure if it failed."""
        self._tell_remarks(getattr(run, "remarks", ()), span)
        if run.errors:
            raise run_failure(run.errors, span)
        if not run.ok:
            raise run_failure(_elsewhere(run), span)

    def _tell_remarks(self, remarks: Iterable[Diagnostic], span: Span | None) -> None:
        """Each once, however often the line at `span` has raised the event."""
        placed = [replace(each, span=each.span or span) for each in remarks if each.code in REMARKED]
        new = [each for each in dict.fromkeys(placed) if each not in self._remarked]
        self._remarked.update(new)
        if new:
            self.tell(new)

    async def settle(self) -> None:
        """Wait for all that the cell raised and did not wait for; the first failure is the cell's."""
        pending, self.pending = self.pending, []
        runs = [(await self.wait(future), span) for future, span in pending]
        for run, span in runs:
            self.check_run(run, span)

    async def abandon(self) -> None:
        """Wait for what is still running, so that its output comes before the cell ends; its fate no longer counts."""
        pending, self.pending = self.pending, []
        for future, _ in pending:
            await self.wait(future)

    async def drain(self) -> None:
        """After an interrupt: give what was running the time to hand over what it logged."""
        await asyncio.wait([self._end_of(future) for future, _ in self.pending] or [self._stopped], timeout=GRACE)

    def end(self) -> None:
        """Do what is to be done at its end."""
        at_end, self.at_end = self.at_end, []
        for do in at_end:
            do()

    # -- waiting ----------------------------------------------------------------------------------------------------

    async def compute(self, work: Callable[[], T], grace: float = GRACE) -> T:
        """Do something that takes long in the notebook's thread, and wait for it."""
        return await self.wait(self.notebook.in_thread(work), grace)

    async def wait(self, future: Future[T], grace: float = GRACE) -> T:
        """Wait for a result from another thread.

        Raises Interrupted when the user stops the cell; the future gets `grace` seconds then to end as well.
        """
        if not future.done():
            end = self._end_of(future)
            await asyncio.wait({end, self._stopped}, return_when=asyncio.FIRST_COMPLETED)
            if self._stopped.done() and grace:
                await asyncio.wait({end}, timeout=grace)
        self.check_stopped()
        return future.result()

    def _end_of(self, future: Future[Any]) -> asyncio.Future[None]:
        """Done when the future is. Unlike `asyncio.wrap_future` it never cancels it."""
        end = self._loop.create_future()
        future.add_done_callback(lambda _: self._loop.call_soon_threadsafe(_resolve, end))
        return end


def _elsewhere(run: Run | BatchResult) -> list[RunError]:
    """What failed on other nodes because of a run."""
    return [
        replace(error, message=f"on the node {message.receiver}: {error.message}")
        for message in getattr(run, "messages", ())
        for error in (message.run.errors if message.run is not None else ())
    ]


def _resolve(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)
