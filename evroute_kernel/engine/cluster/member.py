"""A session as one node of a cluster: what its world knows of the others."""

from __future__ import annotations

from concurrent.futures import Future
from ipaddress import ip_address
from math import inf
from typing import Any, Final
from urllib.parse import urlsplit

from evroute_kernel.engine.cluster.exchange import Exchange
from evroute_kernel.engine.cluster.peer import REPLY, REQUEST
from evroute_kernel.engine.cluster.router import FAILED, Letter, Router, Sent
from evroute_kernel.engine.events.given import GivenError
from evroute_kernel.library.sharing_tags import Tag
from evroute_kernel.runtime.values import decode

_YES: Final = Sent(1)
_NO: Final = -1


class NodeDownError(GivenError):
    """Something is raised on a node that has been stopped."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the node {name} is stopped", f"%node {name} --start, in Python cluster.start({name!r})")


class Member:
    """A node's own view. Safe from any thread."""

    def __init__(self, router: Router, id: int) -> None:
        self.router: Final = router
        self.id: Final = id

    @property
    def name(self) -> str:
        """How users call it."""
        node = self.router.node(self.id)
        return "" if node is None else node.name

    @property
    def known(self) -> frozenset[int]:
        """The numbers of the nodes that there are."""
        return frozenset(node.id for node in self.router.nodes())

    def check_up(self) -> None:
        """Raise NodeDownError if the node has been stopped."""
        node = self.router.node(self.id)
        if node is not None and not node.is_up:
            raise NodeDownError(node.name)

    def exchange(self, seconds: float) -> Exchange:
        """What a new raise shares with all that follows of it on other nodes."""
        return Exchange(self.id, seconds)

    def ask(self, verb: str, cluster: int, node: int, text: str, tag: str, exchange: Exchange, origin: object) -> Sent:
        """What a function of a script wants: a `request` or a `reply` to a node, a `broadcast` (`node`: whether to
        itself too), to be active for a `tag`, or to know whether there is a `sip address` or `bin address`."""
        router = self.router
        if verb in ("request", "reply", "broadcast"):
            event = REPLY if verb == "reply" else REQUEST
            letter = Letter(self.id, cluster, event, text, tag, exchange, origin)
            return router.broadcast(letter, bool(node)) if verb == "broadcast" else router.send(letter, node)
        if verb == "tag":
            return self._activate(text, cluster, exchange, origin)
        return self._knows_address(verb, cluster, decode(text))

    def _activate(self, tag: str, cluster: int, exchange: Exchange, origin: object) -> Sent:
        node = self.router.node(self.id)
        was_active = node is None or node.peer.activate(tag, cluster)
        sent = self.router.activate(self.id, cluster, tag, exchange, origin)
        return Sent(sent.code, not was_active and sent.code != FAILED, sent.said)

    def activate_from_outside(self, tag: Tag, origin: object) -> list[Future[Any]]:
        """Somebody makes this node active for a sharing tag; what that raises, here first."""
        node, exchange = self.router.node(self.id), self.exchange(inf)
        if node is None:
            return []
        if not node.peer.activate(tag.name, tag.cluster):
            self.router.tell_tag(node, node, tag.name, "active", "MI command", exchange, origin)
        self.router.activate(self.id, tag.cluster, tag.name, exchange, origin)
        return exchange.futures

    def _knows_address(self, verb: str, cluster: int, address: str) -> Sent:
        if cluster != self.router.cluster:
            return Sent(_NO, said=(f"there is no cluster {cluster}: this node is in cluster {self.router.cluster}",))
        places = [node.peer.place for node in self.router.others(self.id)]
        if verb == "sip address":
            return _YES if address in [place.sip_addr for place in places] else Sent(_NO)
        try:
            wanted = ip_address(address)
        except ValueError:
            return Sent(_NO, said=(f"{address!r} is no IP address",))
        hosts = [urlsplit(place.url.replace("bin:", "bin://", 1)).hostname for place in places]
        return _YES if str(wanted) in hosts else Sent(_NO)

    def leave(self) -> None:
        """The session is closed: the others see that it is down."""
        self.router.set_up(self.id, False)

    def interrupt(self, origin: object) -> int:
        """End what runs on other nodes because of raises of this one."""
        return self.router.interrupt(self.id, origin)
