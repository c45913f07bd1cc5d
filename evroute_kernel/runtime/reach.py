"""How far goes what scripts do: beyond their session, or not."""

from __future__ import annotations

from typing import Literal

#: "inside": nothing changes beyond the session. SQL works on copies of databases, one for each worker, and sockets that
#: scripts subscribe get nothing. "together": the same, but all workers have the same copies (`library.sql.copies`)
Reach = Literal["outside", "inside", "together"]
