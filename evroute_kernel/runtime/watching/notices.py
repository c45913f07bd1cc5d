"""What watchers hear of beside statements, log records and events (`hook.Watcher.notices`): waits, locks, messages."""

from __future__ import annotations

from typing import Final

#: the process waits, and for what: `SLEEP`, a lock or an event; and it goes on
WAITS: Final = "waits"
GOES_ON: Final = "goes on"
SLEEP: Final = "sleep"
#: a lock is taken, and given back (by whoever does so)
LOCKS: Final = "locks"
UNLOCKS: Final = "unlocks"
#: async() has left the run, which waits under this number; and the run of this number is taken up
LEAVES: Final = "leaves"
RETURNS: Final = "returns"
#: a message goes to other nodes of the cluster: `request`, `reply` or `broadcast`
SENDS: Final = "sends"
