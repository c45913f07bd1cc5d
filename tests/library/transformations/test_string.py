"""Class s: numbers, cutting, searching, padding, letter case."""

from __future__ import annotations

import pytest

from evroute_kernel.runtime.control import ScriptCrash
from evroute_kernel.runtime.values import Dual, int_of, is_int_type, text_of


@pytest.mark.parametrize(
    ("value", "number", "text"),
    [
        ("42abc", 42, "42abc"),
        ("abc", 0, "abc"),
        ("", 0, ""),
        (" 70", 0, " 70"),
        ("-7x", -7, "-7x"),
        ("+5", 5, "+5"),
        ("--5", 0, "--5"),
        ("007", 7, "007"),
        ("4294967297", 1, "4294967297"),
        ("2147483648", -(2**31), "2147483648"),
        ("9" * 5000, None, "9" * 5000),
        (-4, -4, "-4"),
    ],
)
def test_int_keeps_the_text(transform, value, number, text):
    result = transform(value, "{s.int}")
    assert text_of(result) == text
    assert is_int_type(result)
    if number is not None:
        assert int_of(result) == number


def test_int_of_very_many_digits_wraps(transform):
    number = int("9" * 4000)
    assert int_of(transform(str(number), "{s.int}")) == (number + 2**31) % 2**32 - 2**31


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{s.substr,1,3}", "bcd"),
        ("{s.substr,-3,2}", "de"),
        ("{s.substr,-3,0}", "def"),
        ("{s.substr,2,0}", "cdef"),
        ("{s.substr,1,-1}", "bcde"),
        ("{s.substr,1,-5}", ""),
        ("{s.substr,1,99}", "bcdef"),
        ("{s.substr,-6,1}", "a"),
        ("{s.substr,-7,1}", None),
        ("{s.substr,6,1}", None),
        ("{s.substr,9,0}", None),
    ],
)
def test_substr(transform, errors, text, expected):
    assert transform("abcdef", text) == expected
    assert not errors()


def test_substr_of_nothing_is_null(transform):
    assert transform("", "{s.substr,0,1}") is None


def test_substr_that_drops_too_much_kills_the_server(transform):
    with pytest.raises(ScriptCrash, match="drops 4 bytes of a text that has 2"):
        transform("abcdef", "{s.substr,4,-4}")


@pytest.mark.parametrize("position", [None, "2"])
@pytest.mark.parametrize("text", ["{s.substr,$var(p),0}", "{s.substr,0,$var(p)}", "{s.select,$var(p),:}"])
def test_a_position_without_integer_is_an_error(transform, errors, text, position):
    assert transform("a:b:c", text, p=position) is None
    assert len(errors()) == 1


@pytest.mark.parametrize(
    ("value", "text", "expected"),
    [
        ("a:b:c", "{s.select,1,:}", "b"),
        ("a,b,c", "{s.select,-1,,}", "c"),
        ("a:b", "{s.select,5,:}", None),
        ("a:b", "{s.select,-3,:}", None),
        (";a;;b;", "{s.select,0,;}", ""),
        (";a;;b;", "{s.select,-1,;}", ""),
        (";a;;b;", "{s.select,4,;}", ""),
        ("only", "{s.select,-1,;}", "only"),
        ("", "{s.select,0,;}", ""),
        ("a-b=c", "{s.select,1,-=}", "b=c"),
        (12021, "{s.select,1,0}", "21"),
        ("a}b", "{s.select,1,}", "b"),
        # a variable cannot be the separator: its dollar sign is
        ("a$b:c", "{s.select,1,$var(s)}", "b:c"),
    ],
)
def test_select(transform, errors, value, text, expected):
    assert transform(value, text, s=":") == expected
    assert not errors()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{s.index,abc}", 0),
        ("{s.index,abc,1}", 3),
        ("{s.index,abc,7}", None),
        ("{s.index,abc,99}", None),
        ("{s.index,c,-1}", 8),
        ("{s.index,c,-10}", 8),
        ("{s.index,a,-9}", 0),
        ("{s.index,z}", None),
        ("{s.index,abcabcabca}", None),
        ("{s.index,$var(n),$var(p)}", 4),
        ("{s.rindex,abc}", 6),
        ("{s.rindex,abc,6}", 6),
        ("{s.rindex,abc,5}", 3),
        ("{s.rindex,abc,99}", 6),
        ("{s.rindex,c,-2}", 5),
        ("{s.rindex,c,1}", None),
        ("{s.rindex,z}", None),
    ],
)
def test_index_and_rindex(transform, errors, text, expected):
    assert transform("abcabcabc", text, n="bc", p=2) == expected
    assert not errors()


@pytest.mark.parametrize("needle", [None, ""])
def test_a_needle_that_is_nothing(transform, errors, needle):
    assert transform("abc", "{s.index,$var(n)}", n=needle) is None
    assert len(errors()) == 1


