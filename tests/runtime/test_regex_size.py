"""Patterns that would take the process down with them are refused before they are compiled."""

from __future__ import annotations

import pytest

from evroute_kernel.runtime.patterns import posix as regex
from evroute_kernel.runtime.patterns.portable import PortableRegex
from evroute_kernel.runtime.patterns.protocol import RegexError
from evroute_kernel.runtime.patterns.size import is_too_big, measure


@pytest.mark.parametrize(
    ("pattern", "elements", "branches", "depth"),
    [
        ("abc", 3, 0, 1),
        ("[]a-z]x", 2, 0, 1),
        ("[[:alpha:]{9}]{2}", 2, 0, 1),
        ("a{3}b", 4, 0, 1),
        ("a{,5}", 5, 0, 1),
        (r"\{1000000\}", 9, 0, 1),
        ("(ab){10}", 20, 10, 2),
        ("((a{2}){3}b){4}", 28, 16, 3),
        ("a+", 2, 0, 1),
        ("((a+)+)+", 8, 6, 3),
        ("a*b?", 2, 2, 1),
        ("a|b", 3, 1, 1),
        ("(a*){3}", 3, 6, 2),
        ("^a$", 3, 20, 1),
        # broken ones
        ("a{", 1, 0, 1),
        ("a{2", 1, 0, 1),
        ("a{999999}", 1, 0, 1),
        ("[abc", 1, 0, 1),
        ("(a", 1, 1, 2),
        ("a)", 2, 0, 1),
        ("a\\", 2, 0, 1),
        ("*", 0, 1, 1),
    ],
)
def test_measure(pattern, elements, branches, depth):
    assert measure(pattern) == ((elements, branches), depth)


@pytest.mark.parametrize(
    "pattern",
    [
        "(((a{200}){200}){200}){200}",
        "a" + "+" * 40,
        "(" * 30_000 + ")" * 30_000,
        "a*" * 30_000,
        "()" * 30_000,
        "^" * 3_000,
        "(a*){30000}",
        "|".join(["a"] * 30_000),
    ],
    ids=lambda pattern: pattern[:12],
)
def test_what_is_refused(pattern):
    with pytest.raises(RegexError, match="too big"):
        regex.compile(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        r"^([0-9]{1,3}\.){3}[0-9]{1,3}(:[0-9]{1,5})?$",
        "|".join(f"agent-{i}" for i in range(1_000)),
        "|".join(f"^00{i}" for i in range(400)),
        "a" * 60_000,
        "a{32767}",
        "(" * 200 + ")" * 200,
    ],
    ids=lambda pattern: pattern[:12],
)
def test_what_people_may_write_passes(pattern):
    assert not is_too_big(pattern)
    assert regex.compile(pattern).search("nothing here") in (True, False)


def test_deep_nesting_where_the_c_library_is_not_glibc():
    with pytest.raises(RegexError):
        PortableRegex("(" * 900 + ")" * 900, False, True)
