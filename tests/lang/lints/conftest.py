"""Scripts for the tests of lints."""

import pytest

from evroute_kernel.lang.checks.checker import check
from evroute_kernel.lang.environment import Environment
from evroute_kernel.lang.lints import lint
from evroute_kernel.lang.parser import parse
from evroute_kernel.library.catalogue.declared import EventDeclaration
from evroute_kernel.source import Source


@pytest.fixture(scope="session")
def findings():
    """The lints of a script that the server accepts; declarations as `%event declare` takes them."""

    def run(text, *declarations, scratch=False):
        declared = {d.name: d for d in map(EventDeclaration.parse, declarations)}
        script, errors = parse(Source("test.cfg", text), scratch=scratch, version="3.6")
        environment = Environment(declared_events=declared)
        assert errors + check(script, environment) == []
        return lint(script, environment)

    return run


@pytest.fixture(scope="session")
def marked(findings):
    """What lints mark in the body of an event route: (code, marked text) in order."""

    def run(statements, event="E_PIKE_BLOCKED", routes=""):
        text = f"event_route[{event}] {{\n{statements}\n}}\n{routes}"
        return [(d.code, d.span.text) for d in findings(text)]

    return run
