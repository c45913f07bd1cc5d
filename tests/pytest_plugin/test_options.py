"""How `evroute_session` is opened: by the project, by pytest's configuration, by markers."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]

ARGUMENTS = ("-p", "no:cacheprovider", "-p", "no:xdist", "--strict-markers")
TESTS = """
import pytest
from evroute_kernel import RunFailedError

def test_plain(evroute_session):
    assert evroute_session.timeout == {timeout}
    assert evroute_session.worker_limit == 2
    assert not evroute_session.raise_event("E_X").ok
    assert evroute_session.settings.stubs["rest_get"].returns == 200

@pytest.mark.evroute_session(timeout=7, check=True, load=[])
class TestMarked:
    def test_a_marker_counts_before_the_project(self, evroute_session):
        assert (evroute_session.timeout, evroute_session.worker_limit) == (7, 2)
        assert evroute_session.events() == []

    @pytest.mark.evroute_session(load="own.cfg")
    def test_the_nearest_marker_counts_first(self, evroute_session):
        assert evroute_session.timeout == 7
        with pytest.raises(RunFailedError):
            evroute_session.raise_event("E_OWN")
"""
PROJECT = """
[tool.evroute.session]
workers = 2
timeout = 5
check = false
load = "scripts/x.cfg"
stubs = ["rest_get returns 200"]
"""
CRASH = "{ $var(x) = 1; $var(x) /= 0; }\n"


@pytest.mark.parametrize(("ini", "timeout"), [("", 5.0), ("evroute_session =\n    timeout = 6\n", 6.0)])
def test_options_are_those_of_the_project_and_the_markers(pytester: pytest.Pytester, ini: str, timeout: float) -> None:
    pytester.makefile(".toml", pyproject=PROJECT)
    pytester.makefile(".ini", pytest=f"[pytest]\n{ini}")
    (pytester.mkdir("scripts") / "x.cfg").write_text(f"event_route[E_X] {CRASH}")
    pytester.makefile(".cfg", own=f"event_route[E_OWN] {CRASH}")
    pytester.makepyfile(TESTS.format(timeout=timeout))
    pytester.runpytest_inprocess(*ARGUMENTS).assert_outcomes(passed=3)


def test_a_clock_that_stands_and_a_seed(pytester: pytest.Pytester) -> None:
    pytester.makefile(".toml", pyproject="[tool.evroute.session]\nclock = 2026-11-30T10:00:00\nseed = 7\n")
    pytester.makepyfile("""
        import pytest

        SCRIPT = 'event_route[E_T] { xlog("$time(%H:%M) $RANDOM $uuid"); }'
        logs = []

        @pytest.mark.parametrize("turn", [1, 2])
        def test_it_repeats(evroute_session, turn):
            evroute_session.load(SCRIPT)
            logs.append(evroute_session.raise_event("E_T").log[0].text)
            assert logs[0].startswith("10:00 ")
            assert logs[turn - 1] == logs[0]

        @pytest.mark.evroute_session(clock="2026-11-30T11:00:00", seed=8)
        def test_a_marker(evroute_session):
            evroute_session.load(SCRIPT)
            text = evroute_session.raise_event("E_T").log[0].text
            assert text.startswith("11:00 ")
            assert text.split()[1:] != logs[0].split()[1:]
    """)
    pytester.runpytest_inprocess(*ARGUMENTS).assert_outcomes(passed=3)


WRONG = {
    "wrokers=2": "there is no option 'wrokers' (did you mean 'workers'?)",
    "workers=0": "workers is a number from 1 on, not 0 (write workers = 2)",
    "timeout='5'": "timeout is a number of seconds above 0, not '5'",
    "clock='noon'": "clock is the time at which the clock stands, not 'noon' (write clock = ",
    "seed='7'": "seed is a whole number, not '7' (write seed = 7)",
    "check=1": "check is true or false, not 1",
    "load=5": "load is the name of a file, or a list of names, not 5",
    "2": "takes options by name: evroute_session(workers=2)",
    "load='none.cfg'": "cannot read none.cfg: no such file or directory",
    "load='bad.cfg'": "unknown function xlgo()",
    "load='crash.cfg'": "/= 0: the server's process dies here",
    "stubs='xlog returns 1'": "xlog",
}


def test_a_wrong_option_says_so(pytester: pytest.Pytester) -> None:
    pytester.makefile(".cfg", bad="event_route[E_X] { xlgo(); }", crash=f"startup_route {CRASH}")
    tests = [
        f"@pytest.mark.evroute_session({marker})\ndef test_{number}(evroute_session): pass\n"
        for number, marker in enumerate(WRONG)
    ]
    pytester.makepyfile("\n".join(["import pytest", *tests]))
    done = pytester.runpytest_inprocess(*ARGUMENTS)
    done.assert_outcomes(errors=len(WRONG))
    shown = done.stdout.str()
    assert [told for told in WRONG.values() if told not in shown] == []
    assert "Traceback" not in shown
    assert "another exception" not in shown
    assert "evroute_kernel/" not in shown


@pytest.mark.parametrize(
    ("project", "ini", "told"),
    [
        ("[tool.evroute]\n[tool.evroute.session]\nworkers = 2\ntimeuot = 5\n", "", "timeuot = 5"),
        ("", "evroute_session =\n    workers is 2\n", "is no TOML"),
        ("", "evroute_session =\n    wrokers = 2\n", "there is no option 'wrokers' (did you mean 'workers'?)"),
    ],
)
def test_a_wrong_configuration_says_so(pytester: pytest.Pytester, project: str, ini: str, told: str) -> None:
    pytester.makefile(".toml", pyproject=project)
    pytester.makefile(".ini", pytest=f"[pytest]\n{ini}")
    pytester.makepyfile("def test_it(evroute_session): pass")
    done = pytester.runpytest_inprocess(*ARGUMENTS)
    done.assert_outcomes(errors=1)
    assert told in done.stdout.str()
