"""Class rest of the module rest_client."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("value", "text", "expected"),
    [
        ("a b&c", "{rest.escape}", "a%20b%26c"),
        ("-._~/", "{rest.escape}", "-._~%2F"),
        ("\xc3\xa4", "{rest.escape}", "%C3%A4"),
        ("", "{rest.escape}", None),
        ("a%20b%2f%zz%", "{rest.unescape}", "a b/%zz%"),
        ("a+b%c3%a4", "{rest.unescape}", "a+b\xc3\xa4"),
        ("a%00b", "{rest.unescape}", "a"),
        ("", "{rest.unescape}", None),
        (42, "{rest.escape}", "42"),
    ],
)
def test_escaping(transform, errors, value, text, expected):
    assert transform(value, text) == expected
    assert not errors()
