"""Class s: checksums and digests. Their values for `abc` are tested as examples of the catalogue."""

from __future__ import annotations

import zlib

import pytest

from evroute_kernel.runtime.values import int_of, text_of


@pytest.mark.parametrize(
    ("value", "text", "expected"),
    [
        ("", "{s.md5}", "d41d8cd98f00b204e9800998ecf8427e"),
        (5060, "{s.md5}", "8d749ea54f6657b0396c204d3148da60"),
        ("", "{s.sha1}", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
        (-1, "{s.sha224}", "46e8e7eef892970f8f372779731916e5349d9c82a65227374303299e"),
        ("\xff", "{s.md5}", "00594fd4f42ba43fc1ca0427a0576295"),
    ],
)
def test_digests(transform, value, text, expected):
    assert transform(value, text) == expected


def test_the_key_of_a_literal_ends_at_a_blank(transform):
    two = transform("dcd98b7102dd", "{s.sha1_hmac,two}")
    assert two == "0e171926b27baae0c89c936a849aff70fae7b3a9"
    assert transform("dcd98b7102dd", "{s.sha1_hmac,two words}") == two
    whole = transform("dcd98b7102dd", "{s.sha256_hmac,$var(key)}", key="trunk secret")
    assert whole == "9db7f82cb081f02e91dc0ac31fbe6ee76f08b4d1314bc1eb83d8a19df4da3fbf"


def test_an_empty_key_is_allowed_in_the_script_alone(transform, errors):
    assert transform("abc", "{s.sha1_hmac,}") == "9b4a918f398d74d3e367970aba3cbe54e4d2b5d9"
    assert not errors()
    assert transform("abc", "{s.sha1_hmac,$var(key)}", key="") is None
    assert transform("abc", "{s.sha1_hmac,$var(none)}") is None
    assert len(errors()) == 2


def test_crc32_lacks_the_last_inversion_and_is_text(transform):
    assert text_of(transform("abc", "{s.crc32}")) == str(zlib.crc32(b"abc") ^ 0xFFFFFFFF)
    short = next(str(i) for i in range(100) if zlib.crc32(str(i).encode()) ^ 0xFFFFFFFF < 10**9)
    # always ten bytes, as on the server: NULs behind a short number
    padded = transform(short, "{s.crc32}")
    assert len(padded) == 10
    assert padded.rstrip("\0").isdigit()
    assert int_of(transform(short, "{s.crc32}{s.int}")) == zlib.crc32(short.encode()) ^ 0xFFFFFFFF
