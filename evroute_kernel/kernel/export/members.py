"""What the configuration of one node of a notebook says of the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from evroute_kernel.records import dataclass

MODULE: Final = "clusterer"
#: modules of each node, in the order of loading
MODULES: Final = ("proto_bin", MODULE)
_CLUSTER: Final = 1
#: ports of node 1, for SIP and for the other nodes
_SIP: Final = 5060
_BIN: Final = 5556


@dataclass(frozen=True, slots=True)
class Members:
    """The nodes of a notebook, each with its number, and which of them a configuration is for."""

    own: str
    ids: Mapping[str, int]

    @property
    def id(self) -> int:
        return self.ids[self.own]

    @property
    def sip_socket(self) -> str:
        """Where a server of this node listens, so that all can run on one machine."""
        return f"udp:127.0.0.1:{_SIP + self.id - 1}"

    @property
    def bin_socket(self) -> str:
        """Where it listens for the other nodes."""
        return _url(self.id)

    def modparams(self) -> Iterator[tuple[str, int | str]]:
        """What module clusterer is told."""
        yield "db_mode", 0
        yield "my_node_id", self.id
        yield "my_node_info", f"cluster_id={_CLUSTER}, url={_url(self.id)}"
        for name, id in self.ids.items():
            if name != self.own:
                yield "neighbor_node_info", f"cluster_id={_CLUSTER}, node_id={id}, url={_url(id)}"


def _url(id: int) -> str:
    return f"bin:127.0.0.1:{_BIN + id - 1}"
