"""POSIX extended regular expressions, ignoring case: what glibc does, and the translation used where it is absent."""

from __future__ import annotations

import gc

import pytest

from evroute_kernel.runtime.patterns import posix as regex
from evroute_kernel.runtime.patterns.portable import PortableRegex
from evroute_kernel.runtime.patterns.protocol import RegexError

ENGINES = [pytest.param(regex._engine, id="chosen"), pytest.param(PortableRegex, id="portable")]


def spans(engine, pattern, text, *, newline=False, icase=True, **where):
    return engine(pattern, newline, icase).spans(text, **where)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        # leftmost, then longest; not the first alternative that fits
        ("ab|abcd", "xabcdx", (1, 5)),
        ("a*", "baaa", (0, 0)),
        ("(a|ab)(c|bcd)(d*)", "abcd", (0, 4)),
        ("x*x", "xxx", (0, 3)),
        # classes, brackets without escapes
        ("[[:digit:]]+", "ab123c", (2, 5)),
        ("[]a]+", "x]a]", (1, 4)),
        ("[^]a]", "]ax", (2, 3)),
        (r"[\.]", "a\\", (1, 2)),
        ("[a-]", "-", (0, 1)),
        ("[[.a.][=b=]]+", "ab", (0, 2)),
        ("[^[:alnum:]]", "a1 ", (2, 3)),
        # the classes of GNU, and what is no class
        (r"\w+", "- a_9 ", (2, 5)),
        (r"\s", "a\tb", (1, 2)),
        (r"\d", "d5D", None),
        (r"\D+", "5dD", (1, 3)),
        (r"\<b", "ab b", (3, 4)),
        (r"a\>", "ab a", (3, 4)),
        (r"\bb\b", "ab b", (3, 4)),
        # back-references
        (r"(.)\1", "abccd", (2, 4)),
        (r"^(a+)b\1$", "aabaa", (0, 5)),
        # anchors stand anywhere; line breaks are ordinary characters
        ("a.c", "a\nc", (0, 3)),
        ("^b", "a\nb", None),
        ("a$", "a\n", None),
        ("x|^a", "ba", None),
        # case, in ASCII alone
        ("ABC", "abc", (0, 3)),
        ("[a-z]+", "ABC", (0, 3)),
        ("Ã\x89", "Ã\xa9", None),
        # one character is one byte
        ("^..$", "Ã©", (0, 2)),
        ("[^a]", "\xff", (0, 1)),
        # repeats
        ("a{2}", "aaa", (0, 2)),
        ("a{2,}", "aaa", (0, 3)),
        ("a{,2}b", "aab", (0, 3)),
        ("a+?b", "aab", (0, 3)),
        ("(ab){0}c", "abc", (2, 3)),
        # oddities that are accepted
        (")", "a)", (1, 2)),
        ("()", "a", (0, 0)),
        ("a||b", "b", (0, 1)),
        ("", "a", (0, 0)),
        ("a**", "aa", (0, 2)),
        ("a", "b\0a", None),
    ],
)
def test_where_a_pattern_matches(engine, pattern, text, expected):
    found = spans(engine, pattern, text)
    assert (found and found[0]) == expected
    assert engine(pattern, False, True).search(text) is (expected is not None)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("*a", "Invalid preceding"),
        ("a|*b", "Invalid preceding"),
        ("(?i)abc", "Invalid preceding"),
        ("^*", "Invalid preceding"),
        ("$+", "Invalid preceding"),
        ("(a", "Unmatched ("),
        ("[a", "Unmatched ["),
        ("[[:digit:]", "Unmatched ["),
        ("a{1", "Unmatched"),
        ("a{2,1}", "Invalid content"),
        ("a{x}", "Invalid content"),
        ("a{99999}", "too big"),
        ("[z-a]", "Invalid range end"),
        ("[a-[:digit:]]", "Invalid range end"),
        ("[[:foo:]]", "character class"),
        ("[[.hyphen.]]", "collation"),
        ("a\\", "Trailing backslash"),
        (r"(a)\2", "Invalid back reference"),
        (r"(a\1)", "Invalid back reference"),
    ],
)
def test_what_is_refused(engine, pattern, message):
    with pytest.raises(RegexError) as caught:
        engine(pattern, False, True)
    assert message in caught.value.message


