"""JSON as `$json` reads and prints it. What is accepted and refused is what json-c 0.16 accepts and refuses."""

from __future__ import annotations

import pytest

from evroute_kernel.library.formats.json_text import JsonError, Real, compact, parse, pretty, spaced


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ('{"a":1,"b":[1,2,{"c":null}]}', '{"a":1,"b":[1,2,{"c":null}]}'),
        ("{'a':'b',}", '{"a":"b"}'),
        ("[1,2,]", "[1,2]"),
        ("[TRUE,False,nULl,nan,infinity,-INFINITY]", "[true,false,null,NaN,Infinity,-Infinity]"),
        ("/* c */ [1 /* x */ , 2 // y\n ]", "[1,2]"),
        ("[007,1.50,1e3,-0.25,1.,1e+]", "[7,1.50,1e3,-0.25,1.,1]"),
        ("[18446744073709551616,-9223372036854775809]", "[18446744073709551615,-9223372036854775808]"),
        ('{"a":1} and more', '{"a":1}'),
        ("12abc", "12"),
        ('{"z":1,"a":2,"z":3}', '{"z":3,"a":2}'),
        ('"\\ud83d\\ude00 \\u00fc"', '"\xf0\x9f\x98\x80 \xc3\xbc"'),
        ('"\\ud83d\\u0041 \\udc00"', '"\xef\xbf\xbdA \xef\xbf\xbd"'),
        ('"a/b\\n\x01\x7f\xff"', '"a\\/b\\n\\u0001\x7f\xff"'),
        ('{"":1}', '{"":1}'),
        ("[1 /* x", "1"),
        ("1 /* x", "1"),
        ("[1 /* a **/ */]", "[1]"),
        ("[" * 31 + "1" + "]" * 31, "[" * 31 + "1" + "]" * 31),
    ],
)
def test_what_is_accepted(text, printed):
    assert compact(parse(text)) == printed


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "{",
        "{bad",
        '{"a"}',
        '{"a":}',
        "[1 2]",
        "[,]",
        "[1,,2]",
        '"abc',
        '"\\q"',
        '"\\u12g4"',
        "-",
        "[-]",
        "[1x]",
        "[1.2.3]",
        "nul",
        "+1",
        "1 /x",
        "[1 /x]",
        "{1:2}",
        "[" * 32 + "1" + "]" * 32,
        "\xef\xbb\xbf{}",
    ],
)
def test_what_is_refused(text):
    with pytest.raises(JsonError, match="at byte"):
        parse(text)


def test_numbers_keep_their_kind():
    whole, real = parse("[5,5.0]")
    assert type(whole) is int
    assert isinstance(real, Real)


NODE = parse('{"a":1,"b":[1,{"c":[]}],"d":{}}')


def test_spaced():
    assert spaced(NODE) == '{ "a": 1, "b": [ 1, { "c": [ ] } ], "d": { } }'


def test_pretty():
    assert pretty(NODE) == ('{\n  "a":1,\n  "b":[\n    1,\n    {\n      "c":[\n      ]\n    }\n  ],\n  "d":{\n  }\n}')


@pytest.mark.parametrize("printer", [compact, spaced, pretty])
@pytest.mark.parametrize(
    ("node", "text"), [(None, "null"), (True, "true"), (5, "5"), ("a", '"a"'), (Real("1e3"), "1e3")]
)
def test_scalars(printer, node, text):
    assert printer(node) == text
