"""What the word PATTERN on a line chooses, in a real kernel, wherever it may stand."""

from __future__ import annotations

import pytest

from evroute_kernel.kernel.magics import everything as _everything  # noqa: F401 - fills the table
from evroute_kernel.kernel.magics.declaration import MAGICS
from support.frontend import Frontend

SETUP = """
event_route[E_PIKE_BLOCKED] { $var(Seen) = 1; $shv(Total) = 2; cache_store("local", "Key", "x"); }
loadmodule "dialog.so"
route[greet] { exit; }
%stub rest_get
%dialog Caller status=4
%raise E_PIKE_BLOCKED
"""
#: magic -> a part of a name in other letters, and the name
SAMPLES = {
    "events": ("pike_bl", "E_PIKE_BLOCKED"),
    "routes": ("GREE", "route[greet]"),
    "vars": ("1 sEE", "$var(Seen)"),
    "shv": ("tot", "$shv(Total)"),
    "cache": ("ke", "Key"),
    "stubs": ("REST", "rest_get"),
    "dialogs": ("call", "Caller"),
    "graph": ("gree", "greet"),
}


@pytest.fixture(scope="module")
def set_up(shared_kernel: Frontend) -> Frontend:
    done = shared_kernel.run(SETUP)
    assert done.status == "ok", done.traceback
    return shared_kernel


def test_there_is_a_sample_for_each_magic() -> None:
    assert {name for name, magic in MAGICS.items() if "[PATTERN]" in magic.usage} == SAMPLES.keys()


@pytest.mark.parametrize("name", SAMPLES)
def test_a_word_is_a_search_that_ignores_case(set_up: Frontend, name: str) -> None:
    word, found = SAMPLES[name]
    done = set_up.run(f"%{name} {word}")
    assert done.status == "ok", done.traceback
    assert any(found in shown for shown in done.shown)


def test_events_are_found_by_a_part_of_their_name(set_up: Frontend) -> None:
    (table,) = set_up.run("%events PIKE").shown
    assert [line.split()[0] for line in table.splitlines()[2:]] == ["E_PIKE_BLOCKED"]


def test_what_is_called_like_the_word_is_all_that_is_meant(set_up: Frontend) -> None:
    set_up.run("event_route[E_PIKE_BLOCKED_AGAIN] { exit; }")
    (table,) = set_up.run("%routes e_pike_blocked").shown
    assert [line.split()[0] for line in table.splitlines()[2:]] == ["event_route[E_PIKE_BLOCKED]"]
    assert len(set_up.run("%routes E_Pike*").shown[0].splitlines()) == 4
    assert set_up.run("%routes event_route[E_PIKE_BLOCKED]").shown == [table]
