"""JSON merge patches, with the parser and printer that json_merge() has of its own."""

from __future__ import annotations

import pytest

from evroute_kernel.library.formats.json_merge_patch import PatchError, merge


@pytest.mark.parametrize(
    ("target", "patch", "merged"),
    [
        ('{"a":1,"b":2}', '{"a":3}', '{"b":2,"a":3}'),
        ('{"a":1}', '{"A":null}', "{}"),
        ('{"a":1,"a":2}', '{"a":null}', '{"a":2}'),
        ('{"a":1}', "[1,null]", "[1,null]"),
        ("[1]", '{"b":2}', '{"b":2}'),
        ('{"a":{"x":1}}', '{"a":"text"}', '{"a":"text"}'),
        ("{}", '{"a":{"b":null,"c":1}}', '{"a":{"c":1}}'),
        ("1", '"str\\u00e9\\/\x01"', '"str\xc3\xa9/\\u0001"'),
        ("1", '"no closing quote', '"no closing quote"'),
        ("1", "true and more", "true"),
    ],
)
def test_merging(target, patch, merged):
    assert merge(target, patch) == merged


@pytest.mark.parametrize(
    ("number", "printed"),
    [
        ("5.0", "5"),
        ("-0", "0"),
        ("2.5", "2.500000"),
        ("1e-7", "1.000000e-07"),
        ("3.7e9", "3700000000"),
        ("12345678901.5", "1.234568e+10"),
        ("1e70", "1.000000e+70"),
        ("9.3e18", "9.300000e+18"),
        ("-5.5e13", "-5.500000e+13"),
        ("0x1f", "31"),
        ("-inf", "null"),
    ],
)
def test_numbers_are_doubles(number, printed):
    assert merge("{}", f'{{"n":{number}}}') == f'{{"n":{printed}}}'


@pytest.mark.parametrize(
    "text",
    ["", "{", "[1,]", "{'a':1}", '{"a" 1}', "nul", '"\\u0000"', '"\\ud800"', '"\\q"', '"\\', "-", "[" * 300],
)
def test_what_is_refused(text):
    with pytest.raises(PatchError, match="the first text"):
        merge(text, "{}")
    with pytest.raises(PatchError, match="the patch"):
        merge("{}", text)
