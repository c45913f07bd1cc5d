"""Parsing, checking and compiling scripts of 10, 1,000 and 10,000 lines; checking scripts full of mistakes.

The commands are measured as a user meets them, start and end included, in processor time: what else the machine does
changes it least.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from itertools import accumulate, cycle, islice
from pathlib import Path

from benchmarks import real_server
from benchmarks.measurement import Measurement, best_of, installed
from evroute_kernel.errors import ScriptError
from evroute_kernel.lang.compiler import compile_script
from evroute_kernel.lang.editing.document import Document
from evroute_kernel.lang.environment import Environment
from evroute_kernel.source import Source

#: seconds, by number of lines
BARS = {10: None, 1_000: 1.0, 10_000: 2.0}
COMMAND_BARS = {10: None, 1_000: 0.3, 10_000: 0.7}
RUN_BAR = 0.25
#: lines of a file in an editor, and seconds in which its findings are there after a key
EDITED_LINES = 1_500
EDIT_BAR = 0.025
#: a server takes no hundred routes
ROUTES = 80

BODY = (
    "    $var(total) = $param(duration) * 2 + $shv(base);",
    '    if ($param(usage) >= 90 && $var(total) != 0) xlog("L_WARN", "high: $param(usage)\\n");',
    "    $avp(user) = $(param(uri){uri.user}{s.tolower});",
    '    xlog("$param(callid) from $avp(user) took $(var(total){s.len}) digits\\n");',
    "    while ($var(i) < 5) { $var(i) += 1; }",
    '    if ($param(status) == "active") $shv(up) += 1; else $shv(down) += 1;',
    '    switch ($param(code)) { case 486: $var(why) = "busy"; break; default: $var(why) = "other"; }',
    '    cache_store("local", "last_$param(user)", "$param(callid)", 60);',
)


def script(lines: int) -> str:
    """A script of exactly so many lines, with the mixture of statements that real ones have."""
    routes = max(1, min(ROUTES, lines // 10))
    texts = []
    for number in range(routes):
        share = lines * (number + 1) // routes - lines * number // routes
        texts += [f"event_route[E_BENCH_{number}] {{", *islice(cycle(BODY), share - 2), "}"]
    return "\n".join(texts)


def compile_time(smoke: bool) -> Iterator[Measurement]:
    """Text to compiled routes, parser already built."""
    compile_text(script(10))
    for lines, bar in BARS.items():
        if smoke and lines > 1_000:
            continue
        text = script(lines)
        rounds = 1 if smoke else 5
        seconds = best_of(rounds, lambda text=text: compile_text(text), time.process_time)  # type: ignore[misc]
        yield Measurement("compile", f"{lines:,} lines, best", seconds * 1e3, "ms", bar and bar * 1e3)


def commands(smoke: bool) -> Iterator[Measurement]:
    """`evroute check` of scripts with lints and no errors, and `evroute run` of a small one."""
    rounds = 1 if smoke else 7
    installed()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "benchmark.cfg"
        for lines, bar in COMMAND_BARS.items():
            file.write_text(script(lines) + "\n")
            seconds = statistics.median(_processor_time("check", str(file)) for _ in range(rounds))
            server = real_server.check_seconds(script(lines), rounds)
            what, most = f"check of {lines:,} lines", bar and bar * 1e3
            yield Measurement("commands", what, seconds * 1e3, "ms", most, server=server and server * 1e3)
        file.write_text('event_route[E_PIKE_BLOCKED] { xlog("$param(ip)\\n"); }\n')
        event = ("--raise", "E_PIKE_BLOCKED ip=192.0.2.1")
        seconds = statistics.median(_processor_time("run", str(file), *event) for _ in range(rounds))
        yield Measurement("commands", "run of one event", seconds * 1e3, "ms", RUN_BAR * 1e3)


def _processor_time(*arguments: str) -> float:
    """Seconds that a command takes of the processor, those of its own processes included."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-m", "evroute_kernel", *arguments], check=False, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def edits(smoke: bool) -> Iterator[Measurement]:
    """Findings after each key, near the beginning, in the middle and at the end of a file: a word grows, and with its
    last letter the statement is whole."""
    lines = script(EDITED_LINES).splitlines()
    for what, at in (("first route", 3), ("middle", EDITED_LINES // 2), ("last route", EDITED_LINES - 3)):
        opened = Document("benchmark.cfg", Environment())
        opened.update("\n".join(lines))
        times = []
        for typed in islice(
            accumulate('$var(typed) = $param(duration) + 1; xlog("$var(typed)\\n");'), 3 if smoke else None
        ):
            text = "\n".join([*lines[:at], typed, *lines[at:]])
            times.append(best_of(1, partial(opened.update, text), time.process_time))
        seconds = statistics.median(times)
        yield Measurement("edits", f"a key in {EDITED_LINES:,} lines, {what}", seconds * 1e3, "ms", EDIT_BAR * 1e3)


def wrong_names(count: int) -> str:
    """Routes that call each other, and as many wrong names of routes, functions and variables."""
    calls = (f"route[route_{i}] {{ route(route_{(i + 1) % count}); route(rute_{i}); }}" for i in range(count))
    return "\n".join([*calls, "route[a] {", *(f"    my_function{i}(1); $var(x) = $vax{i};" for i in range(count)), "}"])


def check_time(smoke: bool) -> Iterator[Measurement]:
    """A text full of mistakes, whose time must grow as the text does."""
    compile_text(script(10))
    for count in (1_000,) if smoke else (1_000, 4_000, 8_000):
        text = wrong_names(count)
        seconds = best_of(1, lambda text=text: _refused(text))  # type: ignore[misc]
        yield Measurement("check", f"{count:,} routes, {3 * count:,} wrong names", seconds * 1e3, "ms", None)


def _refused(text: str) -> None:
    with suppress(ScriptError):
        compile_text(text)


def compile_text(text: str) -> None:
    compile_script(Source("benchmark.cfg", text), Environment())
