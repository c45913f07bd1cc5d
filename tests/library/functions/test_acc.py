"""Fields of the module acc, as modparam sets them."""

from __future__ import annotations

import pytest

from evroute_kernel.library import everything as _everything  # noqa: F401 - gives every module its checks
from evroute_kernel.library import table

LIBRARY = table.of("3.6")


@pytest.mark.parametrize(
    ("parameter", "value", "problem"),
    [
        ("extra_fields", "evi: a; b->c", None),
        ("leg_fields", " db :caller", None),
        ("evi_flag", "anything", None),
        ("extra_fields", "a->b", "'a->b' names no back-end: write log:, aaa:, db:, evi: before the fields"),
        ("leg_fields", "evy:a", "'evy' is no back-end; did you mean 'evi'?"),
        ("leg_fields", "EVI:a", "'EVI' is no back-end; did you mean 'evi'?"),
        ("extra_fields", "nowhere:a", "'nowhere' is no back-end; known: log, aaa, db, evi"),
    ],
)
def test_fields_name_their_backend(parameter: str, value: str, problem: str | None) -> None:
    check = LIBRARY.modules["acc"].check
    assert check is not None
    assert check(parameter, value) == problem
