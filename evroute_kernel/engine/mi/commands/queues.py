"""The queues of module mqueue."""

from __future__ import annotations

from typing import Any

from evroute_kernel.engine.mi.arguments import Arguments, bad_type
from evroute_kernel.engine.mi.declaration import command
from evroute_kernel.engine.mi.management import Management
from evroute_kernel.engine.mi.protocol import CommandError, ScriptText
from evroute_kernel.library.functions import mqueue
from evroute_kernel.runtime.values import encode


@command("mq_get_sizes", "mqueue:get_sizes", exporter="mqueue")
def mq_get_sizes(management: Management, given: Arguments) -> dict[str, Any]:
    """Tell how many pairs wait in each queue; the one declared last comes first."""
    declared = mqueue.queues(management.process()).values()
    return {"Queue": [_described(management, queue) for queue in reversed(declared)]}


@command("mq_get_size", "mqueue:get_size", "name", exporter="mqueue")
def mq_get_size(management: Management, given: Arguments) -> dict[str, Any]:
    """Tell how many pairs wait in a queue."""
    return {"Queue": _described(management, _queue(management, given.text("name")))}


@command("mq_fetch", "mqueue:fetch", "name", "name limit", exporter="mqueue")
def mq_fetch(management: Management, given: Arguments) -> dict[str, Any] | list[Any]:
    """Take the oldest pair out of a queue, or up to `limit` pairs, which come in an array."""
    name = given.text("name")
    limit = given.integer("limit") if "limit" in given else None
    if limit is not None and limit <= 0:
        raise bad_type("limit")
    queue = _queue(management, name)
    if limit is not None:
        taken = (_taken(management, queue) for _ in range(limit))
        return list(iter(lambda: next(taken, None), None))
    pair = _taken(management, queue)
    if pair is None:
        raise CommandError(404, "Empty queue")
    return {"Item": pair}


def _queue(management: Management, name: str) -> mqueue.Queue:
    found = mqueue.queues(management.process()).get(encode(name))
    if found is None:
        raise CommandError(404, "No such queue")
    return found


def _described(management: Management, queue: mqueue.Queue) -> dict[str, Any]:
    return {"name": ScriptText(queue.name), "size": mqueue.size(management.session.shared, queue)}


def _taken(management: Management, queue: mqueue.Queue) -> dict[str, Any] | None:
    pair = mqueue.take_first(management.session.shared, queue)
    return None if pair is None else {"key": ScriptText(pair[0]), "value": ScriptText(pair[1])}
