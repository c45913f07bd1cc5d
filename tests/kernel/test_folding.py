"""What repeats itself is counted, and of very many lines the first and the last are shown."""

from __future__ import annotations

import pytest

from evroute_kernel.kernel.cell.folding import FIRST_LINES, FIRST_SIZE, LAST_LINES, LAST_SIZE, Folding

OUT, ERR = "stdout", "stderr"


def shown(*lines: tuple[str, str]) -> list[tuple[str, str]]:
    folding = Folding()
    pieces = [piece for stream, text in lines for piece in folding.take(stream, text, text)]
    return [*pieces, *folding.release()]


def test_a_line_is_shown_ten_times_then_counted() -> None:
    assert shown(*[(OUT, "x\n")] * 10_000) == [*[(OUT, "x\n")] * 10, (OUT, "... 9,990 more like this\n")]


@pytest.mark.parametrize("count", range(12))
def test_few_lines_stay_what_they_are(count: int) -> None:
    assert shown(*[(OUT, "x\n")] * count) == [(OUT, "x\n")] * count


def test_what_comes_next_comes_after_the_count() -> None:
    end = [(ERR, "the end\n")]
    assert shown(*[(OUT, "x\n")] * 20, *end) == [*[(OUT, "x\n")] * 10, (OUT, "... 10 more like this\n"), *end]


def test_groups_of_lines_are_counted_on_each_stream() -> None:
    group = [(OUT, "i=0\n"), (ERR, "null\n"), (ERR, "kept\n")]
    assert shown(*group * 3_333) == [
        *group * 10,
        (OUT, "... 3,323 more like this\n"),
        (ERR, "... 6,646 more like these 2\n"),
    ]


def test_different_lines_are_all_shown() -> None:
    lines = [(OUT if i % 2 else ERR, f"{i // 2}\n") for i in range(1_000)]
    assert shown(*lines) == lines


def test_a_line_between_others_is_not_folded() -> None:
    lines = [(OUT, "same\n") if i % 2 else (ERR, f"{i}\n") for i in range(1_000)]
    assert shown(*lines) == lines


def test_parts_of_lines_are_not_folded() -> None:
    assert shown(*[(OUT, "x")] * 100) == [(OUT, "x")] * 100


def test_of_very_many_lines_the_first_and_the_last_are_shown() -> None:
    lines = [(OUT, f"{i}\n") for i in range(20_000)]
    told = f"... {20_000 - FIRST_LINES - LAST_LINES:,} lines left out: "
    found = shown(*lines)
    assert found[:FIRST_LINES] == lines[:FIRST_LINES]
    assert found[FIRST_LINES][1].startswith(told)
    assert "%log last=N" in found[FIRST_LINES][1]
    assert found[FIRST_LINES + 1 :] == lines[-LAST_LINES:]


def test_a_few_lines_too_many_are_all_shown() -> None:
    lines = [(OUT, f"{i}\n") for i in range(FIRST_LINES + LAST_LINES)]
    assert shown(*lines) == lines


def test_long_lines_count_by_their_length() -> None:
    lines = [(OUT, f"{i}{'x' * 4000}\n") for i in range(1_000)]
    found = shown(*lines)
    assert sum(len(text) for _, text in found) <= FIRST_SIZE + LAST_SIZE + 200
    assert found[-1] == lines[-1]
    assert any("lines left out" in text for _, text in found)


def test_the_note_is_a_line_of_its_own() -> None:
    found = shown((OUT, "x" * FIRST_SIZE), *[(OUT, f"{i}\n") for i in range(2_000)])
    assert found[1][1].startswith("\n... 1,000 lines left out")


def test_what_was_held_back_is_released_once() -> None:
    folding = Folding()
    for _ in range(20):
        folding.take(OUT, "x", "x\n")
    assert folding.is_holding
    assert folding.release() == [(OUT, "... 10 more like this\n")]
    assert not folding.is_holding
    assert folding.release() == []
    assert folding.take(OUT, "x", "x\n") == []  # it goes on
    assert folding.release() == [(OUT, "x\n")]
