"""Recorded programs: reading them, running them in a Session, comparing with what the real server logged."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from difflib import unified_diff
from pathlib import Path
from typing import Any

from evroute_kernel import ScriptError, Session
from evroute_kernel.engine.events.params import UnknownEventError
from evroute_kernel.engine.mi.dispatch import answer
from evroute_kernel.engine.mi.management import Management
from evroute_kernel.engine.mi.profiling import PROCESS
from evroute_kernel.engine.results.runs import Run
from evroute_kernel.errors import Diagnostic
from evroute_kernel.lang.scanning import after_blanks
from evroute_kernel.runtime.versions import DEFAULT_VERSION

#: the folder of the recorded programs, and that of those recorded on a 4.0.1
HERE = Path(__file__).parent.parent / "conformance"
HERE_4_0 = HERE.with_name("conformance-4.0")
#: levels at which a diagnostic must stand where the server gave one; below, the server only chats
ALARMING = frozenset({"WARNING", "ERROR", "CRITICAL", "ALERT"})
#: the number of the process that answers requests on the server that was recorded
_MI_PROCESS = 2
#: what the server says of a name at its start, or of a request that it answers besides
#: what it says of a setting at its start; here it is told of the text
_SAID_AT_START = frozenset({"bond-member", "parameter-value"})
_OF_NO_ROUTE = ("core:evi_publish_event:", "core:handle_mi_request:", "core:get_mi_", "core:mi_raise_event_")


@dataclass(frozen=True, slots=True)
class Case:
    """One recorded program; `expect` as the file has it, of the server of `version`.

    `mi`: requests sent after the raises, as method and parameters; `sockets`: kinds of receivers that the script names
    as `%UDP%`, `%TCP%` and `%UNIX%`.
    """

    file: str
    name: str
    script: str
    raises: tuple[tuple[str, Any], ...]
    settings: str
    expect: dict[str, Any]
    version: str = DEFAULT_VERSION
    mi: tuple[tuple[str, Any], ...] = ()
    sockets: tuple[str, ...] = ()

    @property
    def log(self) -> list[tuple[str, str]]:
        return [(level, text) for level, text in self.expect["log"]]

    @property
    def diagnostics(self) -> list[tuple[int, str, str]]:
        return [
            (n, level, text)
            for n, level, text in self.expect.get("diagnostics", ())
            if level in ALARMING and not text.startswith(_OF_NO_ROUTE)
        ]

    @property
    def crashes(self) -> bool:
        """Whether the server died of it, or hung for ever."""
        return bool(self.expect.get("crash") or self.expect.get("stuck"))


@dataclass(slots=True)
class Outcome:
    """What happened here: errors of a refused script as (line, text), else the log and the diagnostics in it."""

    errors: list[tuple[int | None, str]] = field(default_factory=list)
    log: list[tuple[str, str]] = field(default_factory=list)
    #: number of log records before it, level, text
    diagnostics: list[tuple[int, str, str]] = field(default_factory=list)
    #: raises that did not end well: a crashed or refused run
    failures: list[str] = field(default_factory=list)
    #: whether one of them would have killed the server
    crashed: bool = False
    #: the answers to requests, and what the receivers of each kind got
    mi: list[Any] = field(default_factory=list)
    payloads: dict[str, list[str]] = field(default_factory=dict)

    def record(self, level: str, text: str, diagnostic: bool) -> None:
        if not diagnostic:
            self.log.append((level, text))
        elif level in ALARMING:
            self.diagnostics.append((len(self.log), level, text))

    def refuse(self, error: ScriptError) -> None:
        for d in error.diagnostics:
            if d.severity == "error":
                self.errors.append((line_of_server(d), d.message))


def line_of_server(error: Diagnostic) -> int | None:
    """The line that a server names for an error: the one on which it reads on. What lacks is shown here where it lacks,
    and what is never closed where it opens."""
    span = error.span
    if span is None:
        return None
    is_open = error.message == "this '{' is never closed"
    if span.text and not is_open:
        return span.line
    text = span.source.text
    return span.source.position(after_blanks(text, len(text) if is_open else span.end))[0]


def read_cases(files: Iterable[Path] = (), version: str = DEFAULT_VERSION) -> Iterator[Case]:
    """The cases of the files, of all files of the version's folder by default, in order."""
    here = HERE if version == DEFAULT_VERSION else HERE_4_0
    for path in files or sorted(here.glob("*.json")):
        for case in json.loads(path.read_text(encoding="utf-8")):
            yield _case(path.stem, case, version)


