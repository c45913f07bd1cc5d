"""Bounds and defaults that several rooms hold to. What one module alone needs stands there."""

from __future__ import annotations

from typing import Final

#: bytes of the name of an event; the server takes no longer one
EVENT_NAME_LIMIT: Final = 64
#: bytes of the path of a unix socket that fit the system's `sockaddr_un`; the server does not look and writes past it
UNIX_PATH_LIMIT: Final = 107
#: seconds that a subscription lasts when nobody says for how long
DEFAULT_EXPIRE: Final = 3600
#: events that a worker gets at once, until it is seen how long they take
FIRST_PORTION: Final = 64
#: raised events that may wait; a script that raises in a loop would fill the memory
RAISED_LIMIT: Final = 100_000
#: and bytes of them, beyond the first: a worker that takes over those of another one needs several times as much
RAISED_BYTES: Final = 64 * 2**20
