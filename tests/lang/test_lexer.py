"""Tokens and the values of literals, by the rules of the language manual, chapter 1."""

from __future__ import annotations

import pytest

from evroute_kernel.errors import Diagnostic
from evroute_kernel.lang import language
from evroute_kernel.lang.lexer import Token, number_value, string_value, tokens, variable_text
from evroute_kernel.lang.preprocess import expand
from evroute_kernel.source import Source


def lex(text: str) -> tuple[list[Token], list[Diagnostic]]:
    return tokens(expand(Source("test", text))[0], "3.6")


def words(text: str) -> str:
    """Types and texts of the tokens, when the text is fine."""
    found, wrong = lex(text)
    assert wrong == []
    return " ".join(f"{t.type}:{t.text}" for t in found)


TOKENS = {
    "if (1) xlog": "IF:if LPAR:( NUMBER:1 RPAR:) XLOG:xlog",
    "IF AND Xlog": "ID:IF ID:AND ID:Xlog",
    "and && or || not ! null NULL": "AND:and AND:&& OR:or OR:|| NOT:not NOT:! NULL:null NULL:NULL",
    "== = := =~ !~ != <= << < >= >> >": (
        "EQUALS:== ASSIGN:= COLON_ASSIGN::= MATCH:=~ MATCH:!~ DIFFERS:!="
        " ORDER:<= BIT:<< ORDER:< ORDER:>= BIT:>> ORDER:>"
    ),
    "+= -= *= /= %= &= |= ^=": " ".join(f"CHANGE:{op}" for op in "+= -= *= /= %= &= |= ^=".split()),
    "+ - * / % & | ^ ~ : . ,": (
        "PLUS:+ MINUS:- STAR:* SLASH:/ PERCENT:% BIT:& BIT:| BIT:^ TILDE:~ COLON:: DOT:. COMMA:,"
    ),
    # comments
    "a # b\nc # d": "ID:a ID:c",
    "a /* x /* y */ z */ b": "ID:a ID:b",
    "a /* ' \" # */ b": "ID:a ID:b",
    "# /* no block\na": "ID:a",
    "'#' \"/*\"": "STRING:'#' STRING:\"/*\"",
    # dropped characters
    "@a ? ` é \x0c\xa0 b": "ID:a ID:b",
    "_EVENT a\\\nb \\c": "ID:EVENT ID:a ID:b ID:c",
    "aéb": "ID:a ID:b",
    # numbers
    "0 7 010 0x1f 08 0xg 1.5": (
        "NUMBER:0 NUMBER:7 NUMBER:010 NUMBER:0x1f NUMBER:0 NUMBER:8 NUMBER:0 ID:xg NUMBER:1 DOT:. NUMBER:5"
    ),
    "yes no true false enable disable off": " ".join(
        f"NUMBER:{w}" for w in "yes no true false enable disable off".split()
    ),
    "4XX": "NUMBER:4 ID:XX",
    # addresses
    "10.0.0.1 10.0.0.0/8 10.0.0.0/255.0.0.0": "IPV4:10.0.0.1 NETWORK:10.0.0.0/8 NETWORK:10.0.0.0/255.0.0.0",
    "::1 fe80::1/64 1:2:3:4:5:6:7:8": "IPV6:::1 NETWORK:fe80::1/64 IPV6:1:2:3:4:5:6:7:8",
    "default: case 1: bad:": "DEFAULT:default COLON:: CASE:case NUMBER:1 COLON:: ID:bad COLON::",
    # variables
    '$var(a b;"c(d)e) x': 'VARIABLE:$var(a b;"c(d)e) ID:x',
    "$(var(x){s.len})": "VARIABLE:$(var(x){s.len})",
    "$var(((())))": "VARIABLE:$var(((())))",
    "$rc+$rc;$rc,$rc)": "VARIABLE:$rc PLUS:+ VARIABLE:$rc SEMICOLON:; VARIABLE:$rc COMMA:, VARIABLE:$rc RPAR:)",
    "$rc] $rc{s.len} $rc:x": "VARIABLE:$rc] VARIABLE:$rc{s.len} VARIABLE:$rc:x",
    "$rc:=1": "VARIABLE:$rc COLON_ASSIGN::= NUMBER:1",
    "$challenge.algorithm": "VARIABLE:$challenge.alg ID:orithm",
    "not$var(y)and$var(x)": "NOT:not VARIABLE:$var(y) AND:and VARIABLE:$var(x)",
    # words with blanks around them
    "a = on;": "ID:a ASSIGN:= NUMBER:on SEMICOLON:;",
    "a = on ;": "ID:a ASSIGN:= ON:on SEMICOLON:;",
    "a as b AS c": "ID:a AS:as ID:b AS:AS ID:c",
    "\nas b": "ID:as ID:b",
    "p scale up  to 6 on 70% for 4 cycles within 5": (
        "ID:p SCALE_UP:scale up  to NUMBER:6 ON:on NUMBER:70 PERCENT:% FOR:for NUMBER:4"
        " CYCLES_WITHIN:cycles within NUMBER:5"
    ),
    "4 cyclesx": "NUMBER:4 CYCLES:cycles ID:x",
    " tos 3 tos=3": "SOCKET_TOS:tos NUMBER:3 SET_TOS:tos ASSIGN:= NUMBER:3",
    " on on on ": "ON:on NUMBER:on ON:on",
}


