"""What is offered on a magic line: names of magics, and the arguments that their declarations speak of."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from evroute_kernel.assist import candidates as of
from evroute_kernel.assist.completion import offer_in_script
from evroute_kernel.assist.offers import Candidate, Offer
from evroute_kernel.assist.place import Place, place_at
from evroute_kernel.kernel.magics import everything as _everything  # noqa: F401 - fills the table
from evroute_kernel.kernel.magics.declaration import MAGICS, Magic
from evroute_kernel.kernel.questions import usages
from evroute_kernel.kernel.questions.asked import Asked
from evroute_kernel.kernel.questions.defined import Question
from evroute_kernel.kernel.questions.names import every_name

_NAME: Final = re.compile(r"[ \t]*(?P<word>(?P<percent>%%?)[\w-]*)\Z")
_LINE: Final = re.compile(r"[ \t]*(?P<percent>%%?)(?P<name>[A-Za-z][\w-]*)[ \t]+(?P<rest>[^\n]*)\Z")
_QUESTION: Final = re.compile(r"[ \t]*\?\??[ \t]*(?P<word>\S*)\Z")
_BODY: Final = re.compile(r"\s*%%(?P<name>[A-Za-z][\w-]*)[ \t]+(?P<first>\S+)[^\n]*\n(?P<body>.*)\Z", re.DOTALL)
_JSON_KEY: Final = re.compile(r"[{,]\s*\"(?P<word>[^\"\\\n]*)\Z")
_JSON_VALUE: Final = re.compile(r"\"(?P<key>[^\"\\\n]+)\"\s*:\s*(?P<quote>\"?)(?P<value>[^\"\\\s,{}\[\]]*)\Z")
_KEY_VALUE: Final = re.compile(r"(?P<key>[A-Za-z_][\w.-]*)=(?P<value>\S*)\Z")
#: a value whose quotes are open
_QUOTED: Final = re.compile(r"(?:\A|.*\s)(?P<key>[A-Za-z_][\w.-]*)=[\"'](?P<value>[^\"'\n]*)\Z")
_IN_JSON: Final = re.compile(r"\"|-?[0-9]+\Z")


def offer_on_line(question: Question, place: Place) -> Offer | None:
    """What can stand at the cursor on a magic line, or in the body of a cell magic."""
    line = place.before
    asked = Asked(question.notebook, question.defined, text=place.text)
    if name := _NAME.match(line.lstrip("\n")):
        return Offer(name["word"], _magics(name["percent"]))
    if word := _QUESTION.match(line):
        return Offer(word["word"], every_name(asked))
    if found := _LINE.match(line.lstrip("\n")):
        return _arguments(asked, place, found)
    if body := _BODY.match(line):
        return _body(asked, body)
    return None


def _magics(percent: str) -> Iterator[Candidate]:
    for magic in MAGICS.values():
        if percent == "%" or magic.body is not None:
            yield Candidate(percent + magic.name, "magic", magic.usage)


def _arguments(asked: Asked, place: Place, line: re.Match[str]) -> Offer | None:
    magic = MAGICS.get(line["name"])
    if magic is None:
        return None
    if magic.is_around:
        return _around(asked, place, line["rest"])
    taken = magic.signature.words
    is_script = bool(taken) and taken[0].name in usages.SCRIPTS
    if is_script or "$" in line["rest"].rpartition(" ")[2]:
        script = place_at(place.text, place.cursor, place.cursor - len(line["rest"]))
        return offer_in_script(asked.defined, script)
    if quoted := _QUOTED.match(line["rest"]):
        given = [*_plain(magic, line["rest"][: quoted.start("key")].split())]
        return _unquoted(_value(replace(asked, word=quoted["value"], given=given), magic, quoted["key"]))
    words = line["rest"].split()
    word = "" if not words or line["rest"][-1:].isspace() else words.pop()
    asked = replace(asked, word=word, given=words)
    if magic.offers.rest is not None and words:
        return magic.offers.rest(asked)
    if word.startswith("-"):
        takes_help = not magic.has_own_reader or not words
        return asked.offer([*_flags(magic), *[Candidate("--help", "option")] * takes_help])
    if words and (flag := words[-1].removeprefix("--")) != words[-1] and magic.signature.flags.get(flag):
        return _flag_value(asked, magic.signature.flags[flag] or "")
    asked = replace(asked, given=[*_plain(magic, words)])
    if found := _KEY_VALUE.fullmatch(word):
        return _value(replace(asked, word=found["value"]), magic, found["key"])
    return _word(asked, magic)


def _around(asked: Asked, place: Place, rest: str) -> Offer | None:
    """What can stand behind a magic that is around its line's rest: what can begin a line."""
    if name := _NAME.match(rest):
        return Offer(name["word"], _magics("%"))
    if line := _LINE.match(rest):
        return _arguments(asked, place, line)
    start = place.cursor - len(rest)
    begin = place.text.rfind("\n", 0, start) + 1
    text = place.text[:begin] + " " * (start - begin) + place.text[start:]
    return offer_in_script(asked.defined, place_at(text, place.cursor, begin))


