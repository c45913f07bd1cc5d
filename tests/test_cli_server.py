"""`--server`: which version of OpenSIPS a command follows, and who else may say so."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

COMMAND = Path(sys.executable).with_name("evroute")
SCRIPT = 'event_route[E_X] { xlog("x\\n"); }\n'
PROJECT = '[tool.evroute]\nserver = "4.0"\n'


def evroute(*arguments: str | Path, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([COMMAND, *arguments], capture_output=True, text=True, cwd=folder, timeout=60, check=False)


def judged(*arguments: str | Path, folder: Path) -> str:
    """The version that a check says it judges by, "" where it says none."""
    done = evroute(*arguments, folder=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stderr.rpartition("judged as OpenSIPS ")[2].strip()


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "scripts" / "a.cfg"
    path.parent.mkdir()
    path.write_text(SCRIPT)
    return path


def notebook(path: Path, *cells: str, **metadata: Any) -> Path:
    raw = [{"cell_type": "code", "source": text, "id": str(n)} for n, text in enumerate(cells)]
    path.write_text(json.dumps({"cells": raw, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}))
    return path


class TestWhoSaysIt:
    @pytest.mark.parametrize(
        "line",
        [
            ["--server", "4.0", "check"],
            ["--server=4.0.1", "check"],
            ["--serv", "4.0", "check"],
            ["check", "--server=4.0"],
        ],
        ids=" ".join,
    )
    def test_the_option_stands_before_or_behind_the_command(self, script: Path, line: list[str]) -> None:
        assert judged(*line, script, folder=script.parent) == "4.0"

    def test_of_two_options_the_last_counts(self, script: Path) -> None:
        assert judged("--server", "4.0", "check", "--server", "3.6", script, folder=script.parent) == ""

    def test_nobody(self, script: Path) -> None:
        assert judged("check", script, folder=script.parent) == ""

    def test_the_project_of_the_file(self, script: Path, tmp_path: Path) -> None:
        (tmp_path / "pyproject.toml").write_text(PROJECT)
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        assert judged("check", script, folder=elsewhere) == "4.0"
        assert judged("--server", "3.6", "check", script, folder=elsewhere) == ""

    def test_then_that_of_the_current_folder(self, script: Path, tmp_path: Path) -> None:
        here = tmp_path / "here"
        here.mkdir()
        (here / "pyproject.toml").write_text(PROJECT)
        assert judged("check", script, folder=here) == "4.0"
        (script.parent / "pyproject.toml").write_text(PROJECT.replace("4.0", "3.6"))
        assert judged("check", script, folder=here) == ""

    def test_a_wrong_version(self, script: Path) -> None:
        for line in (["--server", "5", "check"], ["check", "--server", "5"]):
            done = evroute(*line, script, folder=script.parent)
            assert done.returncode == 2
            assert "there is no OpenSIPS '5' here: 3.6 or 4.0" in done.stderr

    @pytest.mark.parametrize("command", [["check"], ["run"], ["serve"], ["replay", "/dev/null"]], ids=" ".join)
    def test_a_broken_project_is_an_error_with_its_place(self, script: Path, command: list[str]) -> None:
        (script.parent / "pyproject.toml").write_text("[tool.evroute]\nserver = 4.0\n")
        done = evroute(command[0], script, *command[1:], folder=script.parent)
        assert (done.returncode, done.stdout) == (2, "")
        assert f"{script.parent}/pyproject.toml:2:1\n" in done.stderr
        assert 'hint: write server = "4.0"' in done.stderr

    def test_a_command_that_runs_routes_heeds_it(self, script: Path) -> None:
        (script.parent / "pyproject.toml").write_text(PROJECT)
        assert evroute("run", script, "--raise", "E_X", folder=script.parent).stdout == "x\n"


class TestNotebooks:
    def test_metadata_say_what_it_was_written_for(self, tmp_path: Path) -> None:
        path = notebook(tmp_path / "a.ipynb", SCRIPT, evroute={"server": "4.0"})
        assert judged("check", path, folder=tmp_path) == "4.0"
        assert judged("--server", "3.6", "check", path, folder=tmp_path) == ""

    def test_what_ran_it_last_says_so_too(self, tmp_path: Path) -> None:
        language = {"name": "opensips", "version": "4.0"}
        assert judged("check", notebook(tmp_path / "a.ipynb", SCRIPT, language_info=language), folder=tmp_path) == "4.0"

    def test_but_the_default_is_nobodys_choice(self, tmp_path: Path) -> None:
        (tmp_path / "pyproject.toml").write_text(PROJECT)
        path = notebook(tmp_path / "a.ipynb", SCRIPT, language_info={"name": "opensips", "version": "3.6"})
        assert judged("check", path, folder=tmp_path) == "4.0"
        chosen = notebook(tmp_path / "b.ipynb", SCRIPT, evroute={"server": "3.6"})
        assert judged("check", chosen, folder=tmp_path) == ""

    def test_a_cell_says_it(self, tmp_path: Path) -> None:
        path = notebook(tmp_path / "a.ipynb", f"%config version=4.0\n{SCRIPT}")
        assert judged("check", path, folder=tmp_path) == "4.0"
        assert judged("check", "--server", "3.6", path, folder=tmp_path) == ""

    def test_a_cell_that_comes_too_late(self, tmp_path: Path) -> None:
        done = evroute("check", notebook(tmp_path / "a.ipynb", SCRIPT, "%config version=4.0"), folder=tmp_path)
        assert done.returncode == 1
        assert done.stdout.startswith(f"{tmp_path}/a.ipynb: In[2]:1:9: error: a session is of one version")
        assert "(%reset first) [version-in-use]" in done.stdout

    def test_findings_name_the_cell(self, tmp_path: Path) -> None:
        path = notebook(tmp_path / "a.ipynb", SCRIPT, "route[a] { nonsense(1); }")
        done = evroute("check", path, folder=tmp_path)
        assert (done.returncode, done.stderr) == (1, "")
        assert done.stdout.startswith(f"{path}: In[2]:1:12: error: unknown function nonsense()")

    @pytest.mark.parametrize("version", ["3.6", "4.0"])
    def test_the_kernel_that_was_chosen_says_it_before_it_has_run(self, tmp_path: Path, version: str) -> None:
        (tmp_path / "pyproject.toml").write_text('[tool.evroute]\nserver = "4.0"\n' if version == "3.6" else "")
        spec = {"name": f"evroute-{version}", "display_name": "", "language": "opensips"}
        path = notebook(tmp_path / "a.ipynb", SCRIPT, kernelspec=spec)
        assert judged("check", path, folder=tmp_path) == ("" if version == "3.6" else version)

    def test_null_says_nothing(self, tmp_path: Path) -> None:
        path = notebook(tmp_path / "a.ipynb", SCRIPT, evroute={"server": None})
        assert judged("check", path, folder=tmp_path) == ""

    @pytest.mark.parametrize("wrong", ["4.0", ["4.0"], 4.0, [], "", False])
    def test_metadata_that_are_no_object(self, tmp_path: Path, wrong: object) -> None:
        done = evroute("check", notebook(tmp_path / "a.ipynb", SCRIPT, evroute=wrong), folder=tmp_path)
        assert done.returncode == 2
        assert 'which is to be an object: {"evroute": {"server": "4.0"}}' in done.stderr

    def test_a_long_version_is_told_in_short(self, tmp_path: Path) -> None:
        done = evroute("check", notebook(tmp_path / "a.ipynb", SCRIPT, evroute={"server": 9999 * "5"}), folder=tmp_path)
        assert done.returncode == 2
        assert len(done.stderr) < 1000

    def test_wrong_metadata(self, tmp_path: Path) -> None:
        for command in ("check", "export"):
            done = evroute(command, notebook(tmp_path / "a.ipynb", evroute={"server": 4}), folder=tmp_path)
            assert done.returncode == 2
            assert "evroute.server, but there is no OpenSIPS '4' here: 3.6 or 4.0" in done.stderr

    def test_an_export_says_what_it_is_for(self, tmp_path: Path) -> None:
        path = notebook(tmp_path / "a.ipynb", SCRIPT, evroute={"server": "4.0"})
        for line, expected in ([], "4.0"), (["--server", "3.6"], "3.6"):
            done = evroute("export", path, "-o", "-", *line, folder=tmp_path)
            assert done.stdout.splitlines()[1] == f"# for OpenSIPS {expected}"

    def test_a_check_with_errors_names_what_rewrites_the_text(self, script: Path) -> None:
        script.write_text(f'log_name="x"\nlog_stderror=yes\n{SCRIPT}')
        done = evroute("check", "--server", "4.0", script.name, folder=script.parent)
        assert (done.returncode, done.stdout.count("unknown setting")) == (1, 2)
        assert done.stderr.splitlines()[1:] == ["a.cfg: evroute migrate --to 4.0 a.cfg rewrites 2 places"]
        script.write_text(f"nothing_known=1\n{SCRIPT}")
        done = evroute("check", "--server", "4.0", script.name, folder=script.parent)
        assert done.stderr.splitlines()[1:] == []

    @pytest.mark.parametrize("command", ["run", "serve", "migrate"])
    def test_a_notebook_is_no_script(self, tmp_path: Path, command: str) -> None:
        path = notebook(tmp_path / "a.ipynb", SCRIPT)
        done = evroute(command, path, folder=tmp_path)
        assert done.returncode == 2
        assert "%migrate rewrites its cells" in done.stderr


def test_no_toml_is_read_where_no_project_names_us(script: Path) -> None:
    """A start is not to take longer for all who have a project of another kind."""
    (script.parent / "pyproject.toml").write_text('[project]\nname = "x"\n')
    program = (
        "import sys\nfrom evroute_kernel.cli import main\n"
        f"try: main(['run', {str(script)!r}])\n"
        "except SystemExit: sys.exit('tomllib' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], cwd=script.parent, timeout=60, check=False).returncode == 0
