"""Timer routes: one turn now, or turn after turn in the background."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from evroute_kernel.engine.events.raise_line import ArgumentError
from evroute_kernel.engine.session.timers import Timer
from evroute_kernel.errors import ScriptError, did_you_mean
from evroute_kernel.kernel.cell.failures import CellFailure, failure
from evroute_kernel.kernel.cell.output import PassingOutput
from evroute_kernel.kernel.display.formats import Table, note_bundle
from evroute_kernel.kernel.display.reports import tell_errors
from evroute_kernel.kernel.magics.arguments import Arguments, Word
from evroute_kernel.kernel.magics.declaration import Offers, magic
from evroute_kernel.records import dataclass
from evroute_kernel.runtime.values import decode

if TYPE_CHECKING:
    from evroute_kernel.engine.results.runs import Run
    from evroute_kernel.kernel.cell.cell import Cell
    from evroute_kernel.kernel.export.rehearsal import Rehearsal

#: both take names of timer_routes
TIMERS: Final = Offers(words={"NAME": lambda asked: asked.routes("timer_route")})


class TimerOutput(PassingOutput):
    """Shows a timer under the cell that started it."""

    def failed(self, run: Run) -> None:
        tell_errors(self.outlet, run)

    def stopped(self, title: str, why: str) -> None:
        self.outlet.display(note_bundle([f"the timer of {title} has stopped: {why}"]))


@dataclass(frozen=True, slots=True)
class TickRequest:
    """Seconds by which `%tick` moves the clock on (None: it does not), then the timer routes that it runs."""

    arguments: Arguments
    seconds: float | None


def read_tick(arguments: Arguments) -> TickRequest:
    """Raises ArgumentError."""
    clock = arguments.flags.get("clock")
    if clock is None and not arguments.words:
        hint = "%tick NAME runs a timer_route, %tick --clock 5 moves time on"
        raise ArgumentError("NAME is missing", arguments.line.name_span, hint)
    return TickRequest(arguments, clock.number(0.001, "0.001 seconds or more") if clock else None)


def exported_tick(rehearsal: Rehearsal, offset: int, request: TickRequest) -> None:
    """Routes have been run, which may have changed what they find."""
    from evroute_kernel.lang.callgraph import Vertex

    for word in request.arguments.words:
        rehearsal.touch(Vertex("route", f"timer_route[{word.text}]"))


@magic("tick", "[NAME...] [--clock SECONDS]", convert=read_tick, offers=TIMERS, on_export=exported_tick)
async def tick(cell: Cell, request: TickRequest) -> None:
    """Run a timer_route once, now; a server would run it every so many seconds.

    --clock SECONDS  move the clock of the session on before: what is to happen up to then happens now, and nobody has
                     to wait. Subscriptions and what the cache keeps expire by it, calls time out, runs that wait for an
                     event, or sleep in async(), go on, and scripts read it. Timer routes run when they are named
    """
    session, arguments = cell.session, request.arguments
    if request.seconds is not None:
        run = await cell.compute(partial(session.tick, clock=request.seconds, origin=cell.outlet))
        cell.check_run(run, arguments.line.name_span)
    for word in arguments.words:
        try:
            run = await cell.compute(partial(session.run_timer, word.text, origin=cell.outlet))
        except ScriptError as error:
            raise CellFailure("UnknownRoute", [replace(d, span=word.span) for d in error.diagnostics]) from error
        cell.check_run(run, word.span)


@dataclass(frozen=True, slots=True)
class TimerRequest:
    """What `%timer` is to do: "start", "stop" or "list"; no names: all timer routes."""

    action: str
    names: tuple[Word, ...]
    every: float | None


def read_request(arguments: Arguments) -> TimerRequest:
    """Raises ArgumentError."""
    names = arguments.words[1:]
    action = arguments.first.text if arguments.first else "list"
    every = arguments.flags.get("every")
    if every is not None and action != "start":
        raise ArgumentError(f"%timer {action} takes no --every", every.span, "%timer start does")
    if names and action == "list":
        raise ArgumentError(f"unexpected {names[0].text!r}", names[0].span, "%timer list shows all timers")
    return TimerRequest(action, names, every.number(0.01, "0.01 seconds or more") if every else None)


@magic(
    "timer",
    "[start|stop|list] [NAME...] [--every SECONDS]",
    convert=read_request,
    offers=TIMERS,
)
async def timer(cell: Cell, request: TimerRequest) -> None:
    """Run timer routes in the background, each at its interval, as a server does; `%tick` runs one once.

    start  begin; what the routes log stands under this cell, also when it has ended
    stop   end them
    list   show which run, and how often they have run; so does %timer alone

    Without names all timer routes are meant. A route that fails goes on at its next turn. Interrupting the kernel,
    `%reset` and the end of the kernel stop all timers.

    --every SECONDS  run them so often, whatever interval the routes have
    """
    if request.action == "list":
        cell.outlet.display(listed(cell).bundle())
    elif request.action == "start":
        for name in known(cell, request.names):
            cell.notebook.timers.start(Timer(cell.session, name, TimerOutput(cell.outlet), request.every))
    else:
        chosen = known(cell, request.names) if request.names else None
        stopped = await cell.compute(lambda: cell.notebook.timers.stop(names=chosen))
        cell.outlet.write("".join(f"{t.title} has run {times(t.turns)}\n" for t in stopped) or "no timer runs\n")


def known(cell: Cell, words: Sequence[Word]) -> list[str]:
    """The timer routes that are named, or all; raises CellFailure for one that is not there."""
    names = list(dict.fromkeys(map(decode, cell.session.registry.names("timer_route"))))
    for word in words:
        if word.text not in names:
            hint = did_you_mean(word.text, names) or "%routes lists what is defined"
            raise failure("UnknownRoute", f"there is no timer_route[{word.text}]", word.span, hint)
    if not names:
        raise failure(
            "UnknownRoute", "no timer_route is defined", None, "timer_route[NAME, SECONDS] { ... } defines one"
        )
    return [word.text for word in words] or names


def listed(cell: Cell) -> Table:
    rows = [(t.title, f"{t.interval:g}", t.turns, t.failed or None) for t in cell.notebook.timers.running()]
    return Table(("timer", "every (s)", "runs", "failed"), rows, "no timer runs")


def times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
