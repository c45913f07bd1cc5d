"""JSON-RPC as the server speaks it. Replies in bytes were observed on OpenSIPS 3.6."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from evroute_kernel.engine.mi.dispatch import answer
from evroute_kernel.engine.mi.management import Management
from evroute_kernel.engine.mi.protocol import (
    CommandError,
    RequestError,
    error_reply,
    parse_json,
    read_request,
    result_reply,
)
from evroute_kernel.engine.session.session import Session

INVALID = b'{"jsonrpc":"2.0","error":{"code":-32600,"message":"Invalid Request"},"id":%b}'
PARSE_ERROR = b'{"jsonrpc":"2.0","error":{"code":-32700,"message":"Parse error"},"id":null}'


@pytest.fixture(scope="module")
def ask() -> Iterator[Callable[[bytes], bytes | None]]:
    """The reply to a message."""
    with Session(workers=1) as session:
        yield partial(answer, Management(session))


@pytest.mark.parametrize(
    ("given", "identity"),
    [
        (b'"a/\\u00e9"', b'"a/\xc3\xa9"'),
        (b"1.7", b"1"),
        (b"5000000000", b"2147483647"),
        (b"-5e20", b"-2147483648"),
        (b"null", b"null"),
        (b'"q\\"\\\\\\n\\u0001\x7f\xff"', b'"q\\"\\\\\\n\\u0001\x7f\xff"'),
    ],
)
def test_an_id_comes_back(ask: Callable[[bytes], bytes], given: bytes, identity: bytes) -> None:
    reply = ask(b'{"jsonrpc":"2.0","id":%b,"method":"kill"}' % given)
    assert reply.endswith(b',"id":%b}' % identity)


@pytest.mark.parametrize(
    ("request_", "identity"),
    [
        (b'{"jsonrpc":"1.0","method":"version"}', b"null"),
        (b'{"jsonrpc":"2.0","method":5}', b"null"),
        (b'{"jsonrpc":"2.0","id":1}', b"1"),
        (b'{"jsonrpc":"2.0","id":1,"method":"version","params":7}', b"1"),
        (b'{"jsonrpc":"2.0","id":1,"method":"version","params":null}', b"1"),
        (b'{"jsonrpc":"2.0","id":[1],"method":"version"}', b"null"),
        (b'{"jsonrpc":"2.0","id":true,"method":"version"}', b"null"),
        (b'[{"jsonrpc":"2.0","id":1,"method":"version"}]', b"null"),
        (b'"text"', b"null"),
        (b"7", b"null"),
    ],
)
def test_what_is_no_request(ask: Callable[[bytes], bytes], request_: bytes, identity: bytes) -> None:
    assert ask(request_) == INVALID % identity


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"garbage",
        b'{"jsonrpc":"2.0"',
        b'{"id":NaN}',
        b'{"id":"\\ud800"}',
        b'{"id":"\\u0000"}',
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b"\0{}",
    ],
)
def test_what_is_no_json(ask: Callable[[bytes], bytes], text: bytes) -> None:
    assert ask(text) == PARSE_ERROR


def test_what_follows_the_request_does_not_matter() -> None:
    assert read_request(b' \x01{"JSONRPC":"2.0","ID":"7","METHOD":"which"} trailing').method == "which"


@pytest.mark.parametrize("method", ["which", "nope", "kill", "list"])
def test_a_notification_gets_no_reply(ask: Callable[[bytes], bytes | None], method: str) -> None:
    assert ask(b'{"jsonrpc":"2.0","method":"%b"}' % method.encode()) is None


def test_an_unfit_notification_gets_one() -> None:
    with pytest.raises(RequestError) as error:
        read_request(b'{"method":"which"}')
    assert error.value.code == -32600


def test_members_keep_their_order_and_repeat() -> None:
    value, end = parse_json('{"b":1,"a":2,"b":3}x')
    assert (list(value.items()), value["b"], end) == ([("b", 1), ("a", 2), ("b", 3)], 1, 19)


def test_replies_have_no_blanks() -> None:
    assert result_reply({"a": [1, None, True], "é": "/"}, 1) == (
        '{"jsonrpc":"2.0","result":{"a":[1,null,true],"é":"/"},"id":1}'.encode()
    )
    error: Any = error_reply(CommandError(-32602, "Invalid params", "why"), "x")
    assert error == b'{"jsonrpc":"2.0","error":{"code":-32602,"message":"Invalid params","data":"why"},"id":"x"}'
