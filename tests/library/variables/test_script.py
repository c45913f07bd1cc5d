"""$var, $avp, $param, $shv, $rc, $return."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from evroute_kernel.library import table
from evroute_kernel.library.references import iterate, reference
from evroute_kernel.runtime import levels
from evroute_kernel.runtime.context import Context, Process, Record
from evroute_kernel.runtime.values import Dual, Value

LIBRARY = table.of("3.6")

Show = Callable[[str], str]
Read = Callable[[str], Value]
Put = Callable[..., bool]

# -- $var -------------------------------------------------------------------------------------------------------------


def test_var_is_null_until_set(read: Read, show: Show) -> None:
    assert read("$var(x)") is None
    assert show("[$var(x)]") == "[<null>]"


def test_var_keeps_integers_and_texts(put: Put, read: Read) -> None:
    for value, kept in [(5, 5), ("5", "5"), ("", ""), (Dual("42abc", 42), 42), (Dual("DUMMY", 1, False), "DUMMY")]:
        assert put("$var(x)", value)
        assert read("$var(x)") == kept
        assert type(read("$var(x)")) is type(kept)


def test_var_outlives_the_run(put: Put, process: Process) -> None:
    put("$var(x)", 1)
    assert reference("$var(x)", LIBRARY).get(Context(process, "E_OTHER")) == 1


def test_names_are_exact(put: Put, read: Read) -> None:
    put("$var(x)", 1)
    put("$var( x )", 2)
    put("$var($var(x))", 3)
    assert [read("$var(x)"), read("$var( x )"), read("$var(1)"), read("$var($var(x))")] == [1, 2, None, 3]


# -- $avp -------------------------------------------------------------------------------------------------------------


def fill(put: Put, *values: Value) -> None:
    for value in values:
        put("$avp(x)", value)


def test_avp_is_a_stack(put: Put, show: Show) -> None:
    fill(put, 1, "b", 3)
    assert show("$avp(x) $(avp(x)[0]) $(avp(x)[1]) $(avp(x)[-1]) $(avp(x)[-3]) $(avp(x)[-4]) $(avp(x)[3])") == (
        "3 3 b 1 3 <null> <null>"
    )
    assert show("$(avp(x)[*])") == "3, b, 1"
    assert show("$(avp(x)[append]) $(avp(y)[*])") == "<null> <null>"


@pytest.mark.parametrize(
    ("target", "value", "op", "left"),
    [
        ("$avp(x)", 9, "=", "9, 3, 2, 1"),
        ("$avp(x)", 9, ":=", "9"),
        ("$avp(x)", None, "=", "2, 1"),
        ("$avp(x)", None, ":=", "<null>"),
        ("$(avp(x)[0])", 9, "=", "9, 2, 1"),
        ("$(avp(x)[1])", 9, "=", "3, 9, 1"),
        ("$(avp(x)[-1])", 9, "=", "3, 2, 9"),
        ("$(avp(x)[1])", None, "=", "3, 1"),
        ("$(avp(x)[-1])", None, "=", "3, 2"),
        ("$(avp(x)[7])", None, "=", "3, 2, 1"),
        ("$(avp(x)[1])", None, ":=", "<null>"),
        ("$(avp(x)[*])", 9, "=", "9"),
        ("$(avp(x)[*])", None, "=", "<null>"),
        ("$(avp(x)[append])", 9, "=", "3, 2, 1, 9"),
        ("$(avp(x)[append])", 9, ":=", "9"),
    ],
)
def test_avp_is_written(put: Put, show: Show, target: str, value: Value, op: str, left: str) -> None:
    fill(put, 1, 2, 3)
    assert put(target, value, op)
    assert show("$(avp(x)[*])") == left


@pytest.mark.parametrize(("index", "op", "left"), [("7", "=", "2, 1"), ("-3", "=", "2, 1"), ("0", ":=", "<null>")])
def test_value_that_is_not_there_cannot_be_replaced(
    put: Put, show: Show, said: list[Record], index: str, op: str, left: str
) -> None:
    fill(put, 1, 2)
    assert not put(f"$(avp(x)[{index}])", 9, op)
    assert [record[0] for record in said] == [levels.ERROR]
    assert show("$(avp(x)[*])") == left


def test_avp_name_and_index_from_variables(put: Put, show: Show, said: list[Record]) -> None:
    put("$var(name)", 5)
    put("$avp($var(name))", "a")
    put("$avp($var(name))", "b")
    put("$var(i)", 1)
    assert show("$avp(5) $(avp($var(name))[$var(i)])") == "b a"
    assert said == []
    put("$var(i)", "1")
    assert show("$(avp(5)[$var(i)])") == "<null>"
    assert "not an integer" in said[-1][1]


def test_null_avp_name(put: Put, show: Show, said: list[Record]) -> None:
    assert show("$avp($var(nobody))") == "<null>"
    assert not put("$avp($var(nobody))", 1)
    assert [record[0] for record in said] == [levels.ERROR, levels.ERROR]


def test_joined_text_has_a_limit(put: Put, read: Read, said: list[Record]) -> None:
    fill(put, "a" * 254, "b" * 254)
    assert read("$(avp(x)[*])") == "b" * 254 + ", " + "a" * 254
    fill(put, "")
    assert read("$(avp(x)[*])") is None
    assert "has room for 510" in said[-1][1]


def test_avps_end_with_the_run(put: Put, process: Process) -> None:
    fill(put, 1)
    assert reference("$avp(x)", LIBRARY).get(Context(process, "E_OTHER")) is None


def test_iteration_over_an_avp(put: Put, context: Context) -> None:
    fill(put, "a", "b", 3)
    element = iterate("$(avp(x)[*])", LIBRARY)
    assert element is not None
    assert [element(context, k) for k in range(4)] == [3, "b", "a", None]
    assert iterate("$avp(x)", LIBRARY) is None


# -- $param -----------------------------------------------------------------------------------------------------------


def test_param_by_name_and_position(read: Read, said: list[Record]) -> None:
    assert [read("$param(a)"), read("$param(n)"), read("$param(1)"), read("$param(3)")] == ["x y", 42, "x y", "12"]
    assert said == []


@pytest.mark.parametrize("name", ["A", "nope", "0", "4", "-1", " a"])
def test_param_that_does_not_exist(read: Read, said: list[Record], name: str) -> None:
    assert read(f"$param({name})") is None
    ((level, text, is_diagnostic, _),) = said
    assert (level, is_diagnostic) == (levels.WARNING, True)
    assert "E_T" in text
    assert "a, n, k" in text


def test_digits_in_a_variable_are_a_name(put: Put, read: Read, said: list[Record]) -> None:
    put("$var(i)", 2)
    assert read("$param($var(i))") == 42
    put("$var(i)", "2")
    assert read("$param($var(i))") is None
    assert "no parameter '2'" in said[-1][1]


def test_unnamed_params_are_listed_by_position(process: Process, said: list[Record]) -> None:
    context = Context(process, "E_LIST", [(None, "a"), (None, "b")])
    assert reference("$param(2)", LIBRARY).get(context) == "b"
    assert reference("$param(x)", LIBRARY).get(context) is None
    assert "it has number 1, number 2" in said[-1][1]


def test_null_param_name(read: Read, said: list[Record]) -> None:
    assert read("$param($var(nobody))") is None
    assert said[-1][0] == levels.ERROR


def test_param_outside_an_event_is_null_silently(process: Process, said: list[Record]) -> None:
    assert reference("$param(x)", LIBRARY).get(Context(process, "")) is None
    assert said == []


def test_param_in_a_called_route(context: Context, read: Read, said: list[Record]) -> None:
    context.scopes.append(("one", 2, None))
    assert [read("$param(1)"), read("$param(2)"), read("$param(3)"), read("$param(4)")] == ["one", 2, None, None]
    assert said == []
    assert read("$param(a)") is None
    assert said[-1][0] == levels.ERROR
    assert "$param(1) to $param(3)" in said[-1][1]


def test_param_in_a_route_without_arguments_is_null_silently(context: Context, read: Read, said: list[Record]) -> None:
    context.scopes.append(())
    assert [read("$param(a)"), read("$param(1)"), read("$param($var(nobody))")] == [None, None, None]
    assert said == []


def test_inner_param_belongs_to_the_caller(context: Context, read: Read) -> None:
    context.scopes.append((2, "caller's second"))
    context.scopes.append(("own first", "own second"))
    assert read("$param($param(1))") == "own second"
    assert read("$param(1)") == "own first"
    assert len(context.scopes) == 3


def test_inner_param_of_the_top_route(context: Context, read: Read) -> None:
    context.params = [("which", 2), ("b", "found")]
    assert read("$param($param(which))") == "found"
    context.scopes.append(("one", "two"))
    assert read("$param($param(which))") == "two"


# -- $shv -------------------------------------------------------------------------------------------------------------


def test_shv_starts_as_zero(read: Read) -> None:
    assert read("$shv(x)") == 0


def test_shv_is_shared_and_trims_its_name(put: Put, process: Process) -> None:
    put("$shv( x )", "text")
    other = Context(Process(process.shared), "E_OTHER")
    assert reference("$shv(x)", LIBRARY).get(other) == "text"


def test_shv_null_is_zero(put: Put, read: Read) -> None:
    put("$shv(x)", "text")
    put("$shv(x)", None)
    assert read("$shv(x)") == 0


def test_shv_name_from_a_variable(put: Put, show: Show, said: list[Record]) -> None:
    put("$var(k)", "key")
    put("$shv($var(k))", 7)
    assert show("$shv(key) $shv($var(k))") == "7 7"
    assert said == []
    assert show("$shv($var(nobody))") == "<null>"
    assert not put("$shv($var(nobody))", 1)
    assert [record[0] for record in said] == [levels.ERROR, levels.ERROR]


# -- $rc, $return -----------------------------------------------------------------------------------------------------


def test_rc(process: Process, read: Read, said: list[Record], put: Put) -> None:
    process.rc = -2
    assert read("$rc") == read("$retcode") == -2
    assert not put("$rc", 1)
    assert "read-only" in said[-1][1]


def test_return_values(context: Context, put: Put, show: Show, said: list[Record]) -> None:
    context.returned = ("text", 9)
    put("$var(i)", 1)
    assert show("$return(0) $return(1) $return(2) $return($var(i))") == "text 9 <null> 9"
    assert said == []
    put("$var(i)", -1)
    assert show("$return($var(i)) $return($var(nobody))") == "<null> <null>"
    assert [record[0] for record in said] == [levels.ERROR, levels.ERROR]
