"""Every recorded program logs here what it logged on a real server."""

from __future__ import annotations

import pytest

from recorded import Case, differences, read_cases, run_in_session


@pytest.mark.parametrize("case", [pytest.param(case, id=f"{case.file}:{case.name}") for case in read_cases()])
def test_logs_what_the_server_logged(case: Case) -> None:
    assert not differences(case, run_in_session(case))
