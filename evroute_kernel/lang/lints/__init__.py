"""Lints: what the server leaves silent. They warn, and never change what runs.

Each rule is one function in a module of this package, registered with its documentation and its examples.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
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
    if not hints:
        return sorted(found, key=_order)
    old = _Places(hints)
    caused, others = list[Diagnostic](), list[Diagnostic]()
    for diagnostic in found:
        is_caused = diagnostic.severity == "error" and old.touch(diagnostic)
        (caused if is_caused else others).append(diagnostic)
    refused = _Places(caused)
    hints = [replace(h, severity="error") if refused.touch(h) else h for h in hints]
    return sorted([*others, *hints], key=_order)


class _Places:
    """Where some findings are, to ask which others overlap with them."""

    def __init__(self, found: Iterable[Diagnostic]) -> None:
        #: of each text the starts in order, and how far what begins up to there reaches
        self._starts: dict[Source, list[int]] = {}
        self._ends: dict[Source, list[int]] = {}
        for span in sorted((d.span for d in found if d.span is not None), key=lambda span: span.start):
            self._starts.setdefault(span.source, []).append(span.start)
            ends = self._ends.setdefault(span.source, [])
            ends.append(max(span.end, ends[-1] if ends else 0))

    def touch(self, diagnostic: Diagnostic) -> bool:
        span = diagnostic.span
        before = bisect_left(self._starts.get(span.source, ()), span.end) if span is not None else 0
        return span is not None and before > 0 and self._ends[span.source][before - 1] > span.start


def legacy_hints(source: Source) -> list[Diagnostic]:
    """What of a text is OpenSIPS 2.x, and what replaces it: for the errors of a text that was refused."""
    found = [d for rule in LINTS.values() if rule.legacy for d in rule.diagnostics(source)]
    return sorted(found, key=_order)


def _order(diagnostic: Diagnostic) -> tuple[int, int, str]:
    span = diagnostic.span
    return (span.start, span.end, diagnostic.code) if span else (0, 0, diagnostic.code)
