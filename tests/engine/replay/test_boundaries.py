"""Blocks of text and CSV: wherever they are cut, they hold the events that the whole holds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evroute_kernel.engine.replay.boundaries import end_of_events, gathered
from evroute_kernel.engine.replay.formats import Entry, entries, written_blocks
from evroute_kernel.engine.replay.reading import Block, LineSource
from evroute_kernel.worker.recorded import LINE_LIMIT

Read = tuple[list[Entry], list[tuple[int, str]]]

text_lines = st.sampled_from(
    [
        "E_X",
        "ip::192.0.2.1",
        "5060",
        'a::"one',
        '"',
        'two"',
        'a::"b"',
        'c\\"',
        '"q',
        "",
        "",
        "",
        "x" * 65,
        "a::b::c",
        "\xef\xbb\xbf",
    ]
)
csv_lines = st.sampled_from(
    ["E_X,1,two", "event,ip,port", "event", "#a,b", "\xef\xbb\xbf#c", "E_Y", "", "events,1", "x" * 65, ",1"]
)
ends = st.sampled_from(["\n", "\n", "\r\n"])


def read(kind: str, blocks: list[Block]) -> Read:
    broken: list[tuple[int, str]] = []
    found: list[Entry] = []
    for block, written in written_blocks(kind, iter(blocks), {"E_X": (("ip", "string"), ("port", "int"))}):
        found += entries(block, written, lambda line, why: broken.append((line, why)))
    return found, broken


def cut(lines: list[str], sizes: list[int]) -> Iterator[Block]:
    """Blocks of so many lines each."""
    at = 0
    for size in [*sizes, len(lines)]:
        data = "".join(lines[at : at + size]).encode("latin-1")
        if data:
            yield Block(at + 1, data, at + size)
        at += size


@settings(max_examples=500, derandomize=True, database=None, deadline=None)
@given(st.data(), st.sampled_from(["text", "csv"]), st.booleans())
def test_cuts_do_not_matter(data: st.DataObject, kind: str, is_whole: bool) -> None:
    line = text_lines if kind == "text" else csv_lines
    lines = data.draw(st.lists(st.tuples(line, ends).map("".join), min_size=1, max_size=25))
    if is_whole:
        lines[-1] = lines[-1].rstrip("\r\n")
    sizes = data.draw(st.lists(st.integers(1, 5), max_size=10))
    whole = read(kind, list(cut(lines, [])))
    assert read(kind, list(cut(lines, sizes))) == whole
    assert read(kind, list(gathered(cut(lines, sizes), lambda: 20))) == whole


@pytest.mark.parametrize(
    ("data", "end"),
    [
        (b"", 0),
        (b"E_X\nip::1\n", 0),
        (b"E_X\n\nE_Y\n", 5),
        (b"E_X\r\n\r\nE_Y\r\n", 7),
        (b'E_X\na::"one\n\ntwo"\n\nE_Y\n', 19),
        (b'E_X\na::"one\n\ntwo\n\nE_Y\n', 0),
        (b'"E_X\n\nE_Y', 6),  # a name may hold quotes
    ],
)
def test_where_events_end(data: bytes, end: int) -> None:
    assert end_of_events(data) == end


def test_a_quoted_value_without_end() -> None:
    lines = ["E_X\n", 'a::"one\n', *["x" * 999 + "\n"] * (LINE_LIMIT // 1000 + 2), "\n", "E_Y\n", "\n"]
    found, broken = read("text", list(cut(lines, [400] * 3)))
    assert (found, broken) == read("text", list(cut(lines, [])))
    assert [why for _, why in broken] == ["this quoted value has no end"]
    assert [event for _, event, _, _ in found] == ["E_X", "E_Y"]


def test_an_event_without_end_costs_no_more_than_its_lines() -> None:
    lines = ["E_X\n", *["a::1\n"] * 200_000]
    blocks = list(cut(lines, [100] * 2000))
    found, _ = read("text", blocks)
    assert [len(params) for _, _, params, _ in found] == [200_000]


def test_what_is_passed_over_ends_an_event() -> None:
    blocks = [Block(1, b"E_X\na::1\n", 10), Block(4, b"b::2\n\nE_Y\n\n", 30)]
    found, broken = read("text", blocks)
    assert [(line, event, list(params)) for line, event, params, _ in found] == [(1, "E_X", [("a", 1)]), (6, "E_Y", [])]
    assert broken == [(4, "expected the name of an event on a line of its own")]
    assert [block.first_line for block in gathered(iter(blocks), lambda: 1000)] == [1, 4]


def test_lines_that_somebody_makes_share_blocks() -> None:
    """Or each would be a portion, with a message of its own."""
    lines = [f'{{"event": "E_X", "params": {{"n": {n}}}}}' for n in range(1000)]
    blocks = list(gathered(LineSource(lines).blocks(lambda: 10_000, lambda line, why: None), lambda: 10_000))
    assert [block.first_line for block in blocks] == [1, *(b.first_line + b.data.count(b"\n") for b in blocks[:-1])]
    assert b"".join(block.data for block in blocks).decode().splitlines() == lines
    assert len(blocks) <= len("\n".join(lines)) // 10_000 + 1
