"""Shell patterns as fnmatch() of the C library matches them."""

from __future__ import annotations

import pytest

from evroute_kernel.library.functions.glob import glob_pattern


@pytest.mark.parametrize(
    ("glob", "text", "matches"),
    [
        ("ip_*", "ip_1", True),
        ("ip_*", "xip_1", False),
        ("*", ".hidden/x\n", True),
        ("a?c", "abc", True),
        ("a?c", "ac", False),
        ("[a-c]x", "bx", True),
        ("[!a-c]x", "bx", False),
        ("[^a-c]x", "dx", True),
        ("[]]", "]", True),
        ("[[:digit:]]", "7", True),
        ("[[:digit:]]", "x", False),
        ("[", "[", True),
        ("[a", "[a", True),
        ("\\*", "*", True),
        ("\\*", "x", False),
        ("x\\", "x\\", False),
        ("a.c", "abc", False),
        ("[a\\]b]", "]", True),
        ("[a&&b]", "&", True),
    ],
)
def test_glob(glob, text, matches):
    assert (glob_pattern(glob).fullmatch(text) is not None) == matches
