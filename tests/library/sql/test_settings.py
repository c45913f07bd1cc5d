"""Parameters of module sqlops."""

from __future__ import annotations

import pytest

from evroute_kernel.library.sql.settings import Columns, Configuration, parse_scheme, parse_url


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sqlite:///x", (0, "sqlite:///x")),
        (" 2  sqlite:///x", (2, "sqlite:///x")),
        ("2sqlite:///x", (2, "sqlite:///x")),
        ("-1 x", (-1, "x")),
        ("", (0, "")),
    ],
)
def test_urls_have_numbers(text, expected):
    assert parse_url(text) == expected


def test_the_default_database():
    assert Configuration().url(None) is None
    assert Configuration({3: "a", 1: "b"}).url(None) == "a"
    assert Configuration({3: "a", 0: "b"}).url(None) == "b"
    assert Configuration({3: "a"}).url(0) is None


def test_schemes():
    scheme = parse_scheme(" name : table=t; UUID_COL = u ;value_type=Integer ")
    assert (scheme.name, scheme.table, scheme.integers) == ("name", "t", True)
    assert scheme.apply(Columns()) == Columns(uuid="u")
    assert not parse_scheme("n: value_type=integer;value_type=string").integers
