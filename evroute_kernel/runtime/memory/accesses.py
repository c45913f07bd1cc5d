"""What processes do with what they share: the words for it.

The memory that they share (`runtime.shared`) is told apart by table and key; a database by `DATABASE` and its URL, a
lock by `LOCKS` and its name. Accesses of one *step* happen at once, as far as other processes can see.
"""

from __future__ import annotations

from typing import Final, Literal

from evroute_kernel.records import dataclass

#: the table of locks, and what stands for one where databases are meant
LOCKS: Final = "locks"
DATABASE: Final = "database"

#: take: a lock is asked for, and its process waits where another one has it; hold: it has it now
Verb = Literal["read", "write", "take", "hold", "release"]


@dataclass(frozen=True, slots=True)
class Access:
    """One access. `key`: None for all keys of the table. Names are byte strings."""

    table: str
    key: str | None
    verb: Verb = "read"
