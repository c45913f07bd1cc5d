"""`assert_no_race` in a test: what passes, and what the report shows of what does not."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]

TESTS = r'''
SCRIPT = """event_route[E_LOST] {
    $shv(n) = $shv(n) + 1;
}
event_route[E_KEPT] {
    get_static_lock("n");
    $shv(n) = $shv(n) + 1;
    release_static_lock("n");
}"""

def test_kept(evroute_session):
    evroute_session.load(SCRIPT, name="x.cfg")
    evroute_session.assert_no_race(["E_KEPT", ("E_KEPT", {"ip": "192.0.2.1"})])

def test_lost(evroute_session):
    evroute_session.load(SCRIPT, name="x.cfg")
    evroute_session.assert_no_race(["E_LOST", "E_LOST"])
'''


def test_a_race_fails_a_test_and_its_report_shows_the_order(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(TESTS)
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=1, failed=1)
    text = result.stdout.str()
    result.stdout.fnmatch_lines(["*RaceFoundError: race: E_LOST (1) and E_LOST (2) come to an outcome*"])
    assert "2 $shv(n) = $shv(n) + 1" in text
    assert "reads $shv(n)" in text
    assert "engine/racing" not in text
