"""Arguments of magics: the usage line is the signature; faults have places."""

from __future__ import annotations

from typing import Any

import pytest

from evroute_kernel.engine.events.raise_line import ArgumentError
from evroute_kernel.kernel.cell.cells import cut
from evroute_kernel.kernel.magics.arguments import Arguments, Signature, parse_arguments
from evroute_kernel.source import Source


def parse(usage: str, text: str) -> Arguments:
    line = cut(Source("In[1]", f"%m {text}")).magics[0]
    return parse_arguments(line, Signature.of(usage), f"%m {usage}")


def words(usage: str, text: str) -> list[str]:
    return [word.text for word in parse(usage, text).words]


def fault(usage: str, text: str) -> tuple[str, str]:
    """The message and the text it points to."""
    with pytest.raises(ArgumentError) as caught:
        parse(usage, text)
    return caught.value.message, caught.value.span.text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a b", ["a", "b"]),
        ('"a b" c', ["a b", "c"]),
        ("'a \"b\\n' c", ['a "b\\n', "c"]),
        (r'"a \"b\" \\n"', [r'a "b" \n']),
        ('a"b c"d', ["ab cd"]),
        ('""', [""]),
        ("  \t ", []),
        ("é ü", ["é", "ü"]),
        ("a=b", ["a=b"]),
    ],
)
def test_words(text: str, expected: list[str]) -> None:
    assert words("[WORD...]", text) == expected


def test_keys() -> None:
    found = parse("[LEVEL] [format=plain|full] [name=NAME]", 'DBG name = "a b" format=full')
    assert [w.text for w in found.words] == ["DBG"]
    assert {key: word.text for key, word in found.keys.items()} == {"name": "a b", "format": "full"}


def test_keys_of_any_name() -> None:
    found = parse("[NAME=VALUE...]", "strict=on memory = 5")
    assert {key: word.text for key, word in found.keys.items()} == {"strict": "on", "memory": "5"}


def test_flags() -> None:
    found = parse("WORD [--all] [--count N]", "--count 3 x --all")
    assert found.words[0].text == "x"
    assert found.flags.keys() == {"count", "all"}
    assert found.flags["count"] is not None
    assert found.flags["count"].text == "3"


@pytest.mark.parametrize(
    ("usage", "text", "expected"),
    [
        ("NAME", "", ("NAME is missing", "%m")),
        ("NAME", "a b c", ("unexpected 'b'", "b")),
        ("", "x", ("unexpected 'x'", "x")),
        ("[on|off]", "of", ("expected one of on, off, not 'of'", "of")),
        ("[a=x|y]", "a=z", ("expected one of x, y, not 'z'", "z")),
        ("[a=A]", "b=1", ("unknown setting 'b'", "b")),
        ("[a=A]", "a=1 a=2", ("'a' is given twice", "a")),
        ("[a=A]", "a=", ("a needs a value", "a=")),
        ("[--all]", "--al", ("unknown option --al", "--al")),
        ("[--all]", "--all=1", ("--all takes no value", "--all=")),
        ("[--count N]", "--count", ("--count needs a value", "--count")),
        ("WORD", '"open', ('this " is never closed', '"')),
        ("WORD", r'"open\"', ('this " is never closed', '"')),
        ("WORD", "a'b", ("this ' is never closed", "'")),
    ],
)
def test_faults_are_pointed_at(usage: str, text: str, expected: tuple[str, str]) -> None:
    assert fault(usage, text) == expected


def test_hints_offer_the_near_miss_or_the_usage() -> None:
    with pytest.raises(ArgumentError) as near:
        parse("[--all]", "--alll")
    assert near.value.hint == "did you mean '--all'?"
    with pytest.raises(ArgumentError) as far:
        parse("NAME", "")
    assert far.value.hint == "usage: %m NAME"


@pytest.mark.parametrize("text", ["0", "-1", "x", "nan", "inf", "1e99", ""])
def test_numbers_are_checked(text: str) -> None:
    word: Any = parse("WORD", f'"{text}"').words[0]
    with pytest.raises(ArgumentError, match="seconds"):
        word.number(0.001, "a number of seconds")
    with pytest.raises(ArgumentError, match="workers"):
        word.whole(1, "a number of workers")
