"""Two logs side by side."""

from __future__ import annotations

import pytest

from evroute_kernel.engine.comparing.alignment import aligned


@pytest.mark.parametrize(
    ("old", "new", "rows"),
    [
        ("", "", ""),
        ("abc", "abc", "aa bb cc"),
        ("12b", "1b2", "11 -b 22 b-"),
        ("abc", "axc", "aa bx cc"),
        ("", "ab", "-a -b"),
        ("ab", "", "a- b-"),
        ("aa", "a", "aa a-"),
        ("xaby", "xy", "xx a- b- yy"),
        ("ab", "xyz", "ax by -z"),
    ],
)
def test_what_is_alike_stands_in_one_row(old: str, new: str, rows: str) -> None:
    assert " ".join(f"{pair.old or '-'}{pair.new or '-'}" for pair in aligned(old, new)) == rows


def test_no_line_is_lost_in_very_long_logs() -> None:
    old = [f"line {n % 7}" for n in range(5000)]
    new = [f"line {n % 11}" for n in range(4000)]
    pairs = aligned(old, new)
    assert [pair.old for pair in pairs if pair.old is not None] == old
    assert [pair.new for pair in pairs if pair.new is not None] == new
