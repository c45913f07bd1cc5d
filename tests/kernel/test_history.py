"""What history_request gets, and what is kept of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from evroute_kernel.kernel.protocol import history as module
from evroute_kernel.kernel.protocol.history import MEMORY, VARIABLE, History, default_file
from support.frontend import started


@pytest.fixture(autouse=True)
def closed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Close the files of all histories that a test makes."""
    made: list[History] = []

    class Kept(History):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            made.append(self)

    monkeypatch.setitem(globals(), "History", Kept)
    yield
    for each in made:
        each.close()


def history(*texts: str, file: str | Path = MEMORY) -> History:
    found = History(file)
    for line, text in enumerate(texts, 1):
        found.add(line, text)
    return found


def test_tail() -> None:
    found = history("a", "b", "c")
    assert found.reply("tail", n=2) == [(1, 2, "b"), (1, 3, "c")]
    assert found.reply("tail", n=0) == found.reply("tail", n=-1) == []
    assert [text for _, _, text in found.reply("tail")] == ["a", "b", "c"]


def test_range_excludes_its_end() -> None:
    found = history("a", "b", "c")
    assert found.reply("range", session=0, start=1, stop=3) == [(1, 1, "a"), (1, 2, "b")]
    assert found.reply("range", session=1, start=2, stop=None) == [(1, 2, "b"), (1, 3, "c")]
    assert found.reply("range", session=7, start=1, stop=3) == []


def test_search_keeps_the_last_ones() -> None:
    found = history("xlog(1);", "$var(x)", "xlog(2);", "xlog(1);")
    assert found.reply("search", pattern="xlog*", n=2) == [(1, 3, "xlog(2);"), (1, 4, "xlog(1);")]
    assert found.reply("search", pattern="xlog*", unique=True) == [(1, 3, "xlog(2);"), (1, 4, "xlog(1);")]
    assert found.reply("search", pattern="xlog*", unique=True, n=1) == [(1, 4, "xlog(1);")]
    assert found.reply("search", pattern="xlog([12]);", n=1) == [(1, 4, "xlog(1);")]
    assert found.reply("search", pattern="xlog") == []


def test_output() -> None:
    found = History()
    found.add(1, "a", "1")
    assert found.reply("tail", output=True, n=1) == [(1, 1, ("a", "1"))]


# -- the file ---------------------------------------------------------------------------------------------------------


def test_sessions_are_numbered_and_kept(tmp_path: Path) -> None:
    file = tmp_path / "below" / "history.sqlite"
    first = history("a", "b", file=file)
    second = History(file)
    assert second.reply("range", session=-1, start=1, stop=2) == [(1, 1, "a")]
    second.add(1, "c")
    first.add(3, "d")
    assert second.reply("tail", n=3) == [(1, 2, "b"), (2, 1, "c"), (1, 3, "d")]
    assert second.reply("range", session=0) == [(2, 1, "c")]
    assert second.reply("range", session=-1) == [(1, 1, "a"), (1, 2, "b"), (1, 3, "d")]


def test_who_only_asks_is_no_session(tmp_path: Path) -> None:
    file = tmp_path / "history.sqlite"
    history("a", file=file).close()
    History(file).tail(1)
    assert history("b", file=file).reply("tail", n=1) == [(2, 1, "b")]


def test_old_cells_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 2)
    file = tmp_path / "history.sqlite"
    history("a", "b", "c", file=file).close()
    assert [entry.text for entry in History(file).tail()] == ["b", "c"]


def test_a_damaged_file_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "history.sqlite"
    file.write_bytes(b"not a database" * 1000)
    warnings: list[str] = []
    found = History(file, warnings.append)
    found.add(1, "a")
    found.add(2, "b")
    assert found.reply("tail") == [(1, 1, "a"), (1, 2, "b")]
    assert len(warnings) == 1
    assert str(file) in warnings[0]
    assert file.read_bytes().startswith(b"not a database")


def test_a_locked_file_ends_the_file_and_not_the_history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.01)
    file = tmp_path / "history.sqlite"
    warnings: list[str] = []
    found = History(file, warnings.append)
    found.add(1, "a", "1")
    other = sqlite3.connect(file)
    other.execute("BEGIN EXCLUSIVE")
    found.add(2, "b")
    found.add(3, "c")
    other.close()
    assert found.reply("tail", output=True) == [(1, 1, ("a", "1")), (1, 2, ("b", None)), (1, 3, ("c", None))]
    assert len(warnings) == 1


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    warnings: list[str] = []
    found = History(tmp_path / "file" / "history.sqlite", warnings.append)
    found.add(1, "a")
    assert found.reply("tail") == [(1, 1, "a")]
    assert len(warnings) == 1


def test_where_it_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "/elsewhere/x")
    assert default_file() == "/elsewhere/x"
    monkeypatch.delenv(VARIABLE)
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path))
    assert default_file() == str(tmp_path / "evroute" / "history.sqlite")


def test_a_restart_keeps_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "history.sqlite"))
    ask = {"hist_access_type": "tail", "output": True, "raw": True, "n": 10}
    with started(tmp_path) as kernel:
        kernel.run("1 + 1")
        kernel.run("2 + 2", store_history=False)
        kernel.run("3 + 3", silent=True)
        kernel.manager.restart_kernel(now=True)
        kernel.client.wait_for_ready(timeout=30)
        kernel.run('"b"')
        assert kernel.ask("history_request", **ask).reply["history"] == [
            [1, 1, ["1 + 1", "2"]],
            [2, 1, ['"b"', '"b"']],
        ]
