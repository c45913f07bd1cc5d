"""Values: 32-bit integers, byte strings, null, and both forms at once."""

import pytest

from evroute_kernel.runtime.values import (
    Dual,
    decode,
    encode,
    fold,
    int_of,
    is_int_type,
    is_true,
    printed,
    stored,
    text_of,
    wrap,
)


@pytest.mark.parametrize(
    ("number", "reduced"),
    [(0, 0), (2**31 - 1, 2**31 - 1), (2**31, -(2**31)), (2**32, 0), (-(2**31) - 1, 2**31 - 1), (65536 * 65536, 0)],
)
def test_wrap_reduces_to_32_bits(number: int, reduced: int) -> None:
    assert wrap(number) == reduced


def test_text_is_counted_in_bytes() -> None:
    assert len(encode("Zoë")) == 4
    assert decode(encode("Zoë ☎")) == "Zoë ☎"


def test_bytes_that_are_no_utf8_survive_encoding_and_show_as_replacement() -> None:
    raw = b"a\xffb".decode("utf-8", "surrogateescape")
    assert encode(raw) == "a\xffb"
    assert decode("a\xffb") == "a\ufffdb"


def test_fold_leaves_bytes_beyond_ascii_alone() -> None:
    assert fold(encode("ÀB")) == encode("Àb")


def test_both_forms() -> None:
    converted = Dual("42abc", 42)
    assert printed(converted) == "42abc"
    assert int_of(converted) == 42
    assert is_int_type(converted)
    assert stored(converted) == 42
    assert type(text_of(converted)) is str


def test_a_dual_that_is_text_is_stored_as_text() -> None:
    method = Dual("DUMMY", 16, is_int=False)
    assert stored(method) == "DUMMY"
    assert type(stored(method)) is str


@pytest.mark.parametrize(
    ("value", "truth"),
    [
        (0, False),
        (-3, True),
        ("", False),
        ("0", True),
        (None, False),
        (Dual("abc", 0), False),
        (Dual("", 5, False), False),
    ],
)
def test_truth(value: object, truth: bool) -> None:
    assert is_true(value) is truth  # type: ignore[arg-type]


def test_null_prints_as_null() -> None:
    assert printed(None) == "<null>"
    assert printed(7) == "7"
