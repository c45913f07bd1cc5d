"""Class re: substitution."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("value", "rule", "expected"),
    [
        ("00-44-20", "/-/./", "00.44-20"),
        ("00-44-20", "/-//g", "004420"),
        ("0044207946", "/^00([0-9][0-9])(.*)$/+\\1 \\2/", "+44 207946"),
        ("ext 1001", "/[0-9]+/<\\0>/", "ext <1001>"),
        ("alice", "/[0-9]+/N/g", "alice"),
        ("ACME Phone", "/acme/Bolt/", "ACME Phone"),
        ("ACME Phone", "/acme/Bolt/i", "Bolt Phone"),
        ("/usr/local", ":/:-:g", "-usr-local"),
        ("/usr/local", "|/usr|/opt|", "/opt/local"),
        ("SIP/2.0", "/\\/2/ \\/ 2/", "SIP / 2.0"),
        ("a b", "/ /\\t\\n\\r\\\\/", "a\t\n\r\\b"),
        ("a b", "/ /\\$5/", "a$5b"),
        ("b", "/(a)?b/<\\1>/", "<>"),
        ("b", "/b/<\\9>/", "<>"),
        ("aaa", "/a\\{2\\}/X/", "Xa"),
        ("{a}", "/\\\\{a\\\\}/x/", "x"),
        ("a1 b2", "/\\w+/W/g", "W W"),
        ("a1 b2", "/\\d/D/g", "a1 b2"),
        ("abc", "/abc//", ""),
        ("abc", "/b/<$var(none)>/", "a<>c"),
        ("abc", "/b/<$var(v)$$>/", "a<V$>c"),
        # line breaks: ^ and $ match around them, . stops there, unless the flag s is set
        ("a\nb\nc", "/^./X/g", "X\nX\nX"),
        ("a\nb\nc", "/a.b/X/", "a\nb\nc"),
        ("a\nb\nc", "/a.b/X/s", "X\nc"),
        ("a\nb", "/^b/X/s", "a\nb"),
        # matches do not see what lies before them
        ("ab ab", "/^a/X/g", "Xb ab"),
        ("aab", "/\\ba/X/g", "XXb"),
        ("a\0b", "/a/X/", "X"),
    ],
)
def test_substitution(transform, errors, value, rule, expected):
    assert transform(value, f"{{re.subst,{rule}}}", v="V") == expected
    assert not errors()


def test_a_rule_from_a_variable(transform, errors):
    assert transform("9901234", "{re.subst,$var(rule)}", rule="/^99(.*)$/77\\1/") == "7701234"
    assert transform("a,b", "{re.subst,$var(rule)}", rule="/,/;/") == "a;b"
    assert transform("abc", "{re.subst,$var(rule)}", rule="/b/$(var(v){s.select,0,/})/", v="V") == "aVc"
    assert not errors()


@pytest.mark.parametrize("rule", ["/./,/", "/b/$(var(v){s.select,0,/})/", "/b/$(var(v){s.len})/"])
def test_a_comma_or_brace_ends_the_rule(transform, errors, rule):
    assert transform("abc", f"{{re.subst,{rule}}}", v="V") is None
    assert len(errors()) == 1


def test_the_request_uri(transform):
    assert transform("call to X", "{re.subst,/X/\\u/}") == "call to sip:user@dummy.com"


def test_two_steps_after_each_other(transform):
    # the server writes the second rule over the first result
    assert transform("+49 (30) 1", "{re.subst,/[^0-9+]//g}{re.subst,/^\\+/00/}") == "0049301"


def test_an_integer_is_text_once_changed(transform):
    assert transform(5060, "{re.subst,/0/-/g}") == "5-6-"
    assert transform(5060, "{re.subst,/7/-/g}") == 5060


def test_nothing_is_null(transform, errors):
    assert transform("", "{re.subst,/a/b/}") is None
    assert not errors()


@pytest.mark.parametrize(
    "rule",
    [
        "abc",
        "//",
        "/a/b",
        "/a/",
        "/a/b\\",
        "\\a\\b\\",
        "/a/b/x",
        "/(/x/",
        "/(a/b/",
        "/a/$nosuch/",
        "/a/$/",
        "/a/" + "\\n" * 100 + "/",
        # what matches the empty text, also only after other matches
        "/x*/y/",
        "/a*/y/g",
        "/$/x/",
        "/a/" + "b" * 1024 + "/",
    ],
)
def test_rules_that_fail_do_so_when_they_run(transform, errors, rule):
    assert transform("abc", f"{{re.subst,{rule}}}") is None
    assert len(errors()) == 1
    assert transform("abc", "{re.subst,$var(rule)}", rule=rule) is None
    assert len(errors()) == 2


@pytest.mark.parametrize("rule", [None, ""])
def test_no_rule(transform, errors, rule):
    assert transform("abc", "{re.subst,$var(rule)}", rule=rule) is None
    assert len(errors()) == 1


def test_unknown_escapes_are_warned_about_once(transform, errors):
    for _ in range(2):
        assert transform("abc", "{re.subst,/b/\\q/}") == "aqc"
    assert len(errors()) == 1
    transform("abc", "{re.subst,/b/\\z/}")
    transform("abc", "{re.subst,/b/\\q/}")
    assert len(errors()) == 3


def test_a_long_text(transform):
    assert transform("ab" * 30_000, "{re.subst,/a/xyz/g}") == "xyzb" * 30_000
