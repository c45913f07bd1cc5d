"""How much is logged."""

from __future__ import annotations

from typing import Any

from evroute_kernel.engine.mi.arguments import Arguments, invalid_params
from evroute_kernel.engine.mi.commands.core import process_list
from evroute_kernel.engine.mi.declaration import command
from evroute_kernel.engine.mi.management import Management
from evroute_kernel.engine.mi.protocol import CommandError


@command("log_level", "core:log_level", "", "level", "level pid")
def log_level(management: Management, given: Arguments) -> dict[str, Any]:
    """Tell or set the level up to which the runtime's own messages are logged, in all processes.

    The level of one process, which a server sets by its `pid`, is refused: a script sets its own, with `$log_level`.
    """
    settings, processes = management.session.settings, process_list(management)
    if "pid" in given:
        _refuse_one(given.integer("pid"), [pid for _, pid, _ in processes])
    if "level" in given:
        settings["log_level"] = given.integer("level")
        return {"New global log level": settings["log_level"]}
    level = settings["log_level"]
    return {"Processes": [{"PID": pid, "Log level": level, "Type": kind} for _, pid, kind in processes]}


def _refuse_one(pid: int, known: list[int]) -> None:
    if pid not in known:
        raise invalid_params("Bad PID")
    raise CommandError(500, "Internal error", "the level of one process is not set from outside: leave pid out")


@command("xlog_level", "core:xlog_level", "", "level")
def xlog_level(management: Management, given: Arguments) -> dict[str, int]:
    """Tell or set the level up to which xlog() logs."""
    settings = management.session.settings
    if "level" in given:
        settings["xlog_level"] = given.integer("level")
        return {"New xLog level": settings["xlog_level"]}
    return {"xLog Level": settings["xlog_level"]}
