"""Searching and changing the text of the dummy request."""

from __future__ import annotations

import pytest

from evroute_kernel.library import table
from evroute_kernel.runtime.control import ScriptCrash
from evroute_kernel.runtime.patterns import posix as regex

LIBRARY = table.of("3.6")


@pytest.fixture
def match(context):
    """Call a function whose first parameter is a regular expression."""

    def call(name, pattern, *rest):
        return LIBRARY.functions[name].behaviour.call(context, regex.compile(pattern, newline=True), *rest)

    return call


def test_search_looks_at_the_whole_message(match):
    assert match("search", "^DUMMY sip:") == 1
    assert match("search", "branch=z9hg4bk") == 1
    assert match("search", "INVITE") == -1


@pytest.mark.parametrize("name", ["search_append", "replace", "replace_all"])
def test_changes_look_at_the_headers_alone(match, name):
    assert match(name, "call-id", "x") == 1
    assert match(name, "sip:user@", "x") == -1


def test_replacing_the_empty_text_everywhere_is_an_error(match, complaints):
    assert match("replace_all", "x*", "y") == -1
    assert len(complaints()) == 1


@pytest.mark.parametrize("name", ["search_append_body", "replace_body", "replace_body_all", "replace_body_atonce"])
def test_there_is_no_body(match, name):
    assert match(name, ".", "x") == match("search_body", ".") == -1


def test_substitutions_in_headers_tell_whether_they_matched(run):
    assert run("subst", "/dummy-1/x/") == 1
    assert run("subst", "/nothing/x/") == -1
    assert run("subst_body", "/./x/") == -1


def test_substitutions_change_a_request_uri_that_was_set(run, put, read):
    put("$ru", "sip:alice@example.org")
    assert run("subst_uri", "/example/sample/") == 1
    assert read("$ru") == "sip:alice@sample.org"
    assert run("subst_user", "/^a(.*)/b\\1/") == 1
    assert read("$ru") == "sip:blice@sample.org"
    assert run("subst_user", "/nobody/x/") == -1
    assert read("$ru") == "sip:blice@sample.org"


@pytest.mark.parametrize("name", ["subst_uri", "subst_user"])
def test_the_built_in_request_uri_cannot_be_written_to(run, name):
    with pytest.raises(ScriptCrash, match=r"set \$ru first"):
        run(name, "/a/b/")


def test_bad_rules_are_refused_at_start_and_reported_when_run(run, complaints):
    assert LIBRARY.functions["subst"].behaviour.check(["/x"], LIBRARY)[0] == 0
    assert LIBRARY.functions["subst"].behaviour.check(["/x/y/"], LIBRARY) is None
    assert run("subst", "/(/x/") == -1
    assert len(complaints()) == 1
