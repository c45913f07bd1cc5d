"""Declared types, and values read by them."""

from __future__ import annotations

import math

import pytest

from evroute_kernel.library.sql.types import Kind, SqlError, kind_of, read


@pytest.mark.parametrize(
    ("declared", "kind"),
    [
        ("int", Kind.INTEGER),
        ("INT(11)", Kind.INTEGER),
        ("intx", Kind.INTEGER),
        ("BIGINT", Kind.BIGINT),
        ("BOOLEAN", Kind.INTEGER),
        ("numeric(10,2)", Kind.INTEGER),
        ("MEDIUMTEXT", Kind.INTEGER),
        ("VarChar(20)", Kind.TEXT),
        ("text", Kind.TEXT),
        ("blob", Kind.BLOB),
        ("float", Kind.REAL),
        ("DateTime", Kind.DATETIME),
        ("timestamp", Kind.UNKNOWN),
        ("longtext", Kind.UNKNOWN),
        ("in", Kind.UNKNOWN),
        ("", Kind.COMPUTED),
    ],
)
def test_kinds(declared, kind):
    assert kind_of(declared) is kind


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        (None, Kind.UNKNOWN, None),
        (1e30, Kind.INTEGER, 2**63 - 1),
        (-math.inf, Kind.INTEGER, -(2**63)),
        ("99999999999999999999", Kind.BIGINT, 2**63 - 1),
        (" -7.9x", Kind.INTEGER, -7),
        (b"12", Kind.INTEGER, 12),
        (5, Kind.REAL, 5.0),
        (" 1.5x", Kind.REAL, 1.5),
        (5, Kind.TEXT, "5"),
        (2.0, Kind.TEXT, "2.0"),
        (1e30, Kind.TEXT, "1e+30"),
        (b"a\xff", Kind.TEXT, "a\xff"),
        ("a\0b", Kind.TEXT, "a"),
        ("a\0b", Kind.BLOB, "a\0b"),
        ("a\0b", Kind.COMPUTED, "a"),
        (b"a\0b", Kind.COMPUTED, "a\0b"),
        (2**40, Kind.COMPUTED, 2**40),
        (1.5, Kind.COMPUTED, 1.5),
    ],
)
def test_values(value, kind, expected):
    found = read(value, kind)
    assert (found, type(found)) == (expected, type(expected))


@pytest.mark.parametrize("text", ["2024-02-30 01:02:03", "2024-2-30 1:2:3.9 and more", " 2024- 02- 30 1: 02:03"])
def test_days_beyond_a_month_run_over(text):
    assert read(text, Kind.DATETIME) == read("2024-03-01 01:02:03", Kind.DATETIME)


def test_a_time_that_is_cut_short_is_midnight():
    assert read("2024-03-01 01:02", Kind.DATETIME) == read("2024-03-01", Kind.DATETIME)


@pytest.mark.parametrize("text", ["", "1700000000", "2024-00-01", "2024-01-01 24:00:00", "24/01/01"])
def test_no_dates(text):
    with pytest.raises(SqlError, match="no date"):
        read(text, Kind.DATETIME)


def test_a_type_that_cannot_be_read():
    with pytest.raises(SqlError, match="none that"):
        read("x", Kind.UNKNOWN)
