"""The magics of a cell, by theme. Importing this package declares them all."""

from evroute_kernel.kernel.magics import (
    checks,
    events,
    files,
    findings,
    graph,
    help,
    live,
    management,
    migration,
    processes,
    raising,
    registry,
    replaying,
    settings,
    shell,
    state,
    stubs,
    subscriptions,
    timers,
)
from evroute_kernel.kernel.magics.declaration import MAGICS, Magic, find, magic

__all__ = ["MAGICS", "Magic", "find", "magic"]

#: the modules that declare magics, in the order in which %lsmagic lists them
THEMES = (
    raising,
    replaying,
    subscriptions,
    registry,
    timers,
    graph,
    events,
    checks,
    findings,
    migration,
    state,
    stubs,
    files,
    settings,
    processes,
    management,
    live,
    shell,
    help,
)
