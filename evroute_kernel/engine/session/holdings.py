"""What a session holds that a reset takes away, told in words: for who has to decide whether to reset it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from evroute_kernel.engine.session.backend import Backend
from evroute_kernel.engine.state.defined import defined

#: how the names of tables in shared memory begin -> what is in them; all others are queues, statistics and the like
_TABLES: Final = {"shv": "shared variables", "cache:": "the cache", "dialog": "dialogs"}


def held(backend: Backend) -> list[str]:
    """What is defined, set or stored. Waits for a run that a worker may have under way, if it has to ask it."""
    found = [*defined(backend.world), *_stored(backend.shared.tables())]
    return found or list(_kept_by_workers(backend))


def _stored(tables: Iterable[str]) -> Sequence[str]:
    """What scripts have stored for all workers."""
    kinds = (next((kind for begin, kind in _TABLES.items() if name.startswith(begin)), "") for name in tables)
    return list(dict.fromkeys(kind or "queues or statistics" for kind in kinds))


def _kept_by_workers(backend: Backend) -> Iterator[str]:
    """What scripts have stored in the workers that run now."""
    for worker in backend.supervisor.workers():
        found = backend.supervisor.variables(worker.number).result()
        if found.var or found.json:
            yield f"variables of worker {worker.number}"
