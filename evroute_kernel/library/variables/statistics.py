"""`$stat` (module statistics)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from evroute_kernel.library.behaviour import variable
from evroute_kernel.library.functions import statistics
from evroute_kernel.library.references import formatter
from evroute_kernel.runtime.context import Context
from evroute_kernel.runtime.control import ScriptCrash
from evroute_kernel.runtime.values import Value, int_of

#: the name is a format: `$stat(calls_$param(gw))`
Name = Callable[[Context], str]
WITHOUT_NAME = "$stat without a name kills the server's process; write $stat(name)"


@variable("stat", parse_name=formatter)
def stat(context: Context, name: Name | None, index: Any) -> Value:
    """A statistic, by `name` or `group:name`; the name is a format. Null when it does not exist.

    Assigning any number sets it to 0 (another number than 0 with a warning); assigning NULL kills the server.
    """
    if name is None:
        raise ScriptCrash(WITHOUT_NAME)
    try:
        return statistics.read(context.process, name(context))
    except statistics.UnknownGroup as error:
        context.error(str(error))
        return None


@stat.setter
def set_stat(context: Context, name: Name | None, index: Any, op: str, value: Value) -> bool:
    if name is None:
        raise ScriptCrash(WITHOUT_NAME)
    if value is None:
        raise ScriptCrash("$stat(...) = NULL kills the server's process; assign 0, or call reset_stat()")
    try:
        statistics.reset(context.process, name(context))
    except statistics.UnknownGroup as error:
        context.error(str(error))
        return False
    if int_of(value):
        context.warning(f"a statistic can only be set to 0, so {value} counts as 0")
    return True
