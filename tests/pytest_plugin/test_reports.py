"""What the report of a failed test shows: the mistake with line and caret, no frames of ours, and the log."""

from __future__ import annotations

import re

import pytest

pytest_plugins = ["pytester"]

FAILING = r'''
import re
import pytest

SCRIPT = """event_route[E_X] {
    xlog("L_WARN", "block $param(n)\\n");
    $shv(n) = 2;
    $var(x) = 1;
    $var(x) /= $param(n);
}"""

@pytest.fixture
def session(evroute_session):
    evroute_session.load(SCRIPT, name="x.cfg")
    evroute_session.raise_event("E_X", {"n": 1})
    return evroute_session

def test_crash(session):
    session.raise_event("E_X", {"n": 0})

def test_future(session):
    session.submit("E_X", {"n": 0}).result()

@pytest.fixture
def crashed(session):
    session.raise_event("E_X", {"n": 0})

def test_fixture(crashed):
    pass

def test_refused(evroute_session):
    evroute_session.load("event_route[E_X] { xlgo(); }", name="y.cfg")

def test_refused_twice(evroute_session):
    evroute_session.load("event_route[E_X] { xlgo(); xlug(); }", name="y.cfg")

def test_expect(session):
    session.expect("block 2")

def test_in(session):
    assert "block 3" in session.log

def test_not_in(session):
    assert re.compile("bl.ck") not in session.log

def test_shv(session):
    assert session.shv == {"n": 3}

def test_key(session):
    session.shv["m"]

def test_type_error(evroute_session):
    evroute_session.load()

def test_skipped(session):
    pytest.skip("not today")

def test_good(session):
    session.expect("block 1", absent="block 2")
    assert not session.raise_event("E_X", {"n": 0}, check=False).ok
'''
_HEAD = re.compile(r"^_+ (?:ERROR at setup of )?(\w+) _+$", re.MULTILINE)


def sections(pytester: pytest.Pytester, *arguments: str) -> dict[str, str]:
    """What pytest shows of each test that failed."""
    pytester.makepyfile(FAILING)
    done = pytester.runpytest_inprocess("-p", "no:cacheprovider", "-p", "no:xdist", *arguments)
    done.assert_outcomes(failed=10, errors=1, skipped=1, passed=1)
    _, *parts = _HEAD.split(done.stdout.str().partition("= short test summary")[0])
    return dict(zip(parts[::2], parts[1::2], strict=True))


def test_a_failed_test_shows_the_script_and_the_log(pytester: pytest.Pytester) -> None:
    shown = sections(pytester)

    for name, phase in (("test_crash", "call"), ("test_future", "call"), ("test_fixture", "setup")):
        assert "RunFailedError: x.cfg:5:5: error: event_route[E_X]: /= 0: the server's process dies" in shown[name]
        assert re.search(r"^E .*\|     \$var\(x\) /= \$param\(n\);$", shown[name], re.MULTILINE)
        assert re.search(r"^E .*\|     \^{20}\^?$", shown[name], re.MULTILINE)
        assert f"Captured log of evroute_session {phase}" in shown[name]
        assert "\nWARNING event_route[E_X]: block 1\nWARNING event_route[E_X]: block 0\n" in shown[name]

    assert "RouteCheckError: y.cfg:1:20: error: unknown function xlgo() (did you mean 'xlog'?)" in shown["test_refused"]
    assert shown["test_refused"].count("^^^^") == 1
    assert shown["test_refused"].count("did you mean") == 1
    assert shown["test_refused_twice"].count("^^^^") == 2
    assert "Captured log" not in shown["test_refused"], "nothing was logged"

    assert "the log does not hold 'block 2'" in shown["test_expect"]
    assert "assert 'block 3' in the log" in shown["test_in"]
    assert "assert a match for 'bl.ck' not in the log" in shown["test_not_in"]
    assert shown["test_in"].count("WARNING event_route[E_X]: block 1") == 2, "in the assertion, and captured"
    assert "{'n': 2} != {'n': 3}" in shown["test_shv"]
    assert "$shv(m) is not set; there are: n" in shown["test_key"]

    assert "TypeError" in shown["test_type_error"]
    inner = [name for name, text in shown.items() if re.search(r"evroute_kernel/|concurrent/futures", text)]
    assert not inner, "no frame of ours"


SUBMITTING = r"""
import pytest
from evroute_kernel import RunFailedError

SCRIPT = "event_route[E_X] { $var(x) = 1; $var(x) /= $param(n); }"

@pytest.fixture
def session(evroute_session):
    evroute_session.load(SCRIPT, name="x.cfg")
    return evroute_session

def test_nobody_asks(session):
    session.submit("E_X", {"n": 0})

def test_nobody_asks_for_a_batch(session):
    session.submit_batch("E_X", [{"n": 1}, {"n": 0}])

def test_failed_before(session):
    session.submit("E_X", {"n": 0})
    assert not "the test's own failure"

def test_asked(session):
    with pytest.raises(RunFailedError):
        session.submit("E_X", {"n": 0}).result()
    assert session.submit("E_X", {"n": 0}).exception() is not None

def test_asked_not_to(session):
    session.submit("E_X", {"n": 0}, check=False)

def test_good(session):
    session.submit("E_X", {"n": 1})

def test_ended_by_the_test(session):
    session.load("event_route[E_LONG] { $var(i) = 0; while (1) $var(i) += 1; }")
    session.submit("E_LONG", origin="me")
    session.interrupt("me")
    session.submit("E_LONG")
    session.close()
"""


def test_a_run_that_nobody_asked_for_fails_the_test_too(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(SUBMITTING)
    done = pytester.runpytest_inprocess("-p", "no:cacheprovider", "-p", "no:xdist", "-rA")
    done.assert_outcomes(failed=3, passed=4)
    shown, _, summary = done.stdout.str().partition("= short test summary")  # which holds messages too where CI is set
    assert len(re.findall(r"^FAILED .*nobody_asks", summary, re.MULTILINE)) == 2
    assert shown.count("a run failed that was submitted, and whose result nobody asked for\n") == 2
    assert shown.count("$var(x) /= $param(n)") == 2
    assert "_multicall" not in shown
    assert "the test's own failure" in shown


@pytest.mark.parametrize("style", ["short", "native"])
def test_each_style_of_tracebacks_shows_the_place(pytester: pytest.Pytester, style: str) -> None:
    pytester.makepyfile(FAILING)
    arguments = ("-p", "no:cacheprovider", "-p", "no:xdist", "-k", "test_refused_twice", f"--tb={style}")
    text = pytester.runpytest_inprocess(*arguments).stdout.str()
    assert "y.cfg:1:20: error: unknown function xlgo()" in text
    assert "|                            ^^^^" in text
    assert "loading.py" not in text


def test_all_frames_are_shown_on_demand(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(FAILING)
    text = pytester.runpytest_inprocess(
        "-p", "no:cacheprovider", "-k", "test_refused_twice", "--full-trace"
    ).stdout.str()
    assert "loading.py" in text
