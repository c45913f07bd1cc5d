"""Expressions of module mathops."""

from __future__ import annotations

import math

import pytest

from evroute_kernel.library.formats.math_expressions import ExpressionError, evaluate, evaluate_rpn, round_half_away


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1+2*3", 7),
        ("1-2-3", -4),
        ("2^3^2", 64),
        ("-2^2", 4),
        ("--3", 3),
        ("+-+3", -3),
        ("2*-3", -6),
        ("10 % 4", 2),
        ("(1+2)*3", 9),
        ("sqrt 4 ^ 2", 4),
        ("sqrt(16)/2", 2),
        ("sin -1", math.sin(-1)),
        ("abs-5", 5),
        (".5", 0.5),
        ("0x10", 16),
        ("1e3", 1000),
        ("log(100)", 2),
        ("ln(1)", 0),
        ("ln(0)", -math.inf),
        ("1/0", math.inf),
        ("-1/0", -math.inf),
        ("exp(1000)", math.inf),
        ("cosh(1000)", math.inf),
        ("\t1 +\n1", 2),
        ("(" * 500 + "1" + ")" * 500, 1),
    ],
)
def test_values(text, value):
    assert evaluate(text) == pytest.approx(value)


@pytest.mark.parametrize("text", ["0/0", "sqrt(-1)", "log(-1)", "acos(2)", "1%0", "(-8)^.5"])
def test_not_a_number(text):
    assert math.isnan(evaluate(text))


@pytest.mark.parametrize(
    "text",
    ["", " ", "1 ", "1+", "*1", "(1", "1)", "()", "1 2", "x", "pow(2)", "pi", "e", "1.2.3", ".", "sin", "2sin", "1,2"],
)
def test_what_is_no_expression(text):
    with pytest.raises(ExpressionError):
        evaluate(text)


@pytest.mark.parametrize(
    ("text", "value", "complaints"),
    [
        ("1 2 + 3 *", 9, 0),
        ("2dup*", None, 0),
        ("2 dup *", 4, 0),
        ("2dup *", 4, 0),
        ("1 2 swap -", 1, 0),
        ("1 2 drop", 1, 0),
        ("-1 abs neg", -1, 0),
        ("7 3 mod", 1, 0),
        ("2 10 pow", 1024, 0),
        ("27 cbrt", 3, 0),
        ("2.5 round", 3, 0),
        ("2.5 nearbyint", 2, 0),
        ("-2.5 trunc", -2, 0),
        ("pi", math.pi, 0),
        ("100 log", 2, 0),
        ("+ 1", 1, 1),
        ("1 + 5", 5, 1),
    ],
)
def test_reverse_polish(text, value, complaints):
    told = []
    if value is None:
        with pytest.raises(ExpressionError):
            evaluate_rpn(text, told)
    else:
        assert evaluate_rpn(text, told) == pytest.approx(value)
    assert len(told) == complaints


@pytest.mark.parametrize("text", ["", "1 2", "dup", "drop", "1 x", "1e999", "1 +", " ".join(["1"] * 101)])
def test_reverse_polish_without_a_value(text):
    with pytest.raises(ExpressionError):
        evaluate_rpn(text, [])


@pytest.mark.parametrize(
    ("number", "rounded"), [(0.5, 1), (-0.5, -1), (0.49999999999999994, 0), (2.5, 3), (1e300, 1e300)]
)
def test_halves_are_rounded_away_from_zero(number, rounded):
    assert round_half_away(number) == rounded
