"""Nodes of a notebook that send each other messages: `%node`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from evroute_kernel.assist.offers import Candidate
from evroute_kernel.engine.events.given import GivenError
from evroute_kernel.engine.events.raise_line import ArgumentError
from evroute_kernel.errors import did_you_mean
from evroute_kernel.kernel.cell.cells import MagicLine
from evroute_kernel.kernel.cell.failures import CellFailure, failure
from evroute_kernel.kernel.cell.notebook import HOME
from evroute_kernel.kernel.display.formats import MOST_ROWS, Table
from evroute_kernel.kernel.magics.arguments import Arguments, Signature, Word, parse_arguments
from evroute_kernel.kernel.magics.declaration import Entrance, Offers, magic

if TYPE_CHECKING:
    from collections.abc import Iterable

    from evroute_kernel.kernel.cell.cell import Cell
    from evroute_kernel.kernel.export.rehearsal import Rehearsal
    from evroute_kernel.kernel.questions.asked import Asked

USAGE = "[NAME] [--id N] [--stop] [--start] [--remove] [--messages]"
_SIGNATURE = Signature.of(USAGE)
#: what is done to a node, and not on it
DEEDS = ("stop", "start", "remove")


def _read(line: MagicLine) -> Arguments:
    return checked(parse_arguments(line.without_comment, _SIGNATURE, f"%node {USAGE}"))


def checked(arguments: Arguments) -> Arguments:
    """Raises ArgumentError for flags that do not go together."""
    deeds = [deed for deed in DEEDS if deed in arguments.flags]
    first = arguments.first
    if "messages" in arguments.flags:
        if first is not None or len(arguments.flags) > 1:
            raise ArgumentError("--messages stands alone: it lists those of all nodes", arguments.line.span)
        return arguments
    if arguments.flags and first is None:
        raise ArgumentError("the name of the node is missing", arguments.line.span, f"usage: %node {USAGE}")
    if len(deeds) > 1 or (deeds and "id" in arguments.flags):
        others = [f"--{flag}" for flag in arguments.flags]
        raise ArgumentError(f"{' and '.join(others)} do not go together", arguments.line.span)
    _id(arguments)
    return arguments


def _id(arguments: Arguments) -> int | None:
    """The number that a line gives the node. Raises ArgumentError."""
    word = arguments.flags.get("id")
    return None if word is None else word.whole(1, "the number of a node")


def _says_where(line: MagicLine) -> bool:
    """Whether a line gives its cell to a node."""
    words = line.without_comment.text.split()
    return bool(words) and not any(f"--{deed}" in words for deed in DEEDS) and not words[0].startswith("-")


async def _enter(cell: Cell, arguments: Arguments) -> None:
    """The cell is run on the node, which is made if there is none of this name. Raises CellFailure."""
    notebook, name = cell.notebook, arguments.words[0]
    id = _id(arguments)
    try:
        if notebook.cluster is None or not notebook.has_node(name.text):
            await cell.compute(lambda: notebook.add_node(name.text, id))
        elif id is not None and notebook.cluster is not None and notebook.cluster.ids[name.text] != id:
            has = notebook.cluster.ids[name.text]
            message = f"the node {name.text} has the number {has} already"
            raise failure("NodeError", message, name.span, f"%node {name.text} --remove takes it away first")
    except GivenError as error:
        raise _failed(error, name) from error
    cell.node = "" if name.text == HOME else name.text


def _failed(error: GivenError, word: Word) -> CellFailure:
    found = error.diagnostics[0]
    return failure("NodeError", found.message, word.span, found.hint)


def exported_node(rehearsal: Rehearsal, offset: int, arguments: Arguments) -> None:
    """The cell belongs to the configuration of its node."""
    if arguments.first is not None and not any(deed in arguments.flags for deed in DEEDS):
        rehearsal.remark(offset, f"(a cell of the node {arguments.first.text})")


def names(asked: Asked) -> Iterator[Candidate]:
    """The nodes that there are."""
    cluster = asked.notebook.cluster
    ids = {HOME: 1} if cluster is None else cluster.ids
    return (Candidate(name, "value", f"node {id}") for name, id in ids.items())


@magic(
    "node",
    USAGE,
    convert=checked,
    offers=Offers(words={"NAME": names}),
    on_export=exported_node,
    entrance=Entrance(_says_where, _read, _enter),
)
async def node(cell: Cell, arguments: Arguments) -> None:
    """Give a cell to another node of the notebook: a server of its own, with its routes, workers, `$shv` and number.

        %node b
        event_route[E_CLUSTERER_REQ_RECEIVED] {
            cluster_send_rpl($param(cluster_id), $param(src_id), "here", $param(tag));
        }

    The line stands above everything else in its cell, and the node is made when it is first named. The notebook's own
    session is the node main, with the number 1 (`%node main` makes it one before there are others); the others are
    numbered from 2 in the order in which they come. All are in cluster 1, where cluster_send_req() and its kin reach
    them. What a node logs has its name before it. Without a name, list the nodes and what they have sent.

    --id N     the number of a new node
    --stop     stop it: the others see that it is down, what it kept is gone, its routes stay
    --start    start it again, with its startup routes
    --remove   take it away for good
    --messages list what the nodes have sent each other, the latest last

    `%raise E_X --node b` raises an event there from a cell of any node. Nothing is sent over a network.
    """
    first = arguments.first
    if first is None:
        await cell.settle()
        cell.outlet.display((sent(cell) if "messages" in arguments.flags else listed(cell)).bundle())
        return
    deed = next((deed for deed in DEEDS if deed in arguments.flags), None)
    if deed is not None:
        await _done_to(cell, deed, first)


async def _done_to(cell: Cell, deed: str, name: Word) -> None:
    cluster = cell.notebook.cluster
    if cluster is None or name.text not in cluster:
        known = [] if cluster is None else list(cluster)
        hint = did_you_mean(name.text, known) or "%node lists the nodes; %node NAME at the head of a cell makes one"
        raise failure("UnknownNode", f"there is no node {name.text}", name.span, hint)
    if deed == "remove" and name.text == HOME:
        raise failure("NodeError", "main is the notebook itself", name.span, "%reset takes the other nodes away")
    await cell.settle()
    runs = await cell.compute(lambda: getattr(cluster, deed)(name.text, origin=cell.outlet))
    if deed == "remove":
        gone = [owner for owner, node in cell.notebook.nodes.items() if node == name.text]
        for owner in gone:
            del cell.notebook.nodes[owner]
            cell.notebook.owners.discard(owner)
    for run in runs:
        cell.check_run(run, name.span)


def sent(cell: Cell) -> Table:
    """The latest messages."""
    cluster = cell.notebook.cluster
    latest = [] if cluster is None else cluster.messages[-MOST_ROWS:]
    rows = [
        (f"{datetime.fromtimestamp(m.time):%H:%M:%S.%f}"[:-3], m.sender, m.receiver, m.event, m.msg, m.tag)
        for m in latest
    ]
    return Table(("time", "from", "to", "event", "message", "tag"), rows, "no node has sent anything")


def listed(cell: Cell) -> Table:
    """The nodes."""
    cluster = cell.notebook.cluster
    rows: Iterable[Any] = ()
    if cluster is not None:
        sent = [message.sender for message in cluster.messages]
        rows = [
            (
                name,
                id,
                "up" if cluster.is_up(name) else "stopped",
                len([*cluster[name].registry]),
                sent.count(name) or None,
            )
            for name, id in cluster.ids.items()
        ]
    headings = ("node", "number", "state", "routes", "sent")
    return Table(headings, list(rows), "there is one node, main: %node NAME at the head of a cell makes another")
