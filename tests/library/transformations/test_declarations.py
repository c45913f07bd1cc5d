"""Every transformation of the catalogue is there, documented, and gives what the catalogue says."""

from __future__ import annotations

import pytest

import evroute_kernel.library.everything  # noqa: F401 - gives them their behaviour
from evroute_kernel.library import table
from evroute_kernel.library.template import TemplateError, parse_variable
from evroute_kernel.runtime.values import encode, int_of, is_int_type, text_of

LIBRARY = table.of("3.6")

EXAMPLES = [
    pytest.param(example, id=f"{name}-{i}")
    for name, fact in LIBRARY.transformations.items()
    for i, example in enumerate(fact.examples)
]


@pytest.mark.parametrize("example", EXAMPLES)
def test_example_of_the_catalogue(transform, example):
    result = transform(encode(example.input), example.transformation)
    assert text_of(result) == (None if example.output is None else encode(example.output))
    if example.type == "int" and result is not None:
        assert is_int_type(result)
    if example.type == "string":
        assert int_of(result) is None


#: those of the module sip_i give null
SIMULATED = {name: t for name, t in LIBRARY.transformations.items() if t.cls != "isup"}


def test_everything_has_an_example():
    assert all(any(e.output is not None for e in t.examples) for t in SIMULATED.values())


@pytest.mark.parametrize("declared", SIMULATED.values(), ids=list(SIMULATED))
def test_null_stays_null_silently(transform, errors, declared):
    assert transform(None, declared.examples[0].transformation) is None
    assert not errors()


@pytest.mark.parametrize("declared", SIMULATED.values(), ids=list(SIMULATED))
@pytest.mark.parametrize("value", ["", "\xff\xfe\x00\x80", "a" * 65536, 0, -(2**31)])
def test_no_value_makes_trouble(transform, declared, value):
    result = transform(value, declared.examples[0].transformation)
    text = text_of(result)
    assert text is None or text.isascii() or max(text) <= "\xff"


@pytest.mark.parametrize(
    "text",
    [
        "{s.length}",
        "{s.substr}",
        "{s.substr,4}",
        "{s.substr,four,5}",
        "{s.substr,1a,2}",
        "{s.select,1}",
        "{s.index}",
        "{s.index,@,first}",
        "{s.index,two words}",
        "{s.rindex}",
        "{s.fill.left}",
        "{s.fill.left,0}",
        "{s.fill.right, ,40}",
        "{s.fill.right,'',40}",
        "{s.fill.left,$var(p),40}",
        "{s.fill.left,0,$var(w)}",
        "{s.width}",
        "{s.width,3,4}",
        "{s.width,-3}",
        "{s.trimx}",
        "{s.xor}",
        "{s.sha1_hmac}",
        "{s.sha2_hmac,k}",
        "{ s.len}",
        "{len}",
        "{}",
        "{q.len}",
        "{uri.param}",
        "{uri.hostname}",
        "{via.branches}",
        "{nameaddr.0.1.uri}",
        "{nameaddr.first.uri}",
        "{nameaddr.param}",
        "{csv.value}",
        "{param.get,x}",
        "{param.EXIST,x}",
        "{ip.isip5}",
        "{ip.matches}",
        "{re.subst}",
        "{re.match,/a/}",
        "{sdp.line}",
        "{sdp.line,m,-1}",
        "{sdp.stream}",
        "{rest.escape,1}",
        "{rest.ESCAPE}",
    ],
)
def test_refused_when_the_script_is_loaded(text):
    with pytest.raises(TemplateError):
        parse_variable(f"$(var(x){text})", LIBRARY)


@pytest.mark.parametrize(
    ("value", "text", "expected"),
    [
        # class and name in any letter case, blanks after the dot and between steps
        ("Sip:Bob", "{S.LEN}", "7"),
        ("Sip:Bob", "{s. len }", "7"),
        ("Sip:Bob", "{s.tolower} {s.len}", "7"),
        # parameters too many, letters behind a number
        ("ab", "{s.len,5}", "2"),
        ("abcdef", "{s.substr,1,2,9}", "bc"),
        ("abcdef", "{s.substr,0,3abc}", "abc"),
        ("abcdef", "{s.substr, +1 , 2 }", "bc"),
        ("abcdef", "{s.substr,-,2}", "ab"),
        # names that the server reads by their beginning
        ("  x  ", "{s.trimleft}", "x  "),
        ("  x  ", "{s.trimrzz}", "  x"),
        ("10.0.0.1", "{ip.matchez,10.0.0.0/8}", "1"),
        ("abc", "{s.sha1ab_hmac,key}", "4fd0b215276ef12f2b3e4c8ecac2811498b656fc"),
        ("a=1", "{param.VALUE,A}", "1"),
        # one parameter a variable with an index and steps of its own
        ("abcdef", "{s.substr,$(var(n){s.len}),$(var(x){s.len})}", "cdef"),
    ],
)
def test_accepted_spellings(transform, value, text, expected):
    assert text_of(transform(value, text, n="ab")) == expected


def test_a_chain_ends_at_the_first_null(transform, errors):
    assert transform("abc", "{s.substr,9,1}{s.width,0}") is None
    assert not errors()
