"""`$mqk`, `$mqv`, `$mq_size` (module mqueue)."""

from __future__ import annotations

from evroute_kernel.library.behaviour import variable
from evroute_kernel.library.functions import mqueue
from evroute_kernel.runtime.context import Context
from evroute_kernel.runtime.values import Value


def _find(context: Context, variable: str, name: str | None) -> mqueue.Queue | None:
    """The queue; None, with an error logged, where it is not declared, or the variable names none."""
    if name is None:
        context.error(f"${variable} names no queue; write ${variable}(name)")
        return None
    return mqueue.find(context, name)


@variable("mqk")
def mqk(context: Context, name: str, index: None) -> Value:
    """Key of the pair that this process took last from a queue with mq_fetch(); null when it is empty or none was."""
    return None if _find(context, "mqk", name) is None else mqueue.fetched(context, name, 0)


@variable("mqv")
def mqv(context: Context, name: str, index: None) -> Value:
    """Value of the pair that this process took last from a queue with mq_fetch(); null when it is empty or none was."""
    return None if _find(context, "mqv", name) is None else mqueue.fetched(context, name, 1)


@variable("mq_size")
def mq_size(context: Context, name: str, index: None) -> Value:
    """How many pairs wait in a queue; null for a queue that is not declared."""
    queue = _find(context, "mq_size", name)
    return None if queue is None else mqueue.size(context.process.shared, queue)
