"""Numbers as C reads them."""

from __future__ import annotations

import math

import pytest

from evroute_kernel.library.formats.c_numbers import c_int, overflows, str2sint, strtod


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0042", 42), ("-7", -7), ("+7", 7), ("-", 0), ("2147483648", -2147483648), ("4294967296", 0),
        ("", None), ("4x", None), (" 4", None), ("1.5", None), ("\xb2", None), ("--1", None), ("9" * 5000, None),
    ],
)  # fmt: skip
def test_str2sint(text, number):
    if len(text) > 1000:
        assert isinstance(str2sint(text), int)
    else:
        assert str2sint(text) == number


@pytest.mark.parametrize(
    ("text", "number", "end"),
    [("5.9 calls", 5.9, 3), (" 7", 7, 2), ("about", 0, 0), ("0x1p3", 8, 5), ("1e", 1, 1), ("1e5", 1e5, 3), (".", 0, 0),
     ("-inf", -math.inf, 4), ("1e999", math.inf, 5), ("0x", 0, 1), ("1.", 1, 2)],
)  # fmt: skip
def test_strtod(text, number, end):
    assert strtod(text) == (number, end)


def test_not_a_number():
    assert math.isnan(strtod("nan")[0])


@pytest.mark.parametrize(
    ("text", "result"),
    [("1e999", True), ("1e-999", True), ("0.000", False), ("inf", False), ("1", False), ("0e5", False)],
)
def test_overflows(text, result):
    assert overflows(text, strtod(text)[0]) == result


@pytest.mark.parametrize(
    ("number", "result"),
    [
        (2.9, 2),
        (-2.9, -2),
        (2147483647.0, 2147483647),
        (2147483648.0, -(2**31)),
        (math.nan, -(2**31)),
        (-math.inf, -(2**31)),
    ],
)
def test_c_int(number, result):
    assert c_int(number) == result
