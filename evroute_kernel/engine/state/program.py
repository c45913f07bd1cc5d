"""What workers must know of the session: its routes, settings and subscriptions, as one unchanging picture."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field

from evroute_kernel.engine.delivery.notifications import Picture
from evroute_kernel.engine.state.settings import SessionSettings
from evroute_kernel.records import dataclass
from evroute_kernel.worker.messages import (
    NOTIFY,
    RESUME,
    ApplySettings,
    LoadRoutes,
    Message,
    Notifications,
    RouteCode,
    Subscriptions,
    plain,
)


@dataclass(frozen=True, slots=True)
class Program:
    """One state of the session. `codes` grows and never changes what it holds; `current` are the slots defined now."""

    codes: Mapping[int, RouteCode] = field(default_factory=dict)
    current: tuple[int, ...] = ()
    callable: dict[str, int] = field(default_factory=dict)
    error_route: int | None = None
    settings: ApplySettings = field(default_factory=lambda: SessionSettings().message())
    subscriptions: Subscriptions = field(default_factory=lambda: Subscriptions(frozenset(), {}))
    notified: Picture = field(default_factory=lambda: Picture([], 0))


class SentProgram:
    """What one worker has been sent of it."""

    def __init__(self) -> None:
        self._program: Program | None = None
        self._slots: set[int] = {NOTIFY, RESUME}

    def updates(self, program: Program, wanted: Iterable[int]) -> list[Message]:
        """What to tell the worker before it runs the `wanted` slots (which may be older than the program)."""
        before = self._program
        missing = {slot for slot in (*wanted, *program.current) if slot not in self._slots}
        if before is program and not missing:
            return []
        self._program = program
        self._slots |= missing
        # what a route is linked to depends on the version, so the settings come first
        is_new = before is None or before.settings != program.settings
        updates: list[Message] = [program.settings] if is_new else []
        routes = (program.callable, program.error_route)
        if missing or before is None or (before.callable, before.error_route) != routes:
            updates.append(LoadRoutes(tuple(plain(program.codes[slot]) for slot in sorted(missing)), *routes))
        # a script may have subscribed in this very worker, so what it knows may differ from what it was told
        updates.append(program.subscriptions)
        updates += self._notifications(before.notified if before else Picture([], 0), program.notified)
        return updates

    @staticmethod
    def _notifications(before: Picture, now: Picture) -> list[Message]:
        """What has been subscribed with notify_on_event() since: more of a list that grows, or all of another one."""
        if before.entries is now.entries:
            fresh = now.entries[before.count : now.count]
            return [Notifications(False, tuple(fresh))] if fresh else []
        if not before.count and not now.count:
            return []
        return [Notifications(True, tuple(now.entries[: now.count]))]
