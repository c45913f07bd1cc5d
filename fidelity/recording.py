"""Cases in the form of `tests/conformance`: what a server logs for a program, written down."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from fidelity.installed import Installed
from fidelity.outcomes import BEYOND
from fidelity.server import DiedError, Line, RefusedError, Server, in_script, running

#: levels that are written down
LEVELS: Final = frozenset({"WARNING", "ERROR", "CRITICAL", "ALERT"})
#: seconds of silence after which a raise has logged all
SILENCE: Final = 0.3

Case = dict[str, Any]


class UnrecordableError(Exception):
    """What this program logs cannot be written down exactly."""


def recorded(server: Installed, case: Case) -> Case:
    """A case with what the server logs for it now as `expect`. Raises UnrecordableError."""
    made = {key: value for key, value in case.items() if key != "expect"}
    try:
        with running(
            server, case["script"], settings=case.get("globals", ""), workers=case.get("workers", 1), marks=False
        ) as started:
            return {**made, "expect": _ran(started, case)}
    except RefusedError as error:
        refused = {"accepted": False, "log": [], "error_line": error.line, "errors": error.errors}
        return {**made, "expect": refused}


def _ran(server: Server, case: Case) -> Case:
    log: list[list[str]] = []
    diagnostics: list[list[Any]] = []
    refusals: list[str] = []
    _note(server.until_quiet(SILENCE), server, log, diagnostics)
    for event, *params in case["raise"]:
        refused = server.raise_event(event, params[0] if params else None)
        refusals += [refused] if refused else []
        lines = server.until_quiet(float(case.get("settle", SILENCE)))
        if any("segfault in process" in line.text for line in lines):
            raise UnrecordableError(f"{case['name']}: the server dies")
        _note(lines, server, log, diagnostics)
    expect: Case = {"accepted": True, "log": log}
    if diagnostics:
        expect["diagnostics"] = diagnostics
    return expect | ({"mi_errors": refusals} if refusals else {})


def _note(lines: Iterable[Line], server: Server, log: list[list[str]], diagnostics: list[list[Any]]) -> None:
    for line in lines:
        if BEYOND in line.text:
            raise UnrecordableError(f"{line.text!r}: bytes beyond ASCII cannot be told apart in the server's log")
        if not line.is_own:
            log.append([line.level, line.text])
        elif line.level in LEVELS and line.function != "mod_init":
            text = f"{line.module}:{line.function}: {line.text.rstrip()}"
            diagnostics.append([len(log), line.level, in_script(text, server.first_line)])


def record_file(server: Installed, path: Path, into: Path) -> Iterator[str]:
    """Record all cases of a file again; yields the names of those whose `expect` is another than it was."""
    cases = json.loads(path.read_text("utf-8"))
    made = []
    for case in cases:
        try:
            made.append(recorded(server, case))
        except (UnrecordableError, DiedError, TimeoutError) as error:
            is_known = "expect" in case
            yield f"{case['name']}: left {'as it was' if is_known else 'out'}: {error}"
            made += [case] if is_known else []
            continue
        if "expect" in case and not _alike(made[-1]["expect"], case["expect"]):
            yield f"{case['name']}: another log than recorded"
    into.parent.mkdir(parents=True, exist_ok=True)
    into.write_text(json.dumps(made, indent=0, ensure_ascii=False) + "\n", "utf-8")


def _alike(one: Case, other: Case) -> bool:
    """What must match of two recordings: not the words of the server, only their places."""
    return bool(_essence(one) == _essence(other))


def _essence(expect: Case) -> Any:
    places = sorted({n for n, level, _ in expect.get("diagnostics", ()) if level in LEVELS})
    return expect["accepted"], [tuple(record) for record in expect["log"]], places
