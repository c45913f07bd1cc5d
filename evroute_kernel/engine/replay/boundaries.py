"""Where blocks of recorded events may be cut, in formats other than JSON lines: so that workers can read them alone.

Of CSV each line stands for itself, but for the names of values, which a line gives to all below it. An event of text
ends at an empty line, unless that stands in a quoted value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from evroute_kernel.engine.replay.reading import Block
from evroute_kernel.worker.recorded import LINE_LIMIT
from evroute_kernel.worker.recorded_texts import CLOSED, Format, Known, TextReader, as_text, header_in, is_name, is_open

#: lines of CSV that may be headers: before there was one, and behind
_FIRST_HEADER: Final = re.compile(rb"^(?:\xef\xbb\xbf)?(?:#|event(?:[,\r]|$)).*$", re.MULTILINE)
_LATER_HEADER: Final = re.compile(rb"^(?:\xef\xbb\xbf)?#.*$", re.MULTILINE)


def gathered(blocks: Iterator[Block], size: Callable[[], int]) -> Iterator[Block]:
    """Blocks of about `size()` bytes, of smaller ones: whoever makes lines one by one makes a block of each."""
    kept: list[Block] = []
    total = 0
    for block in blocks:
        if kept and (total >= size() or _is_behind_gap(block, kept[-1])):
            yield _joined(kept)
            kept, total = [], 0
        kept.append(block)
        total += len(block.data)
    if kept:
        yield _joined(kept)


def csv_blocks(blocks: Iterator[Block], event: str | None, known: Known) -> Iterator[tuple[Block, Format]]:
    """Blocks with the header that is in force where they begin. `event`: the name of all events."""
    header: list[str] | None = None
    for block in blocks:
        yield block, ("csv", event, header, known)
        header = _header_behind(block.data, header)


def _header_behind(data: bytes, header: list[str] | None) -> list[str] | None:
    for line in (_FIRST_HEADER if header is None else _LATER_HEADER).findall(data):
        found = header_in(as_text(line), header)
        header = header if found is None else found
    return header


def text_blocks(blocks: Iterator[Block], known: Known) -> Iterator[tuple[Block, Format]]:
    """Blocks that end where an event does. What is passed over in the source ends an event, too."""
    written: Format = ("text", None, None, known)
    kept: list[Block] = []
    size = wanted = 0  # of what is kept, and when it is worth to look again
    for block in blocks:
        if kept and _is_behind_gap(block, kept[-1]):
            yield _joined(kept), written
            kept, size, wanted = [], 0, 0
        kept.append(block)
        size += len(block.data)
        if size < wanted:
            continue
        whole = _joined(kept)
        end = end_of_events(whole.data)
        if end:
            yield replace(whole, data=whole.data[:end]), written
        rest = Block(whole.first_line + whole.data.count(b"\n", 0, end), whole.data[end:], whole.position)
        kept, size = [rest] if rest.data else [], len(rest.data)
        wanted = 0 if end else 2 * size
    if kept:
        yield _joined(kept), written


def _is_behind_gap(block: Block, before: Block) -> bool:
    """Whether something between two blocks was passed over."""
    return block.first_line != before.first_line + before.data.count(b"\n")


def _joined(blocks: list[Block]) -> Block:
    return Block(blocks[0].first_line, b"".join(block.data for block in blocks), blocks[-1].position)


def end_of_events(data: bytes) -> int:
    """Where the last event of a text ends that is there as a whole, with the empty line behind it; 0 for none."""
    if b'"' in data:
        return _end_of_quoted(data)
    return max(place + len(end) if (place := data.rfind(end)) >= 0 else 0 for end in (b"\n\n", b"\n\r\n"))


def _end_of_quoted(data: bytes) -> int:
    """`end_of_events`, following the lines as `TextReader` reads them."""
    end = position = quoted = 0
    is_inside = False
    for line in data.split(b"\n")[:-1]:
        position += len(line) + 1
        text = as_text(line)
        if quoted:  # bytes of the value so far
            quoted += len(text)
            if quoted > LINE_LIMIT or CLOSED.search(text):
                quoted = 0
        elif not text:
            is_inside, end = False, position
        elif not is_inside:
            is_inside = is_name(text)
        elif is_open(TextReader.parameter(text)[1]):
            quoted = len(text)
    return end
