"""Whatever the text: it is refused with places inside it, or it runs to an end. Nothing else, and no hang.

A normal run tries some thousand scripts, always the same ones. `EVROUTE_SCRIPTS=20000` tries so many, new ones each
time: that is what CI does.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from typing import Final

import pytest
from generated import any_script, mutated, script
from guarded import limited, result_of
from hypothesis import HealthCheck, example, given, settings

from evroute_kernel.runtime.shared import Shared

SCRIPTS: Final = int(os.environ.get("EVROUTE_SCRIPTS", "2000"))
FIXED: Final = "EVROUTE_SCRIPTS" not in os.environ


@pytest.fixture(scope="module")
def shared() -> Iterator[Shared]:
    monkeypatch = pytest.MonkeyPatch()
    with Shared.temporary() as opened, limited(monkeypatch):
        yield opened
    monkeypatch.undo()


@pytest.mark.timeout(1200)
@settings(
    max_examples=SCRIPTS,
    derandomize=FIXED,
    database=None,
    deadline=None,  # HANG of guarded is the deadline
    suppress_health_check=list(HealthCheck),
)
@given(text=any_script)
def test_every_script_is_refused_or_runs(shared: Shared, text: str) -> None:
    result_of(text, shared)
