"""Requests written to a FIFO file as `:NAME:JSON`; the reply goes to the FIFO file NAME in the directory for replies.

As the module mi_fifo, with these differences: a request that cannot be parsed is answered, and a command is carried out
even if nobody will read its reply.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from time import monotonic, sleep
from typing import Any, Final

from evroute_kernel.engine.mi.addresses import Address, AddressError
from evroute_kernel.engine.mi.dispatch import answer_parsed
from evroute_kernel.engine.mi.doors.door import REQUEST_LIMIT, Descriptors, Door
from evroute_kernel.engine.mi.doors.fifo_replies import PAUSES, Replies
from evroute_kernel.engine.mi.doors.files import MODE, OwnFile, check_free
from evroute_kernel.engine.mi.management import Management
from evroute_kernel.engine.mi.protocol import PARSE_ERROR, CommandError, error_reply, parse_json

#: where clients make their FIFO files
REPLY_DIRECTORY: Final = "/tmp/"
#: seconds in which the rest of a request must follow its beginning
QUIET: Final = 0.5
#: beginnings of requests, one after the other, none of which is completed; what follows them is dropped
GIVEN_UP_LIMIT: Final = 64
#: bytes that are read in one go
_PIECE: Final = 1 << 16

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
        yield from self._complete()
        if len(self._data) > REQUEST_LIMIT:
            yield from self.give_up()

    def give_up(self) -> Iterator[tuple[str, Any]]:
        """What has come will not be completed: it is no request, but what follows it may be one."""
        for _ in range(GIVEN_UP_LIMIT):
            text = self._text()
            header = _HEADER.match(text)
            following = _NEXT.search(text, header.end() if header else 1)
            self._keep(text, following.start() if following else len(text))
            if header:
                yield header["name"], None
            yield from self._complete()
            if not _NEXT.search(self._text(), 1):
                return  # the last one: its end may still be to come
        self._data = b""

    def _complete(self) -> Iterator[tuple[str, Any]]:
        """The requests that are complete; what follows them is kept."""
        text, at = self._text(), 0
        found: list[tuple[str, Any]] = []
        while (header := _HEADER.match(text, at)) is not None:
            try:
                value, at = parse_json(text, header.end())
            except ValueError:
                break  # perhaps its end is still to come
            found.append((header["name"], value))
        if found:
            self._keep(text, at)
        yield from found

    def _text(self) -> str:
        return self._data.decode("utf-8", "surrogateescape")

    def _keep(self, text: str, start: int) -> None:
        self._data = text[start:].encode("utf-8", "surrogateescape")


class FifoDoor(Door):
    """Reads a FIFO file that it makes itself, for its owner alone."""

    _descriptor = -1
    _descriptors: Descriptors | None = None
    _file: OwnFile | None = None

    def __init__(self, address: Address, management: Management, reply_directory: str = REPLY_DIRECTORY) -> None:
        super().__init__(address, management)
        self._reply_directory = reply_directory
        self._replies = Replies()
        self._requests = Requests()
        #: when the rest of a request that has begun must be there; None while there is none
        self._quiet: float | None = None

    def _open(self) -> None:
        check_free(self.address.path)
        os.mkfifo(self.address.path, MODE)
        self._file = OwnFile(self.address.path)
        self._descriptor = self._file.opened_fifo()
        self._descriptors = Descriptors(self._descriptor)

    def _wake(self) -> None:
        assert self._descriptors is not None
        self._descriptors.wake()

    def _close(self) -> None:
        self._replies.close()
        if self._descriptor >= 0:
            os.close(self._descriptor)
        if self._descriptors is not None:
            self._descriptors.close()
        if self._file is not None:
            self._file.remove()

    def _serve(self) -> None:
        assert self._descriptors is not None
        again: float | None = None
        while not self._descriptors.is_closing:
            is_readable = self._descriptors.wait(self._patience(again), is_full=self._replies.are_many)
            self._replies.attempt()
            for name, value in self._found(is_readable):
                self._carry_out(name, value)
            again = self.go_on()
        self.management.end()

    def _patience(self, again: float | None) -> float | None:
        """Seconds until something is to be done though nothing comes; `again`: until there are events to hand over."""
        due = [moment for moment in (self._quiet, self._replies.due) if moment is not None]
        seconds = max(0.0, min(due) - monotonic()) if due else None
        return seconds if again is None else again if seconds is None else min(again, seconds)

    def _found(self, is_readable: bool) -> Iterator[tuple[str, Any]]:
        """The requests that have come, or are given up because their ends do not."""
        if is_readable:
            self._quiet = monotonic() + QUIET
            yield from self._read()
        elif self._quiet is not None and monotonic() >= self._quiet:
            self._quiet += QUIET
            yield from self._requests.give_up()
        if self._requests.is_empty:
            self._quiet = None

    def _read(self) -> Iterator[tuple[str, Any]]:
        """Nobody tells who has written to a FIFO file: where others may, nothing is carried out."""
        data = os.read(self._descriptor, _PIECE)
        if os.fstat(self._descriptor).st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            self._requests = Requests()
            self._make_anew()
        else:
            yield from self._requests.feed(data)

    def _make_anew(self) -> None:
        """Others may have opened the file, and would keep it open whatever its mode became."""
        assert self._descriptors is not None
        assert self._file is not None
        try:
            descriptor = self._file.renewed_fifo()
        except (OSError, AddressError) as error:
            self._descriptors.forget(self._descriptor)
            self.refuse(f"others may have written it, and it could not be made anew, so it is closed: {error}")
            return
        self._descriptors.forget(self._descriptor)
        os.close(self._descriptor)
        self._descriptor = descriptor
        self._descriptors.heed(descriptor)
        self.refuse("its mode was changed, so that other users may have written it; the file has been made anew")

    def _carry_out(self, name: str, value: Any) -> None:
        if value is None:
            reply: bytes | None = error_reply(CommandError(PARSE_ERROR, "Parse error"), None)
        else:
            self.take_turn()
            reply = answer_parsed(self.management, value)
        if not name or set(name) & set("./\\\0"):  # no reply is wanted, or none outside the directory given
            return
        while self._replies.are_many and not self._is_closing():
            self.go_on()
            sleep(PAUSES[0])
            self._replies.attempt()
        self._replies.add(f"{self._reply_directory}/{name}", reply or b"")

    def _is_closing(self) -> bool:
        return self._descriptors is None or self._descriptors.is_closing
