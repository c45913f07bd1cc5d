"""TCP connections of SIP. There are none here, and a server without any answers so."""

from __future__ import annotations

from evroute_kernel.engine.mi.arguments import Arguments
from evroute_kernel.engine.mi.declaration import command
from evroute_kernel.engine.mi.management import Management


@command("list_tcp_conns", "tcp:list", "", "proto", versions=("4.0",))
def list_tcp_conns(management: Management, given: Arguments) -> None:
    """List the TCP connections of SIP: always null, as there are none, whatever `proto` is."""


@command("close", "tcp:close", "ipport", versions=("4.0",))
def close(management: Management, given: Arguments) -> None:
    """Close a TCP connection of SIP: always null, as whether or not a server has such a one."""
    given.text("ipport")
