"""What a check does grows as the text does. Steps are counted, not seconds: calls of Python functions are the same on
every machine."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from evroute_kernel.errors import ScriptError
from evroute_kernel.lang.callgraph import call_graph
from evroute_kernel.lang.compiler import compile_script
from evroute_kernel.lang.environment import Environment
from evroute_kernel.lang.nodes import Route
from evroute_kernel.lang.parser import parse
from evroute_kernel.source import Source


def lines(line: str, n: int) -> str:
    return "".join(line.replace("#", str(i)) for i in range(n))


def body(line: str, head: str = "route[a]") -> Callable[[int], str]:
    return lambda n: f"{head} {{\n{lines(line, n)}}}\n"


def chain(n: int) -> str:
    return "".join(f"route[r{i}] {{ route(r{i + 1}); }}\n" for i in range(n)) + f"route[r{n}] {{ exit; }}\n"


TEXTS: dict[str, Callable[[int], str]] = {
    "routes that call routes": chain,
    "unknown routes": lambda n: lines("route[route_#] { route(rute_#); }\n", n),
    "unknown functions": body("my_function#(1);\n"),
    "unknown variables": body("$var(x) = $vax#;\n"),
    "unknown events": body('raise_event("E_PIKE_BLOKED#");\n'),
    "unknown modules": lambda n: lines('loadmodule "mqeue#.so"\n', n),
    "module parameters": lambda n: 'loadmodule "mqueue.so"\n' + lines('modparam("mqueue", "mqueue", "name=q#")\n', n),
    "text of 2.x": body('fetch_event_params("ip=$avp(ip#)");\n', "event_route[E_PIKE_BLOCKED]"),
    "text of 2.x without an end": body('fetch_event_params("$var(a)") ', "event_route[E_A]"),
    "raised events": body('$avp(n) = "x#"; $avp(v) = #; raise_event("E_X#", $avp(n), $avp(v));\n'),
    "sockets": body('subscribe_event("E_PIKE_BLOCKED", "unix:/tmp/socket#");\n'),
    "hosts": body('subscribe_event("E_PIKE_BLOCKED", "udp:host#:5060");\n'),
    "files": body(
        'subscribe_event("E_A", "flatstore:/tmp/f#"); subscribe_event("E_A", "udp:127.0.0.1:9#");\n', "startup_route"
    ),
    "subscribed events": body('subscribe_event("E_X#", "udp:127.0.0.1:9");\n'),
    "findings": body("$var(x) = 2 + 3 * #;\n"),
}


def steps(work: Callable[[], object]) -> int:
    """How many functions are called."""
    count = 0

    def counted(frame: Any, event: str, argument: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(counted)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


def checked(text: str) -> None:
    with suppress(ScriptError):
        compile_script(Source("a.cfg", text), Environment())


@pytest.mark.parametrize("name", TEXTS)
def test_a_check_grows_as_its_text(name: str) -> None:
    text = TEXTS[name]
    checked(text(10))  # what is made once
    few, many = (steps(lambda n=n: checked(text(n))) for n in (500, 2000))  # type: ignore[misc]
    assert many < 6 * few, f"{few} steps for 500, {many} for 2000"


def test_the_call_graph_grows_as_its_text() -> None:
    def walked(n: int) -> None:
        script, _ = parse(Source("a.cfg", chain(n)), version="3.6")
        graph = call_graph(item for item in script.items if isinstance(item, Route))
        for vertex in graph.vertices:
            graph.outgoing(vertex)
        graph.roots()

    few, many = steps(lambda: walked(500)), steps(lambda: walked(2000))
    assert many < 6 * few
