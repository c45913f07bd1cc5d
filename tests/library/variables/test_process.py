"""Time, process, log levels, colours, random values."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable

import pytest

from evroute_kernel.library import table
from evroute_kernel.library.template import TemplateError, parse_variable
from evroute_kernel.runtime import levels
from evroute_kernel.runtime.context import LinkedRoute, Process, Record
from evroute_kernel.runtime.values import Dual, Value, is_int_type

LIBRARY = table.of("3.6")

Show = Callable[[str], str]
Read = Callable[[str], Value]
Put = Callable[..., bool]


def test_clock(read: Read) -> None:
    before = int(time.time())
    now, micro, start = read("$Ts"), read("$Tsm"), read("$TS")
    assert isinstance(now, int)
    assert before <= now <= time.time()
    assert isinstance(micro, int)
    assert 0 <= micro < 10**6
    assert isinstance(start, int)
    assert before <= start <= time.time()


def test_start_time_does_not_move(process: Process, read: Read) -> None:
    process.state["start_time"] = 1000
    assert read("$TS") == 1000


def test_local_time_has_two_forms(read: Read) -> None:
    value = read("$Tf")
    assert isinstance(value, Dual)
    assert not is_int_type(value)
    assert str(value) == time.ctime(value.number)


def test_formatted_time(show: Show, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    assert show("$time(%Y)") == time.strftime("%Y")
    assert show("$time( 100%% )") == " 100% "
    assert show("$time(\xc3\xa9)") == "\xc3\xa9"
    assert show(f"$time({'x' * 126})") == "x" * 126
    assert show(f"$time({'x' * 127})") == "<null>"


def test_ctime_fields(read: Read, process: Process) -> None:
    sunday = time.struct_time((2026, 11, 22, 13, 14, 15, 6, 326, 0))
    process.shared.clock.stop(time.mktime(sunday))
    fields = ["sec", "min", "hour", "mday", "mon", "year", "wday", "yday", "isdst"]
    assert [read(f"$ctime({field})") for field in fields] == [15, 14, 13, 22, 11, 2026, 1, 326, 0]
    assert read("$ctime") == 15


def test_environment(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVROUTE_TEST", "Zoë")
    monkeypatch.delenv("EVROUTE_NOT_SET", raising=False)
    assert read("$env(EVROUTE_TEST)") == "Zo\xc3\xab"
    assert read("$env(EVROUTE_NOT_SET)") is None
    assert read("$env") is None
    assert read("$pp") == os.getpid()
    assert read("$argv(x)") is None


def test_place(process: Process, read: Read) -> None:
    process.slots[7] = LinkedRoute("event_route", "E_T", 7, lambda context: 1, lines=(3, 8), file="case.cfg")
    process.at = [1, 7]
    assert [read("$cfg_line"), read("$cfg_file")] == [8, "case.cfg"]


@pytest.mark.parametrize("name", ["log_level", "xlog_level"])
def test_log_levels(process: Process, put: Put, read: Read, said: list[Record], name: str) -> None:
    default = read(f"${name}")
    assert put(f"${name}", -1)
    assert read(f"${name}") == getattr(process, name) == -1
    assert put(f"${name}", None)
    assert read(f"${name}") == default
    assert not put(f"${name}", "2")
    assert said[-1][0] == levels.ERROR
    assert read(f"${name}") == default
    assert put(f"${name}", Dual("3x", 3))
    assert read(f"${name}") == 3


def test_colours_need_the_setting(process: Process, show: Show) -> None:
    assert show("$C(rx)alarm$C(xx)") == "alarm"
    process.settings.xlog_force_color = True
    assert show("$C(rx)alarm$C(Gw)$C(xx)") == "\x1b[0;31;49malarm\x1b[1;32;47m\x1b[0;39;49m"


@pytest.mark.parametrize("name", ["r", "rxx", "zx", "rR", "Xx"])
def test_unknown_colours_are_refused(name: str) -> None:
    with pytest.raises(TemplateError):
        parse_variable(f"$C({name})", LIBRARY)


def test_random_values(read: Read) -> None:
    numbers = {read("$RANDOM") for _ in range(20)}
    assert len(numbers) > 1
    assert all(isinstance(n, int) and 0 <= n <= 2**31 - 1 for n in numbers)
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", str(read("$uuid")))
    assert read("$uuid") != read("$uuid")
