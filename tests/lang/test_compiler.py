"""Compiling a text: all findings together, nothing out of errors, and routes as plain data."""

import gc
import marshal

import pytest

from evroute_kernel.errors import RouteCheckError, RouteSyntaxError, ScriptError
from evroute_kernel.lang.compiler import compile_script
from evroute_kernel.lang.environment import Environment
from evroute_kernel.source import Source


def compiled(text: str, *, scratch: bool = False):
    return compile_script(Source("In[1]", text), Environment(), scratch=scratch)


def refused(text: str) -> ScriptError:
    with pytest.raises(ScriptError) as caught:
        compiled(text)
    return caught.value


def test_errors_of_syntax_and_of_names_are_told_together_in_the_order_of_the_text() -> None:
    error = refused('event_route[E_X] {\n    nosuch("a");\n    xlog("b\\n")\n    $vra(x) = 1;\n}\n')
    assert isinstance(error, RouteSyntaxError)
    assert [(d.code, d.span.line) for d in error.diagnostics if d.severity == "error" and d.span] == [
        ("unknown-function", 2),
        ("syntax", 3),
        ("unknown-variable", 4),
    ]


def test_what_a_syntax_error_may_have_caused_is_not_told() -> None:
    error = refused("event_route[E_X] {\n    route(f);\n}\nroute[f {\n    exit;\n}\n")
    assert {d.span.line for d in error.diagnostics if d.span} == {4}


def test_a_text_with_errors_of_names_alone_is_no_syntax_error() -> None:
    error = refused('event_route[E_X] { xlog("$nope\\n"); }')
    assert isinstance(error, RouteCheckError)


def test_text_of_opensips_2_is_recognised_beside_its_errors() -> None:
    error = refused('event_route[E_PIKE_BLOCKED] {\n    fetch_event_params("ip=$var(ip)");\n}\n')
    assert any(d.hint and "%migrate" in d.hint for d in error.diagnostics)


def test_lints_come_with_what_compiles() -> None:
    unit = compiled('event_route[E_PIKE_BLOCKED] { xlog("$param(src_ip)\\n"); }')
    (finding,) = unit.diagnostics
    assert (finding.severity, finding.code) == ("warning", "unknown-param")


def test_a_compiled_route_is_plain_data_with_a_place_for_each_statement() -> None:
    (route,) = compiled('route[f] {\n    $var(x) = 1;\n    xlog("$var(x)\\n");\n}').routes
    assert marshal.loads(marshal.dumps(route.pool)) == route.pool
    assert [span.line for span in route.spans] == [2, 3]
    assert route.lines == (2, 3)
    assert route.actions == ("assign equal", "core xlog")
    assert route.title == "route[f]"


def test_the_same_text_has_the_same_digest_and_another_text_another() -> None:
    first, again, other = (compiled(f"route[f] {{ return({n}); }}").routes[0] for n in (1, 1, 2))
    assert first.digest == again.digest != other.digest


def test_bare_statements_become_one_route() -> None:
    unit = compiled('$var(x) = 1;\nroute[f] { exit; }\nxlog("a\\n");', scratch=True)
    assert [r.title for r in unit.routes] == ["route[f]"]
    assert unit.scratch is not None
    assert len(unit.scratch.spans) == 2


def test_blocks_nested_too_deeply_are_an_error_with_a_place() -> None:
    error = refused("route[f] { " + "if ($var(x)) { " * 120 + "exit;" + " }" * 121)
    (finding,) = error.diagnostics
    assert finding.code == "nesting"
    assert finding.span is not None
    assert finding.hint is not None


def test_the_collector_runs_again_after_an_error() -> None:
    refused("route[f] {")
    assert gc.isenabled()


def test_what_was_whole_before_a_string_is_never_closed_is_checked() -> None:
    error = refused('route[a] { nosuch(); }\nroute[b] { xlog("open); }\nroute[c] { nosuch(); }')
    assert [d.code for d in error.diagnostics] == ["unknown-function", "unclosed-string"]
