"""Rules for functions that are not simulated: reading them, what they do in a session, and the calls recorded."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evroute_kernel.engine.events.raise_line import ArgumentError
from evroute_kernel.engine.session.session import Session
from evroute_kernel.engine.state.stubs import StubRule, make_stub, parse_stub
from evroute_kernel.errors import ScriptError
from evroute_kernel.library import table
from evroute_kernel.source import Source

LIBRARY = table.of("3.6")

REST = 'loadmodule "rest_client.so"\n'

# -- reading ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "returns", "sets"),
    [
        ("rest_get", 1, {}),
        ("  rest_get   returns  -1 ", -1, {}),
        ('rest_get returns 200 sets $var(body)="a b" $avp(n)=5', 200, {"$var(body)": "a b", "$avp(n)": 5}),
        ("rest_get sets $avp(x) = NULL $var(y)=-3", 1, {"$avp(x)": None, "$var(y)": -3}),
        (r'rest_get sets $var(x)="{\"a\": 1}\n"', 1, {"$var(x)": '{"a": 1}\n'}),
        ("rest_get sets $var(x)='{\"a\": 1}\\n'", 1, {"$var(x)": '{"a": 1}\\n'}),
        ('rest_get sets $var(ö)="Zoë $param(1)"', 1, {"$var(ö)": "Zoë $param(1)"}),
        ('rest_get sets $(avp(x)[append])="1"', 1, {"$(avp(x)[append])": "1"}),
        ('rest_get sets $json(d/a)="$(param(1){s.len})"', 1, {"$json(d/a)": "$(param(1){s.len})"}),
    ],
)
def test_rules(text: str, returns: int, sets: dict[str, int | str | None]) -> None:
    rule = parse_stub(text, LIBRARY)
    assert (rule.name, rule.returns, rule.sets) == ("rest_get", returns, sets)
    assert rule == make_stub("rest_get", LIBRARY, returns, sets)


@pytest.mark.parametrize(
    ("text", "pointed", "message", "hint"),
    [
        ("", "", "name is missing", "usage"),
        ("42", "42", "expected the name of a function", "usage"),
        ("rest_gt", "rest_gt", "no module has a function 'rest_gt'", "'rest_get'"),
        ("qqqqqq", "qqqqqq", "no module has a function", "%help"),
        ("cache_add", "cache_add", "simulated here", "call it"),
        ("xlog", "xlog", "simulated here", "call it"),
        ("rest_get return 1", "return", "unexpected 'return'", "'returns'"),
        ("rest_get returns yes", "yes", "expected a return code", "usage"),
        ("rest_get returns", "", "return code is missing", "usage"),
        ("rest_get returns 99999999999", "99999999999", "32-bit", None),
        ("rest_get returns 1 2", "2", "unexpected '2'", "usage"),
        ("rest_get sets", "", "expected a variable", "'$'"),
        ("rest_get sets x=1", "x", "expected a variable", "'$'"),
        ("rest_get sets $vra(x)=1", "$vra", "unknown variable", "$var"),
        ("rest_get sets $var(x=1", "(x=1", "never closed", None),
        ("rest_get sets $Ts=1", "$Ts", "$Ts is read-only", "$var(x)"),
        ("rest_get sets $(var(x){s.len})=1", "$(var(x){s.len})", "transformations", None),
        ("rest_get sets $var(x)", "", "expected '=' after $var(x)", "usage"),
        ("rest_get sets $var(x)=", "", "expected a value", "an integer"),
        ("rest_get sets $var(x)=$param(1)", "$", "expected a value", '$var(x)="$param(1)"'),
        ("rest_get sets $var(x)=1.5", "1.5", "expected a value", "an integer"),
        ("rest_get sets $var(x)=99999999999999", "99999999999999", "32-bit", "quotes"),
        ('rest_get sets $var(x)="open', '"', "expected a value", "an integer"),
        ('rest_get sets $var(x)="a"b', "", "text right after", "blanks"),
        ('rest_get sets $var(x)="ö $foo(x)"', "$foo", "unknown variable", None),
        (r'rest_get sets $var(x)="\" $foo(x)"', r'"\" $foo(x)"', "unknown variable", None),
        ('rest_get sets $var(x)="$(var(x){s.lne})"', "{s.lne}", "unknown transformation", "len"),
    ],
)
def test_what_is_no_rule_is_pointed_at(text: str, pointed: str, message: str, hint: str | None) -> None:
    cell = f"%stub {text}\n"
    with pytest.raises(ArgumentError) as caught:
        parse_stub(text, LIBRARY, Source("In[1]", cell), 6)
    (found,) = caught.value.diagnostics
    assert message in found.message
    assert found.span is not None
    assert found.span.text == pointed
    assert found.span.end <= len(cell)
    assert hint is None or hint in str(found.hint)


@pytest.mark.parametrize(
    ("name", "returns", "sets", "message"),
    [
        ("rest_gt", 1, {}, "no module has a function 'rest_gt'"),
        ("xlog", 1, {}, "simulated"),
        ("rest_get", 2**31, {}, "32-bit"),
        ("rest_get", 1, {"body": "x"}, "is no variable"),
        ("rest_get", 1, {"$var(a) $var(b)": "x"}, "more than one variable"),
        ("rest_get", 1, {"$var(a)": 1.5}, "no value of a script"),
        ("rest_get", 1, {"$var(a)": -(2**31) - 1}, "32-bit"),
        ("rest_get", 1, {"$var(a)": "$nothing"}, "unknown variable"),
    ],
)
def test_rules_in_python_are_checked_too(name: str, returns: int, sets: dict[str, int | str], message: str) -> None:
    with pytest.raises(ScriptError, match=message):
        make_stub(name, LIBRARY, returns, sets)


# -- in a session -----------------------------------------------------------------------------------------------------


def test_a_stub_returns_and_sets_what_its_rule_says(session: Session) -> None:
    session.load(
        REST + 'event_route[E_A] { rest_get("http://x/$param(1)", $var(body)); xlog("$rc $var(body) $avp(n)"); }'
    )
    session.stub("rest_get", 200, {"$var(body)": "for $param(1) ö", "$avp(n)": 5})
    run = session.raise_event("E_A", ["ü"])
    assert [record.text for record in run.log] == ["200 for ü ö 5"]
    session.stub("rest_get", -2, {"$var(body)": None})
    assert [record.text for record in session.raise_event("E_A", ["ü"]).log] == ["-2 <null> <null>"]


def test_a_stub_without_a_rule_warns_once_and_fails(session: Session) -> None:
    session.load(REST + 'event_route[E_A] { rest_get("http://x/", $var(body)); xlog("$rc"); }')
    first, second = session.raise_event("E_A"), session.raise_event("E_A")
    warning, record = first.log
    assert (warning.level, warning.diagnostic, record.text) == ("WARNING", True, "-1")
    assert "%stub rest_get returns 1" in warning.text
    assert [record.text for record in second.log] == ["-1"]


def test_code_zero_ends_the_script_as_everywhere(session: Session) -> None:
    session.load(REST + 'event_route[E_A] { rest_get("http://x/", $var(body)); xlog("not reached"); }')
    session.stub("rest_get", 0)
    assert session.raise_event("E_A").log == ()


def test_calls_are_recorded(session: Session) -> None:
    session.load(
        REST
        + 'event_route[E_A] { route(r); }\nroute[r] {\n  $var(b) = "ü";\n  rest_get("http://$param(x)/", $var(b)); }'
    )
    session.stub("rest_get")
    session.raise_event("E_A")
    (call,) = session.stub_calls
    assert (call.name, call.event, call.route, call.process) == ("rest_get", "E_A", "route[r]", 1)
    assert call.arguments == ("http://<null>/", "$var(b)=ü", None, None)
    assert call.span is not None
    assert call.span.line == 5
    assert call.time > 0
    session.raise_event("E_A")
    assert len(session.stub_calls) == 2
    session.forget_stub_calls()
    assert session.stub_calls == []


def test_rules_are_taken_back(session: Session) -> None:
    session.stub("rest_get")
    session.stub(parse_stub("t_relay returns 2", LIBRARY))
    assert session.settings.stubs == {"rest_get": StubRule("rest_get"), "t_relay": StubRule("t_relay", 2)}
    assert session.unstub("rest_post") == []
    assert session.unstub("rest_get") == ["rest_get"]
    assert session.unstub() == ["t_relay"]
    assert session.settings.stubs == {}
    session.stub("rest_get")
    session.reset()
    assert session.settings.stubs == {}


def test_a_rule_that_fails_when_it_runs_says_so(session: Session) -> None:
    session.load(REST + 'event_route[E_A] { rest_get("http://x/", $var(body)); xlog("$rc"); }')
    session.stub("rest_get", 1, {"$json(nothing/x)": 1})
    failed, record = session.raise_event("E_A").log
    assert (failed.level, failed.diagnostic, record.text) == ("ERROR", True, "1")
    assert "$json(nothing)" in failed.text


# -- whatever is written ----------------------------------------------------------------------------------------------

PIECES = ["rest_get", "returns", "sets", "$var(x)", "=", '"a"', "'b'", "5", "-", "NULL", "$", "$(", '"', "\\", "ö", " "]


@given(st.one_of(st.lists(st.sampled_from(PIECES), max_size=12).map("".join), st.text(max_size=40)))
@settings(max_examples=300, deadline=None)
def test_any_text_is_a_rule_or_pointed_at(text: str) -> None:
    source = Source("In[1]", f"%stub {text}")
    try:
        rule = parse_stub(text, LIBRARY, source, 6)
    except ArgumentError as error:
        (found,) = error.diagnostics
        assert found.span is not None
        assert 6 <= found.span.start <= found.span.end <= len(source.text)
    else:
        assert make_stub(rule.name, LIBRARY, rule.returns, rule.sets) == StubRule(
            rule.name, rule.returns, tuple(dict(rule.assignments).items())
        )
