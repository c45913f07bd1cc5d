"""`%export` in a running kernel."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from support.frontend import Frontend

A = 'event_route[E_A] { xlog("a $shv(n)\\n"); }'


def test_the_cells_that_were_run(kernel: Frontend, tmp_path: Path) -> None:
    path = tmp_path / "a.cfg"
    kernel.run(A.replace("a ", "old "), metadata={"cellId": "one"})
    kernel.run("$shv(n) = 3;", metadata={"cellId": "two"})
    kernel.run("event_route[E_GONE] { exit; }", metadata={"cellId": "three"})
    kernel.run(A, metadata={"cellId": "one"})
    kernel.run("nonsense(", metadata={"cellId": "four"})
    result = kernel.run(f'%export "{path}"', metadata={"cellId": "five", "deletedCells": ["three"]})
    assert result.status == "ok", result.reply
    assert result.stdout.startswith("a.cfg: 1 route; In[")
    text = path.read_text()
    assert text.count("event_route[E_A]") == 1
    assert f"\n{A}\n" in text
    assert "E_GONE" not in text
    assert "    $shv(n) = 3;\n" in text
    assert "# nonsense(\n" in text


def test_it_is_for_the_version_of_the_notebook(kernel: Frontend, tmp_path: Path) -> None:
    kernel.run(f"%config version=4.0\n{A}")
    assert kernel.run(f"%export {tmp_path}/a.cfg").status == "ok"
    kernel.run("%reset\n%config version=3.6")
    assert "\n# for OpenSIPS 4.0\n" in (tmp_path / "a.cfg").read_text()


def test_it_loads_again_and_logs_the_same(kernel: Frontend, tmp_path: Path) -> None:
    path = tmp_path / "a.cfg"
    kernel.run(f"$shv(n) = 3;\n{A}")
    assert kernel.run("%raise E_A").stdout == "a 3\n"
    kernel.run(f"%export {path}")
    kernel.run("%reset")
    assert kernel.run(f"%load {path}\n%raise E_A").stdout == "a 3\n"


def test_a_file_that_exists(kernel: Frontend, tmp_path: Path) -> None:
    path = tmp_path / "a.cfg"
    path.write_text("old")
    kernel.run(A)
    result = kernel.run(f"%export {path}")
    assert (result.status, path.read_text()) == ("error", "old")
    assert "--force" in result.traceback
    assert kernel.run(f"%export {path} --force").status == "ok"
    assert A in path.read_text()


def test_a_place_that_cannot_be_written(kernel: Frontend, tmp_path: Path) -> None:
    assert "no such file" in kernel.run(f"%export {tmp_path}/none/a.cfg").traceback


def test_errors_of_the_whole_are_shown(kernel: Frontend, tmp_path: Path) -> None:
    kernel.run("route[b] { exit; }")
    kernel.run("route[a] { route(b); }\n%forget b")
    result = kernel.run(f"%export {tmp_path}/a.cfg")
    assert (result.status, "route(b)" in result.told) == ("ok", True)


def test_cells_that_a_client_does_not_store(kernel: Frontend, tmp_path: Path) -> None:
    """As nbval sends them: each is a cell of its own, named as a run from the top numbers it."""
    first: Any = kernel.run("%routes").reply["execution_count"]
    kernel.run(A, store_history=False)
    result = kernel.run("event_route[E_B] { exit; }\n%raise E_A\n%raise E_C", store_history=False)
    assert result.stdout == "a 0\n"
    assert f"  In[{first + 2}]:3:" in result.traceback
    assert kernel.run("%routes").reply["execution_count"] == first + 1
