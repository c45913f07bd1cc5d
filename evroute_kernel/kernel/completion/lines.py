"""What is offered on a magic line: names of magics, and the arguments that their usage lines speak of."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from evroute_kernel.kernel.completion import candidates as of
from evroute_kernel.kernel.completion import interface
from evroute_kernel.kernel.completion.candidates import Candidate, Offer
from evroute_kernel.kernel.completion.contexts import STATEMENTS, TOP_LEVEL, offer_in_script
from evroute_kernel.kernel.magics import MAGICS, Magic
from evroute_kernel.kernel.notebook import Notebook
from evroute_kernel.kernel.scanning import Place, place_at
from evroute_kernel.library.declarations import FUNCTIONS

_NAME: Final = re.compile(r"[ \t]*(?P<word>(?P<percent>%%?)[\w-]*)\Z")
_LINE: Final = re.compile(r"[ \t]*(?P<percent>%%?)(?P<name>[A-Za-z][\w-]*)[ \t]+(?P<rest>[^\n]*)\Z")
_QUESTION: Final = re.compile(r"[ \t]*\?\??[ \t]*(?P<word>\S*)\Z")
_BODY: Final = re.compile(r"\s*%%(?P<name>[A-Za-z][\w-]*)[ \t]+(?P<event>\S+)[^\n]*\n(?P<body>.*)\Z", re.DOTALL)
_JSON_KEY: Final = re.compile(r"[{,]\s*\"(?P<word>[^\"\\\n]*)\Z")
_KEY_VALUE: Final = re.compile(r"(?P<key>[A-Za-z_][\w.-]*)=(?P<value>\S*)\Z")
#: magics whose arguments are script
_SCRIPTS: Final = frozenset({"EXPRESSION"})


def offer_on_line(notebook: Notebook, place: Place) -> Offer | None:
    """What can stand at the cursor on a magic line, or in the body of a cell magic."""
    line = place.before
    if name := _NAME.match(line.lstrip("\n")):
        return Offer(name["word"], magics(name["percent"]))
    if question := _QUESTION.match(line):
        return Offer(question["word"], everything(notebook))
    if found := _LINE.match(line.lstrip("\n")):
        return _arguments(notebook, place, found)
    if body := _BODY.match(line):
        return _body(notebook, body)
    return None


def magics(percent: str) -> Iterator[Candidate]:
    for magic in MAGICS.values():
        if percent == "%" or magic.body:
            yield Candidate(percent + magic.name, "magic", magic.usage)


def everything(notebook: Notebook) -> Iterator[Candidate]:
    """All that %help knows."""
    yield from (Candidate(magic.name, "magic", magic.usage) for magic in MAGICS.values())
    yield from of.events(notebook)
    yield from of.all_routes(notebook)
    yield from (Candidate(word, "keyword") for word in (*STATEMENTS, *TOP_LEVEL))
    yield from of.functions()
    yield from (Candidate(f"${c.text}", c.kind, c.signature) for c in of.variables())
    yield from of.transformations()
    yield from of.lints()


def _arguments(notebook: Notebook, place: Place, line: re.Match[str]) -> Offer | None:
    magic = MAGICS.get(line["name"])
    if magic is None:
        return None
    slots = magic.signature.words
    is_script = bool(slots) and slots[0].name in _SCRIPTS
    if is_script or "$" in line["rest"].rpartition(" ")[2]:
        return offer_in_script(notebook, place_at(place.text, place.cursor, place.cursor - len(line["rest"])))
    words = line["rest"].split()
    word = "" if not words or line["rest"][-1:].isspace() else words.pop()
    if magic.name == "mi" and words:
        return interface.arguments(notebook, words, word)
    if word.startswith("-"):
        return Offer(word, _flags(magic))
    if words and (flag := words[-1].removeprefix("--")) != words[-1] and magic.signature.flags.get(flag):
        return _flag_value(notebook, magic, flag, word)
    if found := _KEY_VALUE.fullmatch(word):
        return _value(notebook, magic, found["key"], found["value"])
    return _word(notebook, magic, word, [*_plain(magic, words)])


def _plain(magic: Magic, words: list[str]) -> Iterator[str]:
    """The words that are no flag, no flag's value and no key."""
    is_value = False
    for word in words:
        if not is_value and not word.startswith("--") and "=" not in word:
            yield word
        is_value = word.startswith("--") and magic.signature.flags.get(word[2:]) is not None


def _flag_value(notebook: Notebook, magic: Magic, flag: str, word: str) -> Offer:
    """What stands behind `--flag`, as the usage line of its magic says it."""
    wanted = magic.signature.flags[flag] or ""
    if wanted.startswith("EVENT"):
        return interface.event_list(notebook, word)
    if wanted == "FILE":
        return Offer(word, interface.recordings(word))
    choices = wanted.split("|") if "|" in wanted else []
    return Offer(word, (Candidate(choice, "value") for choice in choices if choice.islower()))


def _flags(magic: Magic) -> Iterator[Candidate]:
    for flag, value in magic.signature.flags.items():
        yield Candidate(f"--{flag}", "option", value or "")


