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
    _check_group(given)
    if "identifier" in given and given.text("identifier").lower() != _IDENTIFIER:
        raise CommandError(404, "Identity not found")
    return dict(_STATUS)


@command("sr_list_status", "status_report:status", "", "group")
def sr_list_status(management: Management, given: Arguments) -> list[Any]:
    """List the status of all groups, or of one: `core` is the only one here."""
    _check_group(given)
    identifiers = [{"Name": _IDENTIFIER, **_STATUS}]
    return identifiers if "group" in given else [{"Name": _GROUP, "Identifiers": identifiers}]


@command("sr_list_identifiers", "status_report:identifiers", "", "group")
def sr_list_identifiers(management: Management, given: Arguments) -> list[Any] | dict[str, Any]:
    """List what has a status, by groups: `core` is the only one here."""
    _check_group(given)
    listed = {"Group": _GROUP, "Identifiers": [_IDENTIFIER]}
    return listed if "group" in given else [listed]


def _check_group(given: Arguments) -> None:
    if "group" in given and given.text("group").lower() != _GROUP:
        raise CommandError(404, "Group not found")
