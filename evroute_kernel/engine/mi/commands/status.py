"""What modules report of their status. Here the core alone does so, and it is running."""

from __future__ import annotations

from typing import Any, Final

from evroute_kernel.engine.mi.arguments import Arguments
from evroute_kernel.engine.mi.declaration import command
from evroute_kernel.engine.mi.management import Management
from evroute_kernel.engine.mi.protocol import CommandError

_GROUP: Final = "core"
_IDENTIFIER: Final = "main"
_STATUS: Final = {"Readiness": True, "Status": 1, "Details": "running"}


@command("sr_get_status", "status_report:get", "group", "group identifier")
def sr_get_status(management: Management, given: Arguments) -> dict[str, Any]:
    """Tell the status of an identifier of a group: that of `core`, which is running."""
    _check_group(given.text("group"))
    if "identifier" in given and given.text("identifier").lower() != _IDENTIFIER:
        raise CommandError(404, "Identity not found")
    return dict(_STATUS)


@command("sr_list_status", "status_report:status", "", "group")
def sr_list_status(management: Management, given: Arguments) -> list[Any]:
    """List the status of all groups, or of one: `core` is the only one here."""
    group = _check_group(given.text_if_any("group"))
    identifiers = [{"Name": _IDENTIFIER, **_STATUS}]
    return [{"Name": _GROUP, "Identifiers": identifiers}] if group is None else identifiers


@command("sr_list_identifiers", "status_report:identifiers", "", "group")
def sr_list_identifiers(management: Management, given: Arguments) -> list[Any] | dict[str, Any]:
    """List what has a status, by groups: `core` is the only one here."""
    group = _check_group(given.text_if_any("group"))
    listed = {"Group": _GROUP, "Identifiers": [_IDENTIFIER]}
    return [listed] if group is None else listed


def _check_group(group: str | None) -> str | None:
    """The group, which may be left out. Raises CommandError for another one than there is."""
    if group is not None and group.lower() != _GROUP:
        raise CommandError(404, "Group not found")
    return group
