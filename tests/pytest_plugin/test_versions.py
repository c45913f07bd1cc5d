"""`evroute_session`: of which version the server is that a test gets."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]

TEST = """
import pytest

def test_plain(evroute_session):
    assert evroute_session.version == {plain!r}

@pytest.mark.evroute_server("4.0")
def test_marked(evroute_session):
    assert evroute_session.version == "4.0"

@pytest.mark.parametrize("evroute_session", ["3.6", "4.0"], indirect=True)
@pytest.mark.evroute_server("3.6")
def test_both(evroute_session, request):
    assert evroute_session.version in request.node.name
"""


def run(pytester: pytest.Pytester, project: str, text: str, *arguments: str) -> pytest.RunResult:
    """Runs pytest on a test file in a folder that is a project of its own."""
    pytester.makepyprojecttoml(project or '[tool.pytest.ini_options]\nminversion = "8"\n')
    pytester.makepyfile(text)
    return pytester.runpytest_inprocess("-p", "no:cacheprovider", "-p", "no:xdist", "--strict-markers", *arguments)


@pytest.mark.parametrize(
    ("project", "arguments", "plain"),
    [
        ("", [], "3.6"),
        ('[tool.evroute]\nserver = "4.0"\n', [], "4.0"),
        ('[tool.pytest.ini_options]\nevroute_server = "4.0"\n', [], "4.0"),
        ('[tool.evroute]\nserver = "4.0"\n', ["-o", "evroute_server=3.6"], "3.6"),
    ],
)
def test_it_is_named_near_the_test(pytester: pytest.Pytester, project: str, arguments: list[str], plain: str) -> None:
    run(pytester, project, TEST.format(plain=plain), *arguments).assert_outcomes(passed=4)


@pytest.mark.parametrize(
    ("marker", "told"),
    [('"4.1"', "there is no OpenSIPS '4.1' here: 3.6 or 4.0"), ("", 'takes one version: evroute_server("4.0")')],
)
def test_a_wrong_marker_says_so(pytester: pytest.Pytester, marker: str, told: str) -> None:
    text = f"import pytest\n@pytest.mark.evroute_server({marker})\ndef test_x(evroute_session): pass\n"
    done = run(pytester, "", text)
    done.assert_outcomes(errors=1)
    assert told in done.stdout.str()
    assert "pytest_plugin.py" not in done.stdout.str(), "no traceback through the fixture"
