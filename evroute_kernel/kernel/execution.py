"""Runs one cell: everything in it is read and checked first, then its items take effect in their order."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

from evroute_kernel.errors import Diagnostic, ScriptError
from evroute_kernel.kernel.cells import Cut, MagicLine, blanked, cut
from evroute_kernel.kernel.display import shown, traceback
from evroute_kernel.kernel.failures import CellFailure, Interrupted, run_failure
from evroute_kernel.kernel.magics import Magic, find
from evroute_kernel.kernel.notebook import Notebook
from evroute_kernel.kernel.output import STDERR, STDOUT, Bundle, Outlet
from evroute_kernel.runtime.values import decode
from evroute_kernel.source import Source, Span

if TYPE_CHECKING:
    from evroute_kernel.engine.runs import BatchResult, Loaded, Run
    from evroute_kernel.engine.session import Session

T = TypeVar("T")

#: characters up to which a cell is cut in the event loop
SHORT: Final = 20_000
#: holds the outcome of an %assert; an AVP, since those end with their run
_VERDICT: Final = "$avp(%assert)"
#: a variable in an expression; transformations with parentheses in them are left out
_VARIABLE: Final = re.compile(r"\$(?:\w+\([^()]*\)|\([^()]*(?:\([^()]*\)[^()]*)*\)|\w+)")

#: seconds that interrupted routes get to hand over what they logged
GRACE: Final = 0.5


@dataclass(frozen=True, slots=True)
class MagicStep:
    """A magic line, read."""

    offset: int
    magic: Magic
    prepared: Any


@dataclass(frozen=True, slots=True)
class ScriptStep:
    """A part of the cell's script: the definitions of all the cell, or statements between two magic lines."""

    offset: int
    text: str
    defines: bool


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
        #: what the front end shows in its pager, apart from the cell's output
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

    def page(self, data: Bundle) -> None:
        """Show something in the front end's pager."""
        self.pages.append({"source": "page", "data": data, "start": 0})

    # -- the cell as a whole ----------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Run the cell to its end. Raises CellFailure or Interrupted."""
        try:
            self.check_stopped()
            for step in await self.plan():
                await self.take(step)
            await self.settle()
        except ScriptError as error:
            await self.abandon()
            raise CellFailure.of(error) from error
        except CellFailure:
            await self.abandon()
            raise

    async def plan(self) -> Sequence[MagicStep | ScriptStep]:
        """Cut, read and check the whole cell. Raises ScriptError with all that is wrong with it."""
        text = self.source.text
        pieces = cut(self.source) if len(text) < SHORT else await self.compute(lambda: cut(self.source))
        magics, wrong = _read_magics(pieces.magics)
        if pieces.has_script and pieces.magics:
            return await self.compute(lambda: self.mixed(pieces, magics, wrong), grace=0)
        if wrong:
            raise ScriptError(wrong)
        if pieces.has_script or self.owner in self.notebook.owners:  # what a cell no longer defines, it loses
            return [ScriptStep(0, pieces.script, True), *magics]
        return magics

    def mixed(self, pieces: Cut, magics: list[MagicStep], wrong: list[Diagnostic]) -> list[MagicStep | ScriptStep]:
        """The steps of a cell of script and magics, in the order of the text; runs apart from the event loop."""
        scripts = _script_steps(pieces, magics)
        steps: list[MagicStep | ScriptStep] = sorted([*magics, *scripts], key=_offset)
        if wrong or len(scripts) > 1 or steps[0] is not scripts[0]:
            # loading would check it too late: something would have taken effect before
            self.check_script(pieces.script, wrong)
        return steps

    def check_script(self, text: str, wrong: list[Diagnostic]) -> None:
        """Raise ScriptError for the errors of a script, and for those that are known already."""
        try:
            self.session.compile(text, self.source.name, owner=self.owner, scratch=True)
        except ScriptError as error:
            raise type(error)(sorted([*wrong, *error.diagnostics], key=_order)) from error
        if wrong:
            raise ScriptError(wrong)

    async def take(self, step: MagicStep | ScriptStep) -> None:
        if isinstance(step, MagicStep):
            await step.magic.run(self, step.prepared)
        else:
            await self.load(step)

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

    async def load(self, step: ScriptStep) -> None:
        """Load a part of the cell's script. Statements alone have no owner: they define nothing, and undo nothing."""
        source = Source(self.source.name, step.text)
        loaded = await self.load_source(source, self.owner if step.defines else None)
        if step.defines:
            self.remember(bool(loaded.routes))

    async def load_source(self, source: Source, owner: str | None) -> Loaded:
        """Compile a script and let it take effect: definitions are registered, statements run.

        Raises ScriptError before anything has happened, CellFailure when a statement's run fails.
        """
        session = self.session
        # a cell that is stopped while it is compiled ends at once, and has done nothing
        unit = await self.compute(lambda: session.compile(source, owner=owner, scratch=True), grace=0)
        loaded = await self.compute(lambda: session.install(unit, owner=owner, origin=self.outlet))
        self.report(loaded)
        if loaded.run is not None:
            self.check_run(loaded.run)
            self.show(loaded.run)
        return loaded

    async def drop_cells(self, cells: Sequence[str]) -> None:
        """Forget what deleted cells had defined."""
        for owner in cells:
            if owner in self.notebook.owners:
                self.notebook.owners.discard(owner)
                await self.compute(partial(self.session.forget_owner, owner))

    def remember(self, defines: bool) -> None:
        (self.notebook.owners.add if defines else self.notebook.owners.discard)(self.owner)

    def report(self, loaded: Loaded) -> None:
        """Show what the user should know about the definitions."""
        for diagnostic in loaded.diagnostics:
            self.outlet.write(diagnostic.render() + "\n", STDERR if diagnostic.severity == "warning" else STDOUT)
        for title, other in loaded.replaced:
            self.outlet.write(f"{decode(title)} replaces the one of {other}\n")
        for title in loaded.dropped:
            self.outlet.write(f"{decode(title)} is gone: this cell no longer defines it\n")

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

    async def holds(self, condition: str, offset: int) -> bool:
        """Whether a condition is true. Errors in it point to the cell, where it stands at `offset`."""
        before = f"{_VERDICT} = 0; if ("
        text = f"{before}{condition}\n) {_VERDICT} = 1;\n{_VERDICT}"
        try:
            return await self.value_of(text) == 1
        except ScriptError as error:
            moved = [self.moved(d, offset - len(before), offset + len(condition)) for d in error.diagnostics]
            raise type(error)(moved) from error

    def moved(self, diagnostic: Diagnostic, by: int, end: int) -> Diagnostic:
        """The finding with its place in the cell, not beyond `end`."""
        if diagnostic.span is None:
            return diagnostic
        start = min(max(0, diagnostic.span.start + by), end)
        return replace(diagnostic, span=self.source.span(start, max(start, min(diagnostic.span.end + by, end))))

    async def values_in(self, text: str) -> list[tuple[str, str]]:
        """The variables of an expression with their values, each once."""
        variables = dict.fromkeys(_VARIABLE.findall(text))
        return [(variable, shown(await self.value_of(variable))) for variable in variables]

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
            done = self._loop.create_future()
            future.add_done_callback(lambda _: self._loop.call_soon_threadsafe(_resolve, done))
            await asyncio.wait({done, self._stopped}, return_when=asyncio.FIRST_COMPLETED)
            if self._stopped.done() and grace:
                await asyncio.wait({done}, timeout=grace)
        self.check_stopped()
        return future.result()


