"""What a part of a script needs."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from evroute_kernel.lang import nodes
from evroute_kernel.lang.needs import modules, variables
from evroute_kernel.library import table

LIBRARY = table.of("3.6")

Body = Callable[[str], tuple[nodes.Statement, ...]]


@pytest.mark.parametrize(
    ("text", "needed"),
    [
        ("$var(x) = $param(1);", []),
        ("$shv(x) = 1;", ["cfgutils"]),
        ('xlog("$(shv(x){s.len})\\n");', ["cfgutils"]),
        ("$var(x) = $(avp(a){re.subst,/a/$stat(b)/});", []),
        ("$var(x) = $(var(a){s.substr,0,$stat(b)});", ["statistics"]),
        ("$var($shv(x)) = 1;", []),
        ("$avp($shv(x)) = 1;", ["cfgutils"]),
        ("$var(x) = $(var(y){rest.escape});", ["rest_client"]),
        ('if (route(a, "$shv(x)") and math_eval("1", $var(x))) { $json(a) := 1; }', ["mathops", "cfgutils", "json"]),
        ("async(sleep(1), b);", ["cfgutils"]),
        ("launch(sleep(1), b);", ["cfgutils"]),
        ('cache_store("local", "a", "b");', ["cachedb_local"]),
        ('cache_store("redis:one", "a", "b");', ["cachedb_redis"]),
        ('cache_store("nothing", "a", "b");', []),
        ('cache_remove_chunk("a*");', ["cachedb_local"]),
        ('subscribe_event("E_A", "udp:127.0.0.1:9");', ["event_datagram"]),
        (
            'subscribe_event("E_A", "virtual:RR tcp:a:1 flatstore:/x route:E_B");',
            ["event_virtual", "event_stream", "event_flatstore"],
        ),
        ("ds_select_dst(1, 4);", ["dispatcher"]),
        ('$var(x) = "costs $5"; xlog("$$shv(x)\\n");', []),
    ],
)
def test_modules(body_of: Body, text: str, needed: list[str]) -> None:
    found: dict[str, None] = {}
    for statement in body_of(text):
        found |= dict.fromkeys(modules(statement, LIBRARY))
    assert list(found) == needed


def test_variables(body_of: Body) -> None:
    (statement,) = body_of('$var(a) = $(avp(b)[$var(c)]{s.substr,$var(d),1}) + "$var(e)";')
    assert [spec.text for spec in variables(statement, LIBRARY)] == [
        "$var(a)",
        "$(avp(b)[$var(c)]{s.substr,$var(d),1})",
        "$var(c)",
        "$var(d)",
        "$var(e)",
    ]
