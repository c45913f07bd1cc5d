"""Operators: what each does with integers, texts, null, and what it says when it fails."""

from collections.abc import Iterator

import pytest

from evroute_kernel.runtime import operators as ops
from evroute_kernel.runtime.context import Context, Process, Record
from evroute_kernel.runtime.control import ScriptCrash
from evroute_kernel.runtime.operators import FAULT, NOTHING
from evroute_kernel.runtime.shared import Shared
from evroute_kernel.runtime.values import INT_MIN, NOWHERE, NULL_INTEGER, NULL_TEXT, Dual, Value, stored


@pytest.fixture
def said() -> list[Record]:
    return []


@pytest.fixture
def context(said: list[Record]) -> Iterator[Context]:
    shared = Shared.temporary()
    process = Process(shared)
    process.emit = said.append
    yield Context(process, "E_T")
    shared.close()


@pytest.mark.parametrize(
    ("left", "right", "result"),
    [
        (2**31 - 1, 1, INT_MIN),
        (5, None, 5),
        ("a", "b", "ab"),
        ("x", 7, "x7"),
        (None, 7, "7"),
        (None, None, ""),
        ("x", None, "x"),
        (5, Dual("42abc", 42), 47),
        (Dual("DUMMY", 16, False), "!", "DUMMY!"),
    ],
)
def test_add(context: Context, left: Value, right: Value, result: Value) -> None:
    assert ops.add(context, left, right) == result


def test_add_of_text_and_an_integer_without_text_form(context: Context, said: list[Record]) -> None:
    assert ops.add_bare(context, "x", 7) is NOTHING
    assert ops.add_bare(context, None, 7) is NOTHING
    assert ops.add_bare(context, "x", "7") == "x7"
    assert len(said) == 2


def test_integer_plus_text_fails(context: Context, said: list[Record]) -> None:
    assert ops.add(context, 5, "12") is NOTHING
    assert "{s.int}" in said[0][1]


@pytest.mark.parametrize(
    ("left", "op", "right", "result"),
    [
        (7, "/", 2, 3),
        (-7, "/", 2, -3),
        (-7, "%", 3, -1),
        (7, "%", -3, 1),
        (1, "<<", 31, INT_MIN),
        (1, "<<", 32, 1),
        (1, "<<", -1, INT_MIN),
        (-8, ">>", 1, -4),
        (65536, "*", 65536, 0),
        (7, "-", None, 7),
        ("ab", "|", "  ", "ab"),
        ("AB", "^", "  ", "ab"),
    ],
)
def test_binary(context: Context, left: Value, op: str, right: Value, result: Value) -> None:
    assert ops.binary(context, op, left, right) == result


@pytest.mark.parametrize("op", ["/", "%"])
def test_division_by_zero_is_zero_and_said(context: Context, said: list[Record], op: str) -> None:
    assert ops.binary(context, op, 7, 0) == 0
    assert len(said) == 1


@pytest.mark.parametrize("op", ["/", "%"])
def test_what_kills_the_server_is_a_clear_error(context: Context, op: str) -> None:
    with pytest.raises(ScriptCrash, match="process dies"):
        ops.binary(context, op, INT_MIN, -1)


@pytest.mark.parametrize(("left", "right"), [("ab", "a"), ("ab", 5), (None, 5), ("a", NOTHING)])
def test_operators_that_fail_say_so_once(context: Context, said: list[Record], left: Value, right: Value) -> None:
    assert ops.binary(context, "-", left, right) is NOTHING
    assert len(said) == 1


def test_nothing_on_the_left_stays_silent(context: Context, said: list[Record]) -> None:
    assert ops.add(context, NOTHING, 5) is NOTHING
    assert ops.binary(context, "*", NOTHING, 5) is NOTHING
    assert said == []


@pytest.mark.parametrize(
    ("left", "op", "right", "code"),
    [(7, "==", 7, 1), (None, "==", 0, 0), (None, "!=", 0, 1), (None, "<", 5, 0), ("12", "==", 12, FAULT)],
)
def test_compare_number(context: Context, left: Value, op: str, right: int, code: int) -> None:
    assert ops.compare_number(context, op, left, right) == code


@pytest.mark.parametrize(
    ("left", "op", "right", "code"),
    [
        ("é", "<", "a", 1),
        ("é", "==", "é", 1),
        ("a", "<", "aé", 1),
        ("abc", "==", "ABC", 1),
        (7, ">=", "10", 1),
        ("abc", ">", "ab", 1),
        (None, "==", "", 0),
        (None, "!=", "", 1),
    ],
)
def test_compare_text(left: Value, op: str, right: str, code: int) -> None:
    assert ops.compare_text(op, left, right) == code


@pytest.mark.parametrize(
    ("left", "op", "right", "code"),
    [(7, "==", "12", 0), (None, "==", None, 1), (None, "!=", None, 0), (None, "<=", None, 0), (5, "!=", None, 1)],
)
def test_compare_variable(context: Context, left: Value, op: str, right: Value, code: int) -> None:
    assert ops.compare_variable(context, op, left, right) == code


def test_brackets_have_a_truth_of_their_own(context: Context) -> None:
    assert ops.truth_of_variable(0) == 1
    assert ops.truth_of_variable(None) == 0
    assert ops.truth_of_sum(context, "", "", False) == 0
    assert ops.truth_of_sum(context, "", "x", False) == 1
    assert ops.truth_of_sum(context, 7, -7, False) == 0
    assert ops.truth_of_sum(context, None, 0, False) == 1
    assert ops.truth_of_sum(context, None, 5, True) == 0


def test_a_null_keeps_its_type_in_expressions(context: Context) -> None:
    assert ops.add_bare(context, NULL_INTEGER, 1) == 1
    assert ops.add(context, "a", NULL_TEXT) == "a"
    assert ops.add(context, NULL_TEXT, 5) == "5"
    assert ops.binary(context, "*", 5, NULL_TEXT) == 0
    assert ops.binary(context, "&", NULL_TEXT, NULL_TEXT) == ""
    assert ops.invert(context, NULL_INTEGER) == -1
    assert ops.truth_of_variable(NULL_TEXT) == 1
    with pytest.raises(ScriptCrash):
        ops.truth_of_binary(context, "&", NULL_TEXT, NULL_TEXT, False)


def test_a_text_that_is_nowhere_compares_as_nothing(context: Context) -> None:
    assert ops.compare_text("==", NOWHERE, "") == ops.compare_text("!=", NOWHERE, "x") == 0
    assert ops.compare_variable(context, "==", "", NOWHERE) == ops.compare_variable(context, "!=", NOWHERE, "a") == 0
    assert ops.compare_variable(context, "!=", NOWHERE, None) == 1
    assert ops.match_variable("!~", "a", NOWHERE) == 1
    assert ops.match_variable("!~", NOWHERE, "a") == 0
    assert stored(NOWHERE) == ""
    assert type(stored(NOWHERE)) is str


def test_brackets_that_kill_the_server(context: Context) -> None:
    with pytest.raises(ScriptCrash):
        ops.truth_of_inverse(context, 5)
    with pytest.raises(ScriptCrash):
        ops.truth_of_binary(context, "&", "abc", "abd", False)


def test_an_integer_variable_lends_its_digits_to_bytewise_operators(context: Context) -> None:
    assert ops.binary(context, "|", "  ", 31) == "31"
    assert ops.binary_bare(context, "|", "  ", 31) is NOTHING
