"""What commands do."""

from __future__ import annotations

from evroute_kernel.engine.mi.arguments import Arguments
from evroute_kernel.engine.mi.commands.core import known
from evroute_kernel.engine.mi.declaration import command
from evroute_kernel.engine.mi.management import Management


@command("help", "core:help", "", "mi_cmd")
def help_(management: Management, given: Arguments) -> str | dict[str, str]:
    """Tell what a command does, and which module of a server has it."""
    if "mi_cmd" not in given:
        return "Usage: help mi_cmd - returns information about 'mi_cmd'"
    found = known(management, given.text("mi_cmd"))
    return {"Help": found.summary, "Exported by": found.exporter_in(management.session.version)}
