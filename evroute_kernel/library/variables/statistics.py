"""`$stat` (module statistics)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from evroute_kernel.library.behaviour import TEXT_ALONE, variable
from evroute_kernel.library.functions import statistics
from evroute_kernel.library.references import formatter
from evroute_kernel.runtime.context import Context
from evroute_kernel.runtime.control import ScriptCrash
from evroute_kernel.runtime.values import Value, int_of

#: the name is a format: `$stat(calls_$param(gw))`
Name = Callable[[Context], str]


@variable("stat", parse_name=formatter, name_library=True, dies_without_name=True)
def stat(context: Context, name: Name, index: Any) -> Value:
    """A statistic, by `name` or `group:name`; the name is a format. Null when it does not exist.

    Assigning any number sets it to 0 (another number than 0 with a warning); assigning NULL kills the server.
    """
    text = name(context)
    try:
        return statistics.read(context.process, text) if text else None
    except statistics.UnknownGroup as error:
        context.error(str(error))
        return None


@stat.setter
def set_stat(context: Context, name: Name, index: Any, op: str, value: Value) -> bool:
    text = name(context)
    try:
        if value is None:
            statistics.resolve(context.process, text)
            raise ScriptCrash("$stat(...) = NULL kills the server's process; assign 0, or call reset_stat()")
        statistics.reset(context.process, text)
    except statistics.UnknownGroup as error:
        context.error(str(error))
        return False
    if int_of(value) or op == TEXT_ALONE:
        context.warning(f"a statistic can only be set to 0, so {value} counts as 0")
    return True
