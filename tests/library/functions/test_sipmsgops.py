"""Questions about the dummy request, and changes of it."""

from __future__ import annotations

import pytest

from evroute_kernel.library import table
from evroute_kernel.library.functions.bodies import FUNCTIONS as BODY_FUNCTIONS
from evroute_kernel.runtime.context import Context
from evroute_kernel.runtime.control import ScriptCrash
from evroute_kernel.runtime.patterns import posix as regex

LIBRARY = table.of("3.6")


@pytest.mark.parametrize(("name", "code"), [("Via", 1), ("call-id", 1), ("i", 1), ("Contact", -1)])
def test_headers_that_are_there(run, name, code):
    assert run("is_present_hf", name) == code


def test_a_header_can_be_removed_once_in_a_run(run, process):
    assert run("remove_hf", "Via") == 1
    assert run("remove_hf", "v") == -1
    assert run("remove_hf", "Subject") == -1
    assert LIBRARY.functions["remove_hf"].behaviour.call(Context(process, "E_OTHER"), "Via") == 1


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("append_hf", ("X: y\r\n",)),
        ("insert_hf", ("X: y\r\n", "Via")),
        ("append_urihf", ("X: ", "\r\n")),
        ("append_to_reply", ("X: y\r\n",)),
        ("append_body_to_reply", ("text",)),
        ("append_time", ()),
    ],
)
def test_headers_can_be_added_without_showing(run, show, name, arguments):
    before = show("$mb")
    assert run(name, *arguments) == 1
    assert show("$mb") == before


def test_patterns_of_header_names_kill_the_server(run, context):
    with pytest.raises(ScriptCrash):
        run("remove_hf_glob", "V*")
    with pytest.raises(ScriptCrash):
        LIBRARY.functions["remove_hf_re"].behaviour.call(context, regex.compile("^V"))
    with pytest.raises(ScriptCrash):
        run("get_glob_headers_values", "*", "$avp(n)", "$avp(v)")


@pytest.mark.parametrize(("method", "code"), [("DUMMY", 1), ("dummy", 1), ("INVITE", -1), ("INVITE|ACK", -1)])
def test_methods(run, method, code):
    assert run("is_method", method) == code


def test_unknown_methods_in_a_list_are_refused():
    check = LIBRARY.functions["is_method"].behaviour.check
    assert check(["INVITE|DUMMY"])[0] == check([""])[0] == 0
    assert check(["DUMMY"]) is None


def test_what_the_request_lacks(run):
    assert run("has_totag") == run("is_privacy", "id") == -1
    assert LIBRARY.functions["is_privacy"].behaviour.check(["nope"])[0] == 0


@pytest.mark.parametrize("name", BODY_FUNCTIONS)
def test_nothing_is_known_of_a_body(context, name):
    function = LIBRARY.functions[name]
    assert function.behaviour.call(context, *[None] * len(function.params)) == -1


@pytest.mark.parametrize(
    ("uri", "code"),
    [("sip:+4930123@x", 1), ("sip:4930123@x", -1), ("sip:+@x", -1), ("sip:+49abc@x", -1), ("sip:x", -1), ("", -1)],
)
def test_telephone_numbers(run, uri, code):
    assert run("is_uri_user_e164", uri) == code


def test_list_headers(run):
    assert run("list_hdr_has_option", "CSeq", "1 DUMMY") == 1
    assert run("list_hdr_has_option", "Supported", "100rel") == -1
    assert run("list_hdr_add_option", "CSeq", "x") == 1
    assert run("list_hdr_add_option", "Supported", "x") == -1
    assert run("list_hdr_remove_option", "CSeq", "nope") == -1


def test_parameters_of_the_request_uri(run, put, read):
    put("$ru", "sip:a@b;lr;x=1?h=1")
    assert run("ruri_has_param", "lr") == 1
    assert run("ruri_has_param", "x") == -1
    assert run("ruri_has_param", "x", "1") == 1
    assert run("ruri_add_param", "y=2") == -1
    assert read("$ru") == "sip:a@b;lr;x=1;y=2?h=1"
    assert run("ruri_del_param", "x") == 1
    assert read("$ru") == "sip:a@b;lr;y=2?h=1"
    assert run("ruri_del_param", "nope") == -1
    assert run("ruri_add_param", "") == run("ruri_del_param", "") == 1


def test_tel_uris_become_sip_uris(run, put, read):
    assert run("ruri_tel2sip") == 1
    assert read("$ru") == "sip:user@dummy.com"
    put("$ru", "tel:+123")
    assert run("ruri_tel2sip") == -1
    assert read("$ru") == "sip:+123@dummy.com;user=phone"
