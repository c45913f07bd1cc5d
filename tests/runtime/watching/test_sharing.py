"""What watchers are told of what processes share: each access, in the steps of a server."""

from __future__ import annotations

from pathlib import Path

import pytest

from evroute_kernel.runtime.memory.accesses import Access
from evroute_kernel.runtime.shared import Shared
from evroute_kernel.runtime.watching.hook import Frame, Hook, Watcher
from evroute_kernel.runtime.watching.sharing import WatchedShared
from support.in_process import World, apply, run_in_process
from support.recorded import Case, Outcome


class Sharing(Watcher):
    """Writes down each step, with its accesses."""

    def __init__(self) -> None:
        self.told: list[list[str]] = []

    def steps(self, frame: Frame | None, access: Access | None) -> None:
        assert frame is not None
        assert frame.statement >= 0
        self.told.append([])

    def accesses(self, frame: Frame | None, access: Access) -> None:
        self.told[-1].append(f"{access.verb} {access.table} {access.key}")


def told(statements: str, settings: str = "") -> list[list[str]]:
    watcher = Sharing()
    script = f"{settings}event_route[E_T] {{\n{statements}\n}}\n"
    outcome = run_in_process(Case("", "", script, (("E_T", None),), "", {}), (watcher,))
    assert not (outcome.failures)
    assert not (outcome.errors)
    return watcher.told


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ("$shv(n) = 5;", [["write shv n"]]),
        ("$var(a) = $shv(n);", [["read shv n"]]),
        # on a server two steps, in both ways of writing it
        ("$shv(n) += 1;", [["read shv n"], ["write shv n"]]),
        ("$shv(n) = $shv(n) + 1;", [["read shv n"], ["write shv n"]]),
        ('$shv(n) += "text";', [["read shv n"]]),
        # the name is that of this moment
        ('$var(a) = "x"; $shv($var(a)) = 1;', [["write shv x"]]),
        ('cache_store("local", "k", "v");', [["write cache:default k"]]),
        ('cache_fetch("local", "k", $var(a));', [["read cache:default k"]]),
        ('cache_add("local", "k", 1, 0);', [["write cache:default k"]]),
        ('cache_remove("local", "k");', [["write cache:default k"]]),
        (
            'get_static_lock("a"); release_static_lock("a");',
            [["take locks static:a", "hold locks static:a"], ["release locks static:a"]],
        ),
        (
            'get_dynamic_lock("a"); release_dynamic_lock("a");',
            [["take locks dynamic:13", "hold locks dynamic:13"], ["release locks dynamic:13"]],
        ),
        ("rand_set_prob(5);", [["write cfgutils probability"]]),
        ('$var(a) = 1; xlog("$var(a)\\n");', []),
    ],
)
def test_each_access_is_told_in_the_steps_of_a_server(statements: str, expected: list[list[str]]) -> None:
    assert told(statements) == expected


def test_a_queue_and_a_statistic_are_one_step_each() -> None:
    added, fetched = told('mq_add("q", "k", "v"); mq_fetch("q");', 'modparam("mqueue", "mqueue", "name=q")\n')
    assert "write mqueue:q " in added
    assert "write mqueue:q " in fetched
    assert len(told('update_stat("x", 1); $var(a) = $stat(x);')) == 2


def test_a_database_is_one_step_a_function(tmp_path: Path) -> None:
    url = f"sqlite://{tmp_path}/x.db"
    settings = f'loadmodule "sqlops.so"\nloadmodule "db_sqlite.so"\nmodparam("sqlops", "db_url", "{url}")\n'
    statements = 'sql_query("create table t (a)"); sql_query(" select a from t"); sql_insert("t", "[{\\"a\\":1}]");'
    assert told(statements, settings) == [[f"{v} database {url}"] for v in ("write", "read", "write")]


def test_nothing_stands_before_the_memory_unless_somebody_wants_to_know() -> None:
    from evroute_kernel.lang.compiler import compile_script
    from evroute_kernel.lang.environment import Environment
    from evroute_kernel.runtime.context import Settings
    from evroute_kernel.source import Source

    unit = compile_script(Source("x", "event_route[E_T] {\n$shv(n) = 1;\n}\n"), Environment())
    settings = Settings()
    apply(settings, unit)
    with Shared.temporary() as shared:
        process = World(unit, settings, shared, Outcome()).process
        hook = Hook(process)
        hook.watchers = [Watcher()]
        assert process.shared is shared
        hook.watchers = [Watcher(), Sharing()]
        assert isinstance(process.shared, WatchedShared)
        assert process.shared.plain is shared
        hook.watchers = []
        assert process.shared is shared
