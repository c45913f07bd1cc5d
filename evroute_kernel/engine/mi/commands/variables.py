"""Shared variables `$shv`, and the other commands of module cfgutils."""

from __future__ import annotations

from typing import Any

from evroute_kernel.engine.mi.arguments import Arguments
from evroute_kernel.engine.mi.declaration import command
from evroute_kernel.engine.mi.management import Management
from evroute_kernel.engine.mi.protocol import CommandError
from evroute_kernel.library.variables.script import SHARED_TABLE
from evroute_kernel.runtime.values import Value, decode, encode


def _described(value: Value) -> dict[str, Any]:
    if isinstance(value, str):
        return {"type": "string", "value": decode(value)}
    return {"type": "integer", "value": value}


@command("get_config_hash", "cfgutils:get_config_hash", exporter="cfgutils")
def get_config_hash(management: Management, given: Arguments) -> Any:
    """Always 404, as on a server without the module parameter `hash_file`."""
    raise CommandError(404, "Functionality disabled")


@command("check_config_hash", "cfgutils:check_config_hash", exporter="cfgutils")
def check_config_hash(management: Management, given: Arguments) -> Any:
    """Always 404, as on a server without the module parameter `hash_file`."""
    raise CommandError(404, "Functionality disabled")


@command("shv_get", "cfgutils:shv_get", "", "name", exporter="cfgutils")
def shv_get(management: Management, given: Arguments) -> list[Any] | dict[str, Any]:
    """Read the shared variable `$shv(name)`, or all that have been set, in an array of one array."""
    shared = management.session.shared
    if "name" not in given:
        return [[{"name": decode(name), **_described(value)} for name, value in shared.items(SHARED_TABLE)]]
    value = shared.get(SHARED_TABLE, encode(given.text("name")))
    if value is None:
        raise CommandError(404, "Not found")
    return {"VAR": _described(value)}


@command("shv_set", "cfgutils:shv_set", "name type value", exporter="cfgutils")
def shv_set(management: Management, given: Arguments) -> str:
    """Set the shared variable `$shv(name)`. A `type` that begins with `s` is a string, any other an integer."""
    name, kind = given.text("name"), given.text("type")
    if not kind:
        raise CommandError(500, "type not found")
    if kind[0] not in "sS":
        management.session.shared.put(SHARED_TABLE, encode(name), given.integer("value"))
        return "OK"
    text = given.text("value")
    if not text:
        raise CommandError(500, "value not found")
    management.session.shared.put(SHARED_TABLE, encode(name), encode(text))
    return "OK"