def test_index_in_nothing(transform, errors):
    assert transform("", "{s.index,a}") is None
    assert transform("", "{s.rindex,a,-1}") is None
    assert transform(4915112, "{s.index,151}") == 2
    assert not errors()


@pytest.mark.parametrize(
    ("value", "text", "expected"),
    [
        ("42", "{s.fill.left,0,5}", "00042"),
        ("42", "{s.fill.left,ab,7}", "babab42"),
        ("42", "{s.fill.right,ab,7}", "42ababa"),
        ("7", "{s.fill.left,' ',4}", "   7"),
        ("7", '{s.fill.right," ",4}', "7   "),
        ("7", "{s.fill.left, ab ,4}", "bab7"),
        ("7", "{s.fill.left,',3}", "''7"),
        ("", "{s.fill.right,-,3}", "---"),
        (15, "{s.fill.left,0,5}", "00015"),
        ("long", "{s.fill.left,0,-1}", "long"),
        ("a", "{s.fill.left,0,65536}", None),
    ],
)
def test_fill(transform, value, text, expected):
    assert transform(value, text) == expected


def test_fill_leaves_a_longer_integer_an_integer(transform):
    assert transform(123, "{s.fill.left,0,2}") == 123
    assert transform(12, "{s.fill.left,0,2}") == "12"


@pytest.mark.parametrize(
    ("value", "text", "expected"),
    [("hello", "{s.width,8}", "hello   "), ("hello", "{s.width,3}", "hel"), ("", "{s.width,2}", "  ")],
)
def test_width(transform, value, text, expected):
    assert transform(value, text) == expected


def test_width_limits(transform, errors):
    assert len(transform("a", "{s.width,65535}")) == 65535
    assert transform("a", "{s.width,65536}") is None
    assert not errors()
    assert transform("a", "{s.width,0}") is None
    assert transform("a", "{s.width,$var(w)}", w="5") is None
    assert len(errors()) == 2


def test_width_cuts_the_text_alone(transform):
    assert int_of(transform(123, "{s.width,1}")) == 123
    assert text_of(transform(123, "{s.width,1}")) == "1"


@pytest.mark.parametrize(
    ("value", "text", "expected"),
    [
        (" \t Sip Phone \r\n ", "{s.trim}", "Sip Phone"),
        ("   ", "{s.trim}", ""),
        ("\x0bx", "{s.trim}", "\x0bx"),
        ("\xa0x", "{s.triml}", "\xa0x"),
        ("AbC\xc9", "{s.tolower}", "abc\xc9"),
        ("AbC\xe9", "{s.toupper}", "ABC\xe9"),
        ("4930123", "{s.reverse}", "3210394"),
        (12300, "{s.reverse}", "00321"),
    ],
)
def test_the_whole_text(transform, value, text, expected):
    assert transform(value, text) == expected


def test_integers_stay_integers_only_when_trimmed(transform):
    assert transform(12, "{s.trim}") == 12
    assert transform(12, "{s.tolower}") == "12"
    assert int_of(transform(Dual(" 5 ", 5), "{s.trim}")) == 5


def test_length_counts_bytes(transform):
    assert transform("Zo\xc3\xab", "{s.len}") == 4
    assert transform(-12, "{s.len}") == 3
    assert transform("ab", "{s.len}{s.len}") == 1


@pytest.mark.parametrize("text", ["{s.tolower}", "{s.toupper}", "{s.reverse}"])
def test_results_are_limited(transform, errors, text):
    assert transform("a" * 65536, text) is None
    assert len(transform("a" * 65535, text)) == 65535
    assert not errors()


def test_eval_expands_a_format(transform, errors):
    assert transform("call from $var(who) ($(var(who){s.len}))", "{s.eval}", who="alice") == "call from alice (5)"
    assert transform("x=$var(unset);", "{s.eval}") == "x=<null>;"
    assert transform("price $$5", "{s.eval}") == "price $5"
    assert transform("", "{s.eval}") == ""
    assert not errors()


@pytest.mark.parametrize("text", ["bad $nosuchvar(x) here", "cost $5", "$", "$(var(x){s.nope})"])
def test_eval_of_what_is_no_format(transform, errors, text):
    assert transform(text, "{s.eval}") is None
    assert len(errors()) == 1


def test_eval_has_room_as_set_by_a_global(transform, errors):
    assert transform("$var(long)", "{s.eval}", long="a" * 19999) == "a" * 19999
    assert not errors()
    assert transform("$var(long)", "{s.eval}", long="a" * 20000) is None
    assert "pv_print_buf_size" in errors()[0]


def test_eval_of_itself_kills_the_server(transform):
    with pytest.raises(ScriptCrash, match="evaluates itself"):
        transform("$(var(x){s.eval})", "{s.eval}")
