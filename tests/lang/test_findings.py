"""All findings of a text together: the errors that compiling raises, and the lints of what has no errors."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evroute_kernel.errors import Diagnostic, ScriptError
from evroute_kernel.lang import nodes
from evroute_kernel.lang.compiler import compile_script
from evroute_kernel.lang.environment import Environment
from evroute_kernel.lang.findings import complaints, findings
from evroute_kernel.lang.lints import LINTS
from evroute_kernel.lang.parser import parse
from evroute_kernel.runtime.versions import DEFAULT_VERSION, ServerVersion
from evroute_kernel.source import Source
from support.recorded import read_cases

#: seconds of the processor; each text takes a small part of it
LIMIT = 20.0
PROGRAMS = sorted({case.script for case in read_cases()})
EXAMPLES = [(lint.code, text, lint.versions[0]) for lint in LINTS.values() if not lint.legacy for text in lint.fires]
QUIET = [(lint.code, text) for lint in LINTS.values() if not lint.legacy for text in lint.quiet]
PIECES = """
    { } ( ) [ ] ; , = == + and if else while switch case default return exit route xlog event_route[E_PIKE_BLOCKED]
    route[x] timer_route 5 "a $si" 'b' " ' $var(x) $avp(x) $( $param(ip) $param(nix) /* */ # \\ NULL f( raise_event(
    loadmodule modparam( "acc" "extra_fields" async( route( \0 é £ += include_file "nix"
    fetch_event_params("ip=$var(x)")
""".split()
#: what is certain of a text is only likely where part of it could not be read
WEAKER = {"inline-raise-crash": "inline-raise-may-crash"}
BROKEN = "route[broken] { xlog( ; }\n"


def found_in(text: str, *, scratch: bool = False, version: ServerVersion = DEFAULT_VERSION) -> list[Diagnostic]:
    return findings(Source("test", text), Environment(version=version), scratch=scratch)


def compiled(text: str, *, scratch: bool = False) -> list[Diagnostic]:
    """What compiling finds; the places belong to another Source, so they are told apart by what they show."""
    try:
        return list(compile_script(Source("test", text), Environment(), scratch=scratch).diagnostics)
    except ScriptError as error:
        return error.diagnostics


def shown(found: list[Diagnostic]) -> list[str]:
    return [f"{d} [{d.code}]" for d in found]


def lints(found: list[Diagnostic]) -> list[Diagnostic]:
    return [d for d in found if d.severity != "error"]


@pytest.mark.parametrize(
    "text",
    [*PROGRAMS, *(text for _, text, _ in EXAMPLES), BROKEN, "event_route[E_A] { nix(); }", "{" * 400,
     "event_route[E_A] {" + "if (1) {" * 120 + "exit;" + "}" * 121],
)  # fmt: skip
def test_complaints_are_those_of_compiling(text: str) -> None:
    assert shown(complaints(Source("test", text), Environment())) == shown(compiled(text))


# -- errors and lints ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", PROGRAMS)
def test_findings_are_those_of_compiling(text: str) -> None:
    for scratch in (False, True):
        expected = compiled(text, scratch=scratch)
        found = found_in(text, scratch=scratch)
        if any(d.severity == "error" for d in expected):
            assert [line for line in shown(expected) if line not in shown(found)] == []
            assert [d for d in found if d.severity == "error" and f"{d} [{d.code}]" not in shown(expected)] == []
        else:
            assert shown(found) == shown(expected)


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ('event_route[E_PIKE_BLOCKED] { xlog("$param(x)\\n"); }\n' + BROKEN, ["unknown-param", "syntax"]),
        (
            "event_route[E_PIKE_BLOCKED] { $var(x) = $param(x); }\nroute[a] { nosuch(); }",
            ["unknown-param", "unknown-f"],
        ),
        ("route[a] { nosuch(); }\nevent_route[E_PIKE_BLOKED] { exit; }", ["unknown-f", "unknown-event"]),
        ('route[a] { $var(x) = 2 + 3 * 4; }\nroute[b] { xlog("open); }\n', ["precedence", "unclosed-string"]),
        ("route[a] { $var(x) = 2 + 3 * 4; }\n/* never closed", ["precedence", "unclosed-comment"]),
        (
            'route[a] { exit; xlog("x\\n"); }\nroute[b] { ' + "if (1) {" * 95 + "exit;" + "}" * 96,
            ["unreach", "nesting"],
        ),
        ('route[a] { $var(x) = 2 + 3 * 4; }\nroute[b] { fetch_event_params("$var(x)"); }', ["precedence", "fetch-ev"]),
        ('include_file "none.cfg"\nroute[a] { $var(x) = 2 + 3 * 4; }', ["include", "precedence"]),
        ("log_level = nix\nroute[a] { $var(x) = 2 + 3 * 4; }", ["syntax", "precedence"]),
    ],
)
def test_errors_and_lints_are_told_together(text: str, codes: list[str]) -> None:
    found = [d.code for d in found_in(text)]
    assert len(found) == len(codes)
    assert all(code.startswith(start) for code, start in zip(found, codes, strict=True)), found


@pytest.mark.parametrize(("code", "text", "version"), EXAMPLES)
def test_every_lint_fires_beside_a_broken_route(code: str, text: str, version: ServerVersion) -> None:
    found = found_in(text + BROKEN, version=version)
    assert any(d.severity == "error" for d in found)
    assert {code, WEAKER.get(code)} & {d.code for d in found}


def test_a_broken_route_has_no_lints_of_its_own() -> None:
    assert [d.code for d in found_in('route[a] { $var(x) = 2 + 3 * 4; xlog("a" ; }')] == ["syntax"]
    assert [d.code for d in found_in("route[a] { $var(x) = 2 + 3 * 4; nosuch(); }")] == ["unknown-function"]


def test_bare_statements_of_a_cell() -> None:
    assert [d.code for d in found_in("$var(x) = 2 + 3 * 4;\n" + BROKEN, scratch=True)] == ["precedence", "syntax"]
    assert [d.code for d in found_in("$var(x) = 2 + 3 * 4;\nnosuch();", scratch=True)] == ["unknown-function"]


# -- no false alarms -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("code", "text"), QUIET)
def test_no_lint_fires_for_a_broken_route_beside(code: str, text: str) -> None:
    assert code not in [d.code for d in found_in(text + BROKEN)]


@pytest.mark.parametrize(
    ("code", "text", "hidden"),
    [
        ("sip-variable", 'event_route[E_PIKE_BLOCKED] { xlog("$ru\\n"); }', '$ru = "sip:a@192.0.2.1";'),
        ("sip-variable", 'event_route[E_PIKE_BLOCKED] { xlog("$ru\\n"); }', 'prefix("1");'),
        (
            "sip-variable",
            'event_route[E_PIKE_BLOCKED] { route(says); }\nroute[says] { xlog("$si\\n"); }',
            "route(says);",
        ),
        ("sip-variable", "event_route[E_A] { route(says); }\nroute[says] { $var(x) = $si; }", 'route("$var(any)");'),
        ("null-arithmetic", "event_route[E_PIKE_BLOCKED] { $var(n) += 1; }", "$var(n) = 0;"),
        ("null-arithmetic", "event_route[E_PIKE_BLOCKED] { $avp(n) += 1; }", "$avp($var(name)) = 0;"),
        (
            "left-over",
            'event_route[E_ACC_CDR] { if ($rc == 1) $var(v) = 1; xlog("$var(v)\\n"); }',
            "$var(v) = 2;",
        ),
        (
            "not-expanded",
            'route[a] { $var(form) = "blocked $param(ip)"; }',
            "$var(line) = $(var(form){s.eval});",
        ),
        ("text-with-number", 'route[a] { $var(t) = "5"; if ($var(t) > 3) exit; }', "$var(t) = 7;"),
        (
            "text-with-number",
            "route[a] { if ($param(1) > 3) exit; }\nevent_route[E_PIKE_BLOCKED] { route(a, $param(ip)); }",
            "route(a, 7);",
        ),
        ("never-sent", 'event_route[E_DISPATCHER_STATUS] { $var(s) = $param(status); if ($var(s) == "1") exit; }',
         '$var(s) = "1";'),
    ],
)  # fmt: skip
def test_what_a_broken_route_may_do_keeps_lints_quiet(code: str, text: str, hidden: str) -> None:
    """The same statements fire where the text has no other route, and are quiet where that route can be read."""
    assert code in [d.code for d in found_in(text)]
    assert code not in [d.code for d in found_in(f"{text}\nroute[other] {{ {hidden} }}\n")]
    assert code not in [d.code for d in found_in(f"{text}\nroute[other] {{ {hidden} xlog( ; }}\n")]
    assert code not in [d.code for d in found_in(f"{text}\nroute[other] {{ {hidden} nosuch(); }}\n")]


@pytest.mark.parametrize(
    ("code", "text", "item"),
    [
        (
            "unknown-param",
            "event_route[E_ACC_CDR] { $var(x) = $param(sipcode); }",
            'modparam("acc", "extra_fields", "evi: sipcode" x)',
        ),
        (
            "unknown-event",
            "event_route[E_PIKE_BLOKED] { exit; }",
            'modparam("rabbitmq_consumer", "connection_id", "event = E_PIKE_BLOKED;" x)',
        ),
        ("log-hidden", 'route[a] { log("x\\n"); }', "log_level = (4"),
        ("xlog-too-long", f'route[a] {{ xlog("{"=" * 4096}\\n"); }}', "xlog_buf_size = (8192"),
    ],
)
def test_what_a_broken_setting_may_say_keeps_lints_quiet(code: str, text: str, item: str) -> None:
    assert code in [d.code for d in found_in(text)]
    assert code not in [d.code for d in found_in(f"{item}\n{text}\n")]


def broken_in_turn(text: str) -> Iterator[str]:
    """A program with one of its routes broken, each in turn; lines stay."""
    script, _ = parse(Source("test", text), version="3.6")
    for item in script.items:
        if isinstance(item, nodes.Route) and item.span.source.text == text:
            end = item.span.end - 1
            yield text[:end] + " xlog( ; " + text[end:]
            yield text[:end] + " nosuch(); " + text[end:]


BLOCKS = [text for text in [*PROGRAMS, *(t for _, t, _ in EXAMPLES)] if text.count("route[") > 1]


@pytest.mark.parametrize("text", BLOCKS)
def test_breaking_a_route_raises_no_new_lints(text: str) -> None:
    before = {(d.code, d.span and d.span.line) for d in found_in(text)}
    for broken in broken_in_turn(text):
        after = {(d.code, d.span and d.span.line) for d in lints(found_in(broken))}
        assert after <= before


# -- any text --------------------------------------------------------------------------------------------------------


def check_any(text: str) -> None:
    for scratch in (False, True):
        for d in found_in(text, scratch=scratch):
            assert d.span is not None
            assert 0 <= d.span.start <= d.span.end <= len(text)
            assert d.message in d.render()


@given(st.lists(st.sampled_from(PIECES), max_size=40).map(" ".join))
@settings(max_examples=200, deadline=None)
def test_any_sequence_of_words(text: str) -> None:
    check_any(text)
    check_any(f"{EXAMPLES[0][1]} route[r] {{ {text} }} {QUIET[0][1]}")


@given(
    st.sampled_from([*PROGRAMS, *(text for _, text, _ in EXAMPLES)]),
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 8), st.sampled_from(["", *PIECES])), min_size=1, max_size=4),
)
@settings(max_examples=300, deadline=None)
def test_programs_with_a_few_changes(text: str, changes: list[tuple[float, int, str]]) -> None:
    for place, removed, inserted in changes:
        position = int(place * len(text))
        text = text[:position] + inserted + text[position + removed :]
    check_any(text)


@given(st.text(max_size=60))
@settings(max_examples=100, deadline=None)
def test_any_text(text: str) -> None:
    check_any(text)
    check_any(f'route[r] {{ xlog("{text}\\n"); }}')


def body(text: str) -> str:
    return f"event_route[E_PIKE_BLOCKED] {{\n{text}\n}}\n"


LARGE = {
    "unknown functions": body("nosuch();\n" * 2000),
    "unknown routes": "".join(f"route[a{n}] {{ route(b{n}); route(a{n}); }}\n" for n in range(1500)),
    "a chain of routes": "".join(f"route[a{n}] {{ xlog('$si\\n'); route(a{n + 1}); }}\n" for n in range(1500)) + BROKEN,
    "one variable": body('$var(x) = "a";\nif ($var(x) == 5) $var(y) = 1;\n' * 1500) + BROKEN,
    "counters": body("".join(f"$var(a{n}) += 1;\n" for n in range(2000))) + BROKEN,
    "raises": body('$avp(v) = 1;\nraise_event("E_A", $avp(v), $avp(v));\n' * 1500) + "event_route[E_A] { exit; }",
    "subscriptions": body("".join(f'subscribe_event("E_A", "unix:/run/{n}");\n' for n in range(2000))),
    "files": body("".join(f'subscribe_event("E_A", "flatstore:/run/{n}");\n' for n in range(2000))),
    "old text": body('fetch_event_params("a=$var(a)");\n' * 1500),
    "old text and errors": body('fetch_event_params("a=$var(a)"); nosuch();\n' * 1500),
    "broken statements": body("xlog( ;\n" * 2000),
    "broken items": "".join(f"route[a{n}] {{ xlog( ; }}\n" for n in range(2000)),
    "hidden words": body("a" * 200_000) + "evi:" + "a" * 200_000,
    "hidden dollars": BROKEN + "$" + "a." * 20_000 + "(" + "$ru" * 20_000,
    "hidden calls": BROKEN + "route " * 20_000 + "route(" * 20_000,
    "open quotes": body('xlog("' * 10_000),
}


@pytest.mark.parametrize("name", LARGE)
def test_large_texts_are_quick(name: str) -> None:
    started = time.process_time()
    found_in(LARGE[name])
    assert time.process_time() - started < LIMIT


def test_what_is_of_an_earlier_version_is_said_once_beside_an_error() -> None:
    found = findings(Source("x", 'loadmodule "event_route.so"\nfoo=1\n'), Environment(whole=True))
    assert [d.code for d in found] == ["event-route-module", "syntax"]
