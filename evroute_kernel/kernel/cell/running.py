"""Runs one cell: everything in it is read and checked first, then its items take effect in their order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

from evroute_kernel.errors import Diagnostic, ScriptError, first_of, rendered
from evroute_kernel.kernel.cell.cells import Cut, cut
from evroute_kernel.kernel.cell.failures import CellFailure, Interrupted, run_failure
from evroute_kernel.kernel.cell.notebook import Notebook
from evroute_kernel.kernel.cell.output import STDERR, Bundle, Outlet
from evroute_kernel.kernel.cell.planning import (
    MagicStep,
    ScriptStep,
    Step,
    read_magics,
    script_steps,
    script_taken,
    together,
)
from evroute_kernel.kernel.display.formats import note_bundle, shown, traceback
from evroute_kernel.runtime.values import decode
from evroute_kernel.source import Source, Span

if TYPE_CHECKING:
    from evroute_kernel.engine.results.runs import BatchResult, Loaded, Run
    from evroute_kernel.engine.session.session import Session
    from evroute_kernel.lang.compiler import Unit

T = TypeVar("T")

#: characters up to which a cell is cut in the event loop
SHORT: Final = 20_000
#: seconds that interrupted routes get to hand over what they logged
GRACE: Final = 0.5


class CellRun:
    """One execution of one cell. Magics get it as their first argument: it is all they know of the kernel."""

    def __init__(self, notebook: Notebook, source: Source, outlet: Outlet, owner: str, count: int = 0) -> None:
        self.notebook = notebook
        self.source = source
        self.outlet = outlet
        self.owner = owner
        self.count = count
        #: runs that the cell waits for before it ends (`%raise --async`)
        self.pending: list[tuple[Future[Any], Span]] = []
        #: what the front end shows in its pager or puts into the cell, apart from the cell's output
        self.pages: list[dict[str, Any]] = []
        self._loop = asyncio.get_running_loop()
        self._stopped: asyncio.Future[None] = self._loop.create_future()

    @property
    def session(self) -> Session:
        return self.notebook.session

    def stop(self) -> None:
        """Interrupt the cell: end its routes, then the cell itself."""
        if not self._stopped.done():
            self._stopped.set_result(None)
        self.notebook.interrupt()

    def go_on(self) -> None:
        """The interrupt was meant for what has ended by it, and not for the cell: what follows runs."""
        self._stopped = self._loop.create_future()

    def page(self, data: Bundle) -> None:
        """Show something in the front end's pager."""
        self.pages.append({"source": "page", "data": data, "start": 0})

    def replace(self, text: str) -> None:
        """Put another text into the cell, in front ends that can."""
        self.pages.append({"source": "set_next_input", "text": text, "replace": True})

    # -- the cell as a whole ----------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Run the cell to its end. Raises CellFailure or Interrupted."""
        try:
            self.check_stopped()
            self.notebook.ran(self.owner, self.source)
            for step in await self.plan():
                await self.take(step)
            await self.settle()
        except ScriptError as error:
            await self.abandon()
            raise CellFailure.of(error) from error
        except CellFailure:
            await self.abandon()
            raise
        except Interrupted:
            await asyncio.wait([self.end_of(future) for future, _ in self.pending] or [self._stopped], timeout=GRACE)
            raise

    async def plan(self) -> Sequence[Step]:
        """Cut, read and check the whole cell. Raises ScriptError with all that is wrong with it."""
        text = self.source.text
        pieces = cut(self.source) if len(text) < SHORT else await self.compute(lambda: cut(self.source), grace=0)
        pieces = script_taken(pieces)
        magics, wrong = read_magics(pieces.magics)
        if pieces.has_script and pieces.magics:
            return await self.compute(lambda: self.mixed(pieces, magics, wrong), grace=0)
        if wrong:
            raise together(wrong)
        if pieces.has_script or self.owner in self.notebook.owners:  # what a cell no longer defines, it loses
            return [ScriptStep(0, pieces.script, True), *magics]
        return magics

    def mixed(self, pieces: Cut, magics: list[MagicStep], wrong: list[ScriptError]) -> list[Step]:
        """The steps of a cell of script and magics, in order. Runs apart from the event loop."""
        scripts = script_steps(pieces)
        steps: list[Step] = sorted([*magics, *scripts], key=_offset)
        if wrong or len(scripts) > 1 or steps[0] is not scripts[0]:
            # loading would check it too late: something would have taken effect before
            self.check_script(pieces.script, wrong)
        return steps

    def check_script(self, text: str, wrong: list[ScriptError]) -> None:
        """Raise ScriptError for the errors of a script, and for those that are known already."""
        try:
            self.session.compile(text, self.source.name, owner=self.owner, scratch=True)
        except ScriptError as error:
            raise together([*wrong, error]) from error
        if wrong:
            raise together(wrong)

    async def take(self, step: Step) -> None:
        if isinstance(step, MagicStep):
            await step.magic.run(self, step.prepared)
        else:
            # statements alone have no owner: they define nothing, and undo nothing
            await self.load(Source(self.source.name, step.text), self.owner if step.defines else None)

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

    # -- script -----------------------------------------------------------------------------------------------------

    async def load(self, source: Source, owner: str | None) -> None:
        """Compile a script and let it take effect: definitions are registered, statements run.

        Raises ScriptError before anything has happened, CellFailure when a statement's run fails.
        """
        session, owners = self.session, self.notebook.owners
        # a cell that is stopped while it is compiled ends at once, and has done nothing
        unit = await self.compute(lambda: session.compile(source, owner=owner, scratch=True), grace=0)
        if owner is not None:
            (owners.add if unit.script.items else owners.discard)(owner)
        self.report_findings(unit)
        loaded = await self.compute(lambda: session.install(unit, owner=owner, origin=self.outlet))
        self.note(first_of([*self.changed(loaded), *kept(unit)], str, "route"))
        if loaded.run is not None:
            self.check_run(loaded.run)
            self.show(loaded.run)

    async def drop_cells(self, cells: Sequence[str]) -> None:
        """Forget what deleted cells had defined."""
        for owner in cells:
            self.notebook.texts.pop(owner, None)
            if owner in self.notebook.owners:
                self.notebook.owners.discard(owner)
                await self.compute(partial(self.session.forget_owner, owner))

    def report_findings(self, unit: Unit) -> None:
        """Show the warnings and notes about a script, before anything of it runs."""
        warnings = [d for d in unit.diagnostics if d.severity == "warning"]
        for text in rendered(warnings, finding):
            self.outlet.write(text + "\n", STDERR)
        self.note(rendered([d for d in unit.diagnostics if d.severity != "warning"], finding))

    def note(self, lines: Sequence[str]) -> None:
        """Show what the user should know and need not act upon, apart from the log."""
        if lines:
            self.outlet.display(note_bundle(lines))

    def changed(self, loaded: Loaded) -> Iterator[str]:
        """What became of definitions that there were before."""
        if self.notebook.tells_replaced:
            yield from (f"{decode(title)} replaces the one of {other}" for title, other in loaded.replaced)
        yield from (f"{decode(title)} is gone: this cell no longer defines it" for title in loaded.dropped)

    def show(self, run: Run) -> None:
        """Show the value of a bare expression as the cell's result."""
        for value in run.shown[-1:]:
            self.outlet.result({"text/plain": shown(value)}, self.count)

    def check_run(self, run: Run | BatchResult, span: Span | None = None) -> None:
        """Raise CellFailure if a run failed."""
        if run.errors:
            raise run_failure(run.errors, span)

    # -- values -----------------------------------------------------------------------------------------------------

    async def value_of(self, text: str) -> int | str | None:
        """The value of an expression, in the first worker. Raises ScriptError, or CellFailure when its run fails."""
        session = self.session
        loaded = await self.compute(lambda: session.load(text, self.source.name, scratch=True))
        if loaded.run is None:
            return None
        self.check_run(loaded.run)
        return loaded.run.shown[-1] if loaded.run.shown else None

    async def evaluate(self, text: str) -> dict[str, Any]:
        """The value of a user_expression as the protocol wants it."""
        try:
            return {"status": "ok", "data": {"text/plain": shown(await self.value_of(text))}, "metadata": {}}
        except (ScriptError, CellFailure) as error:
            found = error if isinstance(error, CellFailure) else CellFailure.of(error)
            lines = traceback(found.name, found.message, found.diagnostics)
            return {"status": "error", "ename": found.name, "evalue": found.message, "traceback": lines}

    # -- waiting ----------------------------------------------------------------------------------------------------

    def check_stopped(self) -> None:
        if self._stopped.done():
            raise Interrupted

    async def compute(self, work: Callable[[], T], grace: float = GRACE) -> T:
        """Do something that takes long in the notebook's thread, and wait for it."""
        return await self.wait(self.notebook.in_thread(work), grace)

    async def wait(self, future: Future[T], grace: float = GRACE) -> T:
        """Wait for a result from another thread.

        Raises Interrupted when the user stops the cell; the future gets `grace` seconds then to end as well.
        """
        if not future.done():
            end = self.end_of(future)
            await asyncio.wait({end, self._stopped}, return_when=asyncio.FIRST_COMPLETED)
            if self._stopped.done() and grace:
                await asyncio.wait({end}, timeout=grace)
        self.check_stopped()
        return future.result()

    def end_of(self, future: Future[Any]) -> asyncio.Future[None]:
        """Done when the future is. Unlike `asyncio.wrap_future` it never cancels it."""
        end = self._loop.create_future()
        future.add_done_callback(lambda _: self._loop.call_soon_threadsafe(_resolve, end))
        return end


def finding(diagnostic: Diagnostic) -> str:
    """A finding as text, with the code that `?CODE` tells more about."""
    title, line, rest = diagnostic.render().partition("\n")
    return f"{title} [{diagnostic.code}]{line}{rest}"


def kept(unit: Unit) -> Iterator[str]:
    """Which routes are only checked and kept, because no SIP message ever comes here."""
    from evroute_kernel.lang.compiler import RUNNABLE

    for route in unit.routes:
        if route.kind not in RUNNABLE:
            yield f"{decode(route.title)} is checked and kept; it needs SIP traffic, so it never runs here"


def _offset(step: Step) -> int:
    return step.offset


def _resolve(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)
