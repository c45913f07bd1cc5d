"""One cell in a real kernel: a reply and idle within a deadline, questions answered meanwhile, the kernel as before."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any, Final

from campaigns.case import Case, smaller
from campaigns.cell_texts import cell
from campaigns.client import DEADLINE, Ended, Kernel
from campaigns.hosts import try_all
from campaigns.processes import check_nothing_left, directories, family, resident
from campaigns.report import FaultError, Report

#: seconds that a cell runs before it is interrupted
PATIENCE: Final = 5.0
#: characters that a cell may print, and bytes that a kernel may hold
PRINTED: Final = 20 * 2**20
MEMORY: Final = 768 * 2**20
#: cells after which a kernel begins anew
RESET: Final = 20
QUESTIONS: Final = ("complete_request", "inspect_request", "is_complete_request", "kernel_info_request")


def cases(seed: int, count: int) -> Iterator[Case]:
    for number in range(count):
        kind, text = cell(Random(f"{seed}/cell/{number}"))
        yield Case(number, kind, text, f"{seed}/questions/{number}")


class Cells:
    """A kernel that meets one cell after the other."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="cells-"))
        self._kernel = Kernel(self._folder)
        self._tried = 0

    def close(self) -> None:
        members, private = family(self._kernel.pid), directories(self._kernel.pid)
        self._kernel.end()
        check_nothing_left(members, private)

    def __call__(self, case: Case) -> str:
        self._tried += 1
        if self._tried % RESET == 0:
            check_status(self._kernel.cell("%reset"), "ok")
        random, kernel = Random(case.seed), self._kernel
        before = [self._ask(random, case.given) for _ in range(random.randrange(3))]
        request = kernel.execute(case.given, metadata={"cellId": f"cell-{random.randrange(5)}"})
        during = [self._ask(random, case.given) for _ in range(random.randrange(3))]
        ended = kernel.finish(request, PATIENCE)
        for kind, question in before + during:
            check_answer(kind, kernel.answer(question))
        check_ended(ended)
        self._probe()
        return ended.status if ended.status != "error" else f"error {ended.reply['ename']}"

    def _ask(self, random: Random, text: str) -> tuple[str, str]:
        """Send a question about a place in the text, or beyond it; its kind and id."""
        kind = random.choice(QUESTIONS)
        content: dict[str, Any] = {"code": text[: random.randrange(len(text) + 1)] if random.random() < 0.3 else text}
        if kind in ("complete_request", "inspect_request"):
            content["cursor_pos"] = random.randint(-1, len(text) + 2)
            content |= {"detail_level": random.randrange(2)} if kind == "inspect_request" else {}
        return kind, self._kernel.request(kind, content if kind != "kernel_info_request" else {})

    def _probe(self) -> None:
        """The kernel lives, holds no more than it may, and runs cells."""
        self._kernel.check()
        if (memory := resident(self._kernel.pid)) > MEMORY:
            raise FaultError("memory", f"the kernel holds {memory / 2**20:.0f} MiB")
        ended = self._kernel.cell('"works"', DEADLINE)
        if ended.value != '"works"':
            raise FaultError("the kernel no longer works", f"{ended.reply} {list(ended.messages)}"[:4000])


def check_ended(ended: Ended) -> None:
    check_status(ended, "ok", "error", "interrupted", "aborted")
    if ended.reply.get("ename") == "InternalError":
        raise FaultError(f"InternalError: {ended.reply['evalue'][:80]}", str(ended.reply))
    if ended.size > PRINTED:
        raise FaultError("a cell prints too much", f"{ended.size:,} characters")


def check_status(ended: Ended, *expected: str) -> None:
    if ended.status not in expected:
        raise FaultError(f"a cell ends with {ended.status}", str(ended.reply))


def check_answer(kind: str, reply: dict[str, Any]) -> None:
    if reply.get("status") in ("ok", "complete", "incomplete", "invalid", "unknown", "aborted"):
        return
    raise FaultError(f"{kind}: {reply.get('ename')} {str(reply.get('evalue'))[:80]}", str(reply))


def campaign(seed: int, count: int, jobs: int) -> Report:
    """So many cells."""
    report = Report("cells", seed, count)
    try_all(report, Cells, cases(seed, count), jobs, smaller)
    return report
