"""Tests that run with each sample of an event of the catalogue."""

from __future__ import annotations

import pytest

from evroute_kernel.engine.events.samples import matching, samples
from evroute_kernel.library import everything as _everything  # noqa: F401
from evroute_kernel.library import table

pytest_plugins = ["pytester"]

TESTS = r"""
import pytest

@pytest.mark.evroute_events("E_DISPATCHER_STATUS", "E_PIKE_*")
def test_samples(evroute_session, evroute_event):
    script = 'event_route[%s] { xlog("$param(%s)\\n"); }' % (evroute_event.name, next(iter(evroute_event.params)))
    evroute_session.load(script)
    run = evroute_session.raise_event(*evroute_event)
    assert run.log.text == "%s\n" % next(iter(evroute_event.params.values()))
    assert not run.remarks

@pytest.mark.evroute_server("4.0")
@pytest.mark.evroute_events("E_PROFILING_PROC")
def test_version(evroute_session, evroute_event):
    assert evroute_session.version == "4.0"
"""


def test_a_test_runs_with_each_sample(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(TESTS)
    done = pytester.runpytest_inprocess("-v", "-p", "no:cacheprovider", "-p", "no:xdist", "--strict-markers")
    assert set(done.parseoutcomes()) == {"passed"}
    done.stdout.fnmatch_lines(
        [
            "*test_samples[[]E_DISPATCHER_STATUS] PASSED*",
            "*test_samples[[]E_DISPATCHER_STATUS status=active] PASSED*",
            "*test_samples[[]E_PIKE_BLOCKED] PASSED*",
            "*test_version[[]E_PROFILING_PROC] PASSED*",
        ]
    )


def test_wrong_events_are_told(pytester: pytest.Pytester) -> None:
    test = "def test_it(evroute_event): pass\n"
    pytester.makepyfile(
        test_unknown=f"import pytest\n\n@pytest.mark.evroute_events('E_PIKE_BLOKED')\n{test}",
        test_nothing=f"import pytest\n\n@pytest.mark.evroute_events()\n{test}",
        test_unmarked=test,
    )
    done = pytester.runpytest_inprocess("-p", "no:cacheprovider", "-p", "no:xdist", "--continue-on-collection-errors")
    done.assert_outcomes(errors=3)
    shown = done.stdout.str()
    assert "OpenSIPS 3.6 has no event E_PIKE_BLOKED (did you mean 'E_PIKE_BLOCKED'?)" in shown
    assert "test_it: @pytest.mark.evroute_events: OpenSIPS" in shown, "a file has many tests"
    assert "test_it: @pytest.mark.evroute_events takes names or patterns" in shown
    assert "During handling" not in shown
    assert "needs the marker that says which events" in shown
    assert "evroute_kernel/" not in shown


@pytest.mark.parametrize("version", ["3.6", "4.0"])
def test_samples_differ_from_each_other(version: str) -> None:
    for event in matching(["*"], table.of(version)):
        found = list(samples(event))
        assert len({label for label, _ in found}) == len(found)
        assert len({tuple(sample.params.items()) for _, sample in found}) == len(found)
        assert {name for _, sample in found for name in sample.params} <= {param.name for param in event.params}
