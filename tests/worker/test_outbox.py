"""The worker's side of the stream: what an interrupt must not tear apart."""

from __future__ import annotations

import socket
import tempfile
from typing import Any

import pytest

from evroute_kernel.worker import outbox as sending
from evroute_kernel.worker.blackbox import BlackBox
from evroute_kernel.worker.messages import Decoder, EventRuns, LogLine, pack
from evroute_kernel.worker.outbox import Outbox


def test_an_interrupt_waits_until_a_line_is_sent_with_its_recorded_event(monkeypatch: pytest.MonkeyPatch) -> None:
    struck: list[str] = []

    def interrupted_pack(*fields: Any) -> bytes:
        """As if the signal came just now; its handler looks whether it may strike."""
        if fields[0] == sending._EVENT_RUNS:
            assert outbox.is_busy
            outbox.on_release = lambda: struck.append("now")
        return pack(*fields)

    monkeypatch.setattr(sending, "pack", interrupted_pack)
    ours, theirs = socket.socketpair()
    with ours, theirs, tempfile.TemporaryFile() as file:
        box = BlackBox(file.fileno())
        outbox = Outbox(ours, box)
        outbox.begin(10, collecting=True)
        outbox.running = "E_X", 7
        outbox.log((2, "one", False, (0, 0)))
        assert struck == ["now"]
        outbox.end()
        told, line = Decoder().feed(theirs.recv(4096))
        box.close()
    assert told == EventRuns("E_X", 7)
    assert isinstance(line, LogLine)
    assert line.text == "one"
