"""Class param."""

from __future__ import annotations

import pytest

LIST = 'tag=88;q=0.5;lr;expires="3600";Name=x'


@pytest.mark.parametrize(
    ("value", "text", "expected"),
    [
        (LIST, "{param.value,NAME}", "x"),
        (LIST, "{param.value,lr}", ""),
        (LIST, "{param.value,expires}", "3600"),
        (LIST, "{param.value,nat}", None),
        (LIST, "{param.exist,LR}", 1),
        (LIST, "{param.exists,nat}", 0),
        (LIST, "{param.count}", 5),
        (LIST, "{param.name,0}", "tag"),
        (LIST, "{param.name,-1}", "Name"),
        (LIST, "{param.name,5}", None),
        (LIST, "{param.valueat,-3}", ""),
        (LIST, "{param.valueat,-6}", None),
        (LIST, "{param.name,$var(i)}", "q"),
        (LIST, "{param.value,$var(n)}", "0.5"),
        ('cause=200;text="Call; completed";x=1', "{param.value,text}", "Call; completed"),
        ("a = 1 ; b ", "{param.value,a}", "1"),
        ("x=1;x=2", "{param.value,x}", "1"),
        ("a=1;b=2,c=3", "{param.count}", 2),
        ("a=1;b>c", "{param.name,1}", "b>c"),
        ("a=1;b >c", "{param.name,1}", "b"),
        (";a", "{param.name,0}", ""),
        (5060, "{param.name,0}", "5060"),
        ("", "{param.count}", None),
    ],
)
def test_lists(transform, errors, value, text, expected):
    assert transform(value, text, i=1, n="q") == expected
    assert not errors()


@pytest.mark.parametrize("value", ["a=1;b=;c=3", "a=1;", "a=", 'a="1', "a b", 'a="1"b', " a=1"])
def test_one_broken_item_spoils_the_list(transform, errors, value):
    assert transform(value, "{param.value,a}") is None
    assert len(errors()) == 1


def test_the_same_broken_list_is_complained_about_once(transform, errors):
    for text in ("{param.count}", "{param.value,a}", "{param.name,0}"):
        assert transform("a=1;b=", text) is None
    assert len(errors()) == 1
    # until another list comes between
    assert transform("a=1", "{param.count}") == 1
    assert transform("a=1;b=", "{param.count}") is None
    assert len(errors()) == 2


@pytest.mark.parametrize("text", ["{param.value,$var(n)}", "{param.name,$var(n)}", "{param.exist,$var(n)}"])
def test_null_selectors(transform, errors, text):
    assert transform(LIST, text) is None
    assert len(errors()) == 1
