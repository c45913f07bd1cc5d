"""JSON lines -> events."""

from __future__ import annotations

import json

import pytest

from evroute_kernel.worker.recorded import LINE_LIMIT, events_in


def read(data: bytes, first_line: int = 1) -> tuple[list[tuple[int, str, object]], list[tuple[int, str]]]:
    broken: list[tuple[int, str]] = []
    found = list(events_in(data, first_line, lambda line, why: broken.append((line, why))))
    return [(line, event, list(params)) for line, event, params in found], broken


@pytest.mark.parametrize(
    ("line", "event", "params"),
    [
        (b'{"event":"E_X","params":{"ip":"::1","port":5060},"time":1.5}', "E_X", [("ip", "::1"), ("port", 5060)]),
        (b'{"params":{"a":"5"},"event":"E_X"}', "E_X", [("a", "5")]),
        (b'{"event":"E_X"}', "E_X", []),
        (b'{"event":"E_X","params":{}}', "E_X", []),
        (b'{"event":"E_X","params":["a",7]}', "E_X", [(None, "a"), (None, 7)]),
        (b'{"event":"E_X","params":[["n","a"],[null,7]]}', "E_X", [("n", "a"), (None, 7)]),
        (b'{"event":"E_X","params":{"a":1,"a":2}}', "E_X", [("a", 1), ("a", 2)]),
        (b'{"event":"E_X","params":{"a":null}}', "E_X", [("a", None)]),
        (b'{"jsonrpc":"2.0","method":"E_X","params":{"a":null}}', "E_X", [("a", "")]),
        (b'{"id":1004860394,"jsonrpc":"2.0","method":"E_X","params":{"ip":"::1"}}', "E_X", [("ip", "::1")]),
        (b'{"jsonrpc":"2.0","method":"E_X","params":["x","7"]}', "E_X", [(None, "x"), (None, "7")]),
        # bytes of UTF-8, one character each; escapes name characters; lone surrogates are bytes
        ('{"event":"E_X","params":{"ü":"Zoë"}}'.encode(), "E_X", [("Ã¼", "ZoÃ«")]),
        (b'{"event":"E_X","params":{"a":"Zo\\u00eb"}}', "E_X", [("a", "ZoÃ«")]),
        ('{"event":"E_X","params":{"a":"ë\\u00eb"}}'.encode(), "E_X", [("a", "Ã«Ã«")]),
        (b'{"event":"E_X","params":{"a":"\xff\\udcff"}}', "E_X", [("a", "\xff\xff")]),
        (b'{"event":"E_X","params":{"a":"\xff"}}', "E_X", [("a", "\xff")]),
        # what raise_event makes of other values
        (b'{"event":"E_X","params":{"a":3000000000,"b":1.9,"c":true,"d":{"x":[1]}}}', "E_X",
         [("a", 2147483647), ("b", 1), ("c", "true"), ("d", '{"x":[1]}')]),
    ],
)  # fmt: skip
def test_shapes(line: bytes, event: str, params: list[object]) -> None:
    assert read(line) == ([(1, event, params)], [])
    assert read(b"\xef\xbb\xbf  " + line + b"\r\n", 7) == ([(7, event, params)], [])


def test_several_on_a_line() -> None:
    one = b'{"jsonrpc":"2.0","method":"E_A"}'
    assert [event for _, event, _ in read(one + one + b" " + one)[0]] == ["E_A"] * 3
    assert [line for line, _, _ in read(b"[" + one + b"," + one + b"]\n\n" + one)[0]] == [1, 1, 3]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b'{"event":"E_X"', "ends too early"),
        (b"hello", "no JSON at column 1"),
        (b"\x80\x81\x00\xfe", "no JSON at column 1"),
        (b'{"event":5}', "the name of the event is missing"),
        (b'{"event":""}', "1 to 64 bytes"),
        (b'{"event":"%s"}' % (b"x" * 65), "1 to 64 bytes"),
        (b"5", "expected an object"),
        (b'{"event":"E_X","params":5}', "an object or an array"),
        (b'{"event":"E_X","params":[["a"]]}', "pairs [name, value]"),
        (b'{"event":"E_X","params":{"a":NaN}}', "NaN"),
        (b'{"event":"E_X","params":{"a":"\\ud800"}}', "half of a surrogate pair"),
        (b"[" * 100_000, "nests too deeply"),
        (b'{"event":"E_X","params":{"a":' + b"9" * 5000 + b"}}", "no JSON"),
        (b'{"event":"%s"}' % (b"x" * LINE_LIMIT), "longer than"),
    ],
)
def test_broken_lines_are_told_and_passed_over(line: bytes, why: str) -> None:
    good = b'{"event":"E_GOOD"}'
    found, broken = read(good + b"\n" + line + b"\n\n" + good)
    assert found == [(1, "E_GOOD", []), (4, "E_GOOD", [])]
    assert [number for number, _ in broken] == [2]
    assert why in broken[0][1]


def test_what_stands_before_a_fault_counts() -> None:
    found, broken = read(b'{"event":"E_A"}{"event":"E_B"}{"eve')
    assert [event for _, event, _ in found] == ["E_A", "E_B"]
    assert len(broken) == 1


def test_integers_and_texts_as_python_writes_them() -> None:
    line = json.dumps({"event": "E_X", "params": {"n": -1, "s": "ü\n\x00"}}).encode()
    assert read(line) == ([(1, "E_X", [("n", -1), ("s", "Ã¼\n\0")])], [])
