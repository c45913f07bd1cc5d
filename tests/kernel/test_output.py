"""Output is gathered, keeps its order, and goes out under its own request."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from threading import Thread
from typing import Any

import pytest

from evroute_kernel.engine.results.runs import LogRecord
from evroute_kernel.kernel.cell.output import LARGE, Outlet
from evroute_kernel.kernel.cell.pace import BURST
from evroute_kernel.kernel.display.formats import plain_record
from support.frontend import Frontend


class Wire:
    """Collects what would go to the front end; timers fire when the test says so."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, dict[str, Any], Mapping[str, Any]]] = []
        self.timers: list[Callable[[], None]] = []

    def publish(self, kind: str, content: dict[str, Any], parent: Mapping[str, Any]) -> None:
        self.sent.append((kind, content, parent))

    def later(self, seconds: float, function: Callable[[], None]) -> None:
        self.timers.append(function)

    def outlet(self, parent: str = "request", silent: bool = False) -> Outlet:
        return Outlet(self.publish, self.later, {"msg_id": parent}, plain_record, silent)

    @property
    def streams(self) -> list[tuple[str, str]]:
        return [(content["name"], content["text"]) for kind, content, _ in self.sent if kind == "stream"]


@pytest.fixture
def wire() -> Wire:
    return Wire()


def record(level: str, text: str, diagnostic: bool = False) -> LogRecord:
    return LogRecord(level, text, diagnostic, "E_X", "event_route[E_X]", 1, None, 0.0)


def test_lines_are_merged_and_streams_keep_their_order(wire: Wire) -> None:
    outlet = wire.outlet()
    for level, text in [("NOTICE", "a\n"), ("DBG", "b"), ("WARNING", "c\n"), ("ALERT", "d\n"), ("INFO", "e\n")]:
        outlet.record(record(level, text))
    assert wire.sent == []
    outlet.flush()
    assert wire.streams == [("stdout", "a\nb"), ("stderr", "c\nd\n"), ("stdout", "e\n")]


def test_one_timer_for_many_lines(wire: Wire) -> None:
    outlet = wire.outlet()
    outlet.write("a")
    outlet.write("b")
    assert len(wire.timers) == 1
    wire.timers.pop()()
    assert wire.streams == [("stdout", "ab")]
    outlet.write("c")
    assert len(wire.timers) == 1


def test_much_text_is_sent_by_who_wrote_it(wire: Wire) -> None:
    wire.outlet().write("x" * LARGE)
    assert [len(text) for _, text in wire.streams] == [LARGE]


def test_displays_come_after_the_text_before_them(wire: Wire) -> None:
    outlet = wire.outlet()
    outlet.write("a")
    outlet.display({"text/plain": "b"})
    outlet.write("c")
    outlet.error("Name", "message", ["line"])
    assert [kind for kind, _, _ in wire.sent] == ["stream", "display_data", "stream", "error"]


def test_late_output_has_its_own_parent(wire: Wire) -> None:
    first, second = wire.outlet("1"), wire.outlet("2")
    second.write("b")
    first.write("a")
    for timer in wire.timers:
        timer()
    assert [(content["text"], parent["msg_id"]) for _, content, parent in wire.sent] == [("b", "2"), ("a", "1")]


def test_silent_shows_nothing_and_still_knows_the_log(wire: Wire) -> None:
    outlet = wire.outlet(silent=True)
    outlet.record(record("NOTICE", "a"))
    outlet.error("Name", "message", [])
    outlet.flush()
    assert wire.sent == []
    assert [r.text for r in outlet.records] == ["a"]


def test_diagnostics_say_their_level(wire: Wire) -> None:
    outlet = wire.outlet()
    outlet.record(record("WARNING", "no parameter x", diagnostic=True))
    outlet.flush()
    ((kind, content, _),) = wire.sent
    assert (kind, content["data"]["text/plain"]) == ("display_data", "warning: no parameter x [run time]")