@pytest.mark.parametrize("text", TOKENS)
def test_tokens(text: str) -> None:
    assert words(text) == TOKENS[text]


def test_every_setting_is_a_keyword() -> None:
    for name, kind in language.of("3.6").settings.items():
        assert words(name) == f"SET_{kind.upper()}:{name}"
        assert language.EXPECTED[kind]


@pytest.mark.parametrize("text", TOKENS)
def test_spans_are_the_places_of_the_tokens(text: str) -> None:
    found, _ = lex(text)
    assert [t.span.text for t in found] == [t.text for t in found]
    shifted, _ = lex("\n" + text)
    assert [(t.span.start - 1, t.span.end - 1) for t in shifted] == [(t.span.start, t.span.end) for t in found]


NUMBERS = {
    "010": 8,
    "0x1F": 31,
    "0xFFFFFFFF": -1,
    "2147483648": -(2**31),
    "4294967296": 0,
    "99999999999999999999": -1,
    "9" * 5000: -1,
    "0" + "7" * 5000: -1,
    "0x" + "f" * 5000: -1,
    "0x" + "0" * 5000 + "5": 5,
    "yes": 1,
    "off": 0,
}


@pytest.mark.parametrize("text", NUMBERS, ids=lambda text: text[:12])
def test_numbers_wrap_to_32_bits(text: str) -> None:
    assert number_value(text) == NUMBERS[text]


STRINGS = {
    r'"A\x42\x4aC\101\061\q\1\"\\E"': 'ABJCA1\\q\\1"\\E',
    r'"\n\r\t\a"': "\n\r\t\a",
    r'"\x4G \8 \60"': "\x04G \\8 0",
    "'a\\n\"b\\'": 'a\\n"b\\',
    '"two\nlines"': "two\nlines",
    r'"a\x00b"': "a",
    '"é"': "\xc3\xa9",
    r'"\xc3\xa9"': "\xc3\xa9",
    r'"\777"': "\xff",
    '"a\\\nb"': "a__OSSPP_LINE__ 2\nb",
    '"a\\n\\\nb"': "a\nb",
    '"\\\n\\\nb"': "__OSSPP_LINE__ 2\nb",
    '"\udc80\ud800"': "\x80\xef\xbf\xbd",
}


@pytest.mark.parametrize("text", STRINGS, ids=ascii)
def test_strings(text: str) -> None:
    ((token,), wrong) = lex(text)
    assert wrong == []
    value, offsets = string_value(token)
    assert value == STRINGS[text]
    assert len(offsets) == len(value) + 1
    assert list(offsets) == sorted(offsets)


def test_string_offsets_lead_back_to_the_source() -> None:
    ((token,), _) = lex('"aé\\n\\x41b"')
    value, offsets = string_value(token)
    assert value == "a\xc3\xa9\nAb"
    assert offsets == (1, 2, 2, 3, 5, 9, 10)


def test_line_breaks_in_variables_keep_the_servers_markers() -> None:
    ((token,), _) = lex("$var(a\nb)")
    assert variable_text(token) == "$var(a\n__OSSPP_LINE__ 2\nb)"
    assert token.span.text == "$var(a\nb)"


UNCLOSED = {
    'xlog("open);\nnext': ("unclosed-string", 5, 6),
    "a 'b": ("unclosed-string", 2, 3),
    "a /* b /* c */": ("unclosed-comment", 2, 4),
    "$var(x; $var(y)": ("unclosed-variable", 0, 4),
    "$((((x": ("unclosed-variable", 0, 1),
}


@pytest.mark.parametrize("text", UNCLOSED)
def test_what_is_never_closed_is_reported_where_it_opens(text: str) -> None:
    _, (found,) = lex(text)
    assert found.span is not None
    assert (found.code, found.span.start, found.span.end) == UNCLOSED[text]
    assert "never closed" in found.message


def test_nul_bytes_are_reported_once() -> None:
    found, (wrong,) = lex("a\0b\0")
    assert [t.text for t in found] == ["a", "b"]
    assert wrong.code == "nul-byte"
    assert wrong.span is not None
    assert wrong.span.start == 1
