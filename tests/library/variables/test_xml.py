"""`$xml`."""

from __future__ import annotations

import pytest

from evroute_kernel.library import table
from evroute_kernel.library.template import TemplateError, parse_variable
from evroute_kernel.runtime.control import ScriptCrash

LIBRARY = table.of("3.6")

LIST = '<list><gw id="1"><ip>10.0.0.1</ip></gw><gw id="2"><ip>10.0.0.2</ip></gw></list>'


@pytest.fixture(autouse=True)
def document(put):
    assert put("$xml(doc)", LIST)


def test_reading(read, put):
    assert read("$xml(doc/list/gw[1]/ip.val)") == "10.0.0.2"
    assert read("$xml(doc/list/gw/ip.val)") == "10.0.0.1"
    assert read("$xml(doc/list/gw[1])") == '<gw id="2"><ip>10.0.0.2</ip></gw>'
    assert read("$xml(doc/list/gw[1].attr/id)") == "2"
    assert read("$xml(doc)") == f'<?xml version="1.0"?>\n{LIST}'
    put("$var(i)", 1)
    put("$var(t)", "gw")
    put("$var(a)", "id")
    assert read("$xml(doc/list/$var(t)[$var(i)].attr/$var(a))") == "2"


@pytest.mark.parametrize(
    "path", ["nothing", "nothing/a", "doc/nope", "doc/list/gw[2]", "doc/list/gw.attr/none", "doc/list/gw/ip/x"]
)
def test_what_is_not_there_is_null_silently(read, said, path):
    assert read(f"$xml({path})") is None
    assert said == []


def test_attributes(put, read):
    put("$xml(doc/list/gw[0].attr/id)", "9")
    put("$xml(doc/list/gw[0].attr/state)", 'a"<')
    assert read("$xml(doc/list/gw[0])") == '<gw id="9" state="a&quot;&lt;"><ip>10.0.0.1</ip></gw>'
    assert put("$xml(doc/list/gw[0].attr/state)", None)
    assert read("$xml(doc/list/gw[0].attr/state)") is None
    put("$xml(doc/list/gw[0].attr/id)", "")
    assert read("$xml(doc/list/gw[0].attr/id)") == ""


def test_text(put, read):
    put("$xml(doc/list/gw[0]/ip.val)", "a<b")
    assert read("$xml(doc/list/gw[0]/ip.val)") == "a<b"
    assert read("$xml(doc/list/gw[0]/ip)") == "<ip>a&lt;b</ip>"
    put("$xml(doc/list/gw[0]/ip.val)", "x<![CDATA[<y>]]>")
    assert read("$xml(doc/list/gw[0]/ip)") == "<ip>x<![CDATA[<y>]]></ip>"
    put("$xml(doc/list/gw[0]/ip.val)", None)
    assert read("$xml(doc/list/gw[0]/ip)") == "<ip/>"


def test_text_among_elements_stays_in_its_place(put, read):
    put("$xml(d)", "<a>one<b/>two</a>")
    put("$xml(d/a.val)", "new")
    assert read("$xml(d/a)") == "<a>new<b/></a>"


def test_children_are_added_behind_with_their_blanks(put, read):
    put("$xml(d)", "<a>\n</a>")
    put("$xml(d/a)", "\t<b/>\n")
    assert read("$xml(d/a)") == "<a>\n\t<b/>\n</a>"


def test_deleting(put, read):
    put("$xml(doc/list/gw[0])", None)
    assert read("$xml(doc/list)") == '<list><gw id="2"><ip>10.0.0.2</ip></gw></list>'
    put("$xml(doc)", None)
    assert read("$xml(doc)") is None


@pytest.mark.parametrize(
    ("path", "value", "op"),
    [("doc", "<open>", "="), ("doc/nope", "<a/>", "="), ("doc/list", "", "="), ("new/a", "<a/>", "="),
     ("new", None, "="), ("new/a.val", "x", "="), ("doc/list/gw.attr/none", None, "="),
     ("doc/list/gw/ip.val", 5060, "=bare"),
     ("doc/list/$var(none).val", "x", "=")],
)  # fmt: skip
def test_what_does_not_fit_is_one_error(put, read, said, path, value, op):
    assert not put(f"$xml({path})", value, op)
    assert len(said) == 1
    assert read("$xml(doc)") == f'<?xml version="1.0"?>\n{LIST}'


def test_an_integer_variable_is_text(put, read):
    assert put("$xml(doc/list/gw/ip.val)", 5060)
    assert read("$xml(doc/list/gw/ip.val)") == "5060"


def test_text_is_utf8(put, read):
    put("$xml(d)", "<a>J\xc3\xbcrgen</a>")
    assert read("$xml(d/a.val)") == "J\xc3\xbcrgen"
    assert read("$xml(d/a)") == "<a>J\xc3\xbcrgen</a>"
    put("$xml(d/a.val)", "\xff")
    assert read("$xml(d/a.val)") == "\xff"


def test_prefixes_do_not_count(put, read):
    put("$xml(d)", '<p:a xmlns:p="u"><q:b>x</q:b></p:a>')
    assert read("$xml(d/a/b.val)") == "x"


def test_a_path_past_a_cdata_section_kills_the_server(put, read):
    put("$xml(d)", "<a><![CDATA[x]]><b/></a>")
    with pytest.raises(ScriptCrash):
        read("$xml(d/a/b)")


@pytest.mark.parametrize(
    "text",
    ["$xml(/a)", "$xml(d/)", "$xml(d//a)", "$xml(d/a[)", "$xml(d/a[])", "$xml(d/a[x])", "$xml(d/a[-1])", "$xml(d/a])",
     "$xml(d/.val)", "$xml(d/a.attr/)", "$xml(d/a[0][1])", "$xml(d/$nope)"],
)  # fmt: skip
def test_what_is_refused_at_start(text):
    with pytest.raises(TemplateError):
        parse_variable(text, LIBRARY)


def test_without_a_name_it_is_null(read, put):
    assert read("$xml") is None
    assert not put("$xml", "<a/>")
