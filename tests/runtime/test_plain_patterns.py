"""Plain patterns: what Python's engine tells of them is what glibc tells."""

from __future__ import annotations

from time import process_time

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from evroute_kernel.runtime.patterns import posix
from evroute_kernel.runtime.patterns.plain import LONGEST, plain_search

pytestmark = pytest.mark.skipif(posix._libc is None, reason="needs glibc to compare with")

SIGNS = "aAbZ09_ .-:@/^$|()[]{}*+?\\,<w\n'\"#~"
BRACKETS = "[a-c] [^a] [^A-Z] [0-9] [a-z0-9_-] [ab-] [b-a] [a.] [[:alpha:]]"
OTHERS = r"\. \| \\ \< \1 {2} {1,3} {2,} {3,1} (a|b) (^a|b$) (a )"
pieces = st.sampled_from([*SIGNS, *BRACKETS.split(), *OTHERS.split()])
patterns = st.lists(pieces, min_size=1, max_size=7).map("".join)
texts = st.text(st.sampled_from("aAbBzZ019_ .-:@/^$\n,\\<w|(){}*+?[]cC"), max_size=9)


def glibc(pattern: str, text: str, *, icase: bool = True) -> bool:
    compiled = posix.LibcRegex(pattern, False, icase)
    compiled._plain = None
    return compiled.search(text)


@settings(max_examples=600, derandomize=True, database=None, deadline=None)
@given(patterns, st.lists(texts, min_size=1, max_size=8), st.booleans())
def test_both_tell_the_same(pattern: str, found: list[str], icase: bool) -> None:
    search = plain_search(pattern, icase=icase)
    assume(search is not None)
    assert search is not None
    assert [search(text) is not None for text in found] == [glibc(pattern, text, icase=icase) for text in found]


@pytest.mark.parametrize(
    "pattern",
    [
        r"^192\.0\.2\.[0-9]+$",
        "^from 192\\.",
        "friendly-scanner|sipcli|sipvicious",
        r"^sips?:[^@]*@example\.com$",
        "^[0-9]{1,3}[.][0-9]{1,3}[.][0-9]{1,3}[.][0-9]{1,3}$",
        "^(INVITE|REGISTER)$",
    ],
)
def test_what_scripts_ask_for_is_plain(pattern: str) -> None:
    assert plain_search(pattern, icase=True) is not None


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        *r"a** (a|) a| (ab)* (a)\1 \bx \w [[:alpha:]] a{1 a{2,1} []a] a) (a a^b a$b ^* [A-z] [z-a] a{200}".split(),
        *("\xe9", "\x00", ".*a.*b.*c.*d", "(" * 5000 + "a" + ")" * 5000),
    ],
)
def test_anything_else_is_left_to_glibc(pattern: str) -> None:
    assert plain_search(pattern, icase=True) is None


@pytest.mark.parametrize("text", ["abc\x00x", "caf\xe9x", "a" * LONGEST + "x"])
def test_texts_that_are_left_to_glibc(text: str) -> None:
    assert posix.compile("[^a-z]x").search(text) == glibc("[^a-z]x", text)
    assert posix.compile("x$").search(text) == glibc("x$", text)


def test_no_text_takes_long() -> None:
    """20 ms is what the worst takes; an interrupt is heard within 50."""
    search = plain_search("^[a-z]*[a-z]*[a-z]*[0-9]", icase=True)
    assert search is not None
    begun = process_time()
    assert search("a" * LONGEST) is None
    assert process_time() - begun < 1
    assert plain_search("[a-z]*[a-z]*[a-z]*[0-9]", icase=True) is None
