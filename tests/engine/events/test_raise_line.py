"""Arguments of %raise and --raise: what is understood, and where the caret stands when it is not."""

from __future__ import annotations

import pytest

from evroute_kernel.engine.events.raise_line import (
    ArgumentError,
    ParamValue,
    RaiseRequest,
    parse_params,
    parse_raise,
    with_samples,
)
from evroute_kernel.errors import ScriptError
from evroute_kernel.library import table
from evroute_kernel.source import Source

LIBRARY = table.of("3.6")


@pytest.mark.parametrize(
    ("text", "event", "params"),
    [
        ("E_X", "E_X", None),
        ("  E_X  ", "E_X", None),
        ('"my.dotted name" 1', "my.dotted name", [1]),
        ("E_X ip=192.0.2.1 port=5060", "E_X", {"ip": "192.0.2.1", "port": 5060}),
        ("E_X ip = 192.0.2.1  port= 5060", "E_X", {"ip": "192.0.2.1", "port": 5060}),
        ("E_X a= b=2", "E_X", {"a": "", "b": 2}),
        ("E_X a=", "E_X", {"a": ""}),
        ("E_X a=\"\" b='' c=s:", "E_X", {"a": "", "b": "", "c": ""}),
        (
            'E_X n=7 m=-7 z=0 s="7" t=s:7 u=\'7\' v=s:"7"',
            "E_X",
            {"n": 7, "m": -7, "z": 0, "s": "7", "t": "7", "u": "7", "v": "7"},
        ),
        ("E_X a=0049 b=+49 c=1.5 d=-0x1", "E_X", {"a": "0049", "b": "+49", "c": "1.5", "d": "-0x1"}),
        ("E_X low=-2147483648 high=2147483647", "E_X", {"low": -(2**31), "high": 2**31 - 1}),
        ('E_X "a b" sip:x@y;transport=udp 7', "E_X", ["a b", "sip:x@y;transport=udp", 7]),
        (r'E_X t="q\" b\\ n\n o\101 x\x41 k\d" r=' + r"'a\n'", "E_X", {"t": 'q" b\\ n\n oA xA k\\d', "r": r"a\n"}),
        ("E_X name=Zoë", "E_X", {"name": "Zoë"}),
        (r'E_X raw="\xc3\xab"', "E_X", {"raw": "\udcc3\udcab"}),
        ('E_X {"a": "1", "b": 2, "c": 1.5}', "E_X", {"a": "1", "b": 2, "c": 1.5}),
        ('E_X ["a", 2]', "E_X", ["a", 2]),
        ("E_X {}", "E_X", {}),
        ('E_X {"n": 3000000000, "m": -1e999}', "E_X", {"n": 3000000000, "m": -(2**31)}),
        ("E_X who=O'Brien", "E_X", {"who": "O'Brien"}),
        ("E_X list=a,b", "E_X", {"list": "a,b"}),
    ],
)
def test_reads_event_and_parameters(text: str, event: str, params: object) -> None:
    request = parse_raise(text)
    assert (request.event, request.params) == (event, params)
    if isinstance(params, dict):
        assert isinstance(request.params, dict)
        assert [(k, type(v)) for k, v in request.params.items()] == [(k, type(v)) for k, v in params.items()]


def test_options_stand_anywhere() -> None:
    request = parse_raise("--count 3 E_X --async a=1 --timeout=2.5")
    assert request == RaiseRequest("E_X", {"a": 1}, {"count": "3", "async": True, "timeout": "2.5"})
    assert (request.count, request.timeout) == (3, 2.5)
    assert (parse_raise("E_X").count, parse_raise("E_X").timeout) == (1, None)


def test_option_after_json() -> None:
    assert parse_raise('E_X {"a": 1} --detach') == RaiseRequest("E_X", {"a": 1}, {"detach": True})


