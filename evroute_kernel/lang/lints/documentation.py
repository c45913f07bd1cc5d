"""The page docs/lints.md, made from the registry."""

from __future__ import annotations

from collections.abc import Iterator

from evroute_kernel.lang.lints.registry import LINTS, Lint
from evroute_kernel.runtime.versions import VERSIONS

_INTRODUCTION = """\
# Lints

What an OpenSIPS server accepts in silence and then does otherwise than it reads. Lints are shown when a cell runs, by
`%check` and by `evroute check`. They never change what runs.

A *warning* means: the script does not do what it says. An *info* means: it may, but look at it.
Lints marked *legacy* explain the errors of OpenSIPS 2.x scripts, which do not load at all; `%%migrate` rewrites those.
Those with a version behind their severity are told for that version of the server only (`%config version=4.0`).

One warning is none of these: *unmet-need* says, of a file that is judged as a server does (by `evroute check`, `run`,
`replay` and `serve`), that a module lacks another one without which some of what it does fails.

This page is made from the rules themselves: `python -m evroute_kernel.lang.lints > docs/lints.md`.
"""


def page() -> str:
    """The whole page: a table of all lints, then each with its reason and its examples."""
    lints = sorted(LINTS.values(), key=lambda lint: lint.code)
    table = ["| code | severity | |", "| --- | --- | --- |"]
    table += [f"| [`{lint.code}`](#{lint.code}) | {_severity(lint)} | {_cell(lint.summary)} |" for lint in lints]
    parts = [_INTRODUCTION, "\n".join(table) + "\n"]
    return "\n".join([*parts, *(_section(lint) for lint in lints)])


def _severity(lint: Lint) -> str:
    only = () if lint.versions == VERSIONS else lint.versions
    return ", ".join([lint.severity, *(["legacy"] if lint.legacy else []), *only])


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _section(lint: Lint) -> str:
    lines = [f"## {lint.code}", "", f"{lint.summary[0].upper()}{lint.summary[1:]}.", "", " ".join(lint.why.split()), ""]
    lines += ["Fires:", "", *_code(lint.fires), "Does not fire:", "", *_code(lint.quiet)]
    return "\n".join(lines)


def _code(scripts: tuple[str, ...]) -> Iterator[str]:
    for script in scripts:
        # a text of thousands of characters tells no more than its beginning
        shown = [line if len(line) <= 120 else f"{line[:60]} ... {line[-20:]}" for line in script.splitlines()]
        yield from ("```opensips", *shown, "```", "")
