"""What all have in common that watch a session from a beginning to an end: `engine.state.watches.WatchingSide`."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Self


class Begun:
    """It ends with `close`, or the `with` block; what has been seen stays. It watches what was raised with one origin,
    or everything for None."""

    _origin: object
    #: what `Watches.add` has returned
    _end: Callable[[], None]

    def close(self) -> None:
        """No more is seen; what has been stays. Closing twice is harmless."""
        self._end()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def watches(self, origin: object) -> bool:
        """Whether it wants what was raised with this origin."""
        return self._origin is None or self._origin == origin
