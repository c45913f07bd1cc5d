"""Recorded programs that do more than raise events: modules that they load, steps that follow one another.

A session has no SIP. A program that begins with a call gets a dialog as that call would have left it; what its request
route logs is not compared.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from socket import AF_INET, SOCK_DGRAM, socket
from typing import Any

from evroute_kernel import ScriptError, Session
from evroute_kernel.engine.events.params import UnknownEventError
from evroute_kernel.engine.results.runs import Run
from evroute_kernel.lang.environment import DEFAULT_MODULES
from support.mi_clients import wait_until
from support.recorded import Case, Outcome, add_errors, ask

#: seconds for what was sent to arrive
PATIENCE = 10.0
#: the folder of these programs
FLOWS = Path(__file__).parent.parent / "event-flows"
#: what the agent of the recordings answers -> the states that the call goes through
_STATES = {200: (1, 3, 4), 180: (1, 2), None: (1,), 486: (1, 5)}
#: how what request routes of the recordings log begins
OF_REQUESTS = "BYE route:"

Step = list[Any]


def read_flows(path: Path, version: str) -> Iterator[tuple[Case, list[Step]]]:
    """The programs of a file with their steps, as a server of this version ran them."""
    for found in json.loads(path.read_text(encoding="utf-8")):
        expect = found.get("expect40", found.get("expect")) if version == "4.0" else found.get("expect")
        if expect is None:  # it was not run there
            continue
        expect["log"] = [record for record in expect["log"] if not record[1].startswith(OF_REQUESTS)]
        loads = "".join(f'loadmodule "{name}.so"\n' for name in found["modules"] if name not in DEFAULT_MODULES)
        steps = found.get("steps") or [["raise", *raised] for raised in found["raise"]]
        settings = loads + found.get("globals", "")
        for answer in expect.get("mi", ()):
            _forget_numbers(answer)
        asked = tuple((step[1], step[2]) for step in steps if step[0] == "mi")
        yield Case(path.stem, found["name"], found["script"], (), settings, expect, version, asked), steps


def run_flow(case: Case, steps: list[Step], session: Session, agent: type[Agent] | None = None) -> Outcome:
    """Load the program and do its steps. `session` has as many workers as the server had, and is as new."""
    with closing(socket(AF_INET, SOCK_DGRAM)) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(PATIENCE)
        port = str(receiver.getsockname()[1])
        outcome = _run(replace(case, script=case.script.replace("%UAPORT%", port)), steps, session, agent or Agent)
        outcome.mi = json.loads(json.dumps(outcome.mi).replace(f"127.0.0.1:{port}", "127.0.0.1:UAPORT"))
        for expected in case.expect.get("ua", ()) if "%UAPORT%" in case.script else ():
            got = receiver.recv(65_535).decode()
            if got != expected:
                outcome.failures.append(f"the agent got {got}")
    return outcome


def _run(case: Case, steps: list[Step], session: Session, agent: type[Agent]) -> Outcome:
    outcome = Outcome()
    try:
        session.load(case.settings, name="globals")
        loaded = session.load(case.script, name="case.cfg", owner="case")
    except ScriptError as error:
        outcome.refuse(error)
        return outcome
    if loaded.run is not None:
        add_errors(outcome, loaded.run)
    with agent(case, session, outcome) as doing:
        for kind, *given in steps:
            if outcome.crashed:
                break
            getattr(doing, kind)(*given)
    for record in session.log:
        outcome.record(record.level, record.text, record.diagnostic)
    return outcome


class Agent:
    """Does the steps of a program; those with SIP by dialogs. A step is done when all that it has led to has ended, but
    for what waits for an event in a process of its own."""

    def __init__(self, case: Case, session: Session, outcome: Outcome) -> None:
        self.threads = ThreadPoolExecutor()
        self.under_way: list[Future[Run]] = []
        self.case = case
        self.session = session
        self.outcome = outcome
        self.script = case.script
        self.states = _STATES[200]
        if "wait_for_event" in case.script:  # the server looks once a second: at the begin of one, none ends soon
            session.tick(clock=1.001 - session.shared.clock.now() % 1)

    def raise_(self, event: str, params: Any = None) -> None:
        self.do(lambda: self.session.raise_event(event, params))

    def __enter__(self) -> Agent:
        return self

    def __exit__(self, *_: object) -> None:
        self.session.interrupt()
        self.threads.shutdown()

    def do(self, work: Callable[[], Run], *, ends: bool = False) -> None:
        """Do something that may not end before something else is done, unless it `ends` by itself."""
        self.under_way.append(begun := self.threads.submit(work))
        wait_until(lambda: (begun.done() or not ends) and self.is_quiet())
        for future in [future for future in self.under_way if future.done()]:
            self.under_way.remove(future)
            try:
                add_errors(self.outcome, future.result())
            except UnknownEventError as error:
                self.outcome.failures.append(str(error))

    def is_quiet(self) -> bool:
        """Whether nothing runs."""
        waiting = [each for each in self.session.notifications() if each.manner == "blocked"]
        going_on = [future for future in self.under_way if not future.done()]
        return len(waiting) >= min(len(going_on), self.session.worker_limit)

    def mi(self, method: str, params: Any = None) -> None:
        """A request to the management interface; `reload_routes` reads the script as it has been rewritten."""
        if method == "reload_routes":
            self.session.load(self.script, name="case.cfg", owner="case")
            self.outcome.mi.append({"jsonrpc": "2.0", "result": "OK", "id": "1"})
        else:
            ask(self.session, method, params, self.outcome)
            _forget_numbers(self.outcome.mi[-1])

    def rewrite(self, old: str, new: str) -> None:
        self.script = self.script.replace(old, new)

    def answer(self, code: int | None) -> None:
        self.states = _STATES[code]

    def sip(self, method: str, callid: str, extra: dict[str, Any] | None = None) -> None:
        """An INVITE: a dialog with the values that the request route of all these programs gives it."""
        assert method == "INVITE"
        values = {"who": "alice", "n": 5}
        if "$dlg_val(ci) = $ci" in self.case.script:
            values = {"who": "alice", "ci": callid, "n": 5}
        first, *others = self.states
        made = self.session.dialog(callid, status=first, vals=values, from_tag="ft1", to_tag="tt1")
        self.session.shared.put("shv", "did", made.did)
        for status in others:
            self.session.dialog(callid, status=status)

    def indialog(self, method: str, callid: str, sequence: int) -> None:
        assert method == "BYE"
        self.session.dialog(callid, status=5, end_reason="Downstream BYE")

    def wait(self, seconds: float) -> None:
        """Timers have run meanwhile; what expires or times out does so by the clock of the session."""
        for name, interval in re.findall(r"timer_route\[(\w+), *(\d+)", self.case.script):
            for _ in range(max(1, int(seconds // int(interval)))):
                self.do(partial(self.session.run_timer, name))
        self.do(lambda: self.session.tick(clock=seconds), ends=True)


def _forget_numbers(answer: Any) -> None:
    """The number of an event counts those of the recorded server's own script, too."""
    event = answer.get("result", {}).get("Event") if isinstance(answer.get("result"), dict) else None
    if event is not None:
        event["id"] = 0


setattr(Agent, "raise", Agent.raise_)
