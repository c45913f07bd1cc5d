"""`%config version=`: a notebook is a server of one version, and says which."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest

from evroute_kernel.kernel.export.notebooks import read_file, version_of
from evroute_kernel.kernel.export.standalone import export
from support.frontend import DEADLINE, ROOT, Frontend, started, write_kernelspec

ROUTE = 'event_route[E_X] { xlog("x\\n"); }'


@pytest.fixture
def fresh(kernel: Frontend) -> Frontend:
    """The module's kernel, of 3.6."""
    assert kernel.run("%config version=3.6").status == "ok"
    return kernel


def version(kernel: Frontend) -> str:
    return str(kernel.ask("kernel_info_request").reply["language_info"]["version"])


def info(kernel: Frontend) -> dict[str, Any]:
    return kernel.ask("kernel_info_request").reply


def test_it_begins_as_the_default(fresh: Frontend) -> None:
    assert version(fresh) == "3.6"


def test_a_cell_chooses_it_and_may_run_again(fresh: Frontend) -> None:
    for _ in range(2):
        assert fresh.run(f"%config version=4.0\n{ROUTE}", metadata={"cellId": "one"}).status == "ok"
    assert fresh.run("%raise E_X").stdout == "x\n"
    assert "version            4.0 " in fresh.run("%config").shown[0]


def test_what_front_ends_are_told_follows(fresh: Frontend) -> None:
    fresh.run("%config version=4.0.1")
    told = info(fresh)
    assert told["language_info"]["version"] == "4.0"
    assert "OpenSIPS 4.0" in told["banner"]
    assert [link["text"] for link in told["help_links"]] == ["OpenSIPS 4.0"]
    assert told["help_links"][0]["url"].endswith("Manual-4-0")


def test_a_reset_keeps_it(fresh: Frontend) -> None:
    fresh.run(f"%config version=4.0\n{ROUTE}")
    fresh.run("%reset")
    assert version(fresh) == "4.0"


def test_settings_from_outside_stay(fresh: Frontend) -> None:
    fresh.run("%config max_while_loops=7 strict=on")
    assert fresh.run("%config network=on version=4.0").status == "ok"
    shown = fresh.run("%config").shown[0]
    fresh.run("%config strict=off")
    assert all(f"{name:<17}  {value} " in shown for name, value in (("strict", "on"), ("network", "on")))
    assert "max_while_loops    7 " in shown


@pytest.mark.parametrize(
    ("cell", "held"),
    [
        (ROUTE, "1 route"),
        (f"{ROUTE}\nroute[a] {{ exit; }}", "2 routes"),
        ("max_while_loops = 7", "settings of 1 text"),
        ("%stub rest_get returns 200", "1 stub"),
        ("%event declare E_MINE n:int", "1 declared event"),
        ("%event declare E_MINE n:int\n%subscribe E_MINE udp:127.0.0.1:9", "1 declared event, 1 subscription"),
        ("$shv(n) = 1;", "shared variables"),
        ('cache_store("local", "a", "b");', "the cache"),
        ("$var(n) = 1;", "variables of worker 1"),
        ('$json(n) := "{}";', "variables of worker 1"),
    ],
)
def test_what_a_change_would_lose_forbids_it(fresh: Frontend, cell: str, held: str) -> None:
    assert fresh.run(cell).status == "ok"
    result = fresh.run("%config max_while_loops=9 version=4.0")
    assert result.error["ename"] == "VersionInUse"
    assert f"a session is of one version: to leave 3.6 would lose {held}\n" in result.traceback
    assert ":1:27\n" in result.traceback
    assert "hint: %reset first, then %config version=4.0; or see an event in both: %compare EVENT" in result.traceback
    assert version(fresh) == "3.6"
    assert "max_while_loops    9 " not in fresh.run("%config").shown[0]
    assert fresh.run("%reset\n%config version=4.0").status == "ok"


def test_the_script_below_is_of_the_new_version(fresh: Frontend) -> None:
    assert fresh.run(f"tcp_threads = 2\n{ROUTE}").status == "error"
    assert fresh.run(f"%config version=4.0\ntcp_threads = 2\n{ROUTE}\n%raise E_X").stdout == "x\n"


def test_what_is_wrong_with_the_rest_of_a_cell_leaves_the_version_as_it_was(fresh: Frontend) -> None:
    assert fresh.run("%config version=4.0\nroute[a] { nonsense(1); }").status == "error"
    assert version(fresh) == "3.6"


@pytest.mark.parametrize("wrong", ["4.1", "4", "opensips", "''"])
def test_a_wrong_one(fresh: Frontend, wrong: str) -> None:
    result = fresh.run(f"%config version={wrong}")
    assert result.error["ename"] == "MagicError"
    assert "here: 3.6 or 4.0" in result.traceback


