"""Lints: what the server leaves silent. They warn, and never change what runs.

Each rule is one function in a module of this package, registered with its documentation and its examples.
"""

from __future__ import annotations

from dataclasses import replace

from evroute_kernel.errors import Diagnostic
from evroute_kernel.lang import nodes
from evroute_kernel.lang.environment import Environment
from evroute_kernel.lang.lints import (  # noqa: F401 - each module registers its rules
    assigned,
    comparisons,
    control,
    crashes,
    events,
    expressions,
    legacy,
    names,
    params,
    subscriptions,
    text,
)
from evroute_kernel.lang.lints.configured import configured_events
from evroute_kernel.lang.lints.registry import LINTS, Finding, Lint
from evroute_kernel.lang.lints.subject import Subject
from evroute_kernel.library.catalogue.declared import EventDeclaration
from evroute_kernel.source import Source

__all__ = ["LINTS", "Finding", "Lint", "explained", "legacy_hints", "lint"]


def lint(script: nodes.Script, environment: Environment) -> list[Diagnostic]:
    """All findings about a script that has no errors, in the order of the text."""
    # of an event known by its name alone nothing can be said about parameters
    declared = {name: EventDeclaration(name, open=True) for name in environment.events}
    subject = Subject(script, {**declared, **configured_events(script, environment), **environment.declared_events})
    found = [d for rule in LINTS.values() if rule.loads or not rule.legacy for d in rule.diagnostics(subject)]
    return sorted(found, key=_order)


def explained(source: Source, found: list[Diagnostic]) -> list[Diagnostic]:
    """The findings about a text that was refused; where it is of OpenSIPS 2.x, what replaces it stands in the place of
    the errors that this causes."""
    hints = legacy_hints(source)
    caused = [d for d in found if d.severity == "error" and any(_overlap(d, hint) for hint in hints)]
    hints = [replace(h, severity="error") if any(_overlap(d, h) for d in caused) else h for h in hints]
    return sorted([*(d for d in found if d not in caused), *hints], key=_order)


def _overlap(one: Diagnostic, other: Diagnostic) -> bool:
    return (
        one.span is not None
        and other.span is not None
        and one.span.source is other.span.source
        and one.span.start < other.span.end
        and other.span.start < one.span.end
    )


def legacy_hints(source: Source) -> list[Diagnostic]:
    """What of a text is OpenSIPS 2.x, and what replaces it: for the errors of a text that was refused."""
    found = [d for rule in LINTS.values() if rule.legacy for d in rule.diagnostics(source)]
    return sorted(found, key=_order)


def _order(diagnostic: Diagnostic) -> tuple[int, int, str]:
    span = diagnostic.span
    return (span.start, span.end, diagnostic.code) if span else (0, 0, diagnostic.code)
