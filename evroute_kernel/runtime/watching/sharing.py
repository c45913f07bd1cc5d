"""What stands in for `process.shared` while somebody wants to know of each access to what processes share.

Nothing else has to know of it: all that scripts share lies behind `process.shared`, and databases and locks tell there
(`Shared.step`, `Shared.tell`), where nobody hears it otherwise.

Accesses come in steps, as a *server* makes them. `$shv(x) += 1` is two steps, for it reads under a lock and writes
under a lock, and lets go in between (observed on OpenSIPS 3.6 and 4.0; here it is one step while nobody watches).
cache_add(), mq_fetch(), update_stat() are one step each, there as here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any

from evroute_kernel.runtime.memory.accesses import Access, Verb
from evroute_kernel.runtime.shared import Shared
from evroute_kernel.runtime.values import Value, stored

if TYPE_CHECKING:
    from pathlib import Path

    from evroute_kernel.runtime.memory.clock import Clock


class WatchedShared(Shared):
    """The shared memory, with somebody before it.

    `step` is called before each step, with its access where that is a single one; `access` for each access of it.
    """

    def __init__(self, shared: Shared, step: Callable[[Access | None], None], access: Callable[[Access], None]) -> None:
        self.shared = shared
        self._step, self._access = step, access
        #: steps that have begun, one inside of the other: they are all one
        self._depth = 0
        self._told: Access | None = None
        self.path: Path = shared.path
        self.clock: Clock = shared.clock
        self.integers: Any = _NoIntegers()

    @property
    def plain(self) -> Shared:
        return self.shared

    # -- steps ---------------------------------------------------------------------------------------------------------

    def step(self, access: Access | None = None) -> AbstractContextManager[object]:
        return self._in_step(access)

    @contextmanager
    def _in_step(self, access: Access | None) -> Iterator[None]:
        if self._depth:
            self._depth += 1
        else:
            self._step(access)
            self._depth = 1
        if access is not None:
            self._access(access)
        self._told = access
        try:
            yield
        finally:
            self._depth = max(0, self._depth - 1)
            self._told = None

    def tell(self, access: Access) -> None:
        self._access(access)

    def _touch(self, table: str, key: str | None, verb: Verb) -> None:
        """An access is about to happen: a step of its own, or a part of one."""
        told = self._told
        if told is not None and told.table == table:
            return
        access = Access(table, key, verb)
        if not self._depth:
            self._step(access)
        self._access(access)

    # -- the memory ----------------------------------------------------------------------------------------------------

    def get_object(self, table: str, key: str) -> Any:
        self._touch(table, key, "read")
        return self.shared.get_object(table, key)

    def put(self, table: str, key: str, value: Value) -> None:
        self.put_object(table, key, stored(value))

    def put_object(self, table: str, key: str, value: Any) -> None:
        self._touch(table, key, "write")
        self.shared.put_object(table, key, value)

    def delete(self, table: str, key: str) -> bool:
        self._touch(table, key, "write")
        return self.shared.delete(table, key)

    def update(self, table: str, key: str, function: Callable[[Any], Any]) -> Any:
        self._touch(table, key, "write")
        return self.shared.update(table, key, function)

    def items(self, table: str) -> list[tuple[str, Any]]:
        self._touch(table, None, "read")
        return self.shared.items(table)

    def tables(self) -> list[str]:
        return self.shared.tables()

    def clear(self, table: str | None = None) -> None:
        for each in self.shared.tables() if table is None else [table]:
            self._touch(each, None, "write")
        self.shared.clear(table)

    @contextmanager
    def transaction(self) -> Iterator[Shared]:
        with self.step(), self.shared.transaction():
            yield self

    def abandon(self) -> None:
        self._depth, self._told = 0, None
        self.shared.abandon()

    def close(self) -> None:
        self.shared.close()


class _NoIntegers:
    """There are no integers apart: what wants one goes the long way, by the memory itself, in the steps of a server."""

    def get(self, name: str) -> int | None:
        return None

    def put(self, name: str, number: int) -> bool:
        return False

    def add(self, name: str, number: int) -> bool:
        return False

    def hold(self) -> None:
        """Whoever adds to a variable holds nobody back while it is watched."""

    def release(self) -> None:
        """Nobody is held back."""

    def recover(self) -> None:
        """Nobody is held back."""
