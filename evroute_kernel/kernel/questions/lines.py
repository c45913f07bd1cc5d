"""What is offered on a magic line: names of magics, and the arguments that their usage lines speak of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from evroute_kernel.assist import candidates as of
from evroute_kernel.assist.completion import offer_in_script
from evroute_kernel.assist.offers import Candidate, Offer
from evroute_kernel.assist.place import Place, place_at
from evroute_kernel.kernel.magics import everything as _everything  # noqa: F401 - fills the table
from evroute_kernel.kernel.magics.declaration import MAGICS, Magic
from evroute_kernel.kernel.questions import slots
from evroute_kernel.kernel.questions.defined import Question

_NAME: Final = re.compile(r"[ \t]*(?P<word>(?P<percent>%%?)[\w-]*)\Z")
_LINE: Final = re.compile(r"[ \t]*(?P<percent>%%?)(?P<name>[A-Za-z][\w-]*)[ \t]+(?P<rest>[^\n]*)\Z")
_QUESTION: Final = re.compile(r"[ \t]*\?\??[ \t]*(?P<word>\S*)\Z")
_BODY: Final = re.compile(r"\s*%%(?P<name>[A-Za-z][\w-]*)[ \t]+(?P<first>\S+)[^\n]*\n(?P<body>.*)\Z", re.DOTALL)
_JSON_KEY: Final = re.compile(r"[{,]\s*\"(?P<word>[^\"\\\n]*)\Z")
_KEY_VALUE: Final = re.compile(r"(?P<key>[A-Za-z_][\w.-]*)=(?P<value>\S*)\Z")


def offer_on_line(question: Question, place: Place) -> Offer | None:
    """What can stand at the cursor on a magic line, or in the body of a cell magic."""
    line = place.before
    if name := _NAME.match(line.lstrip("\n")):
        return Offer(name["word"], _magics(name["percent"]))
    if asked := _QUESTION.match(line):
        return Offer(asked["word"], slots.everything(question))
    if found := _LINE.match(line.lstrip("\n")):
        return _arguments(question, place, found)
    if body := _BODY.match(line):
        return _body(question, body)
    return None


def _magics(percent: str) -> Iterator[Candidate]:
    for magic in MAGICS.values():
        if percent == "%" or magic.body:
            yield Candidate(percent + magic.name, "magic", magic.usage)


def _arguments(question: Question, place: Place, line: re.Match[str]) -> Offer | None:
    magic = MAGICS.get(line["name"])
    if magic is None:
        return None
    taken = magic.signature.words
    is_script = bool(taken) and taken[0].name in slots.SCRIPTS
    if is_script or "$" in line["rest"].rpartition(" ")[2]:
        inner = place_at(place.text, place.cursor, place.cursor - len(line["rest"]))
        return offer_in_script(question.defined, inner)
    words = line["rest"].split()
    word = "" if not words or line["rest"][-1:].isspace() else words.pop()
    if magic.name in slots.OWN and words:
        return slots.OWN[magic.name](question, words, word)
    if word.startswith("-"):
        return Offer(word, _flags(magic))
    if words and (flag := words[-1].removeprefix("--")) != words[-1] and magic.signature.flags.get(flag):
        return _flag_value(question, magic, flag, word)
    if found := _KEY_VALUE.fullmatch(word):
        return _value(question, magic, found["key"], found["value"])
    return _word(question, magic, word, [*_plain(magic, words)])


def _plain(magic: Magic, words: list[str]) -> Iterator[str]:
    """The words that are no flag, no flag's value and no key."""
    is_value = False
    for word in words:
        if not is_value and not word.startswith("--") and "=" not in word:
            yield word
        is_value = word.startswith("--") and magic.signature.flags.get(word[2:]) is not None


def _flag_value(question: Question, magic: Magic, flag: str, word: str) -> Offer:
    """What stands behind `--flag`, as the usage line of its magic says it."""
    wanted = magic.signature.flags[flag] or ""
    for name, offered in slots.FLAGS.items():
        if wanted.startswith(name):
            return offered(question, word)
    choices = wanted.split("|") if "|" in wanted else []
    return Offer(word, (Candidate(choice, "value") for choice in choices if choice.islower()))


def _flags(magic: Magic) -> Iterator[Candidate]:
    for flag, value in magic.signature.flags.items():
        yield Candidate(f"--{flag}", "option", value or "")


def _value(question: Question, magic: Magic, key: str, value: str) -> Offer | None:
    choices = magic.signature.keys.get(key)
    if choices:
        return Offer(value, (Candidate(choice, "value") for choice in choices))
    offered = slots.VALUES.get(magic.name)
    return offered(question, key, value) if offered else None


def _word(question: Question, magic: Magic, word: str, given: list[str]) -> Offer:
    """A word of its own: what its slot takes, then keys and flags."""
    if given and magic.name in slots.BEHIND:
        return Offer(word, [*slots.BEHIND[magic.name](question, given), *_flags(magic)])
    taken = magic.signature.words
    found: list[Candidate] = []
    if taken and (len(given) < len(taken) or taken[-1].repeated):
        slot = taken[min(len(given), len(taken) - 1)]
        found += (Candidate(choice, "value") for choice in slot.choices)
        found += _named(question, magic, slot.name, word)
    found += (Candidate(f"{key}=", "param", "|".join(c)) for key, c in magic.signature.keys.items())
    if magic.name in slots.KEYS:
        found += (Candidate(f"{c.text}=", c.kind, c.signature) for c in slots.KEYS[magic.name](question))
    found += _flags(magic)
    return Offer(word, found, of.near_events if taken and taken[0].name == "EVENT" else None)


def _named(question: Question, magic: Magic, slot: str, word: str) -> Iterable[Candidate]:
    lister = slots.WORDS.get((magic.name, slot)) or slots.WORDS.get(("", slot))
    return lister(question, word) if lister else ()


def _body(question: Question, body: re.Match[str]) -> Offer | None:
    """A JSON object: its keys, such as the parameters of an event."""
    key = _JSON_KEY.search(body["body"][-300:])
    if key is None or body["name"] not in slots.BODIES:
        return None
    known = slots.BODIES[body["name"]](question, body["first"])
    return Offer(key["word"], known, of.near_params(known))
