"""Near misses: the answers of difflib, without asking it about every word."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from random import Random

import pytest

from evroute_kernel.library import table
from evroute_kernel.spelling import ALL, CHOSEN, LONGEST, Words

LIBRARY = table.of("3.6")


def changed(random: Random, word: str) -> str:
    """A word with up to three letters changed, left out or put in."""
    letters = list(word)
    for _ in range(random.randint(0, 3)):
        place = random.randrange(len(letters))
        letters[place : place + random.randint(0, 1)] = random.choice(["", *"abe_1"])
        letters = letters or ["x"]
    return "".join(letters)


def plainly(word: str, known: list[str], count: int) -> list[str]:
    folded: dict[str, str] = {}
    for name in known:
        folded.setdefault(name.lower(), name)
    return [folded[found] for found in get_close_matches(word.lower(), list(folded), n=count, cutoff=0.6)]


@pytest.mark.parametrize(
    "table", [LIBRARY.functions, LIBRARY.events, LIBRARY.variables], ids=["functions", "events", "variables"]
)
def test_the_answers_are_those_of_difflib(table: Iterable[str]) -> None:
    known, random = list(table), Random(1)
    words = Words(known)
    for _ in range(100):
        word, count = changed(random, random.choice(known)), random.choice([1, 3])
        assert words.near(word, count) == plainly(word, known, count), word


def test_of_very_many_words_the_nearest_is_found() -> None:
    random = Random(1)
    known = [f"route_{number}_{name}" for number, name in enumerate(list(LIBRARY.functions) * 5)]
    words = Words(known)
    assert len(known) > ALL
    for name in random.sample(known, 20):
        place = random.randrange(len(name))
        word = f"{name[:place]}x{name[place:]}"
        assert words.near(word, 1) == plainly(word, known, 1)


@pytest.mark.parametrize("size", [200, 2000, 20_000])
def test_a_question_costs_the_same_however_many_words_there_are(size: int) -> None:
    words = Words(f"route_{number}" for number in range(size))
    for number in range(100):
        assert words.near(f"rute_{number}", 1) == [f"route_{number}"]
    assert words.compared <= 100 * CHOSEN


def test_the_same_question_is_answered_once() -> None:
    words = Words([*LIBRARY.functions, *LIBRARY.statements])
    assert words.near("xlgo") == words.near("xlgo")
    before = words.compared
    words.near("xlgo").clear()
    assert words.near("xlgo")
    assert words.compared == before


def test_odd_words() -> None:
    words = Words(["", "a", "Ärger", "b" * 500])
    assert words.near("") == []
    assert words.near("ärgr") == ["Ärger"]
    assert words.near("b" * (LONGEST + 1)) == []
    assert Words([]).near("x") == []
