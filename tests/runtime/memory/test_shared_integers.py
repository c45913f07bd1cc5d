"""Integers shared without a lock: what all processes see, and what they see of texts and of clearing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from evroute_kernel.runtime.memory import shared_integers
from evroute_kernel.runtime.shared import Shared


@pytest.fixture
def shared() -> Iterator[Shared]:
    with Shared.temporary() as shared:
        yield shared


def elsewhere(path: Path, *statements: str) -> None:
    """Run statements about `s` in another process."""
    if (pid := os.fork()) == 0:
        try:
            with Shared(path) as s:
                exec("\n".join(statements), {"s": s})
            os._exit(0)
        finally:
            os._exit(1)
    assert os.waitpid(pid, 0)[1] == 0


@pytest.mark.parametrize("number", [0, 1, -1, 2**31 - 1, -(2**31)])
def test_integers(shared: Shared, number: int) -> None:
    shared.put("shv", "n", number)
    assert shared.get("shv", "n") == shared.integers.get("n") == number
    assert shared.items("shv") == [("n", number)]


def test_texts_and_integers_take_turns(shared: Shared) -> None:
    for value in ("text", 5, "5", None, 0, "", None):
        shared.put("shv", "x", value)
        assert shared.get("shv", "x") == value
        assert shared.items("shv") == ([] if value is None else [("x", value)])
        assert shared.tables() == ([] if value is None else ["shv"])


def test_deleting(shared: Shared) -> None:
    shared.put("shv", "x", 5)
    assert shared.delete("shv", "x")
    assert not shared.delete("shv", "x")
    assert shared.get("shv", "x") is None


def test_updating(shared: Shared) -> None:
    assert shared.update("shv", "x", lambda value: value or 7) == 7
    assert shared.update("shv", "x", lambda value: value + 1) == 8
    with pytest.raises(ZeroDivisionError):
        shared.update("shv", "x", lambda value: value // 0)
    assert shared.update("shv", "x", lambda value: None) is None
    assert shared.get("shv", "x") is None


@pytest.mark.parametrize("table", ["shv", None])
def test_clearing(shared: Shared, table: str | None) -> None:
    shared.put("shv", "x", 5)
    shared.put("shv", "y", 6)
    shared.clear(table)
    assert shared.get("shv", "x") is None
    assert shared.items("shv") == []
    shared.put("shv", "y", 7)  # must not be the word that was x's
    assert shared.items("shv") == [("y", 7)]


def test_other_tables_have_no_cells(shared: Shared) -> None:
    shared.put("other", "x", 5)
    assert shared.integers.get("x") is None
    shared.put("shv", "x", 6)
    assert shared.get("other", "x") == 5


def test_names_of_all_kinds(shared: Shared) -> None:
    names = ["", "\0", "Zo\xc3\xab", "x" * 400, "y" * 401, "z" * 3000]
    for number, name in enumerate(names):
        shared.put("shv", name, number)
    assert sorted(dict(shared.items("shv"))) == sorted(names)
    assert [shared.get("shv", name) for name in names] == list(range(len(names)))


def test_when_there_are_no_more_words(shared: Shared, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_integers, "LIMIT", 5)
    for number in range(10):
        shared.put("shv", f"n{number}", number)
    assert [shared.get("shv", f"n{number}") for number in range(10)] == list(range(10))
    assert len(shared.items("shv")) == 10


@pytest.mark.parametrize("first", ["5", "'text'", "None"])
@pytest.mark.parametrize("second", [6, "other", None])
def test_processes_see_what_others_write(tmp_path: Path, first: str, second: int | str | None) -> None:
    elsewhere(tmp_path, f"s.put('shv', 'x', {first})")
    with Shared(tmp_path) as shared:
        assert repr(shared.get("shv", "x")) == first
        shared.put("shv", "x", second)
    elsewhere(tmp_path, f"assert s.get('shv', 'x') == {second!r}")


def test_processes_see_that_others_have_cleared(tmp_path: Path) -> None:
    elsewhere(tmp_path, "s.put('shv', 'a', 1); s.put('shv', 'b', 2)")
    ready, go = os.pipe(), os.pipe()
    if (pid := os.fork()) == 0:
        try:
            with Shared(tmp_path) as shared:
                assert (shared.get("shv", "a"), shared.get("shv", "b")) == (1, 2)
                os.write(ready[1], b"x")
                os.read(go[0], 1)
                assert shared.get("shv", "a") is None
                shared.put("shv", "b", 5)
                assert shared.items("shv") == [("b", 5), ("c", 3)]
            os._exit(0)
        finally:
            os._exit(1)
    os.read(ready[0], 1)
    with Shared(tmp_path) as shared:
        shared.clear("shv")
        shared.put("shv", "c", 3)
        os.write(go[1], b"x")
        assert os.waitpid(pid, 0)[1] == 0
        assert shared.items("shv") == [("b", 5), ("c", 3)]
    for descriptor in (*ready, *go):
        os.close(descriptor)


def test_who_looks_in_the_middle_of_a_clear_keeps_no_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere(tmp_path, "s.put('shv', 'a', 1)")
    ready, looked, go = os.pipe(), os.pipe(), os.pipe()
    if (pid := os.fork()) == 0:
        try:
            with Shared(tmp_path) as shared:
                os.read(ready[0], 1)
                assert shared.get("shv", "a") is None
                os.write(looked[1], b"x")
                os.read(go[0], 1)
                shared.put("shv", "a", 9)
            os._exit(0)
        finally:
            os._exit(1)
    with Shared(tmp_path) as shared:
        clear = shared.integers.clear

        def watched_clear() -> None:
            clear()
            os.write(ready[1], b"x")
            os.read(looked[0], 1)

        monkeypatch.setattr(shared.integers, "clear", watched_clear)
        shared.clear("shv")
        os.write(go[1], b"x")
        assert os.waitpid(pid, 0)[1] == 0
        assert shared.items("shv") == [("a", 9)]
        assert shared.get("shv", "a") == 9
    for descriptor in (*ready, *looked, *go):
        os.close(descriptor)
