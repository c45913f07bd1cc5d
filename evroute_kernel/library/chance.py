"""What a script gets by chance, or as the system gives it out: random numbers, UUIDs, process ids.

Whatever draws does so from `Process.chance`. In a session that has a seed a worker draws the same in each run of the
same scripts, and its process id is one that only its number makes; without one all is the system's.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from evroute_kernel.runtime.context import Process

if TYPE_CHECKING:
    from uuid import UUID

#: the process id of the first worker of a session that has a seed is the one behind
_BEFORE_FIRST: Final = 1000
#: tenths of a microsecond from the beginning of UUIDs' time, 15 October 1582, to that of the epoch (RFC 9562)
_TO_EPOCH: Final = 0x01B21DD213814000
#: bit of a node that is no address of a network card
_NO_ADDRESS: Final = 1 << 40


def process_id(process: Process) -> int:
    """What scripts find as the id of their process."""
    return os.getpid() if process.seed is None else repeated_id(process.number)


def repeated_id(number: int) -> int:
    """The process id of a worker where there is a seed; 0 is the process that is none."""
    return _BEFORE_FIRST + number


# the library of that name looks at the whole system when it is imported, so nobody does before it is needed


def random_uuid(process: Process) -> UUID:
    """A new UUID of version 4."""
    from uuid import UUID, uuid4

    return uuid4() if process.seed is None else UUID(int=process.chance.getrandbits(128), version=4)


def time_uuid(process: Process) -> UUID:
    """A new UUID of version 1."""
    from uuid import UUID, uuid1

    if process.seed is None:
        return uuid1()
    stamp, chance = process.shared.clock.microseconds() * 10 + _TO_EPOCH, process.chance
    low, middle, high = stamp & 0xFFFFFFFF, stamp >> 32 & 0xFFFF, stamp >> 48 & 0x0FFF
    sequence, node = chance.getrandbits(14), chance.getrandbits(48) | _NO_ADDRESS
    return UUID(fields=(low, middle, high, sequence >> 8, sequence & 0xFF, node), version=1)
