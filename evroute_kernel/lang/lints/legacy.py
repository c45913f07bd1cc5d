"""What OpenSIPS 2.x wrote. Such text does not compile, so these lints read the text itself and explain its errors."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from evroute_kernel.lang import nodes
from evroute_kernel.lang.lints.registry import Finding, rule
from evroute_kernel.lang.lints.subject import Subject
from evroute_kernel.source import Source

if TYPE_CHECKING:
    from evroute_kernel.lang.migration.migrate import Change, Migration

_REWRITTEN: Final = "(%%migrate rewrites a cell, evroute migrate a file)"


@rule(
    "fetch-event-params",
    "`fetch_event_params` of OpenSIPS 2.x is gone: `$param` reads the parameters",
    legacy=True,
    fires='fetch_event_params("ip=$var(ip)");',
    quiet="$var(ip) = $param(ip);",
)
def fetch_event_params(source: Source) -> Iterator[Finding]:
    """The function does not exist in 3.x. `%%migrate` rewrites the cell, by name and by position."""
    migration = _migration(source)
    message = "fetch_event_params is of OpenSIPS 2.x: $param reads the parameters of an event"
    for change in migration.changes if migration is not None else ():
        # a call in a condition takes another change, assignments before the `if`
        if change.code == "fetch-event-params" and change.before:
            yield Finding(message, change.span, f"write {change.instead} {_REWRITTEN}")
    for note in migration.notes if migration is not None else ():
        if note.code == "fetch-event-params" and note.severity == "warning" and note.span is not None:
            yield Finding(message, note.span, note.message.removeprefix("this stays as it is: "))


@rule(
    "event-route-mode",
    "`event_route[X, async]` of OpenSIPS 2.x is gone: every event route runs after what raised the event",
    legacy=True,
    fires='event_route[E_PIKE_BLOCKED, async] { xlog("blocked\\n"); }',
    quiet='event_route[E_PIKE_BLOCKED] { xlog("blocked\\n"); }',
)
def event_route_mode(source: Source) -> Iterator[Finding]:
    """In 3.x this is a syntax error. `%%migrate` rewrites the cell."""
    for change in _changes(source, "event-route-mode"):
        mode = change.before.strip(", ")
        message = f"the mode {mode} is of OpenSIPS 2.x: an event route always runs after what raised the event"
        yield Finding(message, change.span, f"write event_route[NAME] without it {_REWRITTEN}")


@rule(
    "event-route-module",
    "the module event_route is not needed any more: the core has event routes",
    legacy=True,
    loads=True,
    fires='loadmodule "event_route.so"\nevent_route[E_PIKE_BLOCKED] { xlog("blocked\\n"); }',
    quiet='event_route[E_PIKE_BLOCKED] { xlog("blocked\\n"); }',
)
def event_route_module(script: Source | Subject) -> Iterator[Finding]:
    """Through 3.5 event routes needed the module. A 3.6 server skips it with a warning, and knows no parameters of it:
    `modparam("event_route", ...)` stops the start. `%%migrate` takes both away."""
    core = "event routes belong to the core since 3.6"
    message, hint = (
        f"{core}: the module event_route is skipped",
        "remove it (%%migrate or evroute migrate does); servers up to 3.5 need it",
    )
    if isinstance(script, Source):
        for change in _changes(script, "event-route-module"):
            is_param = change.before.lstrip().startswith("modparam")
            yield Finding(
                f"{core}: the module event_route has no parameters" if is_param else message, change.span, hint
            )
        return
    for item in script.script.items:
        if isinstance(item, nodes.LoadModule) and item.path.rpartition("/")[2].removesuffix(".so") == "event_route":
            yield Finding(message, item.span, hint)


#: what a text holds that has anything for the rules here; the last two are names of modules with escapes in them. Each
#: begins with a word, which is found much faster than one of several
_OLD: Final = (
    "fetch_event_params",
    r"sync\b(?:(?<=\bsync)|(?<=\basync))",
    r"event_route(?:\.so)?[\"']",
    r"loadmodule[\s(]*[\"'][^\"'\n]*+\\",
    r"modparam[\s(]*[\"'][^\"'\n]*+\\",
)


def _migration(source: Source) -> Migration | None:
    """Each text once for all the lints here; None for one that has nothing of the old kind."""
    return _migrated(source, source.text)


@lru_cache(4)
def _migrated(source: Source, text: str) -> Migration | None:
    """`text` is that of the source, which is another one after an edit (`lang.editing`)."""
    if not any(re.search(old, text) for old in _OLD):
        return None
    from evroute_kernel.lang.migration.migrate import migrate

    return migrate(source)


def _changes(source: Source, code: str) -> list[Change]:
    migration = _migration(source)
    return [c for c in migration.changes if c.code == code] if migration is not None else []
