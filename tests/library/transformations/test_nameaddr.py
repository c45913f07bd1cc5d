"""Class nameaddr, and what passes for a list of names and addresses."""

from __future__ import annotations

import pytest

LIST = "<sip:a@a.example>;q=1, B <sip:b@b.example>, <sip:c@c.example>;q=0.1"


@pytest.mark.parametrize(
    ("value", "name", "expected"),
    [
        ('"Alice Smith" <sip:alice@atlanta.example>;tag=99', "name", '"Alice Smith"'),
        ("Bob <sip:bob@biloxi.example>", "name", "Bob"),
        ("Bob B  <sip:bob@biloxi.example>", "name", "Bob B"),
        ("Bob<sip:bob@biloxi.example>", "name", "Bob"),
        ('"a \\" b" <sip:a>', "name", '"a \\" b"'),
        ("<sip:a@b>", "name", None),
        ("sip:bob@biloxi.example;tag=7", "uri", "sip:bob@biloxi.example"),
        ("sip:bob@biloxi.example;tag=7", "param,tag", "7"),
        ("<sip:b@b.example;transport=tcp>;tag=5", "uri", "sip:b@b.example;transport=tcp"),
        ("< sip:a >", "uri", "sip:a"),
        ("*", "uri", "*"),
        # letter case of the name counts, and a parameter without value is null
        ("<sip:a>;Tag=a1;Q=0.5;ob", "param,tag", None),
        ("<sip:a>;Tag=a1;Q=0.5;ob", "param,Q", "0.5"),
        ("<sip:a>;Tag=a1;Q=0.5;ob", "param,ob", None),
        ("<sip:a>;tag=1;q=0.7;ob", "params", "tag=1;q=0.7;ob"),
        ('<sip:a>;tag=1; x = "q r"', "params", 'tag=1; x = "q r"'),
        ("<sip:a>", "params", None),
        # the length is right where parameters follow
        ('"Al" <sip:a>;x', "len", 12),
        ("<sip:a>", "len", 9),
        ("<sip:a>, <sip:b>;x", "len", 0),
        (LIST, "uri", "sip:a@a.example"),
        (LIST, "1.uri", "sip:b@b.example"),
        (LIST, "1.name", "B"),
        (LIST, "-1.param,q", "0.1"),
        (LIST, "3.uri", None),
        (LIST, "-4.uri", None),
        (LIST, "$var(i).uri", "sip:c@c.example"),
        (LIST, " 2 .uri", "sip:c@c.example"),
        # a URI without brackets keeps the blanks before a comma
        ("sip:a ,sip:b", "uri", "sip:a "),
        ("", "uri", None),
    ],
)
def test_parts(transform, errors, value, name, expected):
    assert transform(value, f"{{nameaddr.{name}}}", i=2) == expected
    assert not errors()


@pytest.mark.parametrize(
    "value",
    [
        "<sip:a",
        "<>",
        '"Al <sip:a>',
        '"Al" sip:a',
        "Al B",
        "<sip:a> b",
        "<sip:a>;",
        "<sip:a>;tag",
        "<sip:a>;tag=",
        "<sip:a>;t;u",
        "<sip:a>;x=1=2",
        '<sip:a>;x="1',
        "<sip:a>;x=1 y",
        "<sip:a>,",
        "<sip:a>, ;",
        "a, b> c",
        ";x=1",
        ",",
        "a\\b",
    ],
)
def test_no_list(transform, errors, value):
    assert transform(value, "{nameaddr.uri}") is None
    assert transform(value, "{nameaddr.uri}") is None
    assert len(errors()) == 2


def test_stray_text_in_a_later_entry_is_only_complained_about(transform, errors):
    assert transform("<sip:a>,<sip:b>;x=1 y", "{nameaddr.uri}") == "sip:a"
    assert transform("<sip:a>,<sip:b>;x=1 y", "{nameaddr.1.params}") is None
    assert len(errors()) == 2


@pytest.mark.parametrize(
    ("text", "index"),
    [("{nameaddr.$var(i).uri}", None), ("{nameaddr.$var(i).uri}", "1"), ("{nameaddr.param,$var(i)}", "x")],
)
def test_variables_that_cannot_stand_there(transform, errors, text, index):
    assert transform("<sip:a>;x=1", text, i=index) is None
    assert len(errors()) == 1
