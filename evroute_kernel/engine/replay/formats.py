"""The formats that recorded events come in, JSON lines and those of `worker.recorded_texts`; how they are told apart.

Blocks of lines go to workers as they are. What is to be counted or timed before it runs is read here, by `entries`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from evroute_kernel.engine.replay.boundaries import csv_blocks, text_blocks
from evroute_kernel.engine.replay.reading import Block
from evroute_kernel.runtime.values import encode
from evroute_kernel.worker.messages import Params
from evroute_kernel.worker.recorded import OnBroken, events_in, timed_events_in
from evroute_kernel.worker.recorded_texts import Format, Known, events_written

if TYPE_CHECKING:
    from evroute_kernel.library.catalogue.declared import EventDeclaration
    from evroute_kernel.library.catalogue.facts import Event

FORMATS: Final = ("json", "text", "csv")
#: lines that a format is recognised by
_LINES_TRIED: Final = 50
_JSON: Final = re.compile(rb'\{\s*["}]|\[\s*[\]{]')
_EVENT: Final = re.compile(rb"[A-Za-z_][A-Za-z0-9_.-]{0,63}")

#: line, event, parameters, and when it was raised, if that is known
Entry = tuple[int, str, Params, Any]


class UnknownFormatError(ValueError):
    """A file is in none of the formats, as far as its beginning shows."""


def recognised(head: bytes, event: str | None = None) -> str:
    """The format of a source that begins so; `event`: the name of its events, if the lines hold none.

    An empty source passes for JSON. Raises UnknownFormatError.
    """
    lines = [line.rstrip(b"\r") for line in head.removeprefix(b"\xef\xbb\xbf").split(b"\n")[:_LINES_TRIED]]
    filled = [line.strip() for line in lines if line.strip()]
    if not filled or any(_JSON.match(line) for line in filled):
        return "json"
    if b"\0" in head:
        raise UnknownFormatError("this is no text, so it holds no events in any of the formats " + ", ".join(FORMATS))
    if event is not None or filled[0].startswith((b"event,", b"#")):
        return "csv"
    if any(_is_text_event(lines, number) for number in range(len(lines) - 1)):
        return "text"
    if any(b"," in line and _EVENT.fullmatch(line.split(b",")[0]) for line in filled):
        return "csv"
    raise UnknownFormatError(f"the events are in none of the formats {', '.join(FORMATS)}")


def _is_text_event(lines: list[bytes], number: int) -> bool:
    """Whether an event's name stands alone on a line, with a parameter or nothing below it."""
    below = lines[number + 1]
    return bool(_EVENT.fullmatch(lines[number])) and (b"::" in below or not below)


def known_params(declared: Mapping[str, EventDeclaration], events: Mapping[str, Event]) -> Known:
    """What is known about the parameters of all events: those of the server, and declared ones."""
    from evroute_kernel.library.catalogue.declared import known_event

    known: dict[str, tuple[tuple[str, str], ...]] = {}
    for name in {**events, **declared}:
        if (event := known_event(name, declared, events)) is not None:
            known[encode(name)] = tuple((encode(param.name), param.type) for param in event.params if not param.stale)
    return known


def written_blocks(
    kind: str, blocks: Iterator[Block], known: Known, event: str | None = None
) -> Iterator[tuple[Block, Format | None]]:
    """Blocks that can each be read alone, and what has to be known to do so; None for JSON.

    `event`: the name of all events of CSV, if its lines do not hold it.
    """
    if kind == "csv":
        return csv_blocks(blocks, None if event is None else encode(event), known)
    return text_blocks(blocks, known) if kind == "text" else ((block, None) for block in blocks)


def entries(block: Block, written: Format | None, on_broken: OnBroken) -> Iterator[Entry]:
    """The events of a block, JSON where nothing else is said. Broken lines are told and passed over."""
    if written is None:
        return timed_events_in(block.data, block.first_line, on_broken)
    return ((*found, None) for found in events_written(block.data, block.first_line, written, on_broken))


def names_in(block: Block, written: Format | None) -> Iterator[str]:
    """The names of a block's events."""
    if written is None:
        return (event for _, event, _ in events_in(block.data, block.first_line, _ignore))
    return (event for _, event, _ in events_written(block.data, block.first_line, written, _ignore))


def _ignore(line: int, reason: str) -> None:
    """Who runs the events tells of broken lines."""
