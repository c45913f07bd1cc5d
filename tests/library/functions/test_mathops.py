"""Module mathops: results, return codes and complaints. The expressions themselves: test_math_expressions."""

from __future__ import annotations

import pytest

from evroute_kernel.runtime.control import ScriptCrash


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("1+2*3^2", "19.000000"),
        ("10/4", "2.500000"),
        ("1/0", "inf"),
        ("95 / 60 * 0.05", "0.079167"),
        ("-0.0", "-0.000000"),
    ],
)
def test_eval_gives_text(run, read, expression, result):
    assert run("math_eval", expression, "$var(r)") == 1
    assert read("$var(r)") == result


def test_an_integer_variable_is_an_expression(run, read):
    assert run("math_eval", "$param(n)", "$var(r)") == 1
    assert read("$var(r)") == "42.000000"


@pytest.mark.parametrize("expression", ["(1+", "1 ", "0/0", "sqrt(-1)", "pow(2)", ""])
def test_no_value_is_one_error_and_leaves_the_variable(run, read, put, complaints, expression):
    put("$var(r)", "before")
    assert run("math_eval", expression, "$var(r)") == -1
    assert read("$var(r)") == "before"
    assert len(complaints()) == 1


def test_decimals_are_a_module_parameter(run, read, modparam):
    modparam("mathops", "decimal_digits", 2)
    run("math_eval", "2 / 3", "$var(r)")
    run("math_rpn", "1 8 /", "$var(q)")
    assert (read("$var(r)"), read("$var(q)")) == ("0.67", "0.12")


def test_a_read_only_result_fails_when_run(run, complaints):
    assert run("math_eval", "1", "$rm") == -1
    assert len(complaints()) == 1


@pytest.mark.parametrize(
    ("number", "floor", "ceil", "trunc", "rounded"),
    [
        ("2.7", 2, 3, 2, 3),
        ("-2.7", -3, -2, -2, -3),
        ("2.5", 2, 3, 2, 3),
        ("about 5", 0, 0, 0, 0),
        ("5.9 calls", 5, 6, 5, 6),
        ("", 0, 0, 0, 0),
        (" 7", 7, 7, 7, 7),
        ("0x10", 16, 16, 16, 16),
        ("3000000000", -2147483648, -2147483648, -2147483648, -2147483648),
        ("nan", -2147483648, -2147483648, -2147483648, -2147483648),
    ],
)
def test_rounding_gives_integers(run, read, number, floor, ceil, trunc, rounded):
    for name, expected in (("floor", floor), ("ceil", ceil), ("trunc", trunc), ("round", rounded)):
        assert run(f"math_{name}", number, "$var(r)") == 1
        assert read("$var(r)") == expected


def test_rounding_to_decimals_gives_text(run, read):
    assert run("math_round", "-2.567", "$var(r)", 2) == 1
    assert read("$var(r)") == "-2.57"


@pytest.mark.parametrize(
    ("number", "figures", "result"), [("12345.678", 3, "12300.000000"), ("0.0012345", 2, "0.001200"), ("0", 2, "-nan")]
)
def test_rounding_to_figures(run, read, number, figures, result):
    assert run("math_round_sf", number, "$var(r)", figures) == 1
    assert read("$var(r)") == result


def test_rounding_to_no_figures_gives_an_integer(run, read):
    run("math_round_sf", "2.5", "$var(r)")
    assert read("$var(r)") == 3


def test_too_many_decimals_overwrite_the_servers_memory(run):
    with pytest.raises(ScriptCrash):
        run("math_round", "1", "$var(r)", 300)


@pytest.mark.parametrize(("first", "second", "result"), [("1.5", "1.25", 1), ("7", "7.0", 0), ("2 * 3", "10 - 3", -1)])
def test_comparing(run, read, first, second, result):
    assert run("math_compare", first, second, "$var(r)") == 1
    assert read("$var(r)") == result


def test_comparing_nonsense_is_one_error(run, complaints):
    assert run("math_compare", "x", "y", "$var(r)") == -1
    assert len(complaints()) == 1


def test_reverse_polish(run, read, complaints):
    assert run("math_rpn", "1 2 + 3 *", "$var(r)") == 1
    assert read("$var(r)") == "9.000000"
    assert run("math_rpn", "1 2", "$var(r)") == -1
    assert len(complaints()) == 1


def test_too_few_numbers_are_told_and_the_rest_goes_on(run, read, complaints):
    assert run("math_rpn", "+ 1", "$var(r)") == 1
    assert read("$var(r)") == "1.000000"
    assert len(complaints()) == 1


def test_numbers_out_of_range_are_warned_of(run, complaints):
    assert run("math_floor", "1e999", "$var(r)") == 1
    assert len(complaints()) == 1
