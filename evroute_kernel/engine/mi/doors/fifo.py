"""Requests written to a FIFO file as `:NAME:JSON`; the reply goes to the FIFO file NAME in the directory for replies.

As the module mi_fifo, with these differences: a request that cannot be parsed is answered, and a command is carried out
even if nobody will read its reply.
"""

from __future__ import annotations

import asyncio
import errno
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from evroute_kernel.engine.mi.addresses import Address, AddressError
from evroute_kernel.engine.mi.admission import is_admitted
from evroute_kernel.engine.mi.dispatch import answer_parsed
from evroute_kernel.engine.mi.doors.door import PATIENCE, REQUEST_LIMIT, Door
from evroute_kernel.engine.mi.doors.files import MODE, OwnFile, check_free
from evroute_kernel.engine.mi.doors.readiness import readable, writable
from evroute_kernel.engine.mi.management import Management
from evroute_kernel.engine.mi.protocol import PARSE_ERROR, CommandError, error_reply, parse_json

#: where clients make their FIFO files
REPLY_DIRECTORY: Final = "/tmp/"
#: seconds in which the rest of a request must follow its beginning
QUIET: Final = 0.5
#: seconds between two looks whether a client reads its reply
PAUSE: Final = 0.01
#: beginnings of requests, one after the other, none of which is completed; what follows them is dropped
GIVEN_UP_LIMIT: Final = 64
#: replies that may wait for their readers
WAITING_LIMIT: Final = 64

_HEADER: Final = re.compile(r"[\0-\x20]*:(?P<name>[^:]{0,128}):")
#: where the next request can begin, after something that is none
_NEXT: Final = re.compile(r":[\w-]{0,128}:\s*\{")


class Requests:
    """Cuts what is written to the FIFO file into requests: (name of the reply file, parsed JSON or None)."""

    def __init__(self) -> None:
        self._data = b""

    @property
    def is_empty(self) -> bool:
        return not self._data.strip()

    def feed(self, data: bytes) -> Iterator[tuple[str, Any]]:
        """Take more data; the requests that are complete now."""
        self._data += data
        while (found := self._next()) is not None:
            yield found
        if len(self._data) > REQUEST_LIMIT:
            yield from self.give_up()

    def give_up(self) -> Iterator[tuple[str, Any]]:
        """What has come will not be completed: it is no request, but what follows it may be one."""
        for _ in range(GIVEN_UP_LIMIT):
            text = self._text()
            header = _HEADER.match(text)
            following = _NEXT.search(text, header.end() if header else 1)
            self._data = text[following.start() :].encode("utf-8", "surrogateescape") if following else b""
            if header:
                yield header["name"], None
            while (found := self._next()) is not None:
                yield found
            if not _NEXT.search(self._text(), 1):
                return  # the last one: its end may still be to come
        self._data = b""

    def _next(self) -> tuple[str, Any] | None:
        text = self._text()
        header = _HEADER.match(text)
        if header is None:
            return None
        try:
            value, end = parse_json(text[header.end() :])
        except ValueError:
            return None  # perhaps its end is still to come
        self._data = text[header.end() + end :].encode("utf-8", "surrogateescape")
        return header["name"], value

    def _text(self) -> str:
        return self._data.decode("utf-8", "surrogateescape")


class FifoDoor(Door):
    """Reads a FIFO file that it makes itself, for its owner alone."""

    _descriptor = -1
    _file: OwnFile | None = None
    _serving: asyncio.Task[None] | None = None

    def __init__(self, address: Address, management: Management, reply_directory: str = REPLY_DIRECTORY) -> None:
        super().__init__(address, management)
        self._reply_directory = reply_directory
        #: by path; replies to one reader follow each other
        self._replies: dict[str, asyncio.Task[None]] = {}

    async def start(self) -> None:
        check_free(self.address.path)
        os.mkfifo(self.address.path, MODE)
        self._file = OwnFile(self.address.path)
        # open for writing too: the end of one client must not look like the end of all
        self._descriptor = os.open(self.address.path, os.O_RDWR | os.O_NONBLOCK | os.O_NOFOLLOW)
        if not self._file.is_open_as(self._descriptor):
            raise AddressError(f"somebody has put another file in the place of {self.address.path}")
        self._serving = asyncio.create_task(self._serve(), name=f"MI {self.address}")

    async def stop(self) -> None:
        tasks = [*([self._serving] if self._serving else []), *self._replies.values()]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        if self._descriptor >= 0:
            os.close(self._descriptor)
        if self._file is not None:
            self._file.remove()
        await super().stop()

    async def _serve(self) -> None:
        requests = Requests()
        while True:
            try:
                async with asyncio.timeout(None if requests.is_empty else QUIET):
                    await readable(self._descriptor)
            except TimeoutError:
                found = requests.give_up()
            else:
                data = os.read(self._descriptor, 1 << 16)
                if self._is_open_to_others():
                    requests = Requests()
                    continue
                found = requests.feed(data)
            for name, value in found:
                await self._carry_out(name, value)

    def _is_open_to_others(self) -> bool:
        """Nobody tells who has written to a FIFO file: where others may, nothing is carried out."""
        if not os.fstat(self._descriptor).st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            return False
        self.refuse("its mode was changed, so that other users may have written it; chmod 600 opens the door again")
        return True

    async def _carry_out(self, name: str, value: Any) -> None:
        if value is None:
            reply: bytes | None = error_reply(CommandError(PARSE_ERROR, "Parse error"), None)
        else:
            reply = await self.carry_out(lambda: answer_parsed(self._management, value))
        if not name or set(name) & set("./\\\0"):  # no reply is wanted, or none outside the directory given
            return
        path = str(Path(self._reply_directory) / name)
        while len(self._replies) >= WAITING_LIMIT:
            await asyncio.wait(self._replies.values(), return_when=asyncio.FIRST_COMPLETED)
        before = self._replies.get(path)
        task = asyncio.create_task(deliver(path, reply or b"", before))
        self._replies[path] = task
        task.add_done_callback(lambda done: self._delivered(path, done))

    def _delivered(self, path: str, task: asyncio.Task[None]) -> None:
        if self._replies.get(path) is task:
            del self._replies[path]


async def deliver(path: str, reply: bytes, before: asyncio.Task[None] | None = None) -> None:
    """Write a reply to a client's FIFO file, after an earlier one; a client that does not read it gets none.

    An empty reply only ends the client's waiting.
    """
    if before is not None:
        await asyncio.wait([before])
    try:
        async with asyncio.timeout(PATIENCE):
            descriptor = await opened(path)
            if descriptor is None:
                return
            try:
                while reply:
                    await writable(descriptor)
                    reply = reply[os.write(descriptor, reply) :]
            finally:
                os.close(descriptor)
    except (TimeoutError, OSError):
        return  # nobody reads it any more


async def opened(path: str) -> int | None:
    """A client's FIFO file, as soon as the client reads; None when it is no FIFO file, a link, or of another user.

    Its mode is the client's own affair: those of OpenSIPS make it 0666, for servers of any user.
    """
    while True:
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError as error:
            if error.errno != errno.ENXIO:  # that is: nobody reads yet
                return None
            await asyncio.sleep(PAUSE)
            continue
        status = os.fstat(descriptor)
        if stat.S_ISFIFO(status.st_mode) and status.st_nlink == 1 and is_admitted(status.st_uid):
            return descriptor
        os.close(descriptor)
        return None
