"""json_link and json_merge."""

from __future__ import annotations

import pytest

from evroute_kernel.library import table
from evroute_kernel.library.template import parse_variable
from evroute_kernel.runtime.control import ScriptCrash

LIBRARY = table.of("3.6")


def test_a_linked_object_is_one_object(run, put, show):
    put("$json(a)", '{"x":{"y":1}}', ":=")
    put("$json(c)", "{}", ":=")
    assert run("json_link", "$json(c/l)", "$json(a/x)") == 1
    put("$json(a/x/y)", 2)
    assert show("$json_compact(c)") == '{"l":{"y":2}}'


def test_linking_a_whole_document(run, put, show):
    put("$json(a)", "[1]", ":=")
    assert run("json_link", "$json(b)", "$json(a)") == 1
    put("$json(b[])", 2)
    assert show("$json_compact(a)") == "[1,2]"


def test_what_is_not_there_cannot_be_linked(run, put, complaints):
    assert run("json_link", "$json(c)", "$json(nothing)") == -1
    assert len(complaints()) == 1
    put("$json(a)", '{"n":null}', ":=")
    assert run("json_link", "$json(new/x)", "$json(a)") == -1
    assert len(complaints()) == 1
    # these two are notices only, as on the server
    assert run("json_link", "$json(c)", "$json(a/n)") == -1
    assert run("json_link", "$json(a/n/x)", "$json(a)") == -1
    assert complaints() == []


def test_only_json_variables_can_be_linked(refused):
    assert refused("json_link", parse_variable("$var(a)", LIBRARY), parse_variable("$json(b)", LIBRARY)) == 0
    assert refused("json_link", parse_variable("$json(a)", LIBRARY), parse_variable("$avp(b)", LIBRARY)) == 1
    assert (
        refused("json_link", parse_variable("$json(a)", LIBRARY), parse_variable("$json_compact(b)", LIBRARY)) is None
    )


def test_a_document_inside_itself_cannot_be_printed(run, put, read):
    put("$json(a)", '{"x":1}', ":=")
    assert run("json_link", "$json(a/self)", "$json(a)") == 1
    with pytest.raises(ScriptCrash, match="contains itself"):
        read("$json(a)")
    assert read("$json(a/self/self/x)") == 1


def test_merging(run, read):
    assert run("json_merge", '{"a":1,"b":{"c":2}}', '{"a":null,"b":{"d":[1]},"e":2.5}', "$var(o)") == 1
    assert read("$var(o)") == '{"b":{"c":2,"d":[1]},"e":2.500000}'


def test_the_merged_text_is_stored_as_text(run, read, show):
    run("json_merge", '{"a":1}', '{"b":2}', "$json(m)")
    assert read("$json(m/a)") is None
    assert show("$json(m)") == '{"a":1,"b":2}'


@pytest.mark.parametrize(("main", "patch"), [("{", "{}"), ("{}", "{")])
def test_what_is_no_json_leaves_the_result_alone(run, read, put, complaints, main, patch):
    put("$var(o)", "before")
    assert run("json_merge", main, patch, "$var(o)") == -1
    assert read("$var(o)") == "before"
    assert len(complaints()) == 1
