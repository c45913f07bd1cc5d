"""The sockets that a text defines: their protocols, PROXY headers, and bonds of them."""

from __future__ import annotations

import re
from typing import Final

from evroute_kernel.errors import Diagnostic
from evroute_kernel.lang import nodes
from evroute_kernel.lang.checks.modules import loaded_in
from evroute_kernel.lang.checks.scope import Scope
from evroute_kernel.library import bonds
from evroute_kernel.library.sockets import listed, module_of_socket

#: an option of PROXY headers, behind the address
_PROXY: Final = re.compile(r"\s(?:(?:allow|send)[-_])?proxy(?:[-_]protocol)?\b", re.IGNORECASE)


def check_socket(scope: Scope, node: nodes.Global, value: str) -> None:
    """`socket = ...`. The sockets of the text are known already (`take_sockets`)."""
    bond = bonds.parse(value)
    if bond is not None:
        _check_members(scope, node, bond)
        return
    if scope.whole:
        check_protocol(scope, node)
    module = scope.library.modules.get(module_of_socket(value) or "")
    if module is not None and not module.proxied and _PROXY.search(value):
        protocol = value.partition(":")[0]
        scope.error("setting", f"sockets of {protocol} take no PROXY headers", node.span, "remove the option")


def check_protocol(scope: Scope, node: nodes.Global) -> None:
    """The module of a socket's protocol is loaded, anywhere in the file."""
    module = module_of_socket(str(node.value))
    if module is None:
        return
    protocol = str(node.value).partition(":")[0]
    if module not in scope.library.modules:
        scope.error("setting", f"{protocol!r} is no protocol of a socket", node.span, "such as udp:192.0.2.1:5060")
    elif module not in loaded_in(scope):
        message = f"the protocol {protocol} belongs to module {module}, which is not loaded"
        scope.error("module-not-loaded", message, node.span, f'write loadmodule "{module}.so"')


def _check_members(scope: Scope, node: nodes.Global, bond: bonds.Bond) -> None:
    """Members that are no sockets are left out, and without any the server does not start."""
    found = bond.sockets(scope.modparams)
    known = f"known here: {listed(scope.modparams)}"
    if not found:
        scope.error("setting", f"the bond {bond.name} has no member that is a socket", node.span, known)
        return
    for member in dict.fromkeys(bond.members):
        if member not in found:
            message = f"{member!r} of the bond {bond.name} is no socket, and is left out"
            scope.found.append(Diagnostic("warning", "bond-member", message, node.span, known))