def _value(notebook: Notebook, magic: Magic, key: str, value: str) -> Offer | None:
    choices = magic.signature.keys.get(key)
    if choices:
        return Offer(value, (Candidate(choice, "value") for choice in choices))
    if magic.name == "log":
        return Offer(value, of.level_names())
    if magic.name == "connect":
        return _connection(notebook, key, value)
    if magic.name == "config":
        from evroute_kernel.kernel.magics.settings import CHOICES

        words = CHOICES.get(key)
        return Offer(value, (Candidate(w, "value") for w in words) if words else of.setting_values(key))
    return None


def _connection(notebook: Notebook, key: str, value: str) -> Offer | None:
    if key == "events":
        return interface.event_list(notebook, value)
    lister = {"mi": interface.servers, "listen": interface.listeners}.get(key)
    return Offer(value, lister(value)) if lister else None


def _word(notebook: Notebook, magic: Magic, word: str, given: list[str]) -> Offer:
    """A word of its own: what its slot takes, then keys and flags."""
    if magic.name == "raise" and given:
        known = of.params_of(notebook, given[0])
        keys = [Candidate(f"{c.text}=", c.kind, c.signature) for c in known]
        return Offer(word, [*keys, *_flags(magic)])
    slots = magic.signature.words
    found: list[Candidate] = []
    if slots and (len(given) < len(slots) or slots[-1].repeated):
        slot = slots[min(len(given), len(slots) - 1)]
        found += (Candidate(choice, "value") for choice in slot.choices)
        found += _named(notebook, magic, slot.name, word)
    found += (Candidate(f"{key}=", "param", "|".join(c)) for key, c in magic.signature.keys.items())
    if magic.name == "config":
        found += (Candidate(f"{c.text}=", c.kind, c.signature) for c in _settings_here(notebook))
    found += _flags(magic)
    return Offer(word, found, of.near_events if slots and slots[0].name == "EVENT" else None)


def _named(notebook: Notebook, magic: Magic, slot: str, word: str) -> Iterable[Candidate]:
    lister = _SLOTS.get((magic.name, slot)) or _SLOTS.get(("", slot))
    return lister(notebook, word) if lister else ()


def _settings_here(notebook: Notebook) -> list[Candidate]:
    """The settings that this kernel heeds; of no session the server's."""
    from evroute_kernel.kernel.magics.settings import in_force

    if not notebook.has_session:
        return [*of.settings()]
    return [Candidate(name, "property", f"= {value}") for name, value in in_force(notebook).items()]


def _body(notebook: Notebook, body: re.Match[str]) -> Offer | None:
    """The body of %%raise is JSON: its keys are the event's parameters."""
    key = _JSON_KEY.search(body["body"][-300:])
    if key is None or body["name"] != "raise":
        return None
    known = of.params_of(notebook, body["event"])
    return Offer(key["word"], known, of.near_params(known))


def _any_route(notebook: Notebook, word: str) -> Iterable[Candidate]:
    return of.all_routes(notebook)


def _any_event(notebook: Notebook, word: str) -> Iterable[Candidate]:
    return of.events(notebook)


def _any_file(notebook: Notebook, word: str) -> Iterable[Candidate]:
    return of.files(word)


def _any_stub(notebook: Notebook, word: str) -> Iterable[Candidate]:
    return (of.function_candidate(f) for _, f in sorted(FUNCTIONS.items()) if f.stub)


#: (magic or "", name of the word in its usage) -> what it may be
_SLOTS: Final[dict[tuple[str, str], Callable[[Notebook, str], Iterable[Candidate]]]] = {
    ("", "EVENT"): _any_event,
    ("", "FILE"): _any_file,
    ("", "FUNCTION"): lambda notebook, word: of.functions(),
    ("", "LEVEL"): lambda notebook, word: of.level_names(),
    ("event", "NAME"): _any_event,
    ("events", "PATTERN"): _any_event,
    ("cache", "COLLECTION"): lambda notebook, word: (Candidate("local", "value"),),
    ("forget", "NAME"): _any_route,
    ("graph", "PATTERN"): _any_route,
    ("help", "NAME"): lambda notebook, word: everything(notebook),
    ("mi", "COMMAND"): lambda notebook, word: interface.commands(),
    ("record", "FILE"): lambda notebook, word: (Candidate("stop", "keyword"), *interface.recordings(word)),
    ("replay", "FILE"): lambda notebook, word: interface.recordings(word),
    ("route", "NAME"): _any_route,
    ("routes", "PATTERN"): _any_route,
    ("stub", "NAME"): _any_stub,
    ("stubs", "PATTERN"): _any_stub,
    ("subscribe", "SOCKET"): interface.sockets,
    ("unstub", "NAME"): _any_stub,
    ("tick", "NAME"): lambda notebook, word: of.routes(notebook, kind="timer_route"),
    ("timer", "NAME"): lambda notebook, word: of.routes(notebook, kind="timer_route"),
}
