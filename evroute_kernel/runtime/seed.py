"""What chance begins with.

In a session that has a seed each event that is raised from outside begins anew to draw, from the seed, its name, and
how many of that name were raised before; in a replay, from the line on which it is recorded. What its routes raise does
so with that and a number. So it does not matter which worker runs it, nor what that has run before.
"""

from __future__ import annotations

from typing import TypeAlias

#: a number, and how often the session has been given one: the same number again is a new beginning
Seed = tuple[int, int]
#: what an event from outside begins to draw with: its name, and how many of that name there were before; None: without
#: a seed
Chance: TypeAlias = "tuple[str, int] | None"
#: of an event from outside: its number (in a replay, its line), how many of those that follow of it have been run, and
#: the microsecond of the epoch at which it was recorded, 0 where that is not known
Root: TypeAlias = "tuple[int, int, int]"
