"""Class `re`: substitution with POSIX extended regular expressions, `/pattern/replacement/flags`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, Final

from evroute_kernel.library.behaviour import transformation
from evroute_kernel.library.table import Library, in_process
from evroute_kernel.library.transformations.arguments import Literal, as_text, text_argument
from evroute_kernel.records import dataclass
from evroute_kernel.runtime.context import Context
from evroute_kernel.runtime.patterns.posix import compile
from evroute_kernel.runtime.patterns.protocol import Regex, RegexError, Spans
from evroute_kernel.runtime.values import Value

#: bytes in the server's buffer for one replacement
REPLACEMENT_LIMIT: Final = 1023
ESCAPES_LIMIT: Final = 99
_BRACE: Final = re.compile(r"\\([{}])")
_CHARACTERS: Final = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\", "$": "$"}
_STATE: Final = "transformations.re"

#: a text, the number of a group, or a getter of a variable
Piece = str | int | Callable[[Context], Value]


class BadRule(ValueError):
    """The text is no substitution; the message says why."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A substitution, ready to run. `pieces` make up the replacement; `warnings` are said when the rule is first used.

    `text` tells rules apart.
    """

    text: str
    regex: Regex
    pieces: tuple[Piece, ...]
    groups: int
    every: bool
    warnings: tuple[str, ...]


@lru_cache(256)
def parse_rule(text: str, library: Library) -> Rule:
    r"""Read `/pattern/replacement/flags`; the first character is the separator. `\{` and `\}` mean plain braces.

    Raises BadRule for what the server refuses when it runs.
    """
    unescaped = _BRACE.sub(r"\1", text)
    if len(unescaped) < 3:
        raise BadRule("it is too short, expected /pattern/replacement/flags")
    separator = unescaped[0]
    if separator == "\\":
        raise BadRule("a backslash cannot separate the parts")
    end = _pattern_end(unescaped, separator)
    replacement = _Replacement(unescaped, end + 1, separator, library)
    flags = unescaped[replacement.end + 1 :]
    unknown = flags.strip("gis")
    if unknown:
        raise BadRule(f"unknown flag {unknown[0]!r}, expected g, i or s")
    try:
        regex = compile(unescaped[1:end], newline="s" not in flags, icase="i" in flags)
    except RegexError as error:
        raise BadRule(f"bad pattern {unescaped[1:end]!r}: {error.message}") from None
    pieces = tuple(replacement.pieces)
    groups = max((p for p in pieces if isinstance(p, int)), default=0)
    return Rule(text, regex, pieces, groups, "g" in flags, tuple(replacement.warnings))


def _pattern_end(text: str, separator: str) -> int:
    end = text.find(separator, 1)
    while end > 1 and text[end - 1] == "\\":
        end = text.find(separator, end + 1)
    if end < 0:
        raise BadRule(f"no {separator!r} ends the pattern")
    if end + 1 >= len(text):
        raise BadRule(f"nothing follows the pattern, expected a replacement and {separator!r}")
    return end


class _Replacement:
    """The replacement of a rule: texts, groups and variables. `end` is where the separator behind it stands."""

    def __init__(self, text: str, start: int, separator: str, library: Library) -> None:
        self._library = library
        self.pieces: list[Piece] = []
        self.warnings: list[str] = []
        self.end = start
        escapes = 0
        while not text.startswith(separator, self.end):
            character = text[self.end : self.end + 1]
            if not character or (character == "\\" and self.end + 1 >= len(text)):
                raise BadRule(f"no {separator!r} ends the replacement")
            if character == "\\":
                escapes += 1
                self._escape(text[self.end + 1], separator)
                self.end += 2
            elif character == "$":
                escapes += 1
                self._variable(text[self.end :])
            else:
                self._text(character)
                self.end += 1
            if escapes > ESCAPES_LIMIT:
                raise BadRule(f"the replacement has more than {ESCAPES_LIMIT} escapes and variables")

    def _text(self, text: str) -> None:
        if self.pieces and isinstance(self.pieces[-1], str):
            self.pieces[-1] += text
        else:
            self.pieces.append(text)

    def _escape(self, character: str, separator: str) -> None:
        if character in "0123456789":
            self.pieces.append(int(character))
        elif character == "u":
            self._variable("$ru", advance=False)
        else:
            if character not in _CHARACTERS and character != separator:
                self.warnings.append(f"unknown escape \\{character} in the replacement, taken for {character!r}")
            self._text(_CHARACTERS.get(character, character))

    def _variable(self, text: str, advance: bool = True) -> None:
        # references know transformations, so that importing them above would go in a circle
        from evroute_kernel.library.references import reference
        from evroute_kernel.library.template import TemplateError, parse_variable

        try:
            read = parse_variable(text, self._library).text
        except TemplateError as error:
            raise BadRule(f"{error.message} in the replacement; \\$ is a plain dollar sign") from None
        self.pieces.append(reference(read, self._library).get)
        self.end += len(read) if advance else 0


def _prepare(params: tuple[Any, ...], library: Library) -> tuple[Any, ...]:
    """Compile a literal rule early; a bad one waits for its run, as on the server."""
    (text,) = params
    if text is None:
        return params
    try:
        return (parse_rule(text, library),)
    except BadRule:
        return (Literal(text),)


@transformation("re.subst", prepare=_prepare, prepare_library=True)
def substitute(context: Context, value: Value, rule: Any) -> Value:
    r"""The text with the first match of a pattern replaced, or every match with the flag `g`.

    `/pattern/replacement/flags`, or another separator. Flags: `g` all matches, `i` ignore case, `s` line breaks are
    ordinary characters. `\0` is the match, `\1` to `\9` its groups, `\u` the request URI; variables are expanded, null
    ones to nothing. Braces are written `\{ \}`; no comma fits in. Without a match the text stays as it is. Null and an
    error for a bad rule, and for a pattern that matches the empty text.
    """
    text = as_text(value)
    if not text:
        return None
    if type(rule) is not Rule:
        wanted = text_argument(context, "re.subst", "rule", rule)
        rule = None if wanted is None else _rule(context, wanted)
        if rule is None:
            return None
    if rule.warnings:
        _warn(context, rule)
    # a NUL byte ends the text for the server
    return _run(context, rule, value, text.partition("\0")[0])


def _rule(context: Context, text: str) -> Rule | None:
    try:
        return parse_rule(text, in_process(context.process))
    except BadRule as error:
        context.error(f"{{re.subst}}: {text!r} is no substitution: {error}")
        return None


def _warn(context: Context, rule: Rule) -> None:
    """The server warns when it compiles a rule, and keeps the last one compiled."""
    state: dict[str, Any] = context.process.state
    if state.get(_STATE) != rule.text:
        for warning in rule.warnings:
            context.warning(f"{{re.subst}}: {warning}")
    state[_STATE] = rule.text


def _run(context: Context, rule: Rule, value: Value, text: str) -> Value:
    matches: Iterable[Spans]
    if rule.every:
        matches = rule.regex.each(text, rule.groups)
    else:
        first = rule.regex.spans(text, groups=rule.groups)
        matches = (first,) if first else ()
    out: list[str] = []
    at = 0
    for found in matches:
        start, end = found[0]
        if start == end:
            context.error(f"{{re.subst}}: the pattern {rule.regex.pattern!r} matches the empty text")
            return None
        replacement = _replacement(context, rule.pieces, text, found)
        if len(replacement) > REPLACEMENT_LIMIT:
            context.error(f"{{re.subst}}: a replacement of {len(replacement)} bytes is too long ({REPLACEMENT_LIMIT})")
            return None
        out += (text[at:start], replacement)
        at = end
    if not out:
        return value
    out.append(text[at:])
    return "".join(out)


def _replacement(context: Context, pieces: tuple[Piece, ...], text: str, found: Spans) -> str:
    if len(pieces) < 2 and (not pieces or isinstance(pieces[0], str)):
        return "".join(pieces)  # type: ignore[arg-type]
    parts: list[str] = []
    for piece in pieces:
        if isinstance(piece, str):
            parts.append(piece)
        elif isinstance(piece, int):
            start, end = found[piece]
            parts.append(text[start:end] if start >= 0 else "")
        else:
            got = piece(context)
            parts.append("" if got is None else str(got))
    return "".join(parts)
