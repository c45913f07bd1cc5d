"""Sockets that receive what recorded programs send, under the names that these use: `%UDP%`, `%TCP%`, `%UNIX%`."""

from __future__ import annotations

import json
import re
import selectors
import socket
from contextlib import ExitStack
from pathlib import Path
from time import monotonic
from typing import Self

#: seconds to wait for what a server has sent, and then for what it has not
DEADLINE = 20.0
MOMENT = 0.05


class Receivers:
    """Receivers of the kinds given, in a folder. To be used as a context manager."""

    def __init__(self, kinds: tuple[str, ...], folder: Path) -> None:
        self._folder = folder
        self._stack = ExitStack()
        self._selector = self._stack.enter_context(selectors.DefaultSelector())
        self._kinds: dict[socket.socket, str] = {}
        self._names: dict[str, str] = {"DIR": str(folder)}
        self._parts: dict[socket.socket, bytes] = {}
        self._got: dict[str, list[str]] = {kind: [] for kind in kinds}
        for kind in kinds:
            self._open(kind)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def fill_in(self, script: str) -> str:
        """The script with sockets in place of their names."""
        return re.sub("%([A-Z]+)%", lambda found: self._names[found[1]], script)

    def got(self, wanted: dict[str, list[str]]) -> dict[str, list[str]]:
        """What has come, waiting for as much as is wanted, and a moment for more."""
        deadline = monotonic() + DEADLINE
        while any(len(self._got[kind]) < len(texts) for kind, texts in wanted.items()) and monotonic() < deadline:
            self._receive(deadline - monotonic())
        while self._receive(MOMENT):
            pass
        return self._got

    def _open(self, kind: str) -> None:
        family = socket.AF_UNIX if kind == "unix" else socket.AF_INET
        opened = socket.socket(family, socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM)
        self._add(opened, kind)
        if kind == "unix":
            opened.bind(str(self._folder / "receiver.sock"))
        else:
            opened.bind(("127.0.0.1", 0))
        if kind == "tcp":
            opened.listen()
        address = opened.getsockname()
        self._names[kind.upper()] = f"unix:{address}" if kind == "unix" else f"{kind}:127.0.0.1:{address[1]}"

    def _add(self, opened: socket.socket, kind: str) -> None:
        self._stack.enter_context(opened)
        opened.setblocking(False)
        self._kinds[opened] = kind
        self._selector.register(opened, selectors.EVENT_READ)

    def _receive(self, seconds: float) -> bool:
        """Take what has come within that time; whether anything had."""
        ready = self._selector.select(max(seconds, 0))
        for key, _ in ready:
            opened = key.fileobj
            assert isinstance(opened, socket.socket)
            kind = self._kinds[opened]
            if kind != "tcp":
                self._got[kind].append(opened.recv(2**16).decode())
            elif opened in self._parts:
                self._take_part(opened)
            else:
                connection, _ = opened.accept()
                self._parts[connection] = b""
                self._add(connection, kind)
        return bool(ready)

    def _take_part(self, connection: socket.socket) -> None:
        """What came of a stream: texts of JSON, one after the other."""
        data = connection.recv(2**16)
        if not data:
            self._selector.unregister(connection)
        text = (self._parts[connection] + data).decode()
        decoder = json.JSONDecoder()
        while text:
            try:
                _, end = decoder.raw_decode(text)
            except json.JSONDecodeError:
                break
            self._got["tcp"].append(text[:end])
            text = text[end:]
        self._parts[connection] = text.encode()
