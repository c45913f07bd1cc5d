"""Importing this declares all magics."""

from evroute_kernel.kernel.magics import (  # noqa: F401 - each module declares its magics
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