class TestWhereAKernelBegins:
    def test_the_kernelspec_says_it(self, tmp_path: Path) -> None:
        from evroute_kernel.kernel.kernelspec import resources, specification

        text = (resources() / "kernel.json").read_text("utf-8")
        with started(tmp_path, argv=specification(text, server="4.0")["argv"]) as kernel:
            assert version(kernel) == "4.0"
            assert kernel.run(f"%config version=4.0\n{ROUTE}\n%raise E_X").stdout == "x\n"

    def test_the_project_says_it(self, tmp_path: Path) -> None:
        (tmp_path / "pyproject.toml").write_text('[tool.evroute]\nserver = "4.0"\n')
        with started(tmp_path) as kernel:
            assert version(kernel) == "4.0"
            assert "version            4.0 " in kernel.run("%config").shown[0]

    def test_a_broken_project_is_told_in_the_cell(self, tmp_path: Path) -> None:
        project = tmp_path / "pyproject.toml"
        project.write_text("[tool.evroute]\nserver = 4.0\n")
        with started(tmp_path) as kernel:
            result = kernel.run(ROUTE)
            assert f"{project}:2:1" in result.traceback
            assert 'hint: write server = "4.0"' in result.traceback
            project.write_text('[tool.evroute]\nserver = "4.0"\n')
            assert kernel.run(f"{ROUTE}\n%raise E_X").stdout == "x\n"
            assert version(kernel) == "4.0"

    def test_a_wrong_kernelspec_is_told_in_the_cell(self, tmp_path: Path) -> None:
        from evroute_kernel.kernel.kernelspec import resources, specification

        text = (resources() / "kernel.json").read_text("utf-8")
        with started(tmp_path, argv=specification(text, server="5")["argv"]) as kernel:
            assert version(kernel) == "3.6"
            assert "there is no OpenSIPS '5' here: 3.6 or 4.0" in kernel.run(ROUTE).traceback


class TestNbclient:
    """What stands in a notebook that was run from the top, without a person in front of it."""

    def executed(self, folder: Path, *cells: str, **changes: Any) -> nbformat.NotebookNode:
        """A notebook when nbconvert has run it: nbclient leaves open what a process of its own takes with it."""
        write_kernelspec(folder / "kernels", "lesson", **changes)
        spec = {"name": "lesson", "display_name": "Lesson", "language": "opensips"}
        raw = [nbformat.v4.new_code_cell(text) for text in cells]
        nbformat.write(nbformat.v4.new_notebook(cells=raw, metadata={"kernelspec": spec}), folder / "a.ipynb")
        command = [sys.executable, "-m", "nbconvert", "--execute", "--inplace", "--to", "notebook", folder / "a.ipynb"]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "JUPYTER_PATH": str(folder)}
        subprocess.run(command, env=environment, capture_output=True, timeout=2 * DEADLINE, check=True)
        return nbformat.read(folder / "a.ipynb", as_version=4)

    def test_the_kernel_says_what_it_was_written_for(self, tmp_path: Path) -> None:
        from evroute_kernel.kernel.kernelspec import resources, specification

        argv = specification((resources() / "kernel.json").read_text("utf-8"), server="4.0")["argv"]
        notebook = self.executed(tmp_path, f"{ROUTE}\n%raise E_X", argv=argv)
        assert notebook.cells[0].outputs[0].text == "x\n"
        assert version_of(notebook) == "4.0"

    def test_a_cell_is_heeded_and_is_what_counts(self, tmp_path: Path) -> None:
        notebook = self.executed(tmp_path, f"%config version=4.0\ntcp_threads = 2\n{ROUTE}\n%raise E_X")
        assert notebook.cells[0].outputs[0].text == "x\n"
        assert version_of(notebook) is None, "the metadata were written before the cell"
        made = export(read_file(tmp_path / "a.ipynb").cells, "a", tmp_path)
        assert made.text.splitlines()[1] == "# for OpenSIPS 4.0"
        assert made.refused == ()


def test_magic_lines_are_read_for_the_version_that_their_cell_chooses(fresh: Frontend) -> None:
    stub = "%stub web3_www_authenticate returns 5"
    result = fresh.run(stub)
    assert result.status == "error"
    assert "hint: it is new in 4.0" in result.traceback
    assert fresh.run(f"%config version=4.0\n{stub}").status == "ok"
    assert "web3_www_authenticate" in "".join(fresh.run("%stubs").shown)


def test_events_of_the_version_are_those_that_are_known(fresh: Frontend) -> None:
    assert "hint: it is new in 4.0" in fresh.run("%event E_PROFILING_SCRIPT").traceback
    assert "hint: it is new in 4.0" in fresh.run("%raise E_PROFILING_SCRIPT --sample").traceback
    assert "E_PROFILING_SCRIPT" not in "".join(fresh.run("%events E_PROF*").shown)
    fresh.run("%reset\n%config version=4.0")
    assert "E_PROFILING_SCRIPT" in "".join(fresh.run("%events E_PROF*").shown)
    assert fresh.run("%event E_PROFILING_SCRIPT").status == "ok"
