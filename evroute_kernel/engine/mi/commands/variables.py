"""Shared variables `$shv`, and the other commands of module cfgutils."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from evroute_kernel.engine.mi.arguments import Arguments
from evroute_kernel.engine.mi.declaration import command
from evroute_kernel.engine.mi.management import Management
from evroute_kernel.engine.mi.protocol import CommandError, ScriptText
from evroute_kernel.engine.state.stored import shared_values
from evroute_kernel.library.functions.locks import core_hash
from evroute_kernel.library.variables.script import SHARED_TABLE
from evroute_kernel.runtime.values import Value, encode

if TYPE_CHECKING:
    from evroute_kernel.engine.session.session import Session

#: places of the table in whose order a server lists its shared variables, unless `shv_hash_size` says how many
_PLACES: Final = 64


def _places(session: Session) -> int:
    """Places of the table, a power of two: the next smaller one of what is given."""
    given = session.settings.modparams_in_force().get(("cfgutils", "shv_hash_size"))
    size = int(given[-1]) if given else _PLACES
    return 1 << (size.bit_length() - 1) if size > 0 else _PLACES


def _described(value: Value) -> dict[str, Any]:
    if isinstance(value, str):
        return {"type": "string", "value": ScriptText(value)}
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
    """Read the shared variable `$shv(name)`, or all of them, in an array of one array.

    There are those that scripts name or that have been set; what was only read by a computed name is not there.
    """
    found = shared_values(management.session.shared, management.session.registry)
    if "name" not in given:
        size = _places(management.session)
        names = sorted(found, key=lambda name: (core_hash(name, size), name))
        return [[{"name": ScriptText(name), **_described(found[name])} for name in names]]
    value = found.get(encode(given.text("name")))
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
