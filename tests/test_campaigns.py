"""The campaigns themselves: cases that a seed makes again, hosts that die or hang, shrinking, what is a fault."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from campaigns import cells, debugging, hosts, kernel_kills, lines, scripts, session_kills  # noqa: E402
from campaigns.cell_texts import SHELL, harmless  # noqa: E402
from campaigns.report import Fault, FaultError, Report  # noqa: E402
from campaigns.shrinking import shrunk  # noqa: E402


@dataclass(frozen=True)
class Order:
    given: str
    number: int = 0
    what: str = "order"


class Obedient:
    """A task that does as it is told."""

    def __call__(self, case: Order) -> str:
        if case.given == "fail":
            raise FaultError("told to fail", "in detail")
        if case.given == "raise":
            raise ValueError("told to raise")
        if case.given.startswith("die"):
            os.kill(os.getpid(), signal.SIGSEGV)
        if case.given == "hang":
            time.sleep(600)
        return case.given

    def close(self) -> None:
        pass


def test_a_seed_makes_the_same_cases() -> None:
    assert list(scripts.cases(3, 40)) == list(scripts.cases(3, 40)) != list(scripts.cases(4, 40))
    assert list(cells.cases(3, 40)) == list(cells.cases(3, 40)) != list(cells.cases(4, 40))
    for kill in (session_kills.kill, kernel_kills.kill, debugging.session):
        assert [kill(3, n) for n in range(40)] == [kill(3, n) for n in range(40)]


def test_a_host_survives_its_cases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hosts, "SILENCE", 60.0)
    host = hosts.Host(Obedient)
    assert host.ask(Order("fine")).outcome == "fine"
    assert host.ask(Order("fail")).kind == "told to fail"
    assert host.ask(Order("raise")).kind == "ValueError in test_campaigns.__call__"
    assert host.ask(Order("die")).kind == "host died: SIGSEGV"
    assert host.ask(Order("fine")).outcome == "fine"
    monkeypatch.setattr(hosts, "SILENCE", 0.5)
    answer = host.ask(Order("hang"))
    assert answer.kind == "hang"
    assert "__call__" in answer.detail, "where it hangs"
    assert host.close() is None


def test_faults_are_counted_and_made_smaller(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    report = Report("orders", 1, 4)
    orders = [Order("fine"), Order("die at once"), Order("die later"), Order("fine")]
    hosts.try_all(report, Obedient, orders, 2, lambda case, fails: case if not fails(Order("die")) else Order("die"))
    assert not report.ok
    report.show()
    report.keep(tmp_path)
    shown = capsys.readouterr().out
    assert "2 fine" in shown
    assert "host died: SIGSEGV" in shown
    assert "shrunk" in shown
    assert "\ndie\n" in next(tmp_path.iterdir()).read_text("utf-8")


def test_shrinking() -> None:
    text = "one\ntwo\nthree (x)\nfour\n" * 5
    assert shrunk(text, lambda tried: "(" in tried) == "("
    assert shrunk(text, lambda tried: tried.count("w") > 1) == "ww"
    assert shrunk(text, lambda tried: "(" in tried, patience=0.0) == text


def test_cells_reach_nothing_else() -> None:
    for case in cells.cases(5, 300):
        for line in case.given.split("\n"):
            assert line in SHELL or not re.search(r"%\s*sh\b", line)
    assert harmless("%sh rm -r x") == "% rm -r x"
    assert harmless("%config network=on memory=off") == "%config %on %"
    assert harmless("%%sh\nls") == "%%\nls"


def test_what_a_cell_shows_is_counted() -> None:
    whole = [f"{first} {n}" for first in range(lines.BLOCK // lines.EACH) for n in range(lines.EACH)]
    assert lines.kernel_problem("\n".join(whole)) is None
    assert lines.kernel_problem("\n".join([*whole[:10], "... 19,980 more like this", *whole[-10:]])) is None
    assert lines.kernel_problem("\n".join(whole[:-1])) is not None
    assert lines.kernel_problem("\n".join([*whole[:-2], whole[-1], whole[-2]])) is not None
    assert lines.kernel_problem("\n".join([*whole[:5], whole[6], whole[5], *whole[7:]])) is not None


def test_nobody_has_an_internal_error() -> None:
    report = Report("kills", 1, 1)
    report.fail("x", Fault(1, "kind", "given", "detail"))
    assert not report.ok
    error = type("Error", (), {"cause": "internal error", "render": lambda self: "text"})()
    with pytest.raises(FaultError, match="internal error"):
        list(session_kills.checked(iter([error])))


def test_the_command(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "campaigns",
        "fuzz",
        "--scripts",
        "3",
        "--cells",
        "2",
        "--seed",
        "8",
        "--jobs",
        "1",
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=110, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "scripts: 3 of 3, seed 8" in done.stdout
    assert "cells: 2 of 2, seed 8" in done.stdout
