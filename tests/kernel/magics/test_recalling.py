"""`%history`: the cells that were run, in a real kernel."""

from __future__ import annotations

from pathlib import Path

import pytest

from evroute_kernel.kernel.protocol.history import VARIABLE
from support.frontend import Frontend, started


def run_all(kernel: Frontend) -> None:
    for text in ("$var(x) = 1;", 'xlog("two\\n");\n$var(x)', "$var(x) = 3;"):
        assert kernel.run(text).status == "ok"


def test_the_cells_of_this_kernel(tmp_path: Path) -> None:
    with started(tmp_path) as kernel:
        assert kernel.run("%history", store_history=False).stdout == ""
        run_all(kernel)
        assert kernel.run("%history").stdout == '$var(x) = 1;\nxlog("two\\n");\n$var(x)\n$var(x) = 3;\n'
        assert kernel.run("%history -n 1 3-").stdout == "1: $var(x) = 1;\n3: $var(x) = 3;\n4: %history\n"
        assert kernel.run("%history --outputs 2").stdout == 'xlog("two\\n");\n$var(x)\n1\n'
        assert kernel.run("%history 9").stdout == ""
        assert "not 'x-3'" in kernel.run("%history x-3").traceback


def test_the_cells_of_other_days(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "history.sqlite"))
    with started(tmp_path) as kernel:
        run_all(kernel)
    with started(tmp_path) as kernel:
        assert kernel.run("%history").stdout == ""
        assert kernel.run("%history -n -l 2").stdout == "1/3: $var(x) = 3;\n2/1: %history\n"
        assert kernel.run("%history -g two -n").stdout == '1/2: xlog("two\\n");\n$var(x)\n'
        assert kernel.run("%history -g $var*3;").stdout == "$var(x) = 3;\n"


def test_cells_are_written_to_a_file(tmp_path: Path) -> None:
    with started(tmp_path) as kernel:
        run_all(kernel)
        file = tmp_path / "out.txt"
        assert kernel.run(f"%history -f {file} 1-2").stdout == f"{file}: 2 cells\n"
        assert file.read_text() == '$var(x) = 1;\nxlog("two\\n");\n$var(x)\n'
        assert f"{file} exists" in kernel.run(f"%history -f {file} 3").traceback
