"""Pairs of small event routes, made up, that do something with what processes share."""

from __future__ import annotations

from random import Random

#: statements; {n} stands for one of two names, {w} for the event's own letter
STATEMENTS = (
    "$var(x) = $shv({n});",
    "$shv({n}) = $var(x) + 1;",
    "$shv({n}) += 1;",
    "$shv({n}) = $shv({n}) * 2;",
    'xlog("$shv({n})\\n");',
    'if ($shv({n}) > 1) $shv({m}) = "{w}";',
    'cache_add("local", "{n}", 2, 0);',
    'cache_fetch("local", "{n}", $var(x));',
    'cache_store("local", "{n}", "{w}$var(x)");',
    'cache_remove("local", "{n}");',
    'update_stat("{n}", 1);',
    'xlog("$stat({n})\\n");',
    'mq_add("q", "{n}", "{w}");',
    'if (mq_fetch("q")) xlog("$mqk(q) $mqv(q)\\n");',
    'get_static_lock("{n}");',
    'release_static_lock("{n}");',
    "rand_set_prob({k});",
    'rand_get_prob(); if ($rc > 5) xlog("much\\n");',
)
HEAD = (
    'loadmodule "cfgutils.so"\nloadmodule "mqueue.so"\nloadmodule "statistics.so"\nloadmodule "cachedb_local.so"\n'
    'modparam("mqueue", "mqueue", "name=q")\n'
)


def random_pair(random: Random, most: int = 4) -> str:
    """A script with routes for E_A and E_B."""
    return HEAD + "".join(_route(random, name, random.randint(1, most)) for name in "AB")


def _route(random: Random, name: str, count: int) -> str:
    lines = (_statement(random, name) for _ in range(count))
    return "\n".join([f"event_route[E_{name}] {{", *lines, "}", ""])


def _statement(random: Random, name: str) -> str:
    text = random.choice(STATEMENTS)
    for mark, value in (("{n}", random.choice("pq")), ("{m}", random.choice("pq")), ("{w}", name), ("{k}", "7")):
        text = text.replace(mark, value)
    return f"    {text}"
