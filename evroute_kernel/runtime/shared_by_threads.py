"""Shared memory in a process of several threads: the session, whose doors and callers all write to it.

A worker has one thread, and pays nothing for this.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from evroute_kernel.runtime.shared import Shared


class SharedByThreads(Shared):
    """Each thread has a transaction of its own: what another writes meanwhile is no part of it, and waits for it."""

    def __init__(self, path: str | Path) -> None:
        self._of_thread = threading.local()
        super().__init__(path)

    @property
    def _transaction(self) -> Any:
        return getattr(self._of_thread, "transaction", None)

    @_transaction.setter
    def _transaction(self, transaction: Any) -> None:
        self._of_thread.transaction = transaction
