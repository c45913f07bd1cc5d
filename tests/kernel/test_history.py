"""What history_request gets."""

from __future__ import annotations

from evroute_kernel.kernel.history import History


def history(*texts: str) -> History:
    found = History()
    for line, text in enumerate(texts, 1):
        found.add(line, text)
    return found


def test_tail() -> None:
    found = history("a", "b", "c")
    assert found.reply("tail", n=2) == [(1, 2, "b"), (1, 3, "c")]
    assert found.reply("tail", n=0) == []


def test_range_excludes_its_end() -> None:
    found = history("a", "b", "c")
    assert found.reply("range", session=0, start=1, stop=3) == [(1, 1, "a"), (1, 2, "b")]
    assert found.reply("range", session=1, start=2, stop=None) == [(1, 2, "b"), (1, 3, "c")]
    assert found.reply("range", session=7, start=1, stop=3) == []


def test_search_keeps_the_last_ones() -> None:
    found = history("xlog(1);", "$var(x)", "xlog(2);", "xlog(1);")
    assert found.reply("search", pattern="xlog*", n=2) == [(1, 3, "xlog(2);"), (1, 4, "xlog(1);")]
    assert found.reply("search", pattern="xlog*", unique=True) == [(1, 3, "xlog(2);"), (1, 4, "xlog(1);")]
    assert found.reply("search", pattern="xlog") == []


def test_output() -> None:
    found = History()
    found.add(1, "a", "1")
    assert found.reply("tail", output=True, n=1) == [(1, 1, ("a", "1"))]
