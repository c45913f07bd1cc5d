"""Notebooks of several nodes: which cell belongs to which, and what the configuration of each says of the others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from evroute_kernel.errors import ScriptError
from evroute_kernel.kernel.cell.cells import cut
from evroute_kernel.kernel.cell.notebook import HOME
from evroute_kernel.kernel.cell.planning import at_the_head
from evroute_kernel.kernel.export.notebooks import NotebookCell
from evroute_kernel.records import dataclass
from evroute_kernel.source import Source

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


def node_of(cell: NotebookCell) -> str:
    """The node that a cell belongs to."""
    return _named(cell)[0]


def _named(cell: NotebookCell) -> tuple[str, int | None]:
    """The same, and the number that it gets there."""
    if cell.kind == "code" and "%node" in cell.text:
        try:
            for entrance, line in at_the_head(cut(Source(cell.name, cell.text))):
                arguments = entrance.read(line)
                word = arguments.flags.get("id")
                return arguments.words[0].text, None if word is None else int(word.text)
        except ScriptError:  # the cell is refused, and says why
            pass
    return HOME, None


def numbered(cells: Iterable[NotebookCell]) -> dict[str, int]:
    """The nodes of a notebook and their numbers, as a kernel gives them; nothing where there is only one."""
    found: dict[str, int] = {}
    for cell in cells:
        name, id = _named(cell)
        if name != HOME and name not in found:
            if not found:
                found[HOME] = 2 if id == 1 else 1
            found[name] = max(found.values()) + 1 if id is None else id
    return found
