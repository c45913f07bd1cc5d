"""Raising events: `%raise` in all its forms."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from evroute_kernel.assist.offers import Candidate
from evroute_kernel.engine.events.params import UnknownEventError
from evroute_kernel.engine.events.raise_line import (
    USAGE,
    ArgumentError,
    Params,
    RaiseRequest,
    parse_params,
    parse_raise,
    with_samples,
)
from evroute_kernel.engine.events.remarks import remarks
from evroute_kernel.errors import Diagnostic, ScriptError, did_you_mean
from evroute_kernel.kernel.cell.cells import MagicLine
from evroute_kernel.kernel.cell.failures import CellFailure, failure
from evroute_kernel.kernel.display.forms import show_form
from evroute_kernel.kernel.display.progress import Progress, Repeated
from evroute_kernel.kernel.display.reports import Tally, tell_errors
from evroute_kernel.kernel.magics.arguments import Arguments, Word
from evroute_kernel.kernel.magics.declaration import Offers, magic
from evroute_kernel.kernel.magics.live import raise_there
from evroute_kernel.kernel.magics.tracing import show
from evroute_kernel.records import dataclass
from evroute_kernel.source import Span

if TYPE_CHECKING:
    from evroute_kernel.assist.pages import Page
    from evroute_kernel.engine.results.runs import BatchResult, Run
    from evroute_kernel.engine.session.session import Session
    from evroute_kernel.kernel.cell.cell import Cell
    from evroute_kernel.kernel.export.rehearsal import Rehearsal
    from evroute_kernel.kernel.questions.asked import Asked
    from evroute_kernel.library.table import Library

#: from so many raises on, `--count` hands them over as a batch
MANY: Final = 1000
#: from so many raises on, a bar shows how far they have come
SHOWN: Final = 100

#: options that make no sense for an event that is raised elsewhere
HERE: Final = frozenset({"async", "detach", "node", "report", "stats", "trace"})
#: those that let the cell go on
UNAWAITED: Final = frozenset({"async", "detach"})

#: what follows `%raise` when it asks for the event's form
_EVENT: Final = re.compile(r"[ \t]*(?P<event>[^\s=]*)")
_QUESTION: Final = re.compile(r"\s*(?P<event>[^\s?\"'{\[]+)\s*\?\s*")


@dataclass(frozen=True, slots=True)
class Raise:
    """A `%raise` line, or `%%raise` with its body, understood."""

    line: MagicLine
    request: RaiseRequest
    params: Params
    #: `%raise EVENT ?`: show its form instead
    is_question: bool = False

    @property
    def event_span(self) -> Span:
        """Where the event's name stands, or the line if it is written in some other way."""
        start = self.line.text.find(self.request.event)
        if start < 0:
            return self.line.span
        return self.line.source.span(self.line.offset + start, self.line.offset + start + len(self.request.event))


def read_raise(line: MagicLine, usage: str = USAGE) -> Raise:
    """Read `%raise` or `%%raise`, or another magic that takes the same, with its own usage; raises ArgumentError."""
    if line.body is None and (question := _QUESTION.fullmatch(line.text)):
        return Raise(line, RaiseRequest(question["event"]), None, is_question=True)
    request = parse_raise(line.text.rstrip("\r"), line.source, line.offset, f"%{line.name} {usage}")
    params = request.params
    if line.body is not None:
        if params is not None:
            raise ArgumentError(f"%%{line.name} takes its parameters from the lines below", line.span)
        params = parse_params(line.body, line.source, line.body_offset)
    if request.options.get("sample") and isinstance(params, list):
        raise ArgumentError("--sample fills in parameters by name; these have none", line.span)
    if request.options.get("live") and (idle := HERE & request.options.keys()):
        raise ArgumentError(f"--{min(idle)} is about routes here; --live raises the event on a server", line.span)
    if request.options.get("trace") and (unawaited := UNAWAITED & request.options.keys()):
        hint = "leave one of them out; %trace above it shows at the end of the cell what --async has run"
        raise ArgumentError(f"--trace waits for what it shows, --{min(unawaited)} does not", line.span, hint)
    return Raise(line, request, params)


def sampled(cell: Cell, given: Raise) -> Raise:
    """The raise with sample values for the parameters that are not given, as the event is known when it is raised."""
    try:
        params = with_samples(
            replace(given.request, params=given.params), library_of(cell), cell.session.declared_events
        )
    except ScriptError as error:
        raise CellFailure("MagicError", located(error, given.event_span)) from error
    return replace(given, params=params)


