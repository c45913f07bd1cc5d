"""Lints: what the server leaves silent. They warn, and never change what runs.

Each rule is one function in a module of this package, registered with its documentation and its examples. Importing
the package imports every module in it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import replace

from evroute_kernel.discovery import import_modules
from evroute_kernel.errors import Diagnostic
from evroute_kernel.lang import nodes
from evroute_kernel.lang.environment import Environment
from evroute_kernel.lang.lints.configured import configured_events, configured_nodes
from evroute_kernel.lang.lints.registry import LINTS, Finding, Lint
from evroute_kernel.lang.lints.subject import Memory, Subject
from evroute_kernel.library.catalogue.declared import EventDeclaration
from evroute_kernel.source import Source

__all__ = ["LINTS", "Finding", "Lint", "Memory", "explained", "legacy_hints", "lint"]

import_modules(__name__)


def lint(
    script: nodes.Script, environment: Environment, hidden: Sequence[str] = (), memory: Memory | None = None
) -> list[Diagnostic]:
    """All findings about a script that has no errors, in the order of the text.

    `hidden`: what else stands in the text and could not be read. Nothing is found there, and what a lint would say
    because the script lacks something is not said where that may be hidden. `memory` keeps what was said of routes that
    are still the same.
    """
    # of an event known by its name alone nothing can be said about parameters
    declared = {name: EventDeclaration(name, open=True) for name in environment.events}
    configured = configured_events(script, environment, hidden)
    others = {name for kind, name in environment.routes if kind == "route"}
    served = {name for kind, name in environment.routes if kind == "event_route"}
    known = {**declared, **configured, **environment.declared_events}
    at = configured_nodes(script, environment)
    subject = Subject(script, environment.library, known, hidden, others, memory, served, environment.whole, at)
    rules = [rule for rule in LINTS.values() if rule.loads or not rule.legacy]
    rules = [rule for rule in rules if environment.version in rule.versions]
    found = [d for rule in rules if not rule.local for d in rule.diagnostics(subject)]
    local = [rule for rule in rules if rule.local]
    for block in subject.blocks:
        if block.findings is None:
            alone = subject.alone(block)
            block.findings = [d for rule in local for d in rule.diagnostics(alone)]
        found += block.findings
    return sorted(found, key=_order)


def explained(source: Source, found: list[Diagnostic]) -> list[Diagnostic]:
    """The findings about a text that was refused; where it is of OpenSIPS 2.x, what replaces it stands in the place of
    the errors that this causes."""
    hints = legacy_hints(source)
    replaced = _Stretches(hints)
    caused = [d for d in found if d.severity == "error" and replaced.touch(d)]
    causes = _Stretches(caused)
    gone = set(map(id, caused))
    hints = [replace(h, severity="error") if causes.touch(h) else h for h in hints]
    return sorted([*(d for d in found if id(d) not in gone), *hints], key=_order)


class _Stretches:
    """The parts of texts that findings are about, joined where they overlap."""

    def __init__(self, found: Iterable[Diagnostic]) -> None:
        self._starts: dict[Source, list[int]] = {}
        self._ends: dict[Source, list[int]] = {}
        spans = (d.span for d in found if d.span is not None and d.span.start < d.span.end)
        for span in sorted(spans, key=lambda s: s.start):
            starts, ends = self._starts.setdefault(span.source, []), self._ends.setdefault(span.source, [])
            if ends and span.start < ends[-1]:
                ends[-1] = max(ends[-1], span.end)
            else:
                starts.append(span.start)
                ends.append(span.end)

    def touch(self, found: Diagnostic) -> bool:
        """Whether a finding is about any of them."""
        span = found.span
        if span is None or span.source not in self._starts:
            return False
        index = bisect_left(self._starts[span.source], span.end) - 1
        return index >= 0 and span.start < self._ends[span.source][index]


def legacy_hints(source: Source) -> list[Diagnostic]:
    """What of a text is OpenSIPS 2.x, and what replaces it: for the errors of a text that was refused."""
    found = [d for rule in LINTS.values() if rule.legacy for d in rule.diagnostics(source)]
    return sorted(found, key=_order)


def _order(diagnostic: Diagnostic) -> tuple[int, int, str]:
    span = diagnostic.span
    return (span.start, span.end, diagnostic.code) if span else (0, 0, diagnostic.code)