def _offset(step: MagicStep | ScriptStep) -> int:
    return step.offset


def _order(diagnostic: Diagnostic) -> int:
    return diagnostic.span.start if diagnostic.span else -1


def _resolve(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)


def _read_magics(lines: Sequence[MagicLine]) -> tuple[list[MagicStep], list[Diagnostic]]:
    """Read all magic lines; nothing takes effect yet."""
    steps: list[MagicStep] = []
    wrong: list[Diagnostic] = []
    for line in lines:
        try:
            magic = find(line)
            steps.append(MagicStep(line.span.start, magic, magic.read(line)))
        except ScriptError as error:
            wrong += error.diagnostics
    return steps, wrong


def _script_steps(pieces: Cut, magics: Sequence[MagicStep]) -> list[ScriptStep]:
    """The script of a cell in parts: its definitions together, where the first stands, and each run of statements."""
    from evroute_kernel.lang.parser import parse

    source = replace(pieces.source, text=pieces.script)
    script, _ = parse(source, scratch=True)
    items = [item.span for item in script.items]
    statements = [statement.span for statement in script.scratch]
    starts = [span.start for span in (*items, *statements) if span.source is source]

    def part_of(span: Span) -> int:
        """How many magic lines stand before."""
        return sum(step.offset < span.start for step in magics)

    parts: dict[int, list[Span]] = {}
    for span in statements:
        parts.setdefault(part_of(span), []).append(span)
    in_one = len(parts.keys() | {part_of(span) for span in items[:1]}) < 2
    # what an included file brings cannot be told apart by place: such a cell stays in one piece
    if in_one or len(starts) < len(items) + len(statements):
        return [ScriptStep(min(starts, default=0), pieces.script, True)]
    return _split(source, items, list(parts.values()))


#: the semicolon of a statement, with the blanks and comments before it
_SEMICOLON: Final = re.compile(r"(?:\s|#[^\n]*|/\*.*?\*/)*;", re.DOTALL)


def _split(source: Source, items: list[Span], parts: list[list[Span]]) -> list[ScriptStep]:
    """The definitions alone, and each part of the statements alone; all keep their places in the cell."""
    text = source.text
    steps = []
    if items:
        gaps = zip([0, *(i.end for i in items)], [*(i.start for i in items), len(text)], strict=True)
        steps.append(ScriptStep(items[0].start, blanked(text, [source.span(a, b) for a, b in gaps]), True))
    for part in parts:
        semicolon = _SEMICOLON.match(text, part[-1].end)
        start, end = part[0].start, semicolon.end() if semicolon else part[-1].end
        inside = [item for item in items if start <= item.start < end]
        others = [source.span(0, start), *inside, source.span(end, len(text))]
        steps.append(ScriptStep(start, blanked(text, others), False))
    return steps