def test_streams_that_alternate_too_fast_become_one_message_each(wire: Wire) -> None:
    outlet = wire.outlet()
    for i in range(1_000):
        outlet.record(record("NOTICE", f"out {i}\n"))
        outlet.record(record("WARNING", f"err {i}\n"))
    outlet.flush()
    first = [("stdout", "out 0\n"), ("stderr", "err 0\n")]
    assert wire.streams[:2] == first
    assert len(wire.streams) == BURST
    for stream, name in (("stdout", "out"), ("stderr", "err")):
        lines = "".join(text for known, text in wire.streams if known == stream).splitlines()
        assert lines == [f"{name} {i}" for i in range(1_000)]
    assert wire.streams[-1][1].endswith("err 999\n")  # what was said last is shown last


def test_text_waits_until_there_is_room_for_its_messages(wire: Wire) -> None:
    outlet = wire.outlet()
    for i in range(BURST):
        outlet.write(f"{i}\n", ("stdout", "stderr")[i % 2])
    wire.timers.pop()()
    assert len(wire.sent) == BURST
    outlet.write("a")
    outlet.write("b", "stderr")
    wire.timers.pop()()
    assert len(wire.sent) == BURST
    assert len(wire.timers) == 1  # it will be tried again
    outlet.settle()
    assert wire.streams[BURST:] == [("stdout", "a"), ("stderr", "b")]


def test_repeated_records_are_counted_when_the_cell_ends(wire: Wire) -> None:
    outlet = wire.outlet()
    for _ in range(100):
        outlet.record(record("NOTICE", "x\n"))
    outlet.settle()
    assert "".join(text for _, text in wire.streams) == "x\n" * 10 + "... 90 more like this\n"
    assert len(outlet.records) == 100


def test_the_count_comes_before_what_is_shown_next(wire: Wire) -> None:
    outlet = wire.outlet()
    for _ in range(100):
        outlet.record(record("NOTICE", "x\n"))
    outlet.display({"text/plain": "shown"})
    assert [kind for kind, _, _ in wire.sent] == ["stream", "display_data"]
    assert wire.streams[0][1].endswith("... 90 more like this\n")


def test_the_count_comes_some_time_even_if_nothing_follows(wire: Wire) -> None:
    outlet = wire.outlet()
    for _ in range(100):
        outlet.record(record("NOTICE", "x\n"))
    while wire.timers:
        wire.timers.pop(0)()
    assert wire.streams[-1][1].endswith("... 90 more like this\n")


def test_a_cell_that_is_cleared_begins_anew(wire: Wire) -> None:
    outlet = wire.outlet()
    for _ in range(2):
        for _ in range(10):
            outlet.record(record("NOTICE", "x\n"))
        outlet.clear(wait=False)
    assert [text for _, text in wire.streams] == ["x\n" * 10] * 2


def test_threads_lose_nothing(wire: Wire) -> None:
    outlet = wire.outlet()
    threads = [Thread(target=lambda name=name: [outlet.write(f"{name}{i}\n") for i in range(2000)]) for name in "ab"]
    for thread in threads:
        thread.start()
    for _ in range(100):
        outlet.flush()
    for thread in threads:
        thread.join()
    outlet.flush()
    lines = "".join(text for _, text in wire.streams).split()
    assert [line for line in lines if line[0] == "a"] == [f"a{i}" for i in range(2000)]
    assert [line for line in lines if line[0] == "b"] == [f"b{i}" for i in range(2000)]


def test_nothing_in_an_event_commands_the_terminal_of_a_console(kernel: Frontend) -> None:
    kernel.run('event_route[E_X] { xlog("<$param(v)>\\n"); }')
    value = "\\u001b[2J\\u001b]0;t\\u0007\\b\\u009b2J\\t\\r\\u001b[1;31mred"
    shown = kernel.run(f'%%raise E_X\n{{"v": "{value}"}}\n').stdout
    assert shown == "<\\x1b[2J\\x1b]0;t\\x07\\x08\\x9b2J\t\r\x1b[1;31mred>\n"
    assert kernel.run('%%raise E_X\n{"v": "' + value + '"}\n').status == "ok"
