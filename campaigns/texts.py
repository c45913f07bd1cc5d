"""What scripts are made of: those of the tests' grammar, and what careless fingers and broken disks make of them."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any, Final

from fidelity.generating import program
from support.generated import PIECES, RECORDED, TEXTS, Grammar

Change = Callable[[Random, str], str]

#: ranges of characters that are drawn from: controls, letters, combining, right to left, surrogates, CJK, others
RANGES: Final = ((0, 31), (127, 160), (161, 591), (768, 879), (1424, 1791), (0xD800, 0xDFFF), (0x4E00, 0x4EFF))
RARE: Final = "\u2028\u2029\ufeff\u200b\u200d\u202e\U0001f600\U0010ffff\x00\x0b\x0c\x85\r"
BRACKETS: Final = (
    "()",
    "[]",
    "{}",
    ("if (1) {", "}"),
    ("while (0) {", "}"),
    ("/* ", " */"),
    ("$(var(", "))"),
    ("!", ""),
)
#: how deep and how often at most
DEPTH: Final = 3000
TIMES: Final = 400
NAMES: Final = ("", "\0", "ip", "n", "é", "\udcff", "\ud800", "x" * 300, "a b", "1", "ip", "$var(a)", 'a"b', "\n")


def part(random: Random, size: int) -> tuple[int, int]:
    """A place in something of this size, and an end after it: near most of the time."""
    start = random.randrange(size + 1)
    width = random.choice((1, 2, 8, 40, 400))
    return start, min(size, start + random.randrange(width + 1))


def deleted(random: Random, text: str) -> str:
    """Some bytes less; half a character may stay."""
    data = text.encode("utf-8", "surrogatepass")
    for _ in range(random.randint(1, 5)):
        start, end = part(random, len(data))
        data = data[:start] + data[end:]
    return data.decode("utf-8", "surrogateescape")


def doubled(random: Random, text: str) -> str:
    start, end = part(random, len(text))
    return text[:start] + text[start:end] * random.randint(2, 50) + text[end:]


def flipped(random: Random, text: str) -> str:
    """Some bits of some bytes the other way round."""
    data = bytearray(text.encode("utf-8", "surrogatepass"))
    for _ in range(random.randint(1, 8)):
        if data:
            data[random.randrange(len(data))] ^= 1 << random.randrange(8)
    return data.decode("utf-8", "surrogateescape")


def spliced(random: Random, text: str) -> str:
    """The beginning of one script and the end of another."""
    other = random.choice(RECORDED)
    return text[: random.randrange(len(text) + 1)] + other[random.randrange(len(other) + 1) :]


def cut(random: Random, text: str) -> str:
    return text[: random.randrange(len(text) + 1)]


def strange(random: Random, text: str) -> str:
    """Characters of anywhere, somewhere."""
    for _ in range(random.randint(1, 12)):
        place = random.randrange(len(text) + 1)
        found = random.choice(RARE) if random.random() < 0.4 else chr(random.randint(*random.choice(RANGES)))
        text = text[:place] + found + text[place:]
    return text


def nested(random: Random, text: str) -> str:
    """Something in brackets in brackets in brackets, sometimes one too few."""
    opening, closing = random.choice(BRACKETS)
    depth = random.choice((20, 90, 250, 1000, DEPTH))
    start, end = part(random, len(text))
    inner = opening * depth + text[start:end] + closing * (depth - random.choice((0, 0, 0, 1)))
    return text[:start] + inner + text[end:]


def repeated(random: Random, text: str) -> str:
    """A word very often: long lines, long lists, many mistakes."""
    piece = random.choice(
        (*PIECES, "$var(a) + ", "1 - ", "$nothing ", '"a" ', "xlog(1); ", "route(r); ", "a,", "\n", "{")
    )
    place = random.randrange(len(text) + 1)
    return text[:place] + piece * random.randint(2, TIMES * 10) + text[place:]


def on_one_line(random: Random, text: str) -> str:
    return " ".join(text.split("\n")) * random.randint(1, 20)


CHANGES: Final[dict[str, Change]] = {
    "bytes deleted": deleted,
    "a part doubled": doubled,
    "bits flipped": flipped,
    "spliced": spliced,
    "cut short": cut,
    "strange characters": strange,
    "nested": nested,
    "a word repeated": repeated,
    "on one line": on_one_line,
}
KINDS: Final = (*["grammar"] * 4, "valid program", *["recorded, changed"] * 2, *CHANGES)


def script(random: Random) -> tuple[str, str]:
    """Kind and text of a script."""
    kind = random.choice(KINDS)
    if kind == "valid program":
        valid = program(random.randrange(2**32), 0)
        return kind, f"{valid.frame.settings}\n{valid.frame.routes}\n{valid.script}"
    made = Grammar(random.randbytes(random.randint(20, 1000)))
    text = made.script() if kind == "grammar" or (kind in CHANGES and random.random() < 0.5) else made.mutated()
    if kind in CHANGES:
        text = CHANGES[kind](random, text)
        if random.random() < 0.2:
            text = random.choice(tuple(CHANGES.values()))(random, text)
    return kind, text


# -- parameters -------------------------------------------------------------------------------------------------------


def value(random: Random) -> Any:
    """Something that a caller may take for the value of a parameter."""
    made: tuple[Callable[[], Any], ...] = (
        lambda: random.choice(TEXTS),
        lambda: random.choice(TEXTS),
        lambda: random.choice((0, -1, 5060, 2**31, -(2**31) - 1, 10**30)),
        lambda: random.choice((0.5, -1e300, float("inf"), float("nan"), True, None)),
        lambda: random.choice((b"bytes", [1, [2]], {"a": {"b": None}}, {1, 2}, object, {3: "x"})),
        lambda: random.choice(("\ud800", "\udcff", "\0", "a\nb\rc", "\u202e", "x" * 70_000)),
        lambda: strange(random, random.choice(TEXTS)),
    )
    return random.choice(made)()


def parameters(random: Random) -> Any:
    """What a caller may give with an event: mostly a mapping, or a list."""
    kind = random.randrange(10)
    if kind < 5:
        return {random.choice(NAMES): value(random) for _ in range(random.randrange(5))}
    if kind < 8:
        return [value(random) for _ in range(random.choice((0, 1, 3, 100)))]
    return random.choice((None, (), {}, "text", 5, iter("ab"), b"x", {"ip": "192.0.2.1", "n": 3}))