@pytest.mark.parametrize("engine", ENGINES)
def test_groups_and_offsets(engine):
    assert spans(engine, "(a)|(b)", "xb") == [(1, 2), (-1, -1), (1, 2)]
    assert spans(engine, "(a)(b)", "xxab", start=1) == [(2, 4), (2, 3), (3, 4)]
    assert spans(engine, "(a)(b)", "ab", groups=1) == [(0, 2), (0, 1)]
    assert spans(engine, "a", "a", groups=2) == [(0, 1), (-1, -1), (-1, -1)]


@pytest.mark.parametrize("engine", ENGINES)
def test_text_before_the_start_does_not_exist(engine):
    assert spans(engine, "^b", "ab", start=1) == [(1, 2)]
    assert spans(engine, "^b", "ab", start=1, notbol=True) is None
    assert spans(engine, r"\bb", "ab", start=1, notbol=True) == [(1, 2)]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("a", "abaa", [(0, 1), (2, 3), (3, 4)]),
        # only the beginning, and what follows a line break, is a line start
        ("^a", "aa\na", [(0, 1), (3, 4)]),
        ("^.", "a\nb", [(0, 1), (2, 3)]),
        # an empty match is the last
        ("a*", "aab", [(0, 2), (2, 2)]),
        ("x", "a", []),
        ("x", "", []),
    ],
)
def test_one_match_after_another(engine, pattern, text, expected):
    assert [found[0] for found in engine(pattern, True, True).each(text)] == expected


def test_matches_in_a_long_text():
    assert sum(1 for _ in regex.compile("(a)(b)").each("ab" * 40_000)) == 40_000


@pytest.mark.parametrize("engine", ENGINES)
def test_more_groups_than_back_references(engine):
    found = engine("(.)" * 15, False, True).spans("abcdefghijklmno")
    assert found == [(0, 15), *((i, i + 1) for i in range(15))]


@pytest.mark.parametrize("engine", ENGINES)
def test_newline_mode(engine):
    assert spans(engine, "a.c", "a\nc", newline=True) is None
    assert spans(engine, "[^x]", "\na", newline=True) == [(1, 2)]
    assert spans(engine, "^b$", "a\nb\nc", newline=True) == [(2, 3)]
    assert spans(engine, "^b", "b\nb", newline=True, notbol=True) == [(2, 3)]


@pytest.mark.parametrize("engine", ENGINES)
def test_case_counts_when_asked(engine):
    assert spans(engine, "abc", "ABC", icase=False) is None
    assert spans(engine, r"\d+", "Ddd", icase=False) == [(1, 3)]


def test_compiled_patterns_are_shared():
    assert regex.compile("a+b") is regex.compile("a+b")
    assert regex.compile("a+b") is not regex.compile("a+b", newline=True)


def test_the_cache_is_bounded_and_patterns_still_in_use_survive_it():
    kept = regex.compile("^kept[0-9]$")
    for i in range(regex.CACHE_SIZE + 10):
        regex.compile(f"^{i}$")
    gc.collect()
    assert kept.search("kept7")
    assert not kept.search("kept")
    assert regex._compile.cache_info().currsize == regex.CACHE_SIZE


def test_a_long_text():
    text = "x" * 70_000 + "needle"
    assert regex.compile("needle$").spans(text) == [(70_000, 70_006)]


def test_translation_agrees_with_the_c_library():
    if regex._engine is PortableRegex:
        pytest.skip("no glibc here to compare with")
    hypothesis = pytest.importorskip("hypothesis")
    strategies = pytest.importorskip("hypothesis.strategies")
    atoms = strategies.sampled_from(
        [
            *"abAB.^$*+?|()[]-{}1,:\n \\",
            "(a",
            "b)",
            "[ab]",
            "[^a]",
            "{2}",
            "{1,2}",
            "[[:alpha:]]",
            r"\w",
            r"\1",
            r"\b",
            r"\a",
            "[[:upper:]]",
        ]
    )
    patterns = strategies.lists(atoms, max_size=7).map("".join)
    texts = strategies.text(alphabet="abAB1 \n-", max_size=8)

    def outcome(engine, pattern, text, newline):
        try:
            found = engine(pattern, newline, True).spans(text)
        except RegexError:
            return "refused"
        return found and found[0]

    @hypothesis.settings(max_examples=1500, deadline=None, derandomize=True)
    @hypothesis.given(patterns, texts, strategies.booleans())
    def compare(pattern, text, newline):
        # glibc takes a `^` behind a line break for matched even where line breaks are ordinary characters
        hypothesis.assume(newline or "\n" not in text)
        assert outcome(PortableRegex, pattern, text, newline) == outcome(regex._engine, pattern, text, newline)

    compare()
