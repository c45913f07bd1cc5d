"""`%%writefile`, in a real kernel."""

from __future__ import annotations

from pathlib import Path

from support.frontend import Frontend


def test_lines_are_written(kernel: Frontend, tmp_path: Path) -> None:
    file = tmp_path / "calls.csv"
    assert kernel.run(f"%%writefile {file}\ncaller,é\n").stdout == f"Writing {file}\n"
    assert file.read_text() == "caller,é\n"
    assert kernel.run(f"%%writefile -a {file}\nmore").stdout == f"Appending to {file}\n"
    assert file.read_text() == "caller,é\nmore\n"
    assert kernel.run(f"%%writefile {file} --append\n").status == "ok"
    assert kernel.run(f"%%writefile {file}\nnew\n%raise").stdout == f"Overwriting {file}\n"
    assert file.read_text() == "new\n%raise\n"


def test_what_cannot_be_written(kernel: Frontend, tmp_path: Path) -> None:
    found = kernel.run(f"%%writefile {tmp_path}/none/x\na")
    assert "no such file or directory" in found.error["evalue"]
    assert "write %%writefile above them" in kernel.run("%writefile x").traceback
    assert "FILE is missing" in kernel.run("%%writefile\nx").traceback
