"""Perl-compatible patterns. The expected answers are those of PCRE2 10.42."""

from __future__ import annotations

import pytest

from evroute_kernel.library.formats import pcre


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        ("^two", "one\ntwo", False),
        ("(?m)^two", "one\ntwo", True),
        ("one.two", "one\ntwo", False),
        ("e$", "one\n", True),
        (r"e\z", "one\n", False),
        (r"e\Z", "one\n", True),
        (r"^\+(?!44)\d+", "+49301", True),
        (r"a\hb", "a\tb", True),
        (r"\Qa.b\E", "axb", False),
        (r"\Qa.b", "a.b", True),
        (r"[\Q]^\E]", "]", True),
        ("a{,2}", "a{,2}", True),
        ("a{,2}", "aa", False),
        ("x{2}", "xx", True),
        ("[[]", "[", True),
        ("[]a]", "]", True),
        ("[a&&b]", "&", True),
        ("[[:alpha:]]", "1", False),
        ("[[:^alpha:]]", "1", True),
        (r"[^\d]", "5", False),
        (r"[\w-x]", "-", True),
        (r"\x41\x{42}\103", "ABC", True),
        (r"(a)\1", "aa", True),
        (r"(?<n>a)\k<n>\g{n}", "aaa", True),
        (r"(a)(b)\g{-1}", "abb", True),
        (r"(\w)(?1)", "ab", True),
        (r"\w", "\xe9", False),
        (r"^\p{L}\P{^Lu}\pN$", "a\xc31", True),
        (r"^[\p{Ll}\d]+$", "a1", True),
        (r"^\p{L&}$", "1", False),
        ("(?i)\xe9", "\xc9", False),
        ("(?i)ABC", "abc", True),
        ("(?x)a b # c", "ab", True),
        (r"\N", "\n", False),
        ("(?>a+)a", "aaa", False),
        ("a++b", "aab", True),
        (r"\012", "\n", True),
        (r"\cA", "\x01", True),
        ("]", "]", True),
    ],
)
def test_matching(pattern, text, matches):
    assert (pcre.compile(pattern).search(text) is not None) == matches


@pytest.mark.parametrize(
    "pattern",
    [
        *("(", ")", "[a", "a**", "*", "^+", r"\B++", "(?i)*", "x{2,1}", "x{70000}", r"\y", "\\", r"\x{100}"),
        *(
            r"\1",
            r"\g1",
            r"\N{name}",
            "[z-a]",
            "[[:nope:]]",
            "(?z)",
            r"\k",
            r"\o",
            "(?P<n",
            r"\c",
            "(" * 251 + ")" * 251,
            "(?:" * 251 + ")" * 251,
        ),
    ],
)
def test_what_is_refused(pattern):
    with pytest.raises(pcre.PcreError):
        pcre.compile(pattern)


def test_options():
    assert pcre.compile("ABC", caseless=True).search("abc")
    assert pcre.compile("^two", multiline=True).search("one\ntwo")
    assert pcre.compile("one.two", dotall=True).search("one\ntwo")
    assert pcre.compile("a b", extended=True).search("ab")