def exported_raise(rehearsal: Rehearsal, offset: int, given: Raise) -> None:
    """Routes have been run, which may have changed what they find."""
    from evroute_kernel.lang.callgraph import Vertex

    rehearsal.touch(Vertex("event", given.request.event))


def described_param(asked: Asked, before: str) -> list[Page]:
    """A word behind the event's name may be one of its parameters."""
    from evroute_kernel.assist import describing

    event = _EVENT.match(before)
    if event is None or event.end() == len(before):
        return []
    page = describing.param(event["event"], asked.word, asked.defined)
    return [page] if page else []


#: behind the name of an event, and in a body of JSON: its parameters
PARAMS_OFFERED: Final = Offers(
    behind=lambda asked: [Candidate(f"{c.text}=", c.kind, c.signature) for c in asked.params_of(asked.given[0])],
    values=lambda asked, key: asked.param_values(asked.given[0], key) if asked.given else None,
    body=lambda asked: asked.params_of(asked.given[0]),
)


@magic(
    "raise",
    USAGE,
    read=read_raise,
    body="json",
    offers=PARAMS_OFFERED,
    describes=described_param,
    names_params=True,
    on_export=exported_raise,
)
async def raise_event(cell: Cell, given: Raise) -> None:
    """Raise an event, and wait for its route and for all that this route raises.

    Parameters are named (`ip=192.0.2.1 port=5060`), unnamed (`192.0.2.1 5060`) or JSON (`{"ip": "192.0.2.1"}`). What
    is written as an integer is one; `"7"`, `'7'` and `s:7` are the string 7. `%%raise EVENT` reads JSON from the
    lines below. `%raise EVENT ?` shows a form of the event's parameters, where ipywidgets is installed.

    --sample     fill in the parameters that are not given with values as a server sends them; for an event of your
                 own, which `%event declare` made known, with values made up of their names and types
    --count N    raise it N times, one after the other; thousands go to one worker as a batch, which is faster but
                 shows the log in large pieces
    --async      go on at once; the cell ends when all that it raised has ended
    --detach     go on at once and do not wait at all
    --timeout S  end it after S seconds, which count from now: also while it waits for a worker that is busy
    --live       raise it on the server that %connect names, not here
    --node NAME  raise it on another node of the notebook (%node)
    --report     show which routes were run, how often, and how many records each has logged
    --stats      show how long it took
    --trace      show each statement that was run, with the values that it changed, and what it logged, raised and
                 called; of many the first and the last ones (%trace)

    The cell fails when no route handles the event or when a route fails. Names, values and types that no server sends
    with the event are remarked, and raised all the same.
    """
    if given.is_question:
        await ask(cell, given)
        return
    target(cell, given)
    given = sampled(cell, given)
    tell_remarks(cell, given)
    if given.request.options.get("live"):
        await raise_there(cell, replace(given.request, params=given.params), given.line.span, given.event_span)
        return
    if given.request.options.get("trace"):
        tracing = target(cell, given).trace(origin=cell.outlet)
        try:
            await _raise(cell, given)
        finally:
            show(cell, tracing)
    else:
        await _raise(cell, given)


async def _raise(cell: Cell, given: Raise) -> None:
    """Raise it here, and wait for it if that is wanted."""
    params = Repeated(given.params, given.request.count)
    futures = submissions(cell, given, params)
    first = next(futures)  # who handles nothing shows nothing
    watch = Watch(cell, given, params)
    if watch.is_waited_for:
        try:
            for future in chain([first], futures):
                # at its end, so that what an interrupt has ended early is counted too
                future.add_done_callback(lambda done: watch.tally.add(done.result()))
                run = await cell.wait(future)
                tell_unheard(cell, run)
                cell.check_run(run, given.line.span)
        finally:
            watch.end()
    else:
        for future in chain([first], futures):
            watch.leave(future)


def tell_remarks(cell: Cell, given: Raise) -> None:
    """Say what is odd about the parameters, before anything runs."""
    found = remarks(given.request.event, given.params, cell.session.declared_events, library_of(cell).events)
    cell.tell([replace(remark, span=given.line.span) for remark in found])


