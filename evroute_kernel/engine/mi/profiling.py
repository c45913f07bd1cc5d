"""E_PROFILING_PROC of OpenSIPS 4.0, as the process raises it that answers requests of the management interface.

Observed on 4.0.1 with mi_fifo: from level 2 on a request tells that it is read, which command it runs, and its end;
`file` and `line` are those of the server's C code. The depth is what the process has counted while its level was up, so
the request that switches it on tells exits alone, below 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from evroute_kernel.worker.inline.processes import EVENT, Teller, fields

#: the level from which on processes that receive no SIP tell of their work
LEVEL: Final = 2
#: the number of the process that answers requests, as `profiling_proc` has it
PROCESS: Final = 0
#: a process of a module
_TYPE: Final = 4
_FUNCTION: Final = "mi_fifo_callback"
_READS, _RUNS, _HAS_RUN, _HAS_REPLIED = 669, 773, 776, 811


class RequestProfile:
    """What the process tells of the requests of one `Management`: to `tell`, while `level` of it is high enough."""

    def __init__(
        self,
        level: Callable[[], int],
        tell: Callable[[str, dict[str, int | str]], object],
        teller: Callable[[], Teller],
    ) -> None:
        """`teller`: which process that is, and what the clock shows."""
        self._level = level
        self._teller = teller
        self._tell = tell
        self._depth = 0

    @contextmanager
    def of(self, method: str) -> Iterator[None]:
        """Tell of a request, whose command runs inside."""
        if self._is_on:
            self._depth = 0
            self._raise("start", "MI FIFO")
            self._enter("MI_FIFO reading", _READS)
            self._enter(f"MI_FIFO {method}", _RUNS)
        yield
        if self._is_on:
            self._exit(f"MI_FIFO {method}", _HAS_RUN)
            self._exit("MI_FIFO", _HAS_REPLIED)
            self._raise("end", "MI FIFO", status=0)

    @property
    def _is_on(self) -> bool:
        return self._level() >= LEVEL

    def _enter(self, name: str, line: int) -> None:
        self._depth = (self._depth + 1) % 2**16
        self._raise("enter", name, line)

    def _exit(self, name: str, line: int) -> None:
        self._depth = (self._depth - 1) % 2**16
        self._raise("exit", name, line, 0)

    def _raise(self, verb: str, name: str, line: int | None = None, status: int | None = None) -> None:
        place = None if line is None else (_FUNCTION, line)
        self._tell(EVENT, dict(fields(self._teller(), name, verb, _TYPE, self._depth, place, status)))
