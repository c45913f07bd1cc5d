"""Pygments, CodeMirror and TextMate give every character the same class: that of the samples.

A sample NAME.cfg has beside it NAME.classes, with one letter below each of its characters; blanks that are no part of a
token stay blank.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evroute_kernel.highlighting.classes import CLASSES
from support.colours import Classes, codemirror_tags, pygments_classes, tags, textmate_classes
from support.recorded import HERE as RECORDED
from support.recorded import read_cases

SAMPLES = sorted((Path(__file__).parent / "samples").glob("*.cfg"))
LETTERS = {
    " ": "text",
    ".": "text",
    "_": "word",
    "c": "comment",
    "!": "error",
    "k": "keyword",
    "r": "kind",
    "d": "name",
    "g": "setting",
    "f": "function",
    "v": "variable",
    "t": "transformation",
    "s": "string",
    "e": "escape",
    "l": "level",
    "n": "number",
    "b": "constant",
    "o": "operator",
    "p": "punctuation",
    "m": "magic",
    "a": "option",
    "y": "key",
}


def expected(sample: Path) -> list[Classes]:
    lines = sample.read_text(encoding="utf-8").split("\n")
    letters = sample.with_suffix(".classes").read_text(encoding="utf-8").split("\n")
    return [[LETTERS[letter] for letter in row.ljust(len(line))] for line, row in zip(lines, letters, strict=True)]


def drawn(text: str, classes: list[list[str]]) -> str:
    """The text with what was found below each line, as samples are written, for readable failures."""
    letters = {name: letter for letter, name in LETTERS.items()} | {"": "."}
    lines = []
    for line, found in zip(text.split("\n"), classes, strict=True):
        row = (
            " " if char == " " and name in {"", "text"} else letters.get(name, "~")
            for char, name in zip(line, found, strict=True)
        )
        lines += [line, "".join(row)]
    return "\n".join(lines)


def without_words(classes: list[Classes]) -> list[Classes]:
    """TextMate has no scope for names that are not known."""
    return [["text" if name == "word" else name for name in line] for line in classes]


def test_every_class_has_a_sample() -> None:
    assert {name for sample in SAMPLES for line in expected(sample) for name in line} == set(CLASSES)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
@pytest.mark.parametrize(
    ("tokenizer", "projected"),
    [(pygments_classes, list), (codemirror_tags, tags), (textmate_classes, without_words)],
    ids=["pygments", "codemirror", "textmate"],
)
def test_samples(
    sample: Path, tokenizer: Callable[[str], list[Classes]], projected: Callable[[list[Classes]], list[list[str]]]
) -> None:
    text = sample.read_text(encoding="utf-8")
    found = tokenizer(text)
    wanted = projected(expected(sample))
    assert found == wanted, f"\n{drawn(text, found)}"


@pytest.mark.parametrize("path", sorted(RECORDED.glob("*.json")), ids=lambda path: path.stem)
def test_recorded_programs_look_the_same_everywhere(path: Path) -> None:
    for case in read_cases([path]):
        classes = pygments_classes(case.script)
        assert codemirror_tags(case.script) == tags(classes), case.name
        assert textmate_classes(case.script) == without_words(classes), case.name


#: what people type, whole or not
FRAGMENTS = """
    " ' $ $( $var( $var(x) $(var(x) { } ( ) [ ] {s.len} {s.substr, $i , ; # /* */ // %raise %%raise %check %%check
    %nosuch ? %raise? xlog xlog( route route( route[ event_route E_X launch( async if "L_WARN" \\ \\" \\n 12 0x1f
    %sh %%sh $(date) ${x} `id` -la don't sip:a@b;c=d udp:127.0.0.1:9 port:int | && > for done
    1.2.3.4 ::1 = == =~ --count x= null é 🚀 assert %assert log_level $$ $rc $vra( * -1 append {"a": . _
""".split()
BLANKS = [" ", "\n", "\t", "\r"]


@settings(max_examples=200, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.sampled_from(FRAGMENTS) | st.sampled_from(BLANKS), max_size=25).map("".join))
def test_any_text_looks_the_same_everywhere(text: str) -> None:
    classes = pygments_classes(text)
    assert codemirror_tags(text) == tags(classes)
    if not text.startswith("\n"):
        assert textmate_classes(text) == without_words(classes)


@pytest.mark.parametrize("name", ["raise", "unknown-magic"])
def test_blank_lines_before_a_cell_magic(name: str) -> None:
    """TextMate cannot know about them."""
    sample = next(path for path in SAMPLES if path.stem == name)
    text = f"\n  \n{sample.read_text(encoding='utf-8')}"
    wanted = [[], ["text", "text"], *expected(sample)]
    assert pygments_classes(text) == wanted
    assert codemirror_tags(text) == tags(wanted)
