"""Which nodes a cluster has, which of them are up, and what becomes of a message between them.

What a node is told is what a server with module clusterer is told: a message to a node that is down fails at once, one
to a node that was disabled by `clusterer_set_status` vanishes, and each node has its own view of who is disabled.
Observed on OpenSIPS 3.6 and 4.0. Other than there, a node that goes down is seen to be down at that moment: no ping is
waited for.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import field, replace
from time import time
from typing import Any, Final

from evroute_kernel.engine.cluster.exchange import Exchange
from evroute_kernel.engine.cluster.peer import STATE, TAG, CarryOut, Parcel, Peer, Unreachable
from evroute_kernel.engine.events.params import Params
from evroute_kernel.engine.results.runs import ClusterMessage
from evroute_kernel.records import dataclass
from evroute_kernel.runtime.values import decode

#: messages that a cluster remembers
REMEMBERED: Final = 10_000
#: what a sender is told
SENT: Final = 1
DISABLED: Final = -1
DOWN: Final = -2
FAILED: Final = -3


@dataclass(slots=True, eq=False)
class Node:
    """A node as the router has it: `disabled` and `removed` are the numbers of nodes, its own among them, of which it
    has been told so."""

    peer: Peer
    is_up: bool = True
    disabled: set[int] = field(default_factory=set)
    removed: set[int] = field(default_factory=set)

    @property
    def id(self) -> int:
        return self.peer.place.id

    @property
    def name(self) -> str:
        return self.peer.place.name


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of a message: the return code, whether the sender raises it itself too, and what is to be said."""

    code: int
    is_here: bool = False
    said: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Letter:
    """What a script of the node `own` sends: texts are byte strings."""

    own: int
    cluster: int
    event: str
    message: str
    tag: str
    exchange: Exchange
    origin: object

    @property
    def params(self) -> Params:
        """Those of its event."""
        return (("cluster_id", self.cluster), ("src_id", self.own), ("msg", self.message), ("tag", self.tag))

    def told(self, sender: str, receiver: str) -> ClusterMessage:
        """The same for people."""
        return ClusterMessage(sender, receiver, self.event, decode(self.message), decode(self.tag))


