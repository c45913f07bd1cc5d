"""The JSON text of events, byte for byte. The first four were seen on the wire of a server."""

from __future__ import annotations

import json
from typing import Any

import pytest

from evroute_kernel.library.formats.event_payload import payload


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ((), b'{"jsonrpc":"2.0","method":"E_LAB"}'),
        (
            (("ip", "192.0.2.1"), ("n", 42)),
            b'{"jsonrpc":"2.0","method":"E_LAB","params":{"ip":"192.0.2.1","n":42}}',
        ),
        (((None, "x"), (None, "7")), b'{"jsonrpc":"2.0","method":"E_LAB","params":["x","7"]}'),
        (
            (("neg", -3), ("e", ""), ("str", 'a,b"\\\t\x01/\xc3\xa9'), ("int", 7)),
            b'{"jsonrpc":"2.0","method":"E_LAB",'
            b'"params":{"neg":-3,"e":"","str":"a,b\\"\\\\\\t\\u0001/\xc3\xa9","int":7}}',
        ),
        # the first parameter decides; a name may come twice
        ((("a", 1), (None, 2), ("a", 3)), b'{"jsonrpc":"2.0","method":"E_LAB","params":{"a":1,"":2,"a":3}}'),
        (((None, 1), ("b", 2)), b'{"jsonrpc":"2.0","method":"E_LAB","params":[1,2]}'),
        ((("", 1),), b'{"jsonrpc":"2.0","method":"E_LAB","params":{"":1}}'),
        ((("b", "x\0y"),), b'{"jsonrpc":"2.0","method":"E_LAB","params":{"b":"x"}}'),
        # without a value: left out
        ((("a", 1), ("b", None), ("c", 2)), b'{"jsonrpc":"2.0","method":"E_LAB","params":{"a":1,"c":2}}'),
        (((None, None), (None, 2)), b'{"jsonrpc":"2.0","method":"E_LAB","params":[2]}'),
        ((("a", None),), b'{"jsonrpc":"2.0","method":"E_LAB","params":{}}'),
        # no UTF-8 in, none out
        ((("a", "\xff\xfe\x7f"),), b'{"jsonrpc":"2.0","method":"E_LAB","params":{"a":"\xff\xfe\x7f"}}'),
        ((("a", "\b\f\n\r\x1f"),), b'{"jsonrpc":"2.0","method":"E_LAB","params":{"a":"\\b\\f\\n\\r\\u001f"}}'),
    ],
)
def test_notifications(params: Any, expected: bytes) -> None:
    assert payload("E_LAB", params) == expected


def test_method_identifier_and_the_name_of_the_event_as_a_member() -> None:
    assert payload("E_X", (("a", 1),), method="m", identifier=5) == (
        b'{"id":5,"jsonrpc":"2.0","method":"m","params":{"a":1}}'
    )
    assert payload("E_X", (("a", 1),), event_param="ev") == (
        b'{"jsonrpc":"2.0","method":"E_X","params":{"ev":"E_X","a":1}}'
    )
    assert payload("E_X", ((None, 1),), event_param="ev") == b'{"jsonrpc":"2.0","method":"E_X","params":["E_X",1]}'
    assert payload("E_X", (), event_param="ev") == b'{"jsonrpc":"2.0","method":"E_X"}'


def test_it_is_json() -> None:
    every = "".join(map(chr, range(1, 128)))
    assert json.loads(payload(every, ((every, every),))) == {
        "jsonrpc": "2.0",
        "method": every,
        "params": {every: every},
    }
