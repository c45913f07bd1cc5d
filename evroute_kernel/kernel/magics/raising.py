"""Raising events: `%raise` in all its forms."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from evroute_kernel.engine.arguments import (
    USAGE,
    ArgumentError,
    Params,
    RaiseRequest,
    parse_params,
    parse_raise,
)
from evroute_kernel.engine.events import UnknownEventError
from evroute_kernel.errors import Diagnostic, ScriptError, did_you_mean
from evroute_kernel.kernel.cells import MagicLine
from evroute_kernel.kernel.failures import CellFailure
from evroute_kernel.kernel.magics.declaration import magic
from evroute_kernel.kernel.output import STDERR
from evroute_kernel.source import Span

if TYPE_CHECKING:
    from evroute_kernel.kernel.execution import CellRun

#: from so many raises on, `--count` hands them over as a batch
MANY: Final = 1000


@dataclass(frozen=True, slots=True)
class Raise:
    """A `%raise` line, or `%%raise` with its body, understood."""

    line: MagicLine
    request: RaiseRequest
    params: Params

    @property
    def event_span(self) -> Span:
        """Where the event's name stands, or the line if it is written in some other way."""
        start = self.line.text.find(self.request.event)
        if start < 0:
            return self.line.span
        return self.line.source.span(self.line.offset + start, self.line.offset + start + len(self.request.event))


def read_raise(line: MagicLine) -> Raise:
    """Read `%raise` or `%%raise`; raises ArgumentError."""
    request = parse_raise(line.text.rstrip("\r"), line.source, line.offset)
    params = request.params
    if line.body is not None:
        if params is not None:
            raise ArgumentError("%%raise takes its parameters from the lines below", line.span)
        params = parse_params(line.body, line.source, line.body_offset)
    if request.options.get("sample"):
        params = sampled(request, params, line)
    return Raise(line, request, params)


def sampled(request: RaiseRequest, params: Params, line: MagicLine) -> Params:
    """The event's parameters with a server's sample values, and over them those that were given."""
    from evroute_kernel.library.catalogue import events

    event = events().get(request.event)
    if event is None:
        hint = did_you_mean(request.event, events()) or "%events lists the events of OpenSIPS"
        raise ArgumentError(f"no sample is known for the event {request.event}", line.span, hint)
    if isinstance(params, list):
        raise ArgumentError("--sample fills in parameters by name; these have none", line.span)
    return {p.name: p.sample for p in event.params if not p.stale} | (params or {})


@magic("raise", USAGE, read=read_raise, body=True)
async def raise_event(cell: CellRun, given: Raise) -> None:
    """Raise an event, and wait for its route and for all that this route raises.

    Parameters are named (`ip=192.0.2.1 port=5060`), unnamed (`192.0.2.1 5060`) or JSON (`{"ip": "192.0.2.1"}`). What
    is written as an integer is one; `"7"`, `'7'` and `s:7` are the string 7. `%%raise EVENT` reads JSON from the
    lines below.

    --sample     fill in the parameters that are not given with values as a server sends them
    --count N    raise it N times, one after the other; thousands go to one worker as a batch, which is faster but
                 shows the log in large pieces
    --async      go on at once; the cell ends when all that it raised has ended
    --detach     go on at once and do not wait at all
    --timeout S  end the run after S seconds

    The cell fails when no route handles the event or when a route fails.
    """
    span = given.line.span
    for future in submissions(cell, given):
        if "detach" in given.request.options:
            future.add_done_callback(lambda done: report_late(cell, done))
        elif "async" in given.request.options:
            cell.pending.append((future, span))
        else:
            cell.check_run(await cell.wait(future), span)


def submissions(cell: CellRun, given: Raise) -> Iterator[Future[Any]]:
    """Hand the event to the engine as often as asked; the futures give a Run, or for many a BatchResult."""
    request = given.request
    if request.count < MANY:
        yield from (submit(cell, given, cell.session.submit, given.params) for _ in range(request.count))
    else:
        yield submit(cell, given, cell.session.submit_batch, [given.params] * request.count)


def submit(cell: CellRun, given: Raise, method: Callable[..., Future[Any]], params: Any) -> Future[Any]:
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


def report_late(cell: CellRun, done: Future[Any]) -> None:
    """Tell under its cell that a detached run failed. Called in the engine's thread."""
    for error in done.result().errors:
        cell.outlet.write(error.render() + "\n", STDERR)
