"""How far many raises have come: one display that is updated, and ends as their summary."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from html import escape
from threading import Lock
from time import monotonic
from typing import Any, Final, TypeVar, overload
from uuid import uuid4

from evroute_kernel.kernel.cell.output import Outlet

T = TypeVar("T")

#: seconds between two updates
PACE: Final = 0.1
#: characters of the bar in text/plain
BAR: Final = 30


class Bar(ABC):
    """A display that is kept up to date until it makes way for a summary."""

    def __init__(self, outlet: Outlet, what: str) -> None:
        self._outlet = outlet
        self._what = what
        # a new one each time: with that of an earlier run, its output would change too
        self._id = uuid4().hex
        self._has_ended = False
        self._lock = Lock()

    def end(self, summary: dict[str, str]) -> None:
        """Show what became of it all in the place of the bar. Safe from any thread; what is said first counts."""
        with self._lock:
            if not self._has_ended:
                self._has_ended = True
                self._outlet.update(self._id, summary)

    def _begin(self, shown: dict[str, str]) -> None:
        self._outlet.display(shown, display_id=self._id)
        self._outlet.later(PACE, self._tick)

    def _tick(self) -> None:
        with self._lock:
            if self._has_ended:
                return
            news = self._news()
            if news is not None:
                self._outlet.update(self._id, news)
        self._outlet.later(PACE, self._tick)

    @abstractmethod
    def _news(self) -> dict[str, str] | None:
        """What is to be shown now; None for what is shown already."""

    def _drawn(self, filled: int, attributes: str, label: str) -> dict[str, str]:
        bar = f'<progress{attributes} style="vertical-align: middle"></progress>'
        return {
            "text/plain": f"[{'#' * filled}{'.' * (BAR - filled)}] {label}",
            "text/html": f"<div>{bar} {escape(label)}</div>",
        }


class Progress(Bar):
    """A bar under a cell. `done()` tells how many of `total` are done; it is asked every now and then."""

    def __init__(self, outlet: Outlet, what: str, total: int, done: Callable[[], int]) -> None:
        super().__init__(outlet, what)
        self._total = total
        self._done = done
        self._shown = 0

    def start(self) -> None:
        """Show the bar, and keep it up to date."""
        self._begin(self.bundle(0))

    def _news(self) -> dict[str, str] | None:
        before, self._shown = self._shown, min(self._done(), self._total)
        return self.bundle(self._shown) if self._shown != before else None

    def bundle(self, done: int) -> dict[str, str]:
        label = f"{self._what}: {done} of {self._total}"
        return self._drawn(BAR * done // self._total, f' value="{done}" max="{self._total}"', label)


class RunningProgress(Bar):
    """A bar for what has no known number of steps; it also tells how many a second, and how long it will take."""

    def __init__(self, outlet: Outlet, what: str) -> None:
        super().__init__(outlet, what)
        self._state: Callable[[], tuple[int, float | None]] = lambda: (0, None)
        self._begun = monotonic()

    def start(self, state: Callable[[], tuple[int, float | None]]) -> None:
        """Show the bar, and keep it up to date. Safe from any thread.

        `state()` gives how many are done, and which part (0 to 1) of all that is, None where nobody knows.
        """
        self._state = state
        self._begin(self._news())

    def _news(self) -> dict[str, str]:
        done, part = self._state()
        seconds = monotonic() - self._begun
        label = f"{self._what}: {done}"
        if done and seconds > PACE:
            label += f", {done / seconds:.0f} a second"
        if part is not None and 0.01 < part < 1 and seconds > PACE:
            label += f", {seconds / part * (1 - part):.0f} s left"
        attributes = "" if part is None else f' value="{part:.3f}" max="1"'
        return self._drawn(BAR if part is None else int(BAR * part), attributes, label)


class Repeated(Sequence[T]):
    """One item many times, for a reader that takes them as it needs them; `taken` counts what it has taken."""

    def __init__(self, item: T, size: int) -> None:
        self.item = item
        self.size = size
        self.taken = 0

    def __len__(self) -> int:
        return self.size

    def __iter__(self) -> Iterator[T]:
        for _ in range(self.size):
            self.taken += 1
            yield self.item

    @overload
    def __getitem__(self, index: int) -> T: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[T]: ...

    def __getitem__(self, index: Any) -> Any:
        return [self.item] * len(range(self.size)[index]) if isinstance(index, slice) else self.item
