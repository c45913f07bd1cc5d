"""Class s: hexadecimal, base64, escapes, XOR, dates."""

from __future__ import annotations

import pytest

from evroute_kernel.runtime.control import ScriptCrash
from evroute_kernel.runtime.values import Dual, int_of, text_of


@pytest.mark.parametrize(
    ("value", "text", "expected"),
    [
        ("as7d9Z~.", "{s.encode.hexa}", "61733764395a7e2e"),
        ("\xff", "{s.encode.hexa}", "ff"),
        ("", "{s.encode.hexa}", ""),
        ("5349502f322E30", "{s.decode.hexa}", "SIP/2.0"),
        ("414243f", "{s.decode.hexa}", "ABC"),
        ("414243g", "{s.decode.hexa}", "ABC"),
        ("41g243", "{s.decode.hexa}", None),
        ("4", "{s.decode.hexa}", ""),
        ("a" * 32768, "{s.encode.hexa}", None),
        (-1, "{s.dec2hex}", "ffffffff"),
        ("-16", "{s.dec2hex}", "fffffff0"),
        ("-", "{s.dec2hex}", "0"),
        ("12ab", "{s.dec2hex}", None),
        ("", "{s.dec2hex}", None),
        (Dual("x", 10), "{s.dec2hex}", "a"),
    ],
)
def test_hexadecimal(transform, errors, value, text, expected):
    assert transform(value, text) == expected
    assert not errors()


@pytest.mark.parametrize(
    ("value", "number", "text"),
    [
        ("ff", 255, "255"),
        ("1A2b", 6699, "6699"),
        ("", 0, "0"),
        ("1000000ff", 255, "255"),
        ("ffffffff", -1, "18446744073709551615"),
        (77, 77, "77"),
    ],
)
def test_hex2dec(transform, value, number, text):
    result = transform(value, "{s.hex2dec}")
    assert (int_of(result), text_of(result)) == (number, text)


def test_hex2dec_takes_no_prefix(transform, errors):
    assert transform("0x1f", "{s.hex2dec}") is None
    assert not errors()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("aGVsbG8=", "hello"),
        ("aGVsbG8", "hello"),
        ("aGVs\r\nbG8=", "hello"),
        ("!!!", ""),
        ("", ""),
        ("Y", ""),
        ("YQ", "a"),
        ("YWJjZ", "abc"),
        ("YQ==YQ==", "a"),
        ("=YQ==", "a"),
        ("Y=Q", "a"),
        ("YWI=x", "ab"),
        ("//79", "\xff\xfe\xfd"),
    ],
)
def test_base64_decoding_forgives(transform, value, expected):
    assert transform(value, "{s.b64decode}") == expected


def test_base64_limits(transform, errors):
    assert len(transform("a" * 49152, "{s.b64encode}")) == 65536
    assert not errors()
    assert transform("a" * 49153, "{s.b64encode}") is None
    assert transform("a" * 65536, "{s.b64decode}") is None
    assert len(errors()) == 2


def test_xor(transform, errors):
    assert transform("1234", "{s.xor,key}{s.encode.hexa}") == "5a574a5f"
    assert transform("\xff\x00", "{s.xor,a}{s.xor,a}") == "\xff\x00"
    assert transform("secret", "{s.xor,$var(k)}{s.encode.hexa}", k="AB") == "322722302436"
    # the integer of an integer stays
    assert int_of(transform(12, "{s.xor,k}")) == 12
    assert not errors()
    assert transform("secret", "{s.xor,$var(none)}") is None
    assert len(errors()) == 1


def test_xor_with_an_empty_key_kills_the_server(transform):
    assert transform("", "{s.xor,}") == ""
    with pytest.raises(ScriptCrash):
        transform("a", "{s.xor,}")


@pytest.mark.parametrize(
    ("value", "text", "expected"),
    [
        ('O\'Neil "the" \\ boss', "{s.escape.common}", 'O\\\'Neil \\"the\\" \\\\ boss'),
        ("a\0b", "{s.escape.common}", "a\\0b"),
        ("'", "{s.escape.common}{s.escape.common}", "\\\\\\'"),
        ("\\'\\q\\", "{s.unescape.common}", "'\\q\\"),
        ("\\0", "{s.unescape.common}", "\0"),
        ("#31#+49 (30)@home:5060", "{s.escape.user}", "%2331%23+49%20(30)%40home%3a5060"),
        ("a-Z_0.9!~*'()&=+$,;?/", "{s.escape.user}", "a-Z_0.9!~*'()&=+$,;?/"),
        ("a;b=c?d,e/f:g&h[i]$j", "{s.escape.param}", "a%3bb%3dc%3fd%2ce/f:g&h[i]$j"),
        ("%2331%23%2b49%20x", "{s.unescape.user}", "#31#+49 x"),
        ("a%3bb", "{s.unescape.param}", "a;b"),
        ("%2541", "{s.unescape.user}", "%41"),
        ("", "{s.escape.user}", ""),
    ],
)
def test_escapes(transform, errors, value, text, expected):
    assert transform(value, text) == expected
    assert not errors()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("jos\xc3\xa9", "{s.escape.user}"),
        ("a\tb", "{s.escape.param}"),
        ("50%zz", "{s.unescape.user}"),
        ("50%", "{s.unescape.user}"),
        ("50%4", "{s.unescape.param}"),
        ("%0a", "{s.unescape.user}"),
        ("%ff", "{s.unescape.user}"),
    ],
)
def test_escapes_that_fail_say_so(transform, errors, value, text):
    assert transform(value, text) is None
    assert len(errors()) == 1


@pytest.mark.parametrize(("text", "longest"), [("{s.escape.common}", 32767), ("{s.escape.user}", 21845)])
def test_escapes_are_limited(transform, errors, text, longest):
    assert transform("a" * longest, text) == "a" * longest
    assert transform("a" * (longest + 1), text) is None
    assert not errors()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Thu, 21 Feb 2002 13:02:03 GMT", "1014296523"),
        ("Mon, 21 Feb 2002 13:02:03 GMT", "1014296523"),
        ("thursday,21february2002 13:02:03   GMT and more", "1014296523"),
        ("Fri, 31 Feb 2003 00:00:00 GMT", "1046649600"),
        ("Sat, 1 Jan 99 1:2:3GMT", "-59042991477"),
        ("Sat, 01 Jan 0 00:00:00 GMT", "-62167219200"),
    ],
)
def test_dates(transform, errors, value, expected):
    assert transform(value, "{s.date2unix}") == expected
    assert not errors()


@pytest.mark.parametrize(
    "value",
    [
        "nodate",
        "Thu, 21 Feb 2002 13:02:03 CET",
        "Thu, 21 Feb 2002 13:02:03 gmt",
        "Thu, 32 Feb 2002 13:02:03 GMT",
        "Thu, 0 Feb 2002 13:02:03 GMT",
        "Thu, 21 Feb 2002 24:02:03 GMT",
        "Thu, 21 Feb 2002 13:60:03 GMT",
        "Thu 21 Feb 2002 13:02:03 GMT",
        "Thu, 21 Foo 2002 13:02:03 GMT",
        # the second before 1970, which looks like a failure; and what begins alike
        "Wed, 31 Dec 1969 23:59:59 GMT",
        "Wed, 31 Dec 1969 23:59:45 GMT",
        1014296523,
    ],
)
def test_no_dates(transform, errors, value):
    assert transform(value, "{s.date2unix}") is None
    assert len(errors()) == 1
