"""Class csv."""

from __future__ import annotations

import pytest

from evroute_kernel.library.transformations.csv import parse_record


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("PCMU,PCMA,G729", ("PCMU", "PCMA", "G729")),
        (" a , b ", (" a ", " b ")),
        ('a,"q,x",c', ("a", "q,x", "c")),
        ('a,"q,""x""",c', ("a", 'q,"x"', "c")),
        ('say "hi",x', ('say "hi"', "x")),
        ("a,b\r\n", ("a", "b")),
        ("a,", ("a", "")),
        (",", ("", "")),
        ('""', ("",)),
        # a quoted field followed by a final comma loses the empty last field
        ('"a",', ("a",)),
        ('"a",,', ("a", "", "")),
        # within quotes any byte may stand
        ('"a\n\xff"', ("a\n\xff",)),
        ('"a"b,c', None),
        ('"a', None),
        ("a\tb", None),
        ("K\xc3\xb6ln,Berlin", None),
        ("a\n", None),
    ],
)
def test_records(text, fields):
    assert parse_record(text) == fields


def test_counting_and_picking(transform, errors):
    assert transform("PCMU,PCMA,G729", "{csv.count}") == 3
    assert transform("PCMU,PCMA,G729", "{csv.value,$var(i)}", i=2) == "G729"
    assert transform("a,b", "{csv.value,-2}") == "a"
    assert transform(42, "{csv.value,0}") == "42"
    assert transform("", "{csv.count}") is None
    assert transform('"a"b', "{csv.value,0}") is None
    assert not errors()


@pytest.mark.parametrize(("text", "index"), [("{csv.value,2}", 0), ("{csv.value,-3}", 0), ("{csv.value,$var(i)}", "1")])
def test_a_field_that_is_not_there_is_an_error(transform, errors, text, index):
    assert transform("a,b", text, i=index) is None
    assert len(errors()) == 1
