"""Debug sessions drawn at random on a real Session: whatever is asked, every run ends, and nothing stands for ever.

A session has two workers. A client sets breakpoints of all kinds, raises events, steps, changes values, pauses,
interrupts, kills the worker that stands still or any other, leaves and comes back, and at the end leaves, orderly or
not.
"""

from __future__ import annotations

import os
import queue
import signal
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any, Final

import psutil

from campaigns.case import Case
from campaigns.hosts import try_all
from campaigns.processes import check_nothing_left, directories, family
from campaigns.report import FaultError, Report
from campaigns.session_kills import DEADLINE, checked, probe
from evroute_kernel import Session
from evroute_kernel.engine.dap.adapter import Adapter
from evroute_kernel.runtime.versions import VERSIONS

#: debug sessions after which a session is closed, and must leave nothing
SESSION: Final = 20
#: seconds for a run, without the time in which it stands still; for a stop that may come; for a request's answer
TIMEOUT: Final = 2.0
STOP: Final = 0.4
ANSWER: Final = 30.0
ROUTES: Final = """event_route[E_B] {
    xlog("b\\n");
    $var(i) = 0;
    while ($var(i) < 50) {
        $var(i) += 1;
    }
    xlog("end of b\\n");
}
event_route[E_A] {
    $avp(list) = $param(n);
    $avp(list) = "x";
    $json(doc) := "{\\"a\\": [1, {\\"b\\": null}]}";
    for ($var(each) in $(avp(list)[*])) {
        $shv(sum) += 1;
    }
    route(inner, $param(n), 7);
    if ($var(n) > 1)
        raise_event("E_B");
    $var(n) += "wrong";
    xlog("end of a\\n");
}
route[inner] {
    $var(n) = $param(2);
    if (get_static_lock("l")) {
        $shv(locked) += 1;
        release_static_lock("l");
    }
    usleep(2000);
}
event_route[E_SPIN] {
    $var(i) = 0;
    while (1) {
        $var(i) += 1;
    }
}
"""
LINES: Final = ROUTES.count("\n") + 2
EXPRESSIONS: Final = (
    "$var(n)",
    "$param(n) + 1",
    "$var(n) = 3;",
    '$avp(list) = "new";',
    "$json(doc/a[1]/b)",
    "$shv(sum)",
    'xlog("said\\n");',
    "route(inner, 1, 2);",
    "$var(n) +",
    "exit;",
    "$var(x) = 1; $var(x) /= 0;",
)
EXTRAS: Final[tuple[dict[str, str], ...]] = (
    {},
    {},
    {},
    {"condition": "$var(i) == 7"},
    {"condition": "$var(n) +"},
    {"hitCondition": "% 3"},
    {"hitCondition": "== 2"},
    {"logMessage": "at {$var(i)}"},
)
_FILE: Final = "x.cfg"


def session(seed: int, number: int) -> Case:
    return Case(number, "debug session", f"debug session {seed}/{number}", f"{seed}/debugging/{number}")


def campaign(seed: int, count: int, jobs: int) -> Report:
    report = Report("debugging", seed, count)
    try_all(report, DebugSessions, (session(seed, n) for n in range(count)), jobs)
    return report


class DebugSessions:
    """A session that is debugged again and again."""

    def __init__(self) -> None:
        self._session: Session | None = None
        self._seen: dict[int, psutil.Process] = {}
        self._folders: set[Path] = set()
        self._count = 0

    def __call__(self, case: Case) -> str:
        random = Random(case.seed)
        session = self._opened(random)
        self._look()
        client = Client(session, random)
        client.begin()
        for _ in range(random.randint(3, 25)):
            client.act()
        client.leave()
        found = client.ended()
        self._look()
        if slow := probe(session):
            found["slow to recover"] += 1
        self._count += 1
        if self._count % SESSION == 0 or slow:
            self.close()
        return ", ".join(sorted(found)) or "ok"

    def _opened(self, random: Random) -> Session:
        if self._session is None:
            self._session = Session(workers=2, timeout=TIMEOUT, version=random.choice(VERSIONS))
            self._session.settings["max_while_loops"] = 2**31 - 1
            self._session.load(ROUTES, _FILE, owner="routes")
        return self._session

    def _look(self) -> None:
        self._seen |= {process.pid: process for process in family(os.getpid())[1:]}
        self._folders |= directories(os.getpid())

    def close(self) -> None:
        if self._session is not None:
            self._look()
            self._session.close()
            self._session = None
            check_nothing_left(list(self._seen.values()), self._folders)
            self._seen.clear()