class Router:
    """The nodes of one cluster. Safe from any thread; it never waits for routes."""

    def __init__(self, cluster: int = 1) -> None:
        self.cluster: Final = cluster
        self._lock = threading.RLock()
        self._nodes: dict[int, Node] = {}
        self._messages: deque[ClusterMessage] = deque(maxlen=REMEMBERED)
        #: is told of each message when it is sent; it must be quick
        self.watch: Callable[[ClusterMessage], object] = lambda message: None

    # -- nodes --------------------------------------------------------------------------------------------------------

    def add(self, peer: Peer, is_up: bool = True) -> None:
        """One more node. Nobody is told."""
        with self._lock:
            self._nodes[peer.place.id] = Node(peer, is_up)

    def nodes(self) -> list[Node]:
        """All nodes, by number."""
        with self._lock:
            return sorted(self._nodes.values(), key=lambda node: node.id)

    def node(self, id: int) -> Node | None:
        """The node of a number."""
        with self._lock:
            return self._nodes.get(id)

    def others(self, id: int) -> list[Node]:
        """The nodes that a node knows of besides itself."""
        with self._lock:
            own = self._nodes.get(id)
            removed = own.removed if own is not None else ()
            return [node for node in self.nodes() if node.id != id and node.id not in removed]

    def remove(self, id: int, origin: object = None) -> list[Future[Any]]:
        """A node is gone for good: the others see that it is down."""
        raised = self.set_up(id, False, origin)
        with self._lock:
            self._nodes.pop(id, None)
        return raised

    def leave(self, id: int) -> None:
        """A node is gone, and nobody is told."""
        with self._lock:
            node = self._nodes.get(id)
            if node is not None:
                node.is_up = False

    def set_up(self, id: int, is_up: bool, origin: object = None) -> list[Future[Any]]:
        """A node goes down, or comes up: the others are told, and what comes up is told of those that it finds."""
        with self._lock:
            node = self._nodes.get(id)
            if node is None or node.is_up == is_up:
                return []
            node.is_up = is_up
            if is_up:
                node.disabled.clear()
                node.removed.clear()
            seen = [other for other in self.others(id) if other.is_up and id not in other.removed]
        told = [(other, id, is_up) for other in seen if not other.disabled & {id, other.id}]
        found = [(node, other.id, True) for other in seen] if is_up else []
        return self._tell_states([*told, *found], origin)

    def _tell_states(self, changes: Iterable[tuple[Node, int, bool]], origin: object) -> list[Future[Any]]:
        raised = []
        for node, id, is_up in changes:
            if not node.peer.tells_states:
                continue
            params = (("cluster_id", self.cluster), ("node_id", id), ("new_state", int(is_up)))
            changed = self._nodes.get(id)
            sender = node.name if changed is None else changed.name
            raised += self._deliver(ClusterMessage(sender, node.name, STATE), node, params, None, origin)
        return raised

    def set_status(self, own: int, id: int, enabled: bool, origin: object = None) -> list[Future[Any]] | None:
        """A node is told that another, or itself, is disabled or enabled; what that raises, None where there is none of
        this number."""
        with self._lock:
            node = self._nodes[own]
            if id != own and id not in [other.id for other in self.others(own)]:
                return None
            if (id not in node.disabled) == enabled:
                return []
            (node.disabled.discard if enabled else node.disabled.add)(id)
            if id == own:
                lost = [other for other in self.others(own) if other.is_up and other.id not in node.disabled]
            else:
                other = self._nodes[id]
                lost = [other] if other.is_up and own not in node.disabled else []
        return self._tell_states([(node, other.id, enabled) for other in lost], origin)

    def forget_node(self, own: int, id: int) -> bool:
        """All nodes forget one, as MI clusterer_remove_node has it; False where `own` knows none of this number."""
        with self._lock:
            if id not in [other.id for other in self.others(own)]:
                return False
            for node in self._nodes.values():
                if node.id == own or (node.is_up and node.id != id):
                    node.removed.add(id)
        return True

    # -- messages -----------------------------------------------------------------------------------------------------

    def send(self, letter: Letter, id: int) -> Sent:
        """Send a message of a script to one node."""
        with self._lock:
            refused = self._refused(letter.own, letter.cluster)
            node = next((other for other in self.others(letter.own) if other.id == id), None)
        if refused is not None:
            return refused
        if id == letter.own:
            return self._here(letter)
        if node is None:
            return Sent(FAILED, said=(f"there is no node {id} in cluster {letter.cluster}: {self._known()}",))
        return self._send(letter, [node])

    def broadcast(self, letter: Letter, here: bool) -> Sent:
        """Send a request to all other nodes; `here`: the own node gets it too."""
        with self._lock:
            refused = self._refused(letter.own, letter.cluster)
            nodes = self.others(letter.own)
        if refused is not None:
            return refused
        sent = self._send(letter, nodes)
        return replace(sent, is_here=self._here(letter).is_here) if here else sent

    def _refused(self, own: int, cluster: int) -> Sent | None:
        """Why the node can send nothing."""
        if cluster != self.cluster:
            return Sent(FAILED, said=(f"there is no cluster {cluster}: this node is in cluster {self.cluster}",))
        node = self._nodes.get(own)
        return Sent(DISABLED) if node is None or own in node.disabled else None

    def _known(self) -> str:
        return "its nodes are " + ", ".join(f"{node.id} ({node.name})" for node in self.nodes())

    def _here(self, letter: Letter) -> Sent:
        self._remember(letter.told(self._nodes[letter.own].name, self._nodes[letter.own].name))
        return Sent(SENT, True)

    def _send(self, letter: Letter, nodes: Sequence[Node]) -> Sent:
        """Send to some nodes; they are down only if all are."""
        own, sender, exchange = letter.own, self._nodes[letter.own], letter.exchange
        enabled = [node for node in nodes if node.id not in sender.disabled]
        if not enabled:
            return Sent(SENT)
        if exchange.is_late():
            late = f"no message is sent any more: the {exchange.seconds:g} s of the raise are over"
            return Sent(FAILED, said=(late,))
        up = [node for node in enabled if node.is_up]
        if not up:
            return Sent(DOWN)
        said: list[str] = []
        for node in up:
            told = letter.told(sender.name, node.name)
            if node.disabled & {own, node.id}:
                self._remember(told)  # it is thrown away there
                continue
            try:
                self._deliver(told, node, letter.params, exchange, letter.origin)
            except Unreachable as error:
                said.append(str(error))
        return Sent(FAILED if len(said) == len(up) else SENT, said=tuple(said))

    def _deliver(
        self, told: ClusterMessage, node: Node, params: Params, exchange: Exchange | None, origin: object
    ) -> list[Future[Any]]:
        """Raise an event on a node; what it leads to, where anybody hears it. Raises Unreachable."""
        told = self._remember(told)
        future = node.peer.take(Parcel(told.event, params, exchange, origin))
        if exchange is not None:
            exchange.add(told, future)
        return [] if future is None else [future]

    def _remember(self, told: ClusterMessage) -> ClusterMessage:
        told = replace(told, time=time())
        with self._lock:
            self._messages.append(told)
        self.watch(told)
        return told

    @property
    def messages(self) -> list[ClusterMessage]:
        """What nodes have sent each other, the latest last: as many as are remembered."""
        with self._lock:
            return list(self._messages)

    # -- sharing tags, management -------------------------------------------------------------------------------------

    def activate(self, own: int, cluster: int, tag: str, exchange: Exchange | None, origin: object) -> Sent:
        """A node has become active for a sharing tag: the others are its backup from now on."""
        if cluster != self.cluster:
            return Sent(FAILED, said=(f"the tag {decode(tag)} is active here alone: there is no cluster {cluster}",))
        for node in self._reached(own):
            if node.peer.back_up(tag, cluster):
                reason = f"cluster broadcast from {own}"
                self.tell_tag(self._nodes[own], node, tag, "backup", reason, exchange, origin)
        return Sent(SENT)

    def tell_tag(
        self, sender: Node, node: Node, tag: str, state: str, reason: str, exchange: Exchange | None, origin: object
    ) -> list[Future[Any]]:
        """A node has become active for a sharing tag, or its backup: it raises the event of that."""
        params = (("name", tag), ("cluster", self.cluster), ("state", state), ("reason", reason))
        with suppress(Unreachable):
            return self._deliver(
                ClusterMessage(sender.name, node.name, TAG, decode(tag)), node, params, exchange, origin
            )
        return []

    def manage(
        self, own: int, cluster: int, id: int | None, carry_out: CarryOut, command: str, params: Sequence[Any] | None
    ) -> Sent:
        """Let a node (None: all others) carry out a command of the management interface."""
        refused = self._refused(own, cluster)
        if refused is not None:
            return refused
        nodes = [node for node in self.others(own) if id in (None, node.id)]
        if id is not None and not nodes:
            return Sent(FAILED, said=(f"there is no node {id} in cluster {cluster}: {self._known()}",))
        enabled = [node for node in nodes if node.id not in self._nodes[own].disabled]
        if enabled and not any(node.is_up for node in enabled):
            return Sent(DOWN)
        for node in self._reached(own, nodes):
            node.peer.manage(carry_out, command, params)
        return Sent(SENT)

    def _reached(self, own: int, nodes: Sequence[Node] | None = None) -> list[Node]:
        """Those that take what this node sends them."""
        sender = self._nodes[own]
        if own in sender.disabled:
            return []
        found = self.others(own) if nodes is None else nodes
        return [n for n in found if n.is_up and n.id not in sender.disabled and not n.disabled & {own, n.id}]

    def interrupt(self, home: int, origin: object) -> int:
        """End what runs on other nodes because of raises of this one; how many raises that were."""
        return sum(node.peer.interrupt(home, origin) for node in self.nodes() if node.id != home)
