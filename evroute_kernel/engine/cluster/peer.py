"""A node as others of its cluster see it: something that takes messages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, Final, Protocol, TypeAlias

from evroute_kernel.engine.cluster.exchange import Exchange
from evroute_kernel.engine.events.params import Params
from evroute_kernel.records import dataclass

REQUEST: Final = "E_CLUSTERER_REQ_RECEIVED"
REPLY: Final = "E_CLUSTERER_RPL_RECEIVED"
STATE: Final = "E_CLUSTERER_NODE_STATE_CHANGED"
TAG: Final = "E_CLUSTERER_SHARING_TAG_CHANGED"


#: carries out a command of the management interface: (a session, the command, its parameters in order)
CarryOut: TypeAlias = "Callable[[Any, str, Sequence[Any] | None], None]"


@dataclass(frozen=True, slots=True)
class Parcel:
    """An event on its way to a node. `params` as its routes get them (byte strings); `origin` gets what is logged."""

    event: str
    params: Params
    exchange: Exchange | None
    origin: object


@dataclass(frozen=True, slots=True)
class Place:
    """A node by what the others know of it."""

    id: int
    name: str
    #: where a server of this node would listen for the others
    url: str
    #: its SIP address, as `cluster_check_addr()` compares it
    sip_addr: str


class Peer(Protocol):
    """A node that can be reached. Its methods never wait for routes."""

    @property
    def place(self) -> Place:
        """Which it is."""

    @property
    def tells_states(self) -> bool:
        """Whether it wants to be told who goes down and comes up; else it finds out by itself."""

    def take(self, parcel: Parcel) -> Future[Any] | None:
        """Raise an event there; its future gives the Run, or None if nobody hears it. None where nobody will tell what
        comes of it. Raises Unreachable."""

    def activate(self, tag: str, cluster: int) -> bool:
        """It becomes active for a sharing tag; whether it was. Nobody is told."""

    def back_up(self, tag: str, cluster: int) -> bool:
        """Another node has become active for a sharing tag: this one is not any more. Whether it was."""

    def manage(self, carry_out: CarryOut, command: str, params: Sequence[Any] | None) -> None:
        """Let it carry out a command of the management interface, by `carry_out` where its session is in this process.
        Nobody hears of the answer."""

    def interrupt(self, home: int, origin: object) -> int:
        """End what runs there because of raises of the node `home`, with this origin (None: any); how many."""


class Unreachable(Exception):
    """A node has taken as many messages as can wait, or is gone."""
