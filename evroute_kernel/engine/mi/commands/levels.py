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


@command(
    "profiling_proc",
    "core:profiling_proc",
    "",
    "id",
    "pid",
    "level",
    "id level",
    "pid level",
    versions=("4.0",),
)
def profiling_proc(management: Management, given: Arguments) -> str | dict[str, Any]:
    """Tell or set how much processes tell of their work by E_PROFILING_PROC: 0 nothing, 1 workers, 3 everything.

    Of all processes, or of one by its `id` or `pid`. Levels out of range are taken for the nearest one; what is no
    number counts as not given.
    """
    settings, processes = management.session.settings, process_list(management)
    number = _chosen_process(given, processes)
    level = _number(given, "level")
    if level is not None:
        settings.set_profiling(level, number)
        return "OK"
    listed = [
        {"ID": each, "PID": pid, "Profiling level": settings.profiling.level(each), "Type": kind}
        for each, pid, kind in processes
        if number in (None, each)
    ]
    return {"Processes": listed}


def _chosen_process(given: Arguments, processes: list[tuple[int, int, str]]) -> int | None:
    """The number of the process that `id` or `pid` names; None where neither does."""
    number, pid = _number(given, "id"), _number(given, "pid")
    if number is not None:
        if number not in [each for each, _, _ in processes]:
            raise invalid_params("Bad process ID")
        return number
    if pid is None:
        return None
    found = next((each for each, known, _ in processes if known == pid), None)
    if found is None:
        raise invalid_params("Bad PID")
    return found


def _number(given: Arguments, name: str) -> int | None:
    """A number, None where another thing is given, or nothing."""
    try:
        return given.integer(name) if name in given else None
    except CommandError:
        return None
