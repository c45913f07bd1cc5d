"""The connections of the HTTP door, of which there are only so many."""

from __future__ import annotations

import asyncio

from tornado.iostream import IOStream


class Connections:
    """The open connections: those that wait for a request, in the order of their last one, and those in work."""

    def __init__(self) -> None:
        self._waiting: dict[IOStream, None] = {}
        self._in_work: set[IOStream] = set()
        self._changed = asyncio.Event()

    def __len__(self) -> int:
        return len(self._waiting) + len(self._in_work)

    def wait(self, stream: IOStream) -> None:
        """A connection is new, or has been answered."""
        self._in_work.discard(stream)
        if not stream.closed():
            self._waiting[stream] = None
        self._changed.set()

    def work(self, stream: IOStream) -> None:
        """A request is complete, and about to be carried out."""
        self._waiting.pop(stream, None)
        self._in_work.add(stream)

    def end(self, stream: IOStream) -> None:
        """A connection has been closed."""
        self._waiting.pop(stream, None)
        self._in_work.discard(stream)
        self._changed.set()

    def close_one(self) -> bool:
        """Close the one that has waited longest; False when all are in work."""
        oldest = next(iter(self._waiting), None)
        if oldest is None:
            return False
        self.end(oldest)
        oldest.close()
        return True

    async def make_room(self, limit: int) -> None:
        """Return when another connection may come; requests that are carried out end by themselves."""
        while len(self) >= limit and not self.close_one():
            self._changed.clear()
            await self._changed.wait()
