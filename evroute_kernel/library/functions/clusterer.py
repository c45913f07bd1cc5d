"""Module clusterer: messages that scripts of one node send to another. Without a cluster all of it is a stub.

A cluster is made by `%node NAME` in a notebook and by `Session.cluster()`. Between nodes nothing is spoken that a
server could read: the supervisor of the one hands an event to the supervisor of the other.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from evroute_kernel.library.behaviour import function
from evroute_kernel.library.references import Reference
from evroute_kernel.library.stubs import call_stub
from evroute_kernel.runtime.context import Context
from evroute_kernel.runtime.values import text_of

SIMULATED_WHEN: Final = "%node NAME"
REQUEST: Final = "E_CLUSTERER_REQ_RECEIVED"
REPLY: Final = "E_CLUSTERER_RPL_RECEIVED"
#: what stands behind cluster and node in a tag
_TAG_LENGTH: Final = 24
_TAG_CHARACTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxy123456"
_OF_TAG: Final = (
    "the tag is empty: hand over the one of the request, cluster_send_rpl(..., $param(tag)) in its event route"
)


def in_cluster(name: str) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """Say what a function does in a cluster; otherwise it is a stub."""

    def declare(run: Callable[..., int]) -> Callable[..., int]:
        def call(context: Context, *arguments: Any) -> int:
            if not context.process.settings.node:
                return call_stub(context, *arguments, name=name)
            return run(context, *arguments)

        call.__doc__ = run.__doc__
        return function(name, simulated_when=SIMULATED_WHEN)(call)

    return declare


@in_cluster("cluster_send_req")
def cluster_send_req(context: Context, cluster: int, node: int, message: str, tag: Reference | None) -> int:
    """Send a message to another node, which raises E_CLUSTERER_REQ_RECEIVED there.

    `tag` is a variable that gets the tag of this message, before it is sent; the answer has the same. The answer may
    come before the next statement runs: write the tag straight into `$shv(...)`. Returns 1; -1 when this node is
    disabled, -2 when that node is down, -3 when there is no such node or cluster. A message to the own node raises the
    event here. To a node that is disabled nothing is sent, and 1 comes back.
    """
    made = _tag(context, cluster, tag)
    return -1 if made is None else _send(context, "request", cluster, node, message, made)


@in_cluster("cluster_broadcast_req")
def cluster_broadcast_req(
    context: Context, cluster: int, message: str, tag: Reference | None, include_self: int | None
) -> int:
    """Send a message to all other nodes of a cluster, with `include_self` 1 to this one too.

    As cluster_send_req(); all get the same tag. Returns -2 when all others are down, whatever this node got.
    """
    made = _tag(context, cluster, tag)
    return -1 if made is None else _send(context, "broadcast", cluster, int(bool(include_self)), message, made)


@in_cluster("cluster_send_rpl")
def cluster_send_rpl(context: Context, cluster: int, node: int, message: str, tag: Reference) -> int:
    """Answer a message: the node that has sent it raises E_CLUSTERER_RPL_RECEIVED, with the tag that is given here.

    `tag` is a variable, mostly `$param(tag)` of the request; an unset one is an error and -1. Returns as
    cluster_send_req().
    """
    given = text_of(tag.get(context))
    if not given:
        context.error(f"cluster_send_rpl: {_OF_TAG}")
        return -1
    return _send(context, "reply", cluster, node, message, given)


@in_cluster("cluster_check_addr")
def cluster_check_addr(context: Context, cluster: int, ip: str, addr_type: str | None) -> int:
    """Whether an address is one of the other nodes: by its `sip_addr`, or with "bin" by the address of its `url`.

    Returns 1, or -1: also for the address of this node.
    """
    kind = "sip" if addr_type is None else addr_type.lower()
    if kind not in ("sip", "bin"):
        context.error(f"cluster_check_addr: {addr_type!r} is no type of an address: it is 'sip' or 'bin'")
        return -1
    code, _, said = context.process.ask_cluster(f"{kind} address", cluster, 0, ip, "")
    for text in said:
        context.error(text)
    return code


def _tag(context: Context, cluster: int, target: Reference | None) -> str | None:
    """The tag of a new message, which the variable has now; None where it cannot be set."""
    process = context.process
    drawn = "".join(process.chance.choices(_TAG_CHARACTERS, k=_TAG_LENGTH))
    made = f"{cluster}-{process.settings.node}-{drawn}"
    if target is not None and not target.set(context, "=", made):
        context.error(f"the variable {target.text} cannot hold the tag")
        return None
    return made


def _send(context: Context, verb: str, cluster: int, node: int, message: str, tag: str) -> int:
    """Let the message go; it is raised here where this node is one of those that get it."""
    process = context.process
    code, is_here, said = process.ask_cluster(verb, cluster, node, message, tag)
    for text in said:
        context.error(text)
    if is_here:
        raise_here(context, REPLY if verb == "reply" else REQUEST, cluster, message, tag)
    return code


def raise_here(context: Context, event: str, cluster: int, message: str, tag: str) -> None:
    """The event of a message to the own node, as raise_event() would raise it."""
    process = context.process
    if process.has_subscribers(event):
        named = (("cluster_id", cluster), ("src_id", process.settings.node), ("msg", message), ("tag", tag))
        process.raise_event(context, event, named)
