"""What texts have made of a session's state, told in words."""

from __future__ import annotations

from evroute_kernel.engine.state.world import World


def defined(world: World) -> list[str]:
    """What texts have defined and set, and what was said of events and functions.

    Settings from outside any text (`Session.settings`) are left out: they can be set again.
    """
    counts = (
        (len(world.registry), "1 route", "routes"),
        (len(world.settings.texts()), "settings of 1 text", "texts with settings"),
        (len(world.settings.stubs), "1 stub", "stubs"),
        (len(world.declared_events), "1 declared event", "declared events"),
        (len(world.subscriptions()), "1 subscription", "subscriptions"),
    )
    return [one if count == 1 else f"{count} {many}" for count, one, many in counts if count]
