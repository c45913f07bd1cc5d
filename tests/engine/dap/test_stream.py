"""Messages on a stream, and what is none."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evroute_kernel.engine.dap.stream import LARGEST, Stream, StreamError

GOOD = {"type": "request", "seq": 1, "command": "threads"}


def written(message: Any) -> bytes:
    data = json.dumps(message).encode()
    return b"Content-Length: %d\r\n\r\n%s" % (len(data), data)


def read_all(data: bytes) -> list[Any]:
    """Messages, and the words of errors."""
    stream, found = Stream(io.BytesIO(data), io.BytesIO()), list[Any]()
    while True:
        try:
            message = stream.read()
        except StreamError as error:
            found.append(str(error))
            continue
        if message is None:
            return found
        found.append(message)


def test_messages_come_as_they_were_written() -> None:
    writing = io.BytesIO()
    for message in ({"a": "\u00e9\ud800"}, {"b": [1, None]}):
        Stream(io.BytesIO(), writing).write(message)
    assert read_all(writing.getvalue()) == [{"a": "\u00e9\ud800"}, {"b": [1, None]}]


def test_other_headers_and_letter_case_do_not_matter() -> None:
    assert read_all(b"Content-Type: x\r\ncontent-LENGTH:  2 \r\n\r\n{}Content-Length: 2\n\n[]") == [{}, []]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"Content-Length: -1\r\n\r\n{}", "'Content-Length: -1' is no length"),
        (b"Content-Length: %d\r\n\r\n{}" % (LARGEST + 1), "is no length"),
        (b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n{}", "is no length"),
        (b"Content-Length: 0x10\r\n\r\n", "is no length"),
        (b"Content-Length: \r\n\r\n", "is no length"),
        (b"Content-Type: x\r\n\r\n{}", "without a header"),
        (b"\r\n", "without a header"),
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "'GET / HTTP/1.1' is no header"),
        (b"x" * 10_000 + b"\n", "is no header"),
        (b'{"seq": 1, "command": "threads"}\n', "is no header"),
        (b"Content-Length: 3\r\n\r\n{x}", "no JSON"),
        (b"Content-Length: 0\r\n\r\n", "no JSON"),
        (b"Content-Length: 4\r\n\r\nnull", "null"),
        (b"Content-Length: 2\r\n\r\n\xff\xfe", "no JSON"),
        (b"Content-Length: 9000\r\n\r\n" + b"[" * 9000, "no JSON"),
        (b'Content-Length: 2\r\n\r\n{"a": 1}', "no JSON"),
    ],
)
def test_what_is_no_message_is_told_and_the_next_one_is_read(data: bytes, words: str) -> None:
    first, *others = read_all(data + written(GOOD))
    assert words in first
    assert others[-1] == GOOD


def test_an_end_in_the_midst_is_an_end() -> None:
    whole = written(GOOD)
    assert all(read_all(whole[:end]) == [] for end in range(len(whole)))


@given(st.lists(st.one_of(st.binary(max_size=40), st.just(written(GOOD)), st.just(b"Content-Length: 7\r\n\r\n"))))
def test_whatever_comes_reading_ends_and_later_messages_are_found(pieces: list[bytes]) -> None:
    noise = b"".join(pieces)
    found = read_all(noise + b"\n" * 20 + written(GOOD) + written(GOOD))
    assert found[-1] == GOOD
