"""What chance begins with."""

from __future__ import annotations

#: a number, and how often the session has been given one: the same number again is a new beginning
Seed = tuple[int, int]