class Watch:
    """Shows how far the raises of one line have come, and what became of them."""

    def __init__(self, cell: Cell, given: Raise, params: Repeated[Params]) -> None:
        request = given.request
        self.cell = cell
        self.given = given
        self.options = request.options
        self.tally = Tally(request.event, request.count)
        self.progress: Progress | None = None
        if request.count >= SHOWN:
            # a batch has one result, at its end; until then what it has taken tells
            done = lambda: max(self.tally.done, params.taken)  # noqa: E731
            self.progress = Progress(cell.outlet, request.event, request.count, done)
            self.progress.start()

    @property
    def is_waited_for(self) -> bool:
        return not UNAWAITED & self.options.keys()

    def leave(self, future: Future[Any]) -> None:
        """Go on without waiting; the cell does so at its end, unless the raise is detached."""
        counted: Future[Any] = Future()
        if "detach" not in self.options:
            self.cell.pending.append((counted, self.given.line.span))
        future.add_done_callback(lambda done: self.ended(done.result(), counted))

    def ended(self, result: Any, counted: Future[Any]) -> None:
        """One of the raises that nobody waits for has ended. Called in the engine's thread."""
        self.tally.add(result)
        if "detach" in self.options:
            tell_errors(self.cell.outlet, result)
        if self.tally.done >= self.tally.total or self.given.request.count >= MANY:
            self.end()
        counted.set_result(result)

    def end(self) -> None:
        """All raises have ended, or there are to be no more. Safe from any thread."""
        stats = "stats" in self.options
        summary = self.tally.summary(stats)
        if self.progress is not None:
            self.progress.end(summary)
        elif stats:
            self.cell.outlet.display(summary)
        if "report" in self.options:
            self.cell.outlet.display(self.tally.report())


def library_of(cell: Cell) -> Library:
    """What the server knows that the session is."""
    from evroute_kernel.library import table

    return table.of(cell.session.version)


async def ask(cell: Cell, given: Raise) -> None:
    """Show the form of an event, or its help where there are no forms."""
    from evroute_kernel.kernel.magics.help import help_
    from evroute_kernel.library.catalogue.declared import known_event

    name = given.request.event
    event = known_event(name, cell.session.declared_events, library_of(cell).events)
    if event is None:
        library = library_of(cell)
        near = library.successor("event", name) or did_you_mean(name, [*cell.session.declared_events, *library.events])
        hint = near or f"%event declare {name} PARAMETER... tells what it holds"
        raise failure("UnknownEvent", f"the parameters of the event {name} are not known", given.event_span, hint)
    if not show_form(cell, event):
        await help_(cell, Arguments(given.line, (Word(name, given.event_span),)))


def submissions(cell: Cell, given: Raise, params: Repeated[Params]) -> Iterator[Future[Any]]:
    """Hand the event to the engine as often as asked; the futures give a Run, or for many a BatchResult."""
    request, session = given.request, target(cell, given)
    if request.count < MANY:
        yield from (submit(cell, given, session.submit, given.params) for _ in range(request.count))
    else:
        yield submit(cell, given, session.submit_batch, params)


def target(cell: Cell, given: Raise) -> Session:
    """Where the event is raised. Raises CellFailure for a node that there is not."""
    name = given.request.options.get("node")
    if not isinstance(name, str):
        return cell.session
    if not cell.notebook.has_node(name):
        known = [] if cell.notebook.cluster is None else list(cell.notebook.cluster)
        hint = did_you_mean(name, known) or "%node lists the nodes; %node NAME at the head of a cell makes one"
        raise failure("UnknownNode", f"there is no node {name}", given.line.span, hint)
    return cell.notebook.session_of(name)


def tell_unheard(cell: Cell, run: Run | BatchResult) -> None:
    """Say which messages reached nodes where no route handles them."""
    from evroute_kernel.engine.results.runs import Run

    messages = run.messages if isinstance(run, Run) else ()
    unheard = {(m.receiver, m.event): None for m in messages if m.run is None and m.msg}
    cell.note([f"{event} reached the node {node}, where no route handles it" for node, event in unheard])


def submit(cell: Cell, given: Raise, method: Callable[..., Future[Any]], params: Any) -> Future[Any]:
    """Raises CellFailure for an event that nothing handles, or parameters that it cannot have."""
    request = given.request
    try:
        return method(request.event, params, origin=cell.outlet, timeout=request.timeout)
    except UnknownEventError as error:
        raise CellFailure("UnknownEvent", located(error, given.event_span)) from error
    except ScriptError as error:
        raise CellFailure("MagicError", located(error, given.line.span)) from error


def located(error: ScriptError, span: Span) -> list[Diagnostic]:
    """The findings of an error that knows no place, with this one."""
    return [replace(diagnostic, span=span) for diagnostic in error.diagnostics]
