"""Whatever the text: it is refused with places inside it, or it runs to an end. Nothing else, and no hang.

A normal run tries 4,000 scripts, always the same ones. `EVROUTE_SCRIPTS=20000` tries so many, new ones each time.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evroute_kernel.lang.migration.migrate import migrate
from evroute_kernel.lang.tables import tables
from evroute_kernel.runtime.shared import Shared
from evroute_kernel.source import Source
from support.generated import mutations, scripts
from support.guarded import End, check_places, limited, result_of

SCRIPTS: Final = int(os.environ.get("EVROUTE_SCRIPTS", "4000"))

#: half of the scripts for each of two tests
tried = settings(
    max_examples=SCRIPTS // 2,
    derandomize="EVROUTE_SCRIPTS" not in os.environ,
    database=None,
    deadline=None,  # `guarded` has its own, which also ends what hangs
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def shared() -> Iterator[Shared]:
    tables("script")  # read now, outside of the time of any script
    with pytest.MonkeyPatch.context() as monkeypatch, Shared.temporary() as opened, limited(monkeypatch):
        yield opened


def try_all(strategy: st.SearchStrategy[str], use: Callable[[str], End]) -> Counter[str]:
    """Let Hypothesis try so many; how they ended."""
    ends: Counter[str] = Counter()

    @tried
    @given(strategy)
    def each(text: str) -> None:
        ends[use(text)] += 1

    each()
    return ends


@pytest.mark.timeout(1200)
def test_scripts_of_the_grammar(shared: Shared) -> None:
    ends = try_all(scripts, lambda text: result_of(text, shared))
    assert ends["ran"] > SCRIPTS // 8, ends
    assert not ends["refused without an error"]


@pytest.mark.timeout(1200)
def test_real_scripts_with_changes(shared: Shared) -> None:
    ends = try_all(mutations, lambda text: result_of(text, shared, scratch=len(text) % 2 == 0))
    assert ends["ran"] > SCRIPTS // 20, ends
    assert ends["refused"] > SCRIPTS // 8, ends
    assert not ends["refused without an error"]


def test_migration_of_anything() -> None:
    """It never fails, changes only what it names, and has nothing left to change afterwards."""

    @settings(tried, max_examples=SCRIPTS // 10)
    @given(mutations)
    def each(text: str) -> None:
        source = Source("old.cfg", text)
        found = migrate(source)
        check_places(found.notes, source)
        for change in found.changes:
            assert change.span.text == change.before
        assert bool(found) == (found.text != text)
        assert not migrate(found.text)

    each()


# -- the guard itself -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("event_route[E_A] { exit }", "refused"),
        ("event_route[E_A] { exit; }", "ran"),
        ("event_route[E_A] { $var(x) = 1; $var(x) /= 0; }", "crashed"),
        ("route[r] { route(r); route(r); } event_route[E_A] { route(r); }", "stopped"),
        ('event_route[E_A] { $var(x) = "a"; while (1) { while (1) { $var(x) += $var(x); } } }', "stopped"),
        ("event_route[E_A] { sleep(1000000); }", "ran"),
    ],
)
def test_ends(shared: Shared, text: str, end: End) -> None:
    assert result_of(text, shared) == end


def test_a_fault_of_ours_comes_out(shared: Shared, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise IndexError("of ours")

    monkeypatch.setattr("evroute_kernel.lang.findings.lint", fail)
    with pytest.raises(IndexError, match="of ours"):
        result_of("event_route[E_A] { exit; }", shared)
