"""Runs cases in processes of their own, so that one that hangs, eats memory or dies is a finding and not the end."""

from __future__ import annotations

import faulthandler
import logging
import multiprocessing
import os
import resource
import signal
import tempfile
import threading
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final, Protocol

from campaigns.case import Case
from campaigns.processes import resident
from campaigns.report import Fault, FaultError, Report

#: seconds without an answer after which a case hangs
SILENCE: Final = 120.0
#: bytes that a host may hold
MEMORY: Final = 768 * 2**20
#: bytes of address space of a host and each of its children: before the machine suffers
ADDRESSES: Final = 6 * 2**30
_SPAWN: Final = multiprocessing.get_context("spawn")


class Task(Protocol):
    """Lives in a host."""

    def __call__(self, case: Any) -> str:
        """How the case ended, in a word or two. Raises FaultError, or whatever a fault raises."""

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Answer:
    """`kind` is None where all held; else `detail` tells what was seen."""

    outcome: str
    kind: str | None = None
    detail: str = ""
    memory: int = 0


class Host:
    """One process with a task, started when it is needed, and anew when it has ended."""

    def __init__(self, make: Callable[[], Task]) -> None:
        self._make = make
        self._process: Any = None
        self._pipe: Any = None
        self._folder = tempfile.TemporaryDirectory(prefix="campaign-")

    def ask(self, case: Case) -> Answer:
        """Run a case. Whatever becomes of the process, there is an answer within `SILENCE` seconds."""
        if self._process is None:
            self._start()
        try:
            self._pipe.send(case)
            if self._pipe.poll(SILENCE):
                answer: Answer = self._pipe.recv()
                return answer
        except (EOFError, OSError):
            return self._died()
        stacks = self._stacks()
        self._kill()
        return Answer("", "hang", stacks)

    def close(self) -> str | None:
        """End the process; what its task complained of at its end."""
        complaint = None
        if self._process is not None:
            try:
                self._pipe.send(None)
                complaint = self._pipe.recv() if self._pipe.poll(SILENCE) else "hang: the task does not end"
            except (EOFError, OSError):
                complaint = self._died().detail
            self._kill()
        self._folder.cleanup()
        return complaint

    def _start(self) -> None:
        self._pipe, theirs = _SPAWN.Pipe()
        self._process = _SPAWN.Process(target=serve, args=(self._make, theirs, self._folder.name), daemon=False)
        self._process.start()
        theirs.close()

    def _died(self) -> Answer:
        self._process.join(10)
        code = self._process.exitcode
        self._kill()
        words = signal.Signals(-code).name if code is not None and code < 0 else f"code {code}"
        return Answer("", f"host died: {words}", f"the process that ran the case ended with {words}")

    def _kill(self) -> None:
        self._process.kill()
        self._process.join()
        self._pipe.close()
        self._process = self._pipe = None

    def _stacks(self) -> str:
        """What the threads of a process that hangs are doing."""
        os.kill(self._process.pid, signal.SIGUSR2)
        self._process.join(1)
        return (Path(self._folder.name) / "stacks").read_text("utf-8", "replace")


def serve(make: Callable[[], Task], pipe: Connection, folder: str) -> None:
    """The process of a host."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESSES, ADDRESSES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.environ["TMPDIR"] = tempfile.tempdir = folder
    os.chdir(folder)
    with Path("stacks").open("w", encoding="utf-8") as stacks:
        faulthandler.register(signal.SIGUSR2, stacks)
        logged = Logged()
        logging.getLogger("evroute_kernel").addHandler(logged)
        task = make()
        while (case := pipe.recv()) is not None:
            answer = answered(task, case)
            pipe.send(logged.instead_of(answer))
        pipe.send(ended(task))


class Logged(logging.Handler):
    """Keeps the exceptions that were logged and not raised: they are faults too."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._found: list[tuple[BaseException, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info and record.exc_info[1] is not None:
            self._found.append((record.exc_info[1], "".join(traceback.format_exception(record.exc_info[1]))))

    def instead_of(self, answer: Answer) -> Answer:
        """The first of them since the last call, as the answer; else the answer."""
        found, self._found = self._found, []
        return Answer("", f"logged: {signature(found[0][0])}", found[0][1]) if found else answer


def answered(task: Task, case: Case) -> Answer:
    """How a case ended, and what the process holds then."""
    try:
        outcome = task(case)
    except FaultError as fault:
        return Answer("", fault.kind, fault.detail)
    except BaseException as error:
        return Answer("", signature(error), traceback.format_exc())
    memory = resident(os.getpid())
    if memory > MEMORY:
        return Answer("", "memory", f"the host holds {memory / 2**20:.0f} MiB")
    return Answer(outcome, memory=memory)


def ended(task: Task) -> str | None:
    try:
        task.close()
    except BaseException:
        return traceback.format_exc()
    return None


def signature(error: BaseException) -> str:
    """The same text for exceptions that are one fault: their type, and the last place of ours they came through."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "evroute_kernel" in frame.filename] or frames
    return f"{type(error).__name__} in {Path(ours[-1].filename).stem}.{ours[-1].name}"


def try_all(
    report: Report, make: Callable[[], Task], cases: Iterable[Case], jobs: int, shrink: Callable[..., Any] | None = None
) -> None:
    """Give cases to so many hosts. `shrink(case, kind, fails)` makes the first input of each kind of fault smaller."""
    waiting, lock = iter(cases), threading.Lock()
    memory = [0]

    def work() -> None:
        host = Host(make)
        while True:
            with lock:
                case = next(waiting, None)
            if case is None:
                break
            answer = host.ask(case)
            memory[0] = max(memory[0], answer.memory)
            if answer.kind is None:
                report.add(case.what, answer.outcome)
                continue
            is_new = answer.kind not in report.faults
            report.fail(answer.kind, Fault(case.number, case.what, case.given, answer.detail))
            if is_new and shrink is not None:
                smaller(report, make, case, answer.kind, shrink)
        if (complaint := host.close()) is not None:
            report.fail("at the end", Fault(-1, "end", "", complaint))

    threads = [threading.Thread(target=work) for _ in range(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    report.note(f"largest host: {memory[0] / 2**20:.0f} MiB")


def smaller(report: Report, make: Callable[[], Task], case: Case, kind: str, shrink: Callable[..., Any]) -> None:
    """Add the smallest case that still fails so, in a host that has seen nothing else."""
    host = Host(make)
    seen: dict[str, str] = {}

    def fails(tried: Case) -> bool:
        answer = host.ask(tried)
        seen[tried.given] = answer.detail
        return answer.kind == kind

    if fails(case):
        found = shrink(case, fails)
        with report._lock:
            report.faults[kind].append(Fault(case.number, f"{case.what}, shrunk", found.given, seen[found.given]))
    else:
        report.note(f"case {case.number} ({kind}) does not fail alone")
    host.close()
