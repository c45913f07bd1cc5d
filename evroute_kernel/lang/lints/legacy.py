"""What OpenSIPS 2.x wrote. Such text does not compile, so these lints read the text itself and explain its errors."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from evroute_kernel.lang.lints.registry import Finding, rule
from evroute_kernel.lang.migrate import Change, Migration, migrate
from evroute_kernel.source import Source


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
    for change in migration.changes:
        # a call in a condition takes another change, assignments before the `if`
        if change.code == "fetch-event-params" and change.before:
            yield Finding(message, change.span, f"write {change.instead} (%%migrate rewrites the cell)")
    for note in migration.notes:
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
        yield Finding(message, change.span, "write event_route[NAME] without it (%%migrate rewrites the cell)")


@rule(
    "event-route-module",
    "the module event_route is gone: the core has event routes",
    legacy=True,
    fires='loadmodule "event_route.so"\nevent_route[E_PIKE_BLOCKED] { xlog("blocked\\n"); }',
    quiet='event_route[E_PIKE_BLOCKED] { xlog("blocked\\n"); }',
)
def event_route_module(source: Source) -> Iterator[Finding]:
    """Loading it stops the server. `%%migrate` takes the line away."""
    for change in _changes(source, "event-route-module"):
        yield Finding(
            "the core has event routes: there is no module event_route", change.span, "%%migrate takes it away"
        )


@lru_cache(4)
def _migration(source: Source) -> Migration:
    """Each text once for all the lints here."""
    return migrate(source)


def _changes(source: Source, code: str) -> list[Change]:
    return [c for c in _migration(source).changes if c.code == code]
