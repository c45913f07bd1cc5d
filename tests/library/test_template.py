"""Variable tokens and format strings: what is read, what is refused, and where the error lies."""

from __future__ import annotations

import pytest

import evroute_kernel.library.everything  # noqa: F401 - gives every name its behaviour
from evroute_kernel.library import table
from evroute_kernel.library.behaviour import ALL, APPEND
from evroute_kernel.library.template import (
    MARKER,
    TemplateError,
    VariableSpec,
    parse_format,
    parse_variable,
)

LIBRARY = table.of("3.6")


def refused(text: str) -> TemplateError:
    with pytest.raises(TemplateError) as caught:
        parse_format(text, LIBRARY)
    return caught.value


# -- variables --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("$var(a b)", "a b"),
        ("$var( x )", " x "),
        ('$var(a"b)', 'a"b'),
        ("$var(f(x))", "f(x)"),
        ("$var($var(n))", "$var(n)"),
        ("$var(\xc3\xa9)", "\xc3\xa9"),
        ("$(var(x))", "x"),
        ("$param(ip)", "ip"),
        ("$param(2)", 2),
        ("$param(-1)", "-1"),
        ("$shv( x )", "x"),
    ],
)
def test_name(text: str, name: object) -> None:
    assert parse_variable(text, LIBRARY).name == name


@pytest.mark.parametrize(
    "text", ["$avp($var(q))", "$param($var(q))", "$shv($var(q))", "$shv( $var(q))", "$hdr($var(q))"]
)
def test_name_that_is_a_variable(text: str) -> None:
    name = parse_variable(text, LIBRARY).name
    assert isinstance(name, VariableSpec)
    assert name.text == "$var(q)"


def test_what_follows_a_variable_name_is_ignored() -> None:
    assert parse_variable("$avp($var(q)rest)", LIBRARY).name.text == "$var(q)"


def test_name_that_only_holds_a_variable_is_literal() -> None:
    assert parse_variable("$avp(k$var(x))", LIBRARY).name == "k$var(x)"


@pytest.mark.parametrize(
    ("text", "index"),
    [
        ("$(avp(x)[0])", 0),
        ("$(avp(x)[-12])", -12),
        ("$(avp(x)[*])", ALL),
        ("$(avp(x)[Append])", APPEND),
        ("$(avp(x)[-])", 0),
        ("$(avp(x)[4294967297])", 1),
        ("$(route[1])", 1),
        ("$avp(x)", None),
    ],
)
def test_index(text: str, index: object) -> None:
    assert parse_variable(text, LIBRARY).index == index


def test_index_that_is_a_variable() -> None:
    index = parse_variable("$(avp(x)[$(avp(y)[1])])", LIBRARY).index
    assert isinstance(index, VariableSpec)
    assert index.text == "$(avp(y)[1])"


@pytest.mark.parametrize(
    ("token", "read"),
    [("$rc{s.len}", "$rc"), ("$var(x){s.len}", "$var(x)"), ("$rc]", "$rc"), ("$(rc)x", "$(rc)")],
)
def test_token_ends_where_the_variable_ends(token: str, read: str) -> None:
    assert parse_variable(token, LIBRARY).text == read


def test_parts_finds_every_variable_inside() -> None:
    spec = parse_variable("$(avp($var(a))[$(avp(b)[$var(c)])]{s.substr,$var(d),$(var(e){s.len})})", LIBRARY)
    assert [part.text for part in spec.parts()] == [
        "$var(a)",
        "$(avp(b)[$var(c)])",
        "$var(c)",
        "$var(d)",
        "$(var(e){s.len})",
    ]


def test_parsing_the_same_text_again_gives_the_same_object() -> None:
    assert parse_variable("$avp(cached)", LIBRARY) is parse_variable("$avp(cached)", LIBRARY)


# -- transformations --------------------------------------------------------------------------------------------------


