"""Several sessions as the nodes of one cluster: what `Session.cluster()` gives."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import ExitStack
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Generic, Protocol, Self, TypeVar

from evroute_kernel.engine.cluster.router import Router
from evroute_kernel.engine.events import given
from evroute_kernel.engine.results.runs import ClusterMessage, Log, LogRecord, Run
from evroute_kernel.errors import did_you_mean

if TYPE_CHECKING:
    from evroute_kernel.engine.watching.timing import Timing

#: the greatest number of a node or cluster
GREATEST: Final = 2**31 - 1
#: nodes of one cluster, as a server has it
MOST_NODES: Final = 32


class NodeSession(Protocol):
    """A session, as far as a cluster is concerned."""

    @property
    def log(self) -> Log: ...

    def enter(self, router: Router, id: int, name: str) -> None:
        """Become a node."""

    def halt(self) -> None:
        """End all that runs, and forget what processes have kept."""

    def resume(self, origin: object) -> Run | None:
        """Run the startup routes."""

    def interrupt(self, origin: object = None) -> int:
        """End what runs."""

    def timeline(self, *, origin: object, limit: int, nodes: Any) -> Timing:
        """Tell what processes of these nodes do."""

    def close(self) -> None: ...


S = TypeVar("S", bound=NodeSession)


class UnknownNodeError(given.GivenError, LookupError):
    """There is no node of this name."""

    def __init__(self, name: object, known: Iterable[str]) -> None:
        known = list(known)
        hint = did_you_mean(str(name), known) or ("the nodes are " + ", ".join(known) if known else None)
        super().__init__(f"there is no node {name}", hint)


class Cluster(Generic[S]):
    """The nodes of one cluster, by name. `cluster["a"]` is a Session, with routes, workers and memory of its own.

    What a raise on one node leads to on the others belongs to it: `raise_event` waits for that too, and `messages` of
    its Run tells what was sent, with the Run of each. Closing it closes all nodes.
    """

    def __init__(self, open_node: Callable[[str], S], cluster: int = 1) -> None:
        self.router: Final = Router(whole(cluster, "the number of a cluster"))
        self._open = open_node
        self._nodes: dict[str, S] = {}
        self._ids: dict[str, int] = {}

    # -- nodes --------------------------------------------------------------------------------------------------------

    def add(self, name: str, id: int | None = None) -> S:
        """One more node; without `id` it gets the next number. Raises GivenError for a name or number that is taken."""
        given.name(name, "the name of a node")
        if not name.replace("_", "").replace("-", "").isalnum():
            raise given.GivenError(f"{name!r} is no name of a node", "letters, digits, - and _ are")
        id = self._next() if id is None else whole(id, "the number of a node")
        self._check_free(name, id)
        session = self._open(name)
        self.adopt(name, session, id)
        return session

    def adopt(self, name: str, session: S, id: int | None = None) -> None:
        """A session that there is becomes a node."""
        id = self._next() if id is None else id
        self._check_free(name, id)
        session.enter(self.router, id, name)
        self._nodes[name], self._ids[name] = session, id

    def _next(self) -> int:
        return max(self._ids.values(), default=0) + 1

    def _check_free(self, name: str, id: int) -> None:
        if name in self._nodes:
            raise given.GivenError(f"there are two nodes {name}", "each node has a name of its own")
        holder = next((known for known, number in self._ids.items() if number == id), None)
        if holder is not None:
            raise given.GivenError(f"the node {holder} has the number {id} already", f"give {name} another one")
        if len(self._nodes) >= MOST_NODES:
            raise given.GivenError(f"a cluster has {MOST_NODES} nodes at most, as on a server")

    def __getitem__(self, name: str) -> S:
        """The session of a node. Raises UnknownNodeError."""
        try:
            return self._nodes[name]
        except (KeyError, TypeError):
            raise UnknownNodeError(name, self._nodes) from None

    def __contains__(self, name: object) -> bool:
        return name in self._nodes

    def __iter__(self) -> Iterator[str]:
        return iter(tuple(self._nodes))

    def __len__(self) -> int:
        return len(self._nodes)

    @property
    def ids(self) -> Mapping[str, int]:
        """The number of each node, which scripts have to name."""
        return MappingProxyType(self._ids)

    def is_up(self, name: str) -> bool:
        """Whether a node runs."""
        self[name]
        node = self.router.node(self._ids[name])
        return node is not None and node.is_up

    # -- what happens to them -----------------------------------------------------------------------------------------

    def stop(self, name: str, *, origin: object = None) -> list[Run]:
        """Stop a node: what runs there ends, `$shv`, `$var`, cache and sharing tags are gone, its routes stay.

        The others raise E_CLUSTERER_NODE_STATE_CHANGED; the runs of that. Waits for them. A node that is stopped
        raises nothing: NodeDownError.
        """
        session = self[name]
        raised = self.router.set_up(self._ids[name], False, origin)
        session.halt()
        return results(raised)

    def start(self, name: str, *, origin: object = None) -> list[Run]:
        """Start a node that was stopped: startup routes run, then the others see it, and it sees them. Waits."""
        session = self[name]
        if self.is_up(name):
            return []
        run = session.resume(origin)
        states = results(self.router.set_up(self._ids[name], True, origin))
        return states if run is None else [run, *states]

    def remove(self, name: str, *, origin: object = None) -> list[Run]:
        """Take a node away for good, and close its session; what `stop` gives. Messages on their way to it are lost."""
        session = self[name]
        raised = self.router.remove(self._ids[name], origin)
        del self._nodes[name], self._ids[name]
        session.close()
        return results(raised)

    @property
    def messages(self) -> list[ClusterMessage]:
        """What the nodes have sent each other, the latest last: the last ten thousand, without runs."""
        return self.router.messages

    @property
    def log(self) -> list[tuple[str, LogRecord]]:
        """The records of all nodes, each with the name of its node, in the order of time."""
        found = [(name, record) for name, session in self._nodes.items() for record in session.log]
        return sorted(found, key=lambda item: item[1].time)

    def timeline(self, *, origin: object = None, limit: int = 20_000) -> Timing:
        """Tell what the processes of all nodes do when from now on, as `Session.timeline` does of one: arrows also lead
        from where a message is sent to the run that it leads to on another node."""
        first = next(iter(self._nodes.values()), None)
        if first is None:
            raise given.GivenError("there is no node to watch", "add one first")
        return first.timeline(origin=origin, limit=limit, nodes=self._nodes)

    def interrupt(self) -> int:
        """End everything on all nodes; how many raises that were."""
        return sum(session.interrupt() for session in tuple(self._nodes.values()))

    def close(self) -> None:
        """Close all nodes. Nobody is told that they go down."""
        sessions, self._nodes = self._nodes, {}
        for name in sessions:
            self.router.leave(self._ids[name])
        with ExitStack() as closing:
            for session in sessions.values():
                closing.callback(session.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def opened(cluster: Cluster[S], nodes: Iterable[str] | Mapping[str, int]) -> Cluster[S]:
    """The cluster with these nodes; closed again if one cannot be. Raises GivenError."""
    if isinstance(nodes, str | bytes) or not isinstance(nodes, Iterable):
        raise given.GivenError(f"the nodes of a cluster are a list of names, not {given.kind_of(nodes)}")
    numbered: dict[Any, Any] = dict(nodes) if isinstance(nodes, Mapping) else {}
    names = list(nodes)
    if not names:
        raise given.GivenError("a cluster needs one node at least")
    try:
        for name in names:
            cluster.add(name, numbered.get(name) if numbered else None)
    except BaseException:
        cluster.close()
        raise
    return cluster


def whole(number: object, what: str) -> int:
    """A number of a node or cluster. Raises GivenError."""
    if given.whole(number, what, 1) > GREATEST:
        raise given.GivenError(f"{what} is {GREATEST} at most, not {number}")
    assert isinstance(number, int)
    return number


def results(raised: Iterable[Future[Any]]) -> list[Run]:
    """What became of some raises that somebody has heard. Waits for them."""
    return [run for future in raised if (run := future.result()) is not None]
