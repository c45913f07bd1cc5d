"""What stands after `%name`: words, `key=value` pairs and `--flags`, quoted as in a shell, checked against the usage.

The usage line of a magic is its signature: `NAME` and `[NAME]` are words, `NAME...` takes any number of them,
`[plain|full]` and `[format=plain|full]` name their choices, `[NAME=VALUE...]` takes keys of any name, `[--flag]` and
`[--option VALUE]` are flags, `[-f|--flag]` one that has a short name too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import Final, NoReturn

from evroute_kernel.engine.events.given import path_fault
from evroute_kernel.engine.events.raise_line import ArgumentError
from evroute_kernel.errors import did_you_mean
from evroute_kernel.kernel.cell.cells import MagicLine
from evroute_kernel.records import dataclass
from evroute_kernel.source import Span

#: numbers on the line of a magic are less than this
_TOO_LARGE: Final = 10**9
_USAGE_ITEM: Final = re.compile(r"\[(?P<optional>[^\]]+)\]|(?P<required>\S+)")
_SHORT: Final = re.compile(r"-(?P<name>[A-Za-z])(?!\S)")
_FLAG: Final = re.compile(r"--(?P<name>[A-Za-z][\w-]*)(?P<equals>=)?")
_SHORT_TOO: Final = re.compile(r"-(?P<letter>[A-Za-z])\|--(?P<name>[\w-]+)")
_KEY: Final = re.compile(r"(?P<name>[A-Za-z_][\w.-]*)[ \t]*=")
#: pieces of a word: a quoted text (its closing quote may lack), an escaped character, or plain characters
_PIECE: Final = re.compile(
    r"""
      "(?P<double> (?:[^"\\]|\\.)* )(?P<double_end> "|\Z )
    | '(?P<single> [^']* )(?P<single_end> '|\Z )
    | (?P<plain> [^\s"']+ )
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class WordSlot:
    """A word that a magic takes."""

    name: str
    optional: bool = False
    repeated: bool = False
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Signature:
    """What a magic takes, read from its usage line."""

    words: tuple[WordSlot, ...] = ()
    #: key -> its choices (empty: any value)
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    #: whether keys of other names are taken too
    open_keys: bool = False
    #: flag -> what its value is called, None for a switch
    flags: Mapping[str, str | None] = field(default_factory=dict)
    #: letter -> the flag that it is short for
    short: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, usage: str) -> Signature:
        """Read a usage line."""
        words: list[WordSlot] = []
        keys: dict[str, tuple[str, ...]] = {}
        flags: dict[str, str | None] = {}
        short: dict[str, str] = {}
        for item in _USAGE_ITEM.finditer(usage):
            text = item["optional"] or item["required"]
            if found := _SHORT_TOO.match(text):
                short[found["letter"]] = found["name"]
                text = text[found.start("name") - 2 :]
            if text.startswith("--"):
                name, _, value = text[2:].partition(" ")
                flags[name] = value or None
            elif "=" in text:
                name, _, value = text.partition("=")
                keys[name] = tuple(value.split("|")) if "|" in value else ()
            else:
                name = text.removesuffix("...")
                choices = tuple(name.split("|")) if "|" in name else ()
                words.append(WordSlot(name, item["optional"] is not None, text.endswith("..."), choices))
        open_keys = keys.pop("NAME", None) is not None
        return cls(tuple(words), keys, open_keys, flags, short)

    @property
    def takes_keys(self) -> bool:
        return bool(self.keys) or self.open_keys


@dataclass(frozen=True, slots=True)
class Word:
    """A word as meant (quotes undone), and where it stands."""

    text: str
    span: Span

    def number(self, least: float, what: str) -> float:
        """The word as a number; raises ArgumentError for what is none, or too small."""
        try:
            value = float(self.text)
        except ValueError:
            value = least - 1
        if not least <= value < _TOO_LARGE:
            below = f", below {_TOO_LARGE}" if value >= _TOO_LARGE else ""
            raise ArgumentError(f"expected {what}{below}, not {self.text!r}", self.span)
        return value

    @property
    def path(self) -> Path:
        """The word as the absolute path of a file; raises ArgumentError for what can be none."""
        return self.path_in(Path())

    def path_in(self, folder: Path) -> Path:
        """The same, where a relative path begins at a folder."""
        if fault := path_fault(self.text):
            raise ArgumentError(f"the name of the file {fault}", self.span)
        try:
            return (folder / Path(self.text).expanduser()).absolute()
        except RuntimeError:
            user = self.text.partition("/")[0]
            raise ArgumentError(f"no home directory is known for {user}", self.span, "write the path in full") from None
        except OSError as error:  # the current directory is gone
            raise ArgumentError(f"cannot find {self.text}: {error.strerror}", self.span) from None

    def choice(self, choices: Sequence[str]) -> str:
        """The word as one of several; raises ArgumentError."""
        if self.text not in choices:
            expected = " or ".join(choices)
            raise ArgumentError(f"expected {expected}, not {self.text!r}", self.span, did_you_mean(self.text, choices))
        return self.text

    def whole(self, least: int, what: str) -> int:
        """The word as a whole number; raises ArgumentError."""
        if not re.fullmatch(r"[0-9]{1,9}", self.text) or int(self.text) < least:
            below = f", below {_TOO_LARGE}" if re.fullmatch(r"[0-9]{10,}", self.text) else ""
            raise ArgumentError(f"expected {what}{below}, not {self.text!r}", self.span)
        return int(self.text)


@dataclass(frozen=True, slots=True)
class Arguments:
    """The arguments of one magic line."""

    line: MagicLine
    words: tuple[Word, ...] = ()
    keys: Mapping[str, Word] = field(default_factory=dict)
    #: where each key stands
    places: Mapping[str, Span] = field(default_factory=dict)
    flags: Mapping[str, Word | None] = field(default_factory=dict)

    @property
    def first(self) -> Word | None:
        return self.words[0] if self.words else None


def parse_arguments(line: MagicLine, signature: Signature, usage: str) -> Arguments:
    """Read the arguments of a magic line; raises ArgumentError with the fault's position and the usage."""
    return _Reader(line, signature, usage).read()


class _Reader:
    def __init__(self, line: MagicLine, signature: Signature, usage: str) -> None:
        self.line = line
        self.text = line.text.rstrip()
        self.signature = signature
        self.usage = usage
        self.position = 0
        self.words: list[Word] = []
        self.keys: dict[str, Word] = {}
        self.places: dict[str, Span] = {}
        self.flags: dict[str, Word | None] = {}

    def read(self) -> Arguments:
        self.skip_blanks()
        while self.position < len(self.text):
            key = _KEY.match(self.text, self.position) if self.signature.takes_keys else None
            short = _SHORT.match(self.text, self.position)
            if self.text.startswith("--", self.position):
                self.read_flag()
            elif short and short["name"] in self.signature.short:
                self.read_short(short)
            elif key:
                self.read_key(key)
            else:
                self.words.append(self.word())
            self.skip_blanks()
        self.check_words()
        return Arguments(self.line, tuple(self.words), self.keys, self.places, self.flags)

    def read_flag(self) -> None:
        start = self.position
        found = _FLAG.match(self.text, start)
        known = self.signature.flags
        if found is None or found["name"] not in known:
            word = self.word()
            self.fail(f"unknown option {word.text}", word.span, did_you_mean(word.text, [f"--{k}" for k in known]))
        self.position = found.end()
        if known[found["name"]] is None and found["equals"]:
            self.fail(f"--{found['name']} takes no value", self.span(start, found.end()))
        self.take_flag(found["name"], found[0].removesuffix("="), start)

    def read_short(self, found: re.Match[str]) -> None:
        self.position = found.end()
        self.take_flag(self.signature.short[found["name"]], found[0], found.start())

    def take_flag(self, name: str, written: str, start: int) -> None:
        """A flag that has been read as far as its name, with its value if it has one."""
        self.flags[name] = None if self.signature.flags[name] is None else self.value(written, start)

    def read_key(self, found: re.Match[str]) -> None:
        name = found["name"]
        span = self.span(found.start(), found.end("name"))
        if name not in self.signature.keys and not self.signature.open_keys:
            self.fail(f"unknown setting {name!r}", span, did_you_mean(name, self.signature.keys))
        if name in self.keys:
            self.fail(f"{name!r} is given twice", span)
        self.position = found.end()
        value = self.value(name, found.start())
        self.check_choice(value, self.signature.keys.get(name, ()))
        self.keys[name] = value
        self.places[name] = span

    def value(self, name: str, start: int) -> Word:
        self.skip_blanks()
        if self.position >= len(self.text):
            self.fail(f"{name} needs a value", self.span(start, len(self.text)))
        return self.word()

    def word(self) -> Word:
        start = self.position
        pieces = []
        while found := _PIECE.match(self.text, self.position):
            if "" in (found["double_end"], found["single_end"]):
                self.fail(f"this {found[0][0]} is never closed", self.span(self.position, self.position + 1))
            pieces.append(_unquoted(found))
            self.position = found.end()
        return Word("".join(pieces), self.span(start, self.position))

    def check_words(self) -> None:
        slots = self.signature.words
        for word, slot in zip(self.words, slots, strict=False):
            self.check_choice(word, slot.choices)
        if len(self.words) > len(slots) and not (slots and slots[-1].repeated):
            extra = self.words[len(slots)]
            key = next(iter(self.signature.keys), None) if not slots else None
            hint = f"write {key}={extra.text}" if key else None
            if self.line.name == "migrate":  # which is about cells
                hint = f"for a file: !evroute migrate {extra.span.text}; for a cell write %%migrate above its script"
            self.fail(f"unexpected {extra.text!r}", extra.span, hint)
        missing = [slot for slot in slots[len(self.words) :] if not slot.optional]
        if missing:
            self.fail(f"{missing[0].name} is missing", self.line.name_span)

    def check_choice(self, word: Word, choices: Iterable[str]) -> None:
        choices = list(choices)
        if choices and word.text not in choices:
            expected = ", ".join(choices)
            self.fail(f"expected one of {expected}, not {word.text!r}", word.span, did_you_mean(word.text, choices))

    def skip_blanks(self) -> None:
        while self.text[self.position : self.position + 1].isspace():
            self.position += 1

    def span(self, start: int, end: int) -> Span:
        return self.line.source.span(self.line.offset + start, self.line.offset + max(end, start))

    def fail(self, message: str, span: Span, hint: str | None = None) -> NoReturn:
        raise ArgumentError(message, span, hint or f"usage: {self.usage}")


def _unquoted(found: re.Match[str]) -> str:
    if found["double"] is not None:
        return re.sub(r'\\(["\\])', r"\1", found["double"])
    return found["plain"] if found["single"] is None else found["single"]
