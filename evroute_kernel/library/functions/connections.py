"""Core functions about connections and sockets of the server that 4.0 has brought."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from evroute_kernel.library import bonds, sockets
from evroute_kernel.library.behaviour import function
from evroute_kernel.library.dummy_message import SOCKET_TEXT
from evroute_kernel.library.functions.message import code, holds_variables
from evroute_kernel.library.functions.parameters import Problem
from evroute_kernel.runtime.context import Context


@function("tcp_close_conn")
def tcp_close_conn(context: Context, connection: str) -> int:
    """Close a TCP connection of the server. There is none here.

    Returns -1.
    """
    return -1


def _unknown(name: str, modparams: sockets.Modparams) -> tuple[str, str]:
    known = ", ".join(bonds.configured(modparams))
    hint = f"known here: {known}" if known else f'define it: socket = bond:{name} {{"{SOCKET_TEXT}"}}'
    return f"there is no bond {name!r}", hint


def _check_bond(arguments: Sequence[Any], modparams: sockets.Modparams) -> Problem | None:
    name = arguments[1]
    if not isinstance(name, str) or holds_variables(name) or name in bonds.configured(modparams):
        return None
    return 1, *_unknown(name, modparams)


@function("socket_belongs_to_bond", check=_check_bond, check_modparams=True)
def socket_belongs_to_bond(context: Context, socket: str, bond: str) -> int:
    """Whether a socket is a member of a bond (`socket = bond:NAME {"udp:192.0.2.1:5060", ...}`).

    Returns 1 or -1; -1 too for a socket or bond that does not exist, which is logged.
    """
    modparams = context.process.settings.modparams
    known, own = bonds.configured(modparams).get(bond), sockets.own_socket(socket, modparams)
    if known is None:
        context.error("socket_belongs_to_bond: {}; {}".format(*_unknown(bond, modparams)))
        return -1
    if own is None:
        context.error(
            f"socket_belongs_to_bond: {socket!r} is no socket of the server; known here: {sockets.listed(modparams)}"
        )
        return -1
    return code(own in known.sockets(modparams).values())
