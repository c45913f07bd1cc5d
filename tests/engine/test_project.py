"""What the pyproject.toml of a project says of its scripts."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from evroute_kernel.engine.project import ProjectError, project_version


def written(folder: Path, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pyproject.toml").write_text(text)
    return folder


def test_nothing_is_said_where_there_is_no_project(tmp_path: Path) -> None:
    assert project_version(tmp_path) is None


@pytest.mark.parametrize("given", ["4.0", "4.0.1"])
def test_the_version_is_that_of_the_table(tmp_path: Path, given: str) -> None:
    assert project_version(written(tmp_path, f'[tool.evroute]\nserver = "{given}"\n')) == "4.0"


def test_the_nearest_table_counts_from_the_folder_upwards(tmp_path: Path) -> None:
    written(tmp_path, '[tool.evroute]\nserver = "4.0"\n')
    inner = written(tmp_path / "inner", '[tool.evroute]\nserver = "3.6"\n')
    assert project_version(inner / "deeper") == "3.6"
    # a file of other tools hides nothing, whatever it is like
    assert project_version(written(tmp_path / "other", '[project]\nname = "evroute-lessons"\n')) == "4.0"
    assert project_version(written(tmp_path / "broken", "[project\n")) == "4.0"


def test_a_table_may_name_no_version(tmp_path: Path) -> None:
    written(tmp_path, '[tool.evroute]\nserver = "4.0"\n')
    assert project_version(written(tmp_path / "inner", "[tool.evroute]\n")) is None


@pytest.mark.parametrize(
    ("text", "place", "message", "hint"),
    [
        ('[project]\nname = "x"\n[tool.evroute]\nserver = "4.1"\n', (4, 1), "no OpenSIPS '4.1' here", '"4.0"'),
        ("[tool.evroute]\nserver = 4.0\n", (2, 1), "a version in quotes, not 4.0", 'server = "4.0"'),
        ('[tool.evroute]\nsever = "4.0"\n', (2, 1), "no setting 'sever'", "did you mean 'server'?"),
        ('[tool.evroute]\nserver == "4.0"\n', (2, 9), "no TOML", None),
        ('[tool.evroute]\nserver = "4.0', (2, 14), "no TOML", None),
        ('[tool]\nevroute = "4.0"\n', (2, 1), "[tool.evroute] is a table", 'server = "4.0"'),
        ('[tool]\nevroute = { server = "5" }\n', (2, 13), "no OpenSIPS '5'", '"4.0"'),
    ],
)
def test_a_wrong_one_is_an_error_with_its_place(
    tmp_path: Path, text: str, place: tuple[int, int], message: str, hint: str | None
) -> None:
    with pytest.raises(ProjectError) as raised:
        project_version(written(tmp_path, text))
    (found,) = raised.value.diagnostics
    assert found.span is not None
    assert (found.span.line, found.span.column) == place
    assert found.span.source.name == str(tmp_path / "pyproject.toml")
    assert message in found.message
    assert hint is None or hint in (found.hint or "")


def test_one_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").symlink_to(tmp_path / "pyproject.toml")
    with pytest.raises(ProjectError, match="cannot read"):
        project_version(tmp_path)


@pytest.mark.parametrize(
    ("text", "reason"),
    [(f"a = {'[' * 100_000} # evroute", "nested too deeply"), (f"evroute = {'9' * 6000}", "4300 digits")],
    ids=["depth", "digits"],
)
def test_one_that_python_cannot_read_is_an_error(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(ProjectError) as caught:
        project_version(written(tmp_path, text))
    assert f"cannot read {tmp_path}/pyproject.toml: " in str(caught.value)
    assert reason in str(caught.value)


def test_another_encoding_is_told(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_bytes('[tool.evroute]\nserver = "4.0"\n'.encode("utf-16"))
    with pytest.raises(ProjectError, match="no TOML"):
        project_version(tmp_path)


@pytest.mark.parametrize("kind", ["folder", "fifo", "device"])
def test_what_is_no_file_is_passed_over(tmp_path: Path, kind: str) -> None:
    written(tmp_path, '[tool.evroute]\nserver = "4.0"\n')
    file = tmp_path / "inner" / "pyproject.toml"
    file.parent.mkdir()
    if kind == "folder":
        file.mkdir()
    elif kind == "fifo":
        os.mkfifo(file)
    else:
        file.symlink_to("/dev/null")
    assert project_version(file.parent) == "4.0"