def _case(file: str, case: dict[str, Any], version: str) -> Case:
    expect = case.get("expect36", case["expect"]) if version == DEFAULT_VERSION else case["expect"]
    return Case(
        file,
        case["name"],
        "\n" * expect.get("line_offset", 0) + case["script"],  # what stood before it on the server
        tuple((event, *params) if params else (event, None) for event, *params in case["raise"]),
        case.get("globals", ""),
        expect,
        version,
        tuple((method, *params) if params else (method, None) for method, *params in case.get("mi", ())),
        tuple(case.get("sockets", ())),
    )


def run_in_session(case: Case, session: Session, script: str | None = None) -> Outcome:
    """The product as a user has it. `session` has one worker and is as new: freshly made, or reset.

    `script`: the case's, with the names of receivers filled in.
    """
    outcome = Outcome()
    try:
        if case.settings:
            session.load(case.settings, name="globals")
        loaded = session.load(case.script if script is None else script, name="case.cfg")
    except ScriptError as error:
        outcome.refuse(error)
        return outcome
    for diagnostic in loaded.diagnostics:
        if diagnostic.code in _SAID_AT_START:
            outcome.record("WARNING", diagnostic.message, True)
    for event, params in case.raises:
        try:
            run = session.raise_event(event, params)
        except UnknownEventError as error:
            outcome.failures.append(str(error))
        else:
            add_errors(outcome, run)
    if case.mi and not outcome.crashed:
        for timer in re.findall(r"timer_route\[(\w+)", case.script):  # the recording has waited for it
            add_errors(outcome, session.run_timer(timer))
        _ask(case, session, outcome)
    for record in session.log:
        outcome.record(record.level, record.text, record.diagnostic)
    return outcome


def add_errors(outcome: Outcome, run: Run) -> None:
    """What did not end well in a run."""
    outcome.failures += [error.render() for error in run.errors]
    outcome.crashed |= any(error.cause == "crashed" for error in run.errors)


def _ask(case: Case, session: Session, outcome: Outcome) -> None:
    """Send the requests of a case, each when all that came of the one before has ended."""
    for method, params in case.mi:
        if method == "profiling_proc" and params and params.get("id") == _MI_PROCESS:
            params = params | {"id": PROCESS}
        ask(session, method, params, outcome)


def ask(session: Session, method: str, params: Any, outcome: Outcome) -> None:
    """Send a request, and wait until all that came of it has ended."""
    raised: list[Future[Run]] = []
    management = Management(session, watch=raised.append)
    request = {"jsonrpc": "2.0", "method": method, "id": "1"} | ({} if params is None else {"params": params})
    outcome.mi.append(json.loads(answer(management, json.dumps(request).encode()) or b"null"))
    for future in raised:
        add_errors(outcome, future.result())


def differences(case: Case, outcome: Outcome) -> list[str]:
    """What is not as recorded, as lines to read; empty when all is."""
    if not case.expect["accepted"]:
        return _refusal_differences(case, outcome)
    if outcome.errors:
        return [f"refused, but the server accepts it: line {line}: {text}" for line, text in outcome.errors]
    return [
        *_log_differences(case, outcome),
        *_diagnostic_differences(case, outcome),
        *_end_differences(case, outcome),
        *_sent_differences(case, outcome),
    ]


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


def _end_differences(case: Case, outcome: Outcome) -> list[str]:
    """What kills the server is an error here, and nothing else is one."""
    if case.crashes and not outcome.crashed:
        return ["the server died of it, and here it ran"]
    if outcome.crashed and not case.crashes and case.version != DEFAULT_VERSION:
        return [f"failed, but the server runs it: {failure}" for failure in outcome.failures]
    return []


def _sent_differences(case: Case, outcome: Outcome) -> list[str]:
    """Answers to requests, and what receivers got."""
    lines = []
    for asked, said, ours in zip(case.mi, case.expect.get("mi", ()), outcome.mi, strict=False):
        if said != ours and asked[0] != "version":  # that one says who answers
            lines.append(f"{asked}: the server answers {said}, here {ours}")
    for kind, payloads in case.expect.get("payloads", {}).items():
        if outcome.payloads.get(kind, []) != payloads:
            lines.append(f"{kind}: the server sent {payloads}, here {outcome.payloads.get(kind)}")
    return lines