class Client:
    """A front end that does not know what it wants."""

    def __init__(self, session: Session, random: Random) -> None:
        self._session, self._random = session, random
        self._events: queue.Queue[dict[str, Any]] = queue.Queue()
        self._adapter = Adapter(session, self._events.put)
        self._numbers = 0
        self._runs: list[tuple[str, Any]] = []
        #: workers that stand still, as far as events have told
        self._stopped: list[int] = []
        self._frames: list[int] = []
        self._references: list[int] = []
        self._actions: tuple[tuple[int, Callable[[], object]], ...] = (
            (10, self._goes),
            (4, self._raises),
            (3, self._asks),
            (3, self._looks),
            (3, self._sets),
            (2, self._pauses),
            (1, self._filters),
            (1, self._interrupts),
            (1, self._kills),
            (1, self._comes_back),
        )

    def begin(self) -> None:
        self._ask("initialize")
        self._ask("attach")
        self._sets()
        self._raises()

    def act(self) -> None:
        """Do something, to what stands still if anything does soon."""
        self._hear()
        weights, actions = zip(*self._actions, strict=True)
        self._random.choices(actions, weights)[0]()

    def leave(self) -> None:
        """In good order, or as a front end that dies."""
        if self._random.random() < 0.5:
            self._ask("disconnect")
        else:
            self._adapter.close()

    def ended(self) -> Counter[str]:
        """How all that was raised has ended; raises FaultError where something has not."""
        found: Counter[str] = Counter()
        for event, future in self._runs:
            try:
                result = future.result(DEADLINE)
            except TimeoutError:
                raise FaultError("a run has no end", event) from None
            causes = [error.cause for error in checked(iter(result.errors))]
            found.update(causes)
            if event == "batch" and not causes and result.events != 20:
                raise FaultError("a batch lost events", str(result))
            if event == "E_B" and not causes and "end of b\n" not in [record.text for record in result.log]:
                raise FaultError("a run lost its end", str(result))
        return found

    # -- what it does -------------------------------------------------------------------------------------------------

    def _ask(self, command: str, **arguments: Any) -> dict[str, Any]:
        self._numbers += 1
        begun = time.monotonic()
        message = {"type": "request", "seq": self._numbers, "command": command, "arguments": arguments}
        reply = self._adapter.request(message)
        if time.monotonic() - begun > ANSWER:
            raise FaultError(f"{command} took long", str(arguments))
        if reply["request_seq"] != self._numbers or not (reply["success"] or reply["message"]):
            raise FaultError(f"{command} has a wrong response", str(reply))
        return dict(reply["body"]) if reply["success"] else {}

    def _hear(self) -> None:
        """What has happened; something may be about to."""
        with suppress(queue.Empty):
            self._note(self._events.get(timeout=0 if self._stopped else STOP))
            while True:
                self._note(self._events.get_nowait())

    def _note(self, event: dict[str, Any]) -> None:
        thread = event["body"].get("threadId")
        if event["event"] in ("stopped", "continued") and thread in self._stopped:
            self._stopped.remove(thread)
        if event["event"] == "stopped":
            self._stopped.append(thread)

    def _thread(self) -> int:
        return self._random.choice(self._stopped or [1, 2])

    def _goes(self) -> None:
        how = self._random.choice(["next", "stepIn", "stepOut", "next", "stepIn", "continue"])
        self._ask(how, threadId=self._thread())

    def _raises(self) -> None:
        if len(self._runs) > 8:
            return
        event = self._random.choice(["E_A", "E_A", "E_B", "E_SPIN", "batch"])
        if event == "batch":
            self._runs.append((event, self._session.submit_batch("E_A", [{"n": n} for n in range(20)])))
        else:
            self._runs.append((event, self._session.submit(event, {"n": self._random.randrange(5)})))

    def _asks(self) -> None:
        frames = self._ask("stackTrace", threadId=self._thread()).get("stackFrames", [])
        self._frames = [frame["id"] for frame in frames] or self._frames
        if self._frames:
            text = self._random.choice(EXPRESSIONS)
            self._ask("evaluate", expression=text, frameId=self._random.choice(self._frames), context="repl")

    def _looks(self) -> None:
        frames = self._ask("stackTrace", threadId=self._thread()).get("stackFrames", [])
        for frame in frames:
            for scope in self._ask("scopes", frameId=frame["id"]).get("scopes", []):
                found = self._ask("variables", variablesReference=scope["variablesReference"]).get("variables", [])
                self._references += [each["variablesReference"] for each in found if each["variablesReference"]]
                if found:
                    name, value = self._random.choice(found)["name"], self._random.choice(["5", '"t"', "a b", "$x("])
                    reference = scope["variablesReference"]
                    self._ask("setVariable", variablesReference=reference, name=name, value=value)
        if self._references:
            self._ask("variables", variablesReference=self._random.choice(self._references))

    def _sets(self) -> None:
        asked = [
            {"line": self._random.randrange(1, LINES), **self._random.choice(EXTRAS)}
            for _ in range(self._random.choice([0, 1, 2, 5, 30]))
        ]
        self._ask("setBreakpoints", source={"path": _FILE}, breakpoints=asked)

    def _pauses(self) -> None:
        self._ask("pause", threadId=self._thread())

    def _filters(self) -> None:
        self._ask("setExceptionBreakpoints", filters=self._random.sample(["errors", "warnings"], 1))

    def _interrupts(self) -> None:
        self._session.interrupt()

    def _kills(self) -> None:
        thread = self._thread()
        for worker in self._session.workers():
            if worker.number == thread and worker.pid:
                with suppress(ProcessLookupError):
                    os.kill(worker.pid, signal.SIGKILL)

    def _comes_back(self) -> None:
        self._ask("disconnect")
        self._stopped.clear()
        self._ask("initialize")
        self._ask("attach")
        self._sets()