def steps(text: str) -> list[tuple[str, tuple[object, ...]]]:
    return [(t.full_name, params) for t, params in parse_variable(text, LIBRARY).transformations]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{s.len}", [("s.len", ())]),
        ("{S.LEN}", [("s.len", ())]),
        ("{s. len }", [("s.len", ())]),
        ("{s.len} \t{s.len} ", [("s.len", ()), ("s.len", ())]),
        ("{s.len,5}", [("s.len", ())]),
        ("{s.substr,4,5,9}", [("s.substr", (4, 5))]),
        ("{s.substr, - 4 , 5abc}", [("s.substr", (-4, 5))]),
        ("{s.substr,+,-}", [("s.substr", (0, 0))]),
        ("{s.index,@}", [("s.index", ("@",))]),
        ("{s.index, @ ,3}", [("s.index", ("@", 3))]),
        ("{s.select,1,;}", [("s.select", (1, ";"))]),
        ("{s.select,1,}", [("s.select", (1, "}"))]),
        ("{s.select,1,,}", [("s.select", (1, ","))]),
        ("{s.trimleft}", [("s.triml", ())]),
        ("{s.trimrzz}", [("s.trimr", ())]),
        ("{s.sha1_hmac,key with blanks}", [("s.sha1_hmac", ("key",))]),
        ("{uri.param,}", [("uri.param", ("",))]),
        ("{ip.matchez,10.0.0.0/8}", [("ip.matches", ("10.0.0.0/8",))]),
        (r"{param.value,a\,b}", [("param.value", (r"a\,b",))]),
    ],
)
def test_transformation(text: str, expected: object) -> None:
    assert steps(f"$(var(x){text})") == expected


def test_parameter_that_is_a_variable() -> None:
    ((_, (start, length)),) = steps("$(var(x){s.substr,$var(i),$(var(n){s.len})})")
    assert [start.text, length.text] == ["$var(i)", "$(var(n){s.len})"]  # type: ignore[attr-defined]


def test_braces_of_a_parameter_nest() -> None:
    assert steps(r"$(var(x){param.value,a{2}b})") == [("param.value", ("a{2",))]
    assert steps(r"$(var(x){param.value,a\{2\}b})") == [("param.value", (r"a\{2\}b",))]


@pytest.mark.parametrize(
    ("text", "index"), [("{nameaddr.uri}", 0), ("{nameaddr.2.uri}", 2), ("{nameaddr. 1 . uri}", 1)]
)
def test_index_before_the_name(text: str, index: int) -> None:
    ((name, params),) = steps(f"$(var(x){text})")
    assert (name, params[0]) == ("nameaddr.uri", index)


# -- formats ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("", ()),
        ("plain 100%", ("plain 100%",)),
        ("a $$ b $($) c", ("a $ b $ c",)),
        ("$$", ("$",)),
        ("$var(s)y", ("$var(s)", "y")),
        ("$var(s){s.len}", ("$var(s)", "{s.len}")),
        ("[$(var(s){s.len})]", ("[", "$(var(s){s.len})", "]")),
        ("$rc$rc", ("$rc", "$rc")),
        ("$(rc).", ("$(rc)", ".")),
        ("a$rc\n", ("a", "$rc", "\n")),
        ("before\0$after", ("before",)),
    ],
)
def test_format(text: str, pieces: tuple[str, ...]) -> None:
    assert tuple(p if isinstance(p, str) else p.text for p in parse_format(text, LIBRARY)) == pieces


def test_dollar_is_a_variable_of_its_own_in_code() -> None:
    assert parse_variable("$$", LIBRARY).declaration is MARKER


