"""Class `sdp`: lines and media streams of an SDP body."""

from __future__ import annotations

from typing import Any

from evroute_kernel.library.behaviour import transformation
from evroute_kernel.library.formats.c_numbers import str2sint
from evroute_kernel.library.formats.sdp_body import BadSdp, Stream, find_nth_line, parse_streams
from evroute_kernel.library.transformations.arguments import as_text, int_argument
from evroute_kernel.runtime.context import Context
from evroute_kernel.runtime.values import Value, fold, int_of, text_of


def _prepare_line(params: tuple[Any, ...]) -> tuple[Any, ...]:
    if len(params) > 1 and params[1] is not None and params[1] < 0:
        raise ValueError(f"line number {params[1]} is negative")
    return params


@transformation("sdp.line", prepare=_prepare_line)
def line(context: Context, value: Value, letter: Value, index: Value = 0) -> Value:
    """Line number `index` (from 0) of those starting with a letter, up to its CR; null when there are too few.

    Only the first letter of the parameter counts. A line without a CR behind it is an error.
    """
    text = as_text(value)
    place = int_argument(context, "sdp.line", "index", index) if text else None
    if place is None:
        return None
    if place < 0:
        context.error(f"{{sdp.line}}: index {place} is negative")
        return None
    wanted = text_of(letter) or ""
    # the server sets a line break before the body, so that its first line is one too
    body = "\r\n" + text
    start = find_nth_line(body, wanted[:1], place) if wanted else -1
    if start < 0:
        return None
    end = body.partition("\0")[0].find("\r", start)
    if end < 0:
        context.error(f"{{sdp.line}}: no CR ends the line {body[start:].splitlines()[0]!r}")
        return None
    return body[start:end]


def _prepare_stream(params: tuple[Any, ...]) -> tuple[Any, ...]:
    """A literal that is a number is an index."""
    number = str2sint(params[0]) if isinstance(params[0], str) else None
    return params if number is None else (number,)


def _selected(context: Context, name: str, body: str, which: Value) -> list[Stream]:
    """The streams that an index or a media type means; none, said why, for a text that is no SDP."""
    try:
        streams = parse_streams(body)
    except BadSdp as error:
        context.error(f"{{sdp.{name}}}: the text is no SDP body: {error}")
        return []
    media = text_of(which) or ""
    place = int_of(which)
    if place is None:
        place = str2sint(media)
    if place is None:
        return [s for s in streams if fold(s.media) == fold(media)]
    return [streams[place]] if -len(streams) <= place < len(streams) else []


@transformation("sdp.stream", prepare=_prepare_stream)
def stream(context: Context, value: Value, which: Value) -> Value:
    """The lines of one media stream, by index (negative: from the end) or media type; null when there is none.

    Of several streams of one type it is the last.
    """
    text = as_text(value)
    if not text:
        return None
    body = "\r\n" + text
    found = _selected(context, "stream", body, which)
    return body[found[-1].start : found[-1].end] if found else None


@transformation("sdp.stream-delete", prepare=_prepare_stream)
def stream_delete(context: Context, value: Value, which: Value) -> Value:
    """The body without a media stream, or without all streams of a media type; null when there is none.

    The server damages the body when two streams of a type go; here both go.
    """
    text = as_text(value)
    if not text:
        return None
    body = "\r\n" + text
    found = _selected(context, "stream-delete", body, which)
    if not found:
        return None
    for gone in reversed(found):
        body = body[: gone.start] + body[gone.end :]
    return body[2:]
