"""Parsing, checking and compiling scripts of 10, 1,000 and 10,000 lines; checking scripts full of mistakes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from itertools import cycle, islice

from benchmarks.measurement import Measurement, best_of
from evroute_kernel.errors import ScriptError
from evroute_kernel.lang.compiler import compile_script
from evroute_kernel.lang.environment import Environment
from evroute_kernel.source import Source

#: seconds, by number of lines
BARS = {10: None, 1_000: 1.0, 10_000: None}
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
        seconds = best_of(1 if lines > 1_000 or smoke else 5, lambda text=text: compile_text(text))  # type: ignore[misc]
        yield Measurement("compile", f"{lines:,} lines, best", seconds * 1e3, "ms", bar and bar * 1e3)


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