# -- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "code", "part", "hint"),
    [
        ("cost $5", "unknown-variable", "$5", "write $$ for a dollar sign"),
        ("cost $", "unknown-variable", "$", "write $$ for a dollar sign"),
        ("a $ b", "unknown-variable", "$", "write $$ for a dollar sign"),
        ("$VAR(x)", "unknown-variable", "$VAR", "did you mean $var(...)?"),
        ("$parm(x)", "unknown-variable", "$parm", "did you mean $param(...)?"),
        ("method $rm.", "unknown-variable", "$rm.", "write $(rm). when '.' is text"),
        ("$rc_code", "unknown-variable", "$rc_code", "write $(rc)_code when '_code' is text"),
        ("$param", "unknown-variable", "$param", "write $param(name)"),
        ("$ru(x)", "unknown-variable", "$ru", "write $(ru) when '(' follows"),
        ("$zzz", "unknown-variable", "$zzz", None),
        ("x $(<rquest>rm)", "unknown-context", "<rquest>", "did you mean 'request'?"),
        ("$(<reply rs)", "unknown-context", "<reply rs)", "add '>'"),
        ("$(sdp.line([2])[2])", "bad-variable", "[2]", "which one is meant stands in the name: $(sdp.line([1]))"),
        ("$param()", "bad-variable", "()", "put a name between ( )"),
        ("$(var(x)[0])", "bad-variable", "[", "remove [ ]"),
        ("$(branch[0])", "bad-variable", "[", "remove [ ]"),
        ("$(avp(x)[one])", "bad-variable", "[one]", "a number, a variable, '*' or 'append'"),
        ("$(hdr(x)[append])", "bad-variable", "[append]", "a number, a variable, '*'"),
        ("$(avp(x)[])", "bad-variable", "[]", "a number, a variable, '*' or 'append'"),
        ("$(avp(x)[1)", "bad-variable", "[1)", "add ']'"),
        ("$(var(x) {s.len})", "bad-variable", " ", "no blank may stand here"),
        ("$(var(x){s.len}x)", "bad-variable", "x", None),
        ("$var(x", "bad-variable", "(x", "add ')'"),
        ("$(var(x)", "bad-variable", "$(var(x)", None),
        ("$ctime(day)", "bad-variable", "day", None),
        ("$C(zz)", "bad-variable", "zz", None),
        ("$(var(x){len})", "unknown-transformation", "{len}", "did you mean {s.len}?"),
        ("$(var(x){})", "unknown-transformation", "{}", "write {class.name}, such as {s.len}"),
        ("$(var(x){str.len})", "unknown-transformation", "str", "did you mean {s.len}?"),
        ("$(var(x){csv.toupper})", "unknown-transformation", "{csv.toupper}", "did you mean {s.toupper}?"),
        ("$(var(x){csv.nope})", "unknown-transformation", "{csv.nope}", "csv has count, value"),
        ("$(var(x){ s.len})", "unknown-transformation", " s", "no blank may follow '{'"),
        ("$(var(x){s.toupp})", "unknown-transformation", "{s.toupp}", "did you mean 'toupper'?"),
        ("$(var(x){s.trimx})", "unknown-transformation", "{s.trimx}", "did you mean 'trim'?"),
        ("$(var(x){param.EXIST,x})", "unknown-transformation", "{param.EXIST,x}", None),
        ("$(var(x){s.len)", "bad-variable", "{s.len)", "add '}'"),
        ("$(var(x){s.substr})", "bad-transformation", "}", "write {s.substr,start,length}"),
        ("$(var(x){s.substr,1})", "bad-transformation", "}", None),
        ("$(var(x){s.substr,a,b})", "bad-transformation", "a,b", "a number or a variable"),
        ("$(var(x){s.index,a b})", "bad-transformation", "b", None),
        ("$(var(x){s.width,3,4})", "bad-transformation", ",4", None),
        ("$(var(x){s.fill.left,$var(p),4})", "bad-transformation", "{s.fill.left,$var(p),4}", None),
        ("$(var(x){nameaddr.first.uri})", "bad-transformation", "first", None),
        ("$(var(x){nameaddr.0.1.uri})", "unknown-transformation", "{nameaddr.0.1.uri}", None),
        ("$(avp($nope)[0])", "unknown-variable", "$nope", None),
        ("$(var(x){s.substr,$nope,1})", "unknown-variable", "$nope", None),
    ],
)
def test_refused(text: str, code: str, part: str, hint: str | None) -> None:
    error = refused(text)
    assert error.code == code
    assert text[error.start : error.end] == part
    if hint is not None:
        assert error.hint == hint


def test_refusal_inside_a_trimmed_name_points_into_the_whole_text() -> None:
    text = "x $shv(  $nope) y"
    error = refused(text)
    assert text[error.start : error.end] == "$nope"


def test_no_variable_at_all() -> None:
    with pytest.raises(TemplateError, match="is no variable"):
        parse_variable("var(x)", LIBRARY)


@pytest.mark.parametrize(
    "text", ["$(avp(x)[%s])", "$(avp(x)[-%s])", "$(var(a){s.substr,%s,1})", "$(var(a){csv.value,%s})"]
)
def test_numbers_of_thousands_of_digits(text: str) -> None:
    """As C reads them: only the low 32 bits count."""
    long, short = parse_variable(text % ("9" * 5000), LIBRARY), parse_variable(text % ("9" * 40), LIBRARY)
    assert (long.index, long.transformations) == (short.index, short.transformations)
