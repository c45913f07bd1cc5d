"""Notifications as they are on the wire, whole and in pieces, sound and broken."""

from __future__ import annotations

import random

import pytest

from evroute_kernel.engine.live.notifications import (
    BrokenNotificationError,
    Notification,
    StreamSplitter,
    read_notification,
)


@pytest.mark.parametrize(
    ("payload", "params"),
    [
        (b'{"jsonrpc":"2.0","method":"E_X"}', ()),
        (b'{"jsonrpc":"2.0","method":"E_X","params":{"ip":"192.0.2.1","n":42}}', (("ip", "192.0.2.1"), ("n", 42))),
        (b'{"jsonrpc":"2.0","method":"E_X","params":["x","7",-7]}', ((None, "x"), (None, "7"), (None, -7))),
        (b'{"jsonrpc":"2.0","method":"E_X","params":{"a":null,"a":"2"}}', (("a", ""), ("a", "2"))),
        (b'{"method":"E_X","params":["\xe9\xff","Zo\xc3\xab"]}', ((None, "\xe9\xff"), (None, "Zo\xc3\xab"))),
        (b'{"method":"E_X","params":["\\u0001\\n","tab\there"]}', ((None, "\x01\n"), (None, "tab\there"))),
        (b'{"method":"E_X","params":{"n":3000000000,"m":-%s}}' % (b"9" * 5000), (("n", 2**31 - 1), ("m", -(2**31)))),
        (b'{"method":"E_X","params":{"t":{"a":[1,true]}}}', (("t", '{"a":[1,true]}'),)),
        (b'{"method":"E_X","params":{}}', ()),
    ],
)
def test_parameters_are_those_of_the_servers_routes(payload: bytes, params: object) -> None:
    assert read_notification(payload) == Notification("E_X", params)  # type: ignore[arg-type]


def test_the_id_of_reliable_mode() -> None:
    assert read_notification(b'{"id":1004860394,"jsonrpc":"2.0","method":"E_X"}').id == 1004860394


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"{",
        b'{"method":"E_X"}{',
        b"[1]",
        b'"E_X"',
        b'{"method":7}',
        b'{"method":""}',
        b'{"params":{}}',
        b'{"method":"E_X","params":"text"}',
        b'{"method":"E_X","params":[NaN]}',
        b'{"method":"E_X","params":["\\ud800"]}',
        b"[" * 100_000,
        b"\x00\xff" * 40_000,
    ],
)
def test_broken_ones_are_told(payload: bytes) -> None:
    with pytest.raises(BrokenNotificationError):
        read_notification(payload)


OBJECTS = [
    b'{"method":"E_A"}',
    b'{"method":"E_B","params":{"a":"}{\\"\\\\","b":{"c":[1,{}]}}}',
    b'{"method":"E_C","params":["\\\\","{","\xff\xfe"]}',
]


def test_a_stream_is_cut_wherever_it_was_broken() -> None:
    chance = random.Random(7)
    stream = b"".join(OBJECTS * 20)
    for _ in range(50):
        splitter, found, rest = StreamSplitter(), [], stream
        while rest:
            size = chance.randint(1, 40)
            found += splitter.feed(rest[:size])
            rest = rest[size:]
        assert found == OBJECTS * 20
        assert (splitter.pending, splitter.skipped) == (0, 0)


def test_what_stands_between_objects_is_skipped_and_counted() -> None:
    splitter = StreamSplitter()
    assert list(splitter.feed(b' \r\n{"a":1}\n}}garbage{"b":2} ')) == [b'{"a":1}', b'{"b":2}']
    assert splitter.skipped == 1


def test_an_object_that_never_ends_is_bounded() -> None:
    splitter = StreamSplitter(limit=1000)
    assert list(splitter.feed(b'{"a":"' + b"x" * 900)) == []
    with pytest.raises(BrokenNotificationError, match="1000 bytes"):
        list(splitter.feed(b"x" * 200))
