"""Batches of programs, run on a server and in a Session; each program's own log.

A program that kills the server ends the batch there; the rest runs on another one. Of a batch that is refused each half
is tried, down to the program that is to blame.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from evroute_kernel import ScriptError, Session
from evroute_kernel.engine.events.params import UnknownEventError
from evroute_kernel.engine.results.runs import Run
from evroute_kernel.runtime.versions import DEFAULT_VERSION, ServerVersion
from evroute_kernel.source import Source
from fidelity.configuration import MARK, MARK_ROUTE
from fidelity.installed import Installed
from fidelity.outcomes import Outcome
from fidelity.programs import PAUSE, Program, script_of
from fidelity.server import DiedError, Line, RefusedError, Server, running

#: seconds within which every timer route has run once, and of silence after what several workers do
TIMERS: Final = 8.0
SILENCE: Final = 0.3
#: first word of what a timer route logs when it is done, then its name
TIMER_DONE: Final = "timer done "
Outcomes = dict[str, Outcome]


# -- the server -------------------------------------------------------------------------------------------------------


def on_server(server: Installed, programs: list[Program]) -> Outcomes:
    """Run programs of one frame."""
    outcomes: Outcomes = {}
    while programs:
        frame = programs[0].frame
        try:
            with running(
                server, script_of(programs), settings=frame.settings, workers=frame.workers, files=dict(frame.files)
            ) as started:
                done = _raise_all(started, programs, outcomes)
        except RefusedError as error:
            if len(programs) > 1:
                half = len(programs) // 2
                return outcomes | on_server(server, programs[:half]) | on_server(server, programs[half:])
            return outcomes | {programs[0].name: Outcome(refused=(error.line, "; ".join(error.errors[:2])))}
        programs = programs[done:]
    return outcomes


def _raise_all(server: Server, programs: list[Program], outcomes: Outcomes) -> int:
    """How many programs have run: all, or those up to the one that killed the server."""
    _run_timers(server, programs, outcomes)
    for number, program in enumerate(programs):
        outcome = outcomes.setdefault(program.name, Outcome())
        if outcome.died:
            continue
        try:
            _run_one(server, program, outcome)
        except DiedError as death:
            _note(outcome, death.args[0] if isinstance(death.args[0], list) else [])
            outcome.died = True
            return number + 1
        except TimeoutError:  # it hangs, so that nobody else can run on it
            outcome.died = True
            return number + 1
    return len(programs)


def _run_one(server: Server, program: Program, outcome: Outcome) -> None:
    for event, params in program.raises:
        if event == PAUSE:
            time.sleep(params)
            continue
        server.raise_event(event, params)
        if program.settles:
            _note(outcome, server.until_quiet(program.quiet))
        if program.frame.workers == 1:
            for _ in range(program.rounds):
                _note(outcome, server.until_marked())
    if program.quiet and not program.settles:
        _note(outcome, server.until_quiet(program.quiet))
        if program.frame.workers == 1:  # or it would not be known whether it has died of what it started by itself
            _note(outcome, server.until_marked())
    if program.report is not None:
        server.raise_event(program.report)
        _note(outcome, server.until_quiet(SILENCE))


def _note(outcome: Outcome, lines: list[Line]) -> None:
    for line in lines:
        if "segfault in process" not in line.text:
            outcome.add(line.level, line.text, line.is_own)


def _run_timers(server: Server, programs: list[Program], outcomes: Outcomes) -> None:
    """Wait until every timer route has run, which it does once, and says so at its end; one that does not hangs."""
    waiting = {timer: program for program in programs for timer in program.timers}
    deadline = time.monotonic() + TIMERS
    lines: dict[int, list[Line]] = {}
    server.until_quiet(0.05)
    while waiting:
        try:
            line = server.next_line(max(0.01, deadline - time.monotonic()))
        except (TimeoutError, DiedError):
            for program in waiting.values():
                outcomes.setdefault(program.name, Outcome()).died = True
            return
        lines.setdefault(line.pid, []).append(line)
        if line.text.startswith(TIMER_DONE) and not line.is_own:
            done = waiting.pop(line.text[len(TIMER_DONE) :].strip(), None)
            if done is not None:
                _note(outcomes.setdefault(done.name, Outcome()), lines.pop(line.pid))


# -- ours -------------------------------------------------------------------------------------------------------------


class Ours:
    """A Session that is as new for each batch."""

    def __init__(self, version: ServerVersion = DEFAULT_VERSION) -> None:
        self._version = version
        self._sessions: dict[int, Session] = {}

    def close(self) -> None:
        for session in self._sessions.values():
            session.close()

    def _session(self, workers: int) -> Session:
        if workers not in self._sessions:
            self._sessions[workers] = Session(workers=workers, timeout=20.0, log_limit=10**6, version=self._version)
        session = self._sessions[workers]
        session.reset()
        return session

    def run(self, programs: list[Program], died: Callable[[str], bool]) -> Outcomes:
        """Run programs of one frame. `died` tells of each by name whether it killed the server, which then was anew."""
        outcomes: Outcomes = {}
        while programs:
            done = self._run_some(programs, died, outcomes)
            programs = programs[done:]
        return outcomes

    def _run_some(self, programs: list[Program], died: Callable[[str], bool], outcomes: Outcomes) -> int:
        session = self._session(programs[0].frame.workers)
        try:
            _load(session, programs)
        except ScriptError as error:
            if len(programs) == 1:
                outcomes[programs[0].name] = Outcome(refused=_refusal(error))
                return 1
            return self._run_halves(programs, died, outcomes)
        for program in programs:
            for timer in program.timers:
                _record(outcomes.setdefault(program.name, Outcome()), session.run_timer(timer))
        for number, program in enumerate(programs):
            _run_here(session, program, outcomes.setdefault(program.name, Outcome()))
            if died(program.name):
                return number + 1
        return len(programs)

    def _run_halves(self, programs: list[Program], died: Callable[[str], bool], outcomes: Outcomes) -> int:
        half = len(programs) // 2
        outcomes |= self.run(programs[:half], died) | self.run(programs[half:], died)
        return len(programs)


def _load(session: Session, programs: list[Program]) -> None:
    frame = programs[0].frame
    if frame.settings:
        session.load(frame.settings, name="settings")
    script = script_of(programs)
    if not frame.files:
        session.load(script + "\n" + MARK_ROUTE, name="case.cfg")
        return
    with TemporaryDirectory(prefix="fidelity-") as folder:
        for name, text in frame.files:
            (Path(folder) / name).write_text(text, "utf-8", "surrogateescape")
        session.load(Source("case.cfg", script + "\n" + MARK_ROUTE, str(Path(folder) / "case.cfg")))


def _refusal(error: ScriptError) -> tuple[int | None, str]:
    first = next(d for d in error.diagnostics if d.severity == "error")
    return first.span.line if first.span else None, first.message


def _run_here(session: Session, program: Program, outcome: Outcome) -> None:
    pending: list[Future[Run]] = []
    for event, params in program.raises:
        if outcome.died:  # as on the server, which is gone then
            return
        if event == PAUSE:
            time.sleep(params)
            continue
        given = list(map(str, params)) if isinstance(params, list) else params
        if program.frame.workers > 1:
            with suppress(UnknownEventError):
                pending.append(session.submit(event, given))
            continue
        with suppress(UnknownEventError):
            _record(outcome, session.raise_event(event, given))
        for _ in range(program.rounds):  # as the server's worker did, so that $rc is the same
            session.raise_event(MARK, ["0"])
    if program.quiet and not program.settles and program.frame.workers == 1 and not outcome.died:
        session.raise_event(MARK, ["0"])
    for future in pending:
        _record(outcome, future.result())
    if program.report is not None:
        with suppress(UnknownEventError):
            _record(outcome, session.raise_event(program.report))


def _record(outcome: Outcome, run: Run) -> None:
    """What a run logged; its own records, since a session keeps no more than its last hundred thousand."""
    for record in run.log:
        outcome.add(record.level, record.text, record.diagnostic)
    for error in run.errors:
        if error.cause == "crashed" and not outcome.died:
            outcome.died, outcome.death = True, _death(error.message)


def _death(message: str) -> str:
    """What killed a process, in a few words: between the route and the explanation."""
    return message.partition(": ")[2].partition(": ")[0]
