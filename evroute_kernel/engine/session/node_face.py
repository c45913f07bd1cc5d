"""A session as a node of a cluster: one part of the face that `Session` is. Most are none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evroute_kernel.engine.results.runs import Run
from evroute_kernel.engine.session.backend import Backend
from evroute_kernel.engine.session.raising import Raising
from evroute_kernel.engine.state.world import World

if TYPE_CHECKING:
    from evroute_kernel.engine.cluster.member import Member
    from evroute_kernel.engine.cluster.router import Router


class NodeFace:
    """The methods of a Session that make it a node, stop it and start it again."""

    _backend: Backend
    _world: World
    _raising: Raising

    def enter(self, router: Router, id: int, name: str) -> None:
        """Become the node of this number; `Cluster` calls it."""
        from evroute_kernel.engine.cluster.member import Member
        from evroute_kernel.engine.session.node import LocalPeer, place

        router.add(LocalPeer(place(id, name), self, self._backend, self._raising))
        self._world.join(Member(router, id))

    def leave(self) -> None:
        """Be no node any more, though the session goes on."""
        if self._world.member is not None:
            self._world.member.leave()
        self._world.join(None)

    def halt(self) -> None:
        """Stop, as a node: what runs ends, and what processes have kept is gone. Waits."""
        from evroute_kernel.engine.session.node import halt

        self._raising.interrupt(None)
        halt(self._backend)

    def resume(self, origin: object = None) -> Run | None:
        """Run what a server runs at its start; None where that is nothing. Waits."""
        from evroute_kernel.engine.session.node import resume

        return resume(self._backend, self._raising, origin)

    @property
    def member(self) -> Member | None:
        """The session as a node of a cluster; None where it is none."""
        return self._world.member
