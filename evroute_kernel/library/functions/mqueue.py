"""Module mqueue: queues of key and value that all processes share. They are declared by modparam("mqueue", "mqueue").

A queue is a table of the shared memory: each pair under its number, and under "" the numbers of the first pair and of
the next one, and how many there are. Pairs taken out of the middle leave gaps.
"""

from __future__ import annotations

from typing import Any, Final, Literal

from evroute_kernel.library import modparams
from evroute_kernel.library.behaviour import check_modparams, function
from evroute_kernel.library.formats.c_numbers import str2sint
from evroute_kernel.records import dataclass
from evroute_kernel.runtime.context import Context, Process
from evroute_kernel.runtime.shared import Shared

MODULE: Final = "mqueue"
HEAD: Final = ""
KEEP_OLDEST: Final = 1
KEEP_NEWEST: Final = 2
#: the pair that this process took last from each queue: queue -> (key, value)
FETCHED: Final = "mqueue"

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Queue:
    """A queue as it is declared. `size` 0 is unlimited; `addmode` tells what happens to a key that is there already."""

    name: str
    size: int = 0
    addmode: int = 0


def parse_queue(text: str) -> Queue:
    """`name=q;size=N;addmode=M` -> Queue. Raises ValueError."""
    name, numbers = "", {"size": 0, "addmode": 0, "dbmode": 0}
    for part in filter(None, (p.strip() for p in text.split(";"))):
        key, _, value = (p.strip().strip('"') for p in part.partition("="))
        number = str2sint(value)
        if key.lower() == "name":
            name = value
        elif key.lower() not in numbers:
            raise ValueError(f"unknown part {key!r} in {text!r}, expected name, size, addmode or dbmode")
        elif number is None:
            raise ValueError(f"{key} in {text!r} is no integer")
        else:
            numbers[key.lower()] = number
    if not name:
        raise ValueError(f"{text!r} names no queue: expected name=queue;size=number")
    return Queue(name, numbers["size"], numbers["addmode"])


def _check_modparam(parameter: str, value: int | str) -> str | None:
    if parameter == "mqueue":
        try:
            parse_queue(str(value))
        except ValueError as error:
            return str(error)
    return None


check_modparams(MODULE, _check_modparam)


def queues(process: Process) -> dict[str, Queue]:
    """Every declared queue by name."""
    return modparams.derived(process, MODULE, ("mqueue",), _by_name)


def _by_name(declared: modparams.Values) -> dict[str, Queue]:
    found = (parse_queue(str(text)) for text in declared)
    return {queue.name: queue for queue in found}


def find(context: Context, name: str) -> Queue | None:
    """A queue by name; None, with an error logged, when it is not declared."""
    queue = queues(context.process).get(name)
    if queue is None:
        context.error(f'no queue is named {name!r}; declare it with modparam("mqueue", "mqueue", "name={name}")')
    return queue


# -- the pairs of a queue ---------------------------------------------------------------------------------------------


def _table(queue: Queue) -> str:
    return f"mqueue:{queue.name}"


def _head(shared: Shared, table: str) -> tuple[int, int, int]:
    """Number of the first pair, of the next one to come, and how many pairs there are."""
    return shared.get_object(table, HEAD) or (0, 0, 0)


def size(shared: Shared, queue: Queue) -> int:
    """How many pairs wait."""
    return _head(shared, _table(queue))[2]


def _key(number: int) -> str:
    return f"{number:016}"


def take_first(shared: Shared, queue: Queue) -> Pair | None:
    """Take the oldest pair out of a queue; None when it is empty."""
    with shared.transaction():
        return _take_first(shared, _table(queue))


def _take_first(shared: Shared, table: str) -> Pair | None:
    first, following, count = _head(shared, table)
    while first < following:
        pair: Any = shared.get_object(table, _key(first))
        shared.delete(table, _key(first))
        first += 1
        if pair is not None:
            shared.put_object(table, HEAD, (first, following, count - 1))
            return tuple(pair)
    return None


def _remove_key(shared: Shared, table: str, key: str) -> None:
    first, following, count = _head(shared, table)
    for number, pair in shared.items(table):
        if number != HEAD and pair[0] == key:
            shared.delete(table, number)
            shared.put_object(table, HEAD, (first, following, count - 1))
            return


def _has_key(shared: Shared, table: str, key: str) -> bool:
    return any(number != HEAD and pair[0] == key for number, pair in shared.items(table))


def fetched(context: Context, name: str, part: Literal[0, 1]) -> str | None:
    """Key (0) or value (1) of the pair that this process took last; None when it is empty or there is none."""
    pair: Pair | None = context.process.state.setdefault(FETCHED, {}).get(name)
    return (pair[part] or None) if pair else None


# -- functions --------------------------------------------------------------------------------------------------------


@function("mq_add")
def mq_add(context: Context, queue: str, key: str, value: str) -> int:
    """Put a pair of key and value at the end of a queue. A full queue (`size=N`) drops its oldest pair.

    With `addmode=1` a key that is there already is not added again, with `addmode=2` its older pair goes. Returns 1; -1
    when the queue is not declared.
    """
    found = find(context, queue)
    if found is None:
        return -1
    shared, table = context.process.shared, _table(found)
    with shared.transaction():
        if found.addmode == KEEP_OLDEST and _has_key(shared, table, key):
            return 1
        if found.addmode == KEEP_NEWEST:
            _remove_key(shared, table, key)
        first, following, count = _head(shared, table)
        shared.put_object(table, _key(following), (key, value))
        shared.put_object(table, HEAD, (first, following + 1, count + 1))
        if 0 < found.size < count + 1:
            _take_first(shared, table)
    return 1


@function("mq_fetch")
def mq_fetch(context: Context, queue: str) -> int:
    """Take the oldest pair out of a queue into `$mqk(queue)` and `$mqv(queue)` of this process.

    Returns 1; -2 when the queue is empty (both are null then); -1 when it is not declared.
    """
    found = queues(context.process).get(queue)
    if found is None:
        return -1
    pair = take_first(context.process.shared, found)
    context.process.state.setdefault(FETCHED, {})[queue] = pair
    return -2 if pair is None else 1


@function("mq_pv_free")
def mq_pv_free(context: Context, queue: str) -> int:
    """Forget the pair that mq_fetch took: `$mqk(queue)` and `$mqv(queue)` are null again.

    Returns 1.
    """
    context.process.state.setdefault(FETCHED, {}).pop(queue, None)
    return 1


@function("mq_size")
def mq_size(context: Context, queue: str) -> int:
    """How many pairs wait in a queue, as the return code.

    Returns the number; -1 when the queue is empty; -2 when it is not declared.
    """
    found = find(context, queue)
    return -2 if found is None else size(context.process.shared, found) or -1