@pytest.mark.parametrize(
    ("text", "marked", "message"),
    [
        ("", "", "the event's name is missing"),
        ("ip=1", "ip=", "the event's name comes first"),
        ('{"a": 1}', "{", "comes before its parameters"),
        ('""', '""', "the event's name is empty"),
        ("E_X a=1 b=2 a=3", "a", "'a' is given twice"),
        ("E_X a=1 2", "2", "cannot be mixed"),
        ("E_X 2 a=1", "a=", "cannot be mixed"),
        ('E_X a="open', '"', "never closed"),
        ("E_X a='open", "'", "never closed"),
        ('E_X a="x"y', "y", "right after a closing quote"),
        ("E_X a=1, b=2", ",", "comma after a value"),
        ("E_X a=3000000000", "3000000000", "does not fit a 32-bit integer"),
        ("E_X a=" + "9" * 9999, "9" * 9999, "does not fit a 32-bit integer"),
        ("E_X --cuont 3", "--cuont", "unknown option --cuont"),
        ("E_X --count", "", "whole number"),
        ("E_X --count 0", "0", "whole number"),
        ("E_X --count=many", "many", "whole number"),
        ("E_X --timeout -1", "-1", "number of seconds"),
        ("E_X --async=yes", "--async=yes", "takes no value"),
        ("E_X --async --async", "--async", "given twice"),
        ("E_X --sample 1", "E_X --sample 1", "have none"),
        ('E_X {"a": }', "}", "not JSON"),
        ('E_X {"a": 1, "a": 2}', '{"a": 1, "a": 2}', "'a' is given twice"),
        ("E_X [NaN]", "[NaN]", "no JSON number"),
        ('E_X {"a": 1} b=2', "b=2", "as JSON already"),
        ("E_X [::1]", ":", "not JSON"),
        ("E_X " + "[" * 100_000, "[", "nested too deeply"),
    ],
)
def test_points_at_the_fault(text: str, marked: str, message: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        parse_raise(text)
    assert message in caught.value.message
    assert caught.value.span.text == marked
    assert caught.value.diagnostics[0].span == caught.value.span


def test_hints() -> None:
    with pytest.raises(ArgumentError) as caught:
        parse_raise("E_X --cuont 3")
    assert caught.value.hint == "did you mean '--count'?"
    with pytest.raises(ArgumentError) as caught:
        parse_raise("E_X n=3000000000")
    assert caught.value.hint is not None
    assert "s:3000000000" in caught.value.hint


def test_positions_point_into_the_cell() -> None:
    cell = Source("In[3]", "xlog(1);\n%raise E_X a=1 a=2\n")
    offset = cell.text.index("E_X")
    with pytest.raises(ArgumentError) as caught:
        parse_raise("E_X a=1 a=2", cell, offset)
    assert (caught.value.span.line, caught.value.span.column) == (2, 16)
    assert "In[3]:2:16" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"), [('\n{"a": 1,\n "b": "x"}\n', {"a": 1, "b": "x"}), (' ["x", 1] ', ["x", 1])]
)
def test_json_body(text: str, expected: ParamValue) -> None:
    assert parse_params(text) == expected


@pytest.mark.parametrize(
    ("text", "is_comma"),
    [('{"a": 1,}', True), ('{"a": 1,\n}', True), ('{"a": [1, 2, ],\n"b": 5}', True), ('{"a": 1, b: 2}', False)],
)
def test_a_comma_too_many_in_json(text: str, is_comma: bool) -> None:
    with pytest.raises(ArgumentError) as caught:
        parse_params(text)
    assert (caught.value.hint == "no comma stands behind the last one") == is_comma


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("", 1, "missing"),
        ("\n7\n", 2, "expected a JSON object or array"),
        ('{"a": 1}\nmore', 2, "more text"),
        ('{"a": 1,\n b: 2}', 2, "not JSON"),
    ],
)
def test_json_body_faults(text: str, line: int, message: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        parse_params(text)
    assert message in caught.value.message
    assert caught.value.span.line == line


def test_samples_stand_in_for_what_is_not_given() -> None:
    given = with_samples(parse_raise("E_CORE_SHM_THRESHOLD --sample usage=12"), LIBRARY)
    assert isinstance(given, dict)
    assert list(given) == ["usage", "threshold", "used", "size"]
    assert given["usage"] == 12
    assert with_samples(parse_raise("E_CORE_SHM_THRESHOLD usage=12"), LIBRARY) == {"usage": 12}


def test_samples_of_an_unknown_event() -> None:
    with pytest.raises(ScriptError) as caught:
        with_samples(parse_raise("E_PIKE_BLOKED --sample"), LIBRARY)
    assert caught.value.diagnostics[0].hint == "did you mean 'E_PIKE_BLOCKED'?"
