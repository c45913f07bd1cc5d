"""How far goes what scripts do: beyond their session, or not."""

from __future__ import annotations

from typing import Literal

#: "inside": nothing changes beyond the session. SQL works on copies of databases, and sockets that scripts subscribe
#: get nothing
Reach = Literal["outside", "inside"]
