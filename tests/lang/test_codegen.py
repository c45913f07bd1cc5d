"""Generated code: it is the script's control flow, at the script's positions, with the script's limits."""

import ast
import marshal

import pytest

from evroute_kernel.lang import nodes
from evroute_kernel.lang.generation.codegen import RouteGenerator
from evroute_kernel.lang.generation.nesting import BLOCK_LIMIT, LOOP_LIMIT, NestingError, nesting_error
from evroute_kernel.lang.parser import parse
from evroute_kernel.library import everything as _everything  # noqa: F401 - gives every name its behaviour
from evroute_kernel.library import table
from evroute_kernel.source import Source

LIBRARY = table.of("3.6")


def route_of(body: str) -> nodes.Route:
    script, found = parse(Source("In[1]", f"\nroute[r] {{\n{body}\n}}"), version="3.6")
    assert found == []
    (route,) = script.items
    assert isinstance(route, nodes.Route)
    return route


def generated(body: str) -> str:
    route = route_of(body)
    text = ast.unparse(RouteGenerator(LIBRARY).module("r", route.header, route.body))
    lines = [line[4:] for line in text.splitlines()]
    return "\n".join(lines[5:-1])  # without the prologue and `return r`


def test_assignment_of_known_variables_is_plain_python() -> None:
    assert generated("$var(x) = $var(y) + 1;").splitlines() == [
        "at[0] = 0",
        "r = p.rc = assign_var(c, 'x', add_bare(c, var.get('y'), 1))",
    ]


def test_the_right_operand_is_skipped_when_the_left_operation_has_no_value() -> None:
    assert generated("$var(x) = $var(a) - $var(b) + $param(c);").splitlines()[1] == (
        "r = p.rc = assign_var(c, 'x', NOTHING if (t_1 := binary(c, '-', var.get('a'), var.get('b'))) is NOTHING"
        " else add(c, t_1, get_0(c)))"
    )


def test_an_if_without_branch_leaves_its_condition_in_rc_and_has_code_1() -> None:
    assert generated('if ($var(x) == 1) log("a");').splitlines() == [
        "at[0] = 0",
        "t = compare_number(c, '==', var.get('x'), 1)",
        "if t > 0:",
        "    at[0] = 1",
        "    r = p.rc = log(c, 4, 'a')",
        "    p.rc = r",
        "else:",
        "    if t < 0:",
        "        condition_failed(c)",
        "    p.rc = t",
        "    r = 1",
    ]


def test_a_call_that_returns_0_ends_the_script() -> None:
    assert "if r == 0:\n    raise EndScript" in generated('cache_remove("local", "k");')


def test_user_text_is_only_ever_a_constant() -> None:
    text = "'); import os; ('{x!r}"
    route = route_of(f'$var(x) = "{text}";')
    tree = RouteGenerator(LIBRARY).module("r", route.header, route.body)
    assert text in [n.value for n in ast.walk(tree) if isinstance(n, ast.Constant)]


def test_every_python_node_lies_inside_its_route() -> None:
    route = route_of('$var(é) = "ü" + $param(ö);\nif ($var(é) =~ "x" and (1 or 0)) { xlog("$var(é)\\n"); } else exit;')
    source = route.span.source
    first, last = route.span.line, route.span.end_line
    for node in ast.walk(RouteGenerator(LIBRARY).module("r", route.header, route.body)):
        if isinstance(node, ast.stmt | ast.expr):
            assert first <= node.lineno <= (node.end_lineno or 0) <= last
            assert node.end_col_offset is not None
            assert node.end_col_offset <= len(source.line(node.end_lineno or 0).encode())


def test_columns_count_utf8_bytes() -> None:
    route = route_of('$var(é) = "é"; $var(x) = 1;')
    tree = RouteGenerator(LIBRARY).module("r", route.header, route.body)
    assigns = [n for n in ast.walk(tree) if isinstance(n, ast.Call) and ast.unparse(n.func) == "assign_var"]
    line = '$var(é) = "é"; '
    assert assigns[1].col_offset == len(line.encode())


@pytest.mark.parametrize(
    ("opening", "limit", "what"),
    [("if (1) {", BLOCK_LIMIT, "blocks"), ("while (1) {", LOOP_LIMIT, "loops")],
)
def test_nesting_beyond_the_limit_is_said_with_a_position(opening: str, limit: int, what: str) -> None:
    route = route_of(opening * (limit + 1) + "exit;" + "}" * (limit + 1))
    with pytest.raises(NestingError, match=what) as caught:
        RouteGenerator(LIBRARY).generate("r", route.header, route.body)
    assert caught.value.span.line == 3
    found = nesting_error(route.body, LIBRARY)
    assert found is not None
    assert (str(found), found.span) == (str(caught.value), caught.value.span)


@pytest.mark.parametrize("opening", ["if (1) {", "while ($var(x)) {"])
def test_nesting_up_to_the_limit_compiles(opening: str) -> None:
    depth = LOOP_LIMIT - 1
    route = route_of(opening * depth + "exit;" + "}" * depth)
    assert marshal.loads(RouteGenerator(LIBRARY).generate("r", route.header, route.body))
    assert nesting_error(route.body, LIBRARY) is None


def test_a_long_else_if_chain_is_no_nesting() -> None:
    chain = " else ".join(f"if ($var(x) == {i}) exit;" for i in range(200))
    assert RouteGenerator(LIBRARY).generate("r", (route := route_of(chain)).header, route.body)


def test_the_pool_names_each_thing_once() -> None:
    route = route_of('xlog("$param(a)\\n"); xlog("$param(a)\\n"); $shv(x) = $param(a); $shv(x) = $param(a);')
    generator = RouteGenerator(LIBRARY)
    generator.generate("r", route.header, route.body)
    assert [entry[1:] for entry in generator.pool] == [
        ("format", "$param(a)\n"),
        ("get", "$param(a)"),
        ("set", "$shv(x)"),
    ]
