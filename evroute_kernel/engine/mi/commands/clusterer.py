"""The cluster that a session is a node of: its nodes, its sharing tags, and commands for other nodes.

Served only to a session that is one (`%node NAME`, `Session.cluster()`): others have no module clusterer to ask.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from evroute_kernel.engine.cluster.router import DISABLED, DOWN, FAILED, Node, Sent
from evroute_kernel.engine.mi.arguments import Arguments, match
from evroute_kernel.engine.mi.declaration import command
from evroute_kernel.engine.mi.management import Management
from evroute_kernel.engine.mi.naming import find
from evroute_kernel.engine.mi.protocol import CommandError
from evroute_kernel.library import sharing_tags
from evroute_kernel.library.sharing_tags import BadTag
from evroute_kernel.runtime.values import decode, encode

if TYPE_CHECKING:
    from evroute_kernel.engine.cluster.member import Member
    from evroute_kernel.engine.session.session import Session

EXPORTER: Final = "clusterer"
#: database id of a node that no database knows
_NO_ROW: Final = -1


def _member(management: Management) -> Member:
    member = management.session.member
    if member is None:  # somebody has loaded the module without a cluster
        raise CommandError(404, "Cluster id not found", "this session is no node: %node NAME makes a cluster")
    return member


def _cluster(given: Arguments) -> int:
    return _positive(given, "cluster_id")


def _positive(given: Arguments, name: str) -> int:
    number = given.integer(name)
    if number < 1:
        raise CommandError(400, f"Bad value for '{name}'")
    return number


def _status(given: Arguments) -> bool:
    status = given.integer("status")
    if status not in (0, 1):
        raise CommandError(400, "Bad value for 'status'")
    return bool(status)


@command(
    "clusterer_set_status",
    "clusterer:set_status",
    "cluster_id status",
    "cluster_id node_id status",
    exporter=EXPORTER,
    optional=True,
)
def clusterer_set_status(management: Management, given: Arguments) -> str:
    """Disable a node for this one (status 0), or enable it (1); without `node_id` this one itself.

    A node that has disabled itself sends nothing (-1) and takes nothing. What is sent to one that is disabled here is
    lost, and the sender gets 1.
    """
    member, cluster = _member(management), _cluster(given)
    id = _positive(given, "node_id") if "node_id" in given else member.id
    is_enabled = _status(given)
    if cluster != member.router.cluster:
        raise CommandError(404, "Cluster id not found")
    raised = member.router.set_status(member.id, id, is_enabled, management.origin)
    if raised is None:
        raise CommandError(404, "Node id not found")
    management.watch_all(raised)
    return "OK"


@command("clusterer_list", "clusterer:list", exporter=EXPORTER, optional=True)
def clusterer_list(management: Management, given: Arguments) -> dict[str, Any]:
    """List the other nodes: whether each is up, and enabled."""
    member = _member(management)
    router, own = member.router, member.router.node(member.id)
    disabled = own.disabled if own is not None else set()
    nodes = [_listed(node, disabled, member.id) for node in router.others(member.id)]
    return {"Clusters": [{"cluster_id": router.cluster, "Nodes": nodes}]}


def _listed(node: Node, disabled: set[int], own: int) -> dict[str, Any]:
    is_enabled = node.id not in disabled
    is_up = node.is_up and is_enabled and own not in disabled
    return {
        "node_id": node.id,
        "db_id": _NO_ROW,
        "url": node.peer.place.url,
        "link_state": "Up" if is_up else "Probe" if is_enabled and own not in disabled else "Down",
        "state": "enabled" if is_enabled else "disabled",
        "next_hop": str(node.id) if is_up else "none",
        "description": node.name,
    }


@command("clusterer_list_topology", "clusterer:list_topology", exporter=EXPORTER, optional=True)
def clusterer_list_topology(management: Management, given: Arguments) -> dict[str, Any]:
    """List which nodes see which."""
    member = _member(management)
    up = [node.id for node in member.router.nodes() if node.is_up]
    known = [member.id, *(node.id for node in member.router.others(member.id))]
    nodes = [{"node_id": id, "Neighbours": [other for other in up if other != id and id in up]} for id in known]
    return {"Clusters": [{"cluster_id": member.router.cluster, "Nodes": nodes}]}


@command("clusterer_list_cap", "clusterer:list_cap", exporter=EXPORTER, optional=True)
def clusterer_list_cap(management: Management, given: Arguments) -> dict[str, Any]:
    """List the capabilities of modules: none replicates anything here."""
    return {"Clusters": [{"cluster_id": _member(management).router.cluster, "Capabilities": []}]}


@command("clusterer_list_shtags", "clusterer:list_shtags", exporter=EXPORTER, optional=True)
def clusterer_list_shtags(management: Management, given: Arguments) -> list[dict[str, Any]]:
    """List the sharing tags, and whether this node is active for each or its backup."""
    _member(management)
    values = management.process().settings.modparams.get((sharing_tags.MODULE, sharing_tags.PARAMETER), [])
    found = sharing_tags.listed(management.session.shared, values)
    return [
        {"Tag": decode(tag.name), "Cluster": tag.cluster, "State": sharing_tags.STATES[active]} for tag, active in found
    ]


@command("clusterer_shtag_set_active", "clusterer:shtag_set_active", "tag", exporter=EXPORTER, optional=True)
def clusterer_shtag_set_active(management: Management, given: Arguments) -> str:
    """Make this node active for a sharing tag (`vip/1`), and all others its backup."""
    member, text = _member(management), given.text("tag")
    try:
        tag = sharing_tags.read(encode(text))
    except BadTag:
        detail = "Bad cluster ID in tag" if "/" in text else "Bad tag format <name/cluster_id>"
        raise CommandError(400, detail) from None
    if tag.cluster != member.router.cluster:
        raise CommandError(404, "Cluster ID not found")
    management.watch_all(member.activate_from_outside(tag, management.origin))
    return "OK"


@command("clusterer_remove_node", "clusterer:remove_node", "cluster_id node_id", exporter=EXPORTER, optional=True)
def clusterer_remove_node(management: Management, given: Arguments) -> str:
    """Let the nodes forget one of them: messages to it fail with -3. It runs on, and `%node NAME --start` brings it
    back."""
    member, cluster = _member(management), _cluster(given)
    if cluster != member.router.cluster:
        raise CommandError(400, "Unknown cluster id")
    if not member.router.forget_node(member.id, _positive(given, "node_id")):
        raise CommandError(400, "Unknown node id")
    return "OK"


@command("clusterer_reload", "clusterer:reload", exporter=EXPORTER, optional=True)
def clusterer_reload(management: Management, given: Arguments) -> str:
    """Refused, with 400: the nodes come from no database here."""
    _member(management)
    raise CommandError(400, "Non-DB mode")


@command(
    "clusterer_set_cap_status",
    "clusterer:set_cap_status",
    "cluster_id capability status",
    exporter=EXPORTER,
    optional=True,
)
def clusterer_set_cap_status(management: Management, given: Arguments) -> str:
    """Refused, with 404: no module has a capability here."""
    member, cluster = _member(management), _cluster(given)
    given.text("capability")
    _status(given)
    raise CommandError(404, "Cluster id not found" if cluster != member.router.cluster else "Capability not found")


# -- commands for other nodes ----------------------------------------------------------------------------------------


@command(
    "cluster_send_mi",
    "clusterer:send_mi",
    "cluster_id destination cmd_name",
    "cluster_id destination cmd_name cmd_params",
    exporter=EXPORTER,
    array="cmd_params",
    optional=True,
)
def cluster_send_mi(management: Management, given: Arguments) -> str:
    """Let another node carry out a command. `OK` says that it was sent; what it answers is not told."""
    member, cluster, id = _member(management), _cluster(given), _positive(given, "destination")
    if id == member.id:
        raise CommandError(400, "Local node specified as destination")
    sent = _sent(management, member, cluster, id, given)
    if sent.code == DISABLED:
        return "Local node disabled"
    if sent.code in (DOWN, FAILED):
        raise CommandError(400, "Destination down" if sent.code == DOWN else "Send error")
    return "OK"


@command(
    "cluster_broadcast_mi",
    "clusterer:broadcast_mi",
    "cluster_id cmd_name",
    "cluster_id cmd_name cmd_params",
    exporter=EXPORTER,
    array="cmd_params",
    optional=True,
)
def cluster_broadcast_mi(management: Management, given: Arguments) -> Any:
    """Let all nodes carry out a command; the answer is that of this one."""
    member, cluster = _member(management), _cluster(given)
    _sent(management, member, cluster, None, given)
    return carried_out(management, given.text("cmd_name"), _params(given))


def _params(given: Arguments) -> list[str] | None:
    return given.texts("cmd_params") if "cmd_params" in given else None


def _sent(management: Management, member: Member, cluster: int, id: int | None, given: Arguments) -> Sent:
    def carry_out(session: Session, command: str, params: Any) -> None:
        try:
            carried_out(management.of(session), command, params)
        except CommandError as error:  # nobody hears of it there either
            management.tell_once(f"{command} has failed on another node: {error}")

    return member.router.manage(member.id, cluster, id, carry_out, given.text("cmd_name"), _params(given))


def carried_out(management: Management, name: str, params: Any) -> Any:
    """The answer of a command that came from a node. Raises CommandError."""
    try:
        found = find(management.session, name)
    except CommandError:
        raise CommandError(400, "Command to be run not found") from None
    return found.run(management, match(found.recipes, params))
