"""Recorded programs: reading them, running them in a Session, comparing with what the real server logged."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from difflib import unified_diff
from pathlib import Path
from typing import Any

from evroute_kernel import ScriptError, Session
from evroute_kernel.engine.events.params import UnknownEventError

#: the folder of the recorded programs
HERE = Path(__file__).parent.parent / "conformance"
#: levels at which a diagnostic must stand where the server gave one; below, the server only chats
ALARMING = frozenset({"WARNING", "ERROR", "CRITICAL", "ALERT"})


@dataclass(frozen=True, slots=True)
class Case:
    """One recorded program; `expect` as the file has it."""

    file: str
    name: str
    script: str
    raises: tuple[tuple[str, Any], ...]
    settings: str
    expect: dict[str, Any]

    @property
    def log(self) -> list[tuple[str, str]]:
        return [(level, text) for level, text in self.expect["log"]]

    @property
    def diagnostics(self) -> list[tuple[int, str, str]]:
        return [(n, level, text) for n, level, text in self.expect.get("diagnostics", ()) if level in ALARMING]


@dataclass(slots=True)
class Outcome:
    """What happened here: errors of a refused script as (line, text), else the log and the diagnostics in it."""

    errors: list[tuple[int | None, str]] = field(default_factory=list)
    log: list[tuple[str, str]] = field(default_factory=list)
    #: number of log records before it, level, text
    diagnostics: list[tuple[int, str, str]] = field(default_factory=list)
    #: raises that did not end well: a crashed or refused run
    failures: list[str] = field(default_factory=list)

    def record(self, level: str, text: str, diagnostic: bool) -> None:
        if not diagnostic:
            self.log.append((level, text))
        elif level in ALARMING:
            self.diagnostics.append((len(self.log), level, text))

    def refuse(self, error: ScriptError) -> None:
        for d in error.diagnostics:
            if d.severity == "error":
                self.errors.append((d.span.line if d.span else None, d.message))


def read_cases(files: Iterable[Path] = ()) -> Iterator[Case]:
    """The cases of the files, of all files by default, in order."""
    for path in files or sorted(HERE.glob("*.json")):
        for case in json.loads(path.read_text(encoding="utf-8")):
            raises = tuple((event, *params) if params else (event, None) for event, *params in case["raise"])
            yield Case(path.stem, case["name"], case["script"], raises, case.get("globals", ""), case["expect"])


def run_in_session(case: Case, session: Session) -> Outcome:
    """The product as a user has it. `session` has one worker and is as new: freshly made, or reset."""
    outcome = Outcome()
    try:
        if case.settings:
            session.load(case.settings, name="globals")
        session.load(case.script, name="case.cfg")
    except ScriptError as error:
        outcome.refuse(error)
        return outcome
    for event, params in case.raises:
        try:
            run = session.raise_event(event, params)
        except UnknownEventError as error:
            outcome.failures.append(str(error))
        else:
            outcome.failures += [error.render() for error in run.errors]
    for record in session.log:
        outcome.record(record.level, record.text, record.diagnostic)
    return outcome


def differences(case: Case, outcome: Outcome) -> list[str]:
    """What is not as recorded, as lines to read; empty when all is."""
    if not case.expect["accepted"]:
        return _refusal_differences(case, outcome)
    if outcome.errors:
        return [f"refused, but the server accepts it: line {line}: {text}" for line, text in outcome.errors]
    return [*_log_differences(case, outcome), *_diagnostic_differences(case, outcome)]


def _refusal_differences(case: Case, outcome: Outcome) -> list[str]:
    server_line = case.expect["error_line"]
    said = case.expect["errors"][:2]
    if not outcome.errors:
        return [f"accepted, but the server refuses it at line {server_line}: {said}"]
    line, text = outcome.errors[0]
    if server_line is not None and line != server_line:
        return [f"first error at line {line}, the server's is at line {server_line}: {text!r}; {said}"]
    return []


def _log_differences(case: Case, outcome: Outcome) -> list[str]:
    if outcome.log == case.log:
        return []
    server = [f"{level} {text!r}" for level, text in case.log]
    ours = [f"{level} {text!r}" for level, text in outcome.log]
    lines = list(unified_diff(server, ours, "server", "ours", lineterm="", n=1))
    return [*lines, *(f"failed: {line}" for failure in outcome.failures for line in failure.splitlines())]


def _diagnostic_differences(case: Case, outcome: Outcome) -> list[str]:
    server = {n: f"{level} {text}" for n, level, text in case.diagnostics}
    ours = {n: f"{level} {text}" for n, level, text in outcome.diagnostics}
    missing = [f"no diagnostic after {n} records; the server: {server[n]}" for n in sorted(server.keys() - ours)]
    surplus = [f"a diagnostic after {n} records, none by the server: {ours[n]}" for n in sorted(ours.keys() - server)]
    return missing + surplus
