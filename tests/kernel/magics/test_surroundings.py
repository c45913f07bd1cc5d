"""`%cd`, `%pwd`, `%env`: the current folder and the environment, in a real kernel and its workers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.frontend import Frontend, started


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Frontend]:
    """One whose folder and environment may be changed."""
    with started(tmp_path_factory.mktemp("surroundings")) as frontend:
        yield frontend


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "greet.cfg").write_text('route[greet] { xlog("hello\\n"); }\n')
    return tmp_path


def test_the_folder_is_that_of_commands_and_magics(kernel: Frontend, folder: Path) -> None:
    assert kernel.run(f"%cd {folder}").stdout == f"{folder}\n"
    assert kernel.run("%cd sub").stdout == f"{folder}/sub\n"
    assert kernel.run("%pwd").stdout == f"{folder}/sub\n"
    assert kernel.run("!pwd").stdout == f"{folder}/sub\n"
    kernel.run("%load greet.cfg")
    assert kernel.run("route(greet);").stdout == "hello\n"
    assert kernel.run("%cd -").stdout == f"{folder}\n"
    assert kernel.run("%cd").stdout == f"{Path.home()}\n"


def test_workers_follow(kernel: Frontend, folder: Path) -> None:
    def folder_of(worker: int) -> str:
        return str(Path(f"/proc/{worker}/cwd").readlink())

    def workers() -> list[int]:
        (table,) = kernel.run("%ps").shown
        return [int(line.split()[1]) for line in table.splitlines()[2:]]

    kernel.run("$var(x) = 1;")
    kernel.run(f"%cd {folder}/sub")
    kernel.run("$var(x) = 1;")
    assert f"{folder}/sub" in {folder_of(worker) for worker in workers()}
    kernel.run("%reset\n$var(x) = 1;")
    assert f"{folder}/sub" in {folder_of(worker) for worker in workers()}
    kernel.run("%cd")


def test_a_folder_that_is_not_there(kernel: Frontend, folder: Path) -> None:
    found = kernel.run(f"%cd {folder}/nothing")
    assert found.error["evalue"] == f"cannot change to {folder}/nothing: no such file or directory"
    assert kernel.run("%pwd").status == "ok"


def test_there_is_no_folder_before_the_first(tmp_path: Path) -> None:
    with started(tmp_path) as kernel:
        assert "there is no folder to go back to" in kernel.run("%cd -").traceback


def test_variables_of_the_environment(kernel: Frontend) -> None:
    assert kernel.run("%env TRUNK=sip:192.0.2.1").stdout == "TRUNK=sip:192.0.2.1\n"
    assert kernel.run("%env TRUNK").stdout == "sip:192.0.2.1\n"
    assert kernel.run("!echo $TRUNK").stdout == "sip:192.0.2.1\n"
    assert kernel.run('xlog("$env(TRUNK)\\n");').stdout == "sip:192.0.2.1\n"
    assert kernel.run('%reset\nxlog("$env(TRUNK)\\n");').stdout == "sip:192.0.2.1\n"
    for line, value in (
        ("%env TRUNK two words", "two words"),
        ('%env TRUNK = "quoted"', "quoted"),
        ("%env TRUNK=", ""),
    ):
        kernel.run(line)
        assert kernel.run("%env TRUNK").stdout == f"{value}\n"


def test_variables_are_listed(kernel: Frontend) -> None:
    kernel.run("%env TRUNK_HOST=a\n%env TRUNK_TOKEN=b")
    assert "TRUNK_HOST" in kernel.run("%env").shown[0]
    rows = [line.split() for line in kernel.run("%env trunk_*").shown[0].splitlines()[2:]]
    assert rows == [["TRUNK_HOST", "a"], ["TRUNK_TOKEN", "<hidden>"]]
    assert kernel.run("%env TRUNK_TOKEN").stdout == "b\n"
    assert kernel.run("%env NO_SUCH_NAME").error["evalue"] == "no variable NO_SUCH_NAME is set"
    assert "'1X' is no name of a variable" in kernel.run("%env 1X=2").traceback


def test_the_time_zone_is_that_of_the_environment(kernel: Frontend) -> None:
    kernel.run("%env TZ=UTC-7")
    assert kernel.run('xlog("$time(%z)\\n");').stdout == "+0700\n"


def test_folders_are_no_secrets(kernel: Frontend) -> None:
    kernel.run("%env OLDPWD=/tmp")
    kernel.run("%env TRUNK_PWD=1234")
    assert kernel.run("%env OLDPW*").shown[0].endswith("/tmp")
    assert kernel.run("%env TRUNK_PW*").shown[0].endswith("<hidden>")
