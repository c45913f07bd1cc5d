"""Every lint with its own examples: those that fire do, the others do not, and the server would accept all of them."""

import re

import pytest

from evroute_kernel.lang.checks.checker import check
from evroute_kernel.lang.environment import Environment
from evroute_kernel.lang.lints import LINTS, Lint, legacy_hints, lint
from evroute_kernel.lang.parser import parse
from evroute_kernel.source import Source

FIRING = [(rule, text) for rule in LINTS.values() for text in rule.fires]
QUIET = [(rule, text) for rule in LINTS.values() for text in rule.quiet]


def found(rule: Lint, text: str):
    source = Source("example.cfg", text)
    if rule.legacy:
        diagnostics = legacy_hints(source)
    else:
        script, errors = parse(source, version="3.6")
        environment = Environment(version=rule.versions[0], whole=len(rule.versions) == 1)
        assert errors + check(script, environment) == []
        diagnostics = lint(script, environment)
    return [d for d in diagnostics if d.code == rule.code]


@pytest.mark.parametrize(("rule", "text"), FIRING, ids=lambda v: v.code if isinstance(v, Lint) else "")
def test_fires(rule: Lint, text: str):
    diagnostics = found(rule, text)
    assert diagnostics
    for diagnostic in diagnostics:
        assert diagnostic.severity == rule.severity
        assert diagnostic.span is not None
        assert 0 <= diagnostic.span.start < diagnostic.span.end <= len(text)


@pytest.mark.parametrize(("rule", "text"), QUIET, ids=lambda v: v.code if isinstance(v, Lint) else "")
def test_is_quiet(rule: Lint, text: str):
    assert found(rule, text) == []


@pytest.mark.parametrize("rule", LINTS.values(), ids=lambda rule: rule.code)
def test_says_what_it_is_for(rule: Lint):
    assert rule.fires
    assert rule.quiet
    assert rule.why
    assert not rule.summary.endswith(".")


@pytest.mark.parametrize(("rule", "text"), FIRING, ids=lambda v: v.code if isinstance(v, Lint) else "")
def test_messages_are_lower_case_and_short(rule: Lint, text: str):
    for diagnostic in found(rule, text):
        assert not re.match("[A-Z][a-z]+ ", diagnostic.message)
        assert len(diagnostic.message) < 160