def _plain(magic: Magic, words: Sequence[str]) -> Iterator[str]:
    """The words that are no flag, no flag's value and no key."""
    is_value = False
    for word in words:
        if not is_value and not word.startswith("--") and "=" not in word:
            yield word
        is_value = word.startswith("--") and magic.signature.flags.get(word[2:]) is not None


def _flag_value(asked: Asked, wanted: str) -> Offer:
    """What stands behind `--flag`, as the usage line of its magic says it."""
    for name, offered in usages.FLAGS.items():
        if wanted.startswith(name):
            return offered(asked)
    choices = wanted.split("|") if "|" in wanted else []
    return asked.offer(asked.values(choice for choice in choices if choice == choice.lower()))


def _flags(magic: Magic) -> Iterator[Candidate]:
    for flag, value in magic.signature.flags.items():
        yield Candidate(f"--{flag}", "option", value or "")


def _value(asked: Asked, magic: Magic, key: str) -> Offer | None:
    choices = magic.signature.keys.get(key)
    if choices:
        return asked.offer(asked.values(choices))
    return magic.offers.values(asked, key) if magic.offers.values is not None else None


def _unquoted(offer: Offer | None) -> Offer | None:
    """What can stand between quotes that are there already."""
    if offer is None:
        return None
    return replace(offer, candidates=[replace(c, text=c.text.strip('"')) for c in offer.candidates])


def _in_json(offer: Offer) -> Offer:
    """Values as JSON writes them."""
    found = [c if _IN_JSON.match(c.text) else replace(c, text=f'"{c.text}"') for c in offer.candidates]
    return replace(offer, candidates=found)


def _word(asked: Asked, magic: Magic) -> Offer:
    """A word of its own: what its slot takes, then keys and flags."""
    offers, taken = magic.offers, magic.signature.words
    if asked.given and offers.behind is not None:
        return asked.offer([*offers.behind(asked), *_flags(magic)])
    found: list[Candidate] = []
    if taken and (len(asked.given) < len(taken) or taken[-1].repeated):
        slot = taken[min(len(asked.given), len(taken) - 1)]
        found += asked.values(slot.choices)
        lister = offers.words.get(slot.name) or usages.WORDS.get(slot.name)
        found += lister(asked) if lister else ()
    found += (Candidate(f"{key}=", "param", "|".join(c)) for key, c in magic.signature.keys.items())
    if offers.keys is not None:
        found += (Candidate(f"{c.text}=", c.kind, c.signature) for c in offers.keys(asked))
    found += _flags(magic)
    return Offer(asked.word, found, of.near_events(asked.defined) if taken and taken[0].name == "EVENT" else None)


def _body(asked: Asked, body: re.Match[str]) -> Offer | None:
    """A JSON object: its keys, such as the parameters of an event, and their values."""
    near, magic = body["body"][-300:], MAGICS.get(body["name"])
    if magic is None or magic.offers.body is None:
        return None
    asked = replace(asked, given=[body["first"]])
    if key := _JSON_KEY.search(near):
        known = magic.offers.body(replace(asked, word=key["word"]))
        return Offer(key["word"], known, of.near_params(known))
    if value := _JSON_VALUE.search(near):
        offer = _value(replace(asked, word=value["value"]), magic, value["key"])
        return offer and (_unquoted(offer) if value["quote"] else _in_json(offer))
    return None
