"""What functions that are not simulated do: the rules of `%stub` and `Session.stub`, read and checked.

    rest_get returns 200 sets $var(body)="{\\"ok\\": true}" $avp(tries)=1

A rule names a function, the code it returns (1 when not said), and variables that it sets: to an integer, to NULL, or
to a text in quotes, in which variables are expanded at each call. Rules are checked when they are made: at run time
nothing of them can fail but what the variable itself refuses.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, NoReturn, TypeAlias

from evroute_kernel.engine.events.given import GivenError, integer, kind_of
from evroute_kernel.engine.events.given import text as checked_text
from evroute_kernel.engine.events.raise_line import ArgumentError, unescape
from evroute_kernel.errors import did_you_mean
from evroute_kernel.library.table import Library
from evroute_kernel.library.template import TemplateError, parse_format, parse_variable
from evroute_kernel.records import dataclass
from evroute_kernel.runtime.values import INT_MAX, INT_MIN, decode, encode
from evroute_kernel.source import Source, Span

USAGE: Final = 'NAME [returns CODE] [sets $var(x)="text" $avp(y)=5 ...]'

#: an integer, a text as people write it (a format), or None for NULL
StubValue: TypeAlias = int | str | None
#: (variable with `$`, value or format) as byte strings, as scripts have them
Assignment: TypeAlias = tuple[str, int | str | None]

_BLANKS: Final = re.compile(r"\s*")
_WORD: Final = re.compile(r"[^\s\"'$=]+|[\"'$=]")
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")
_VALUE: Final = re.compile(
    r"""
      (?P<double> "(?P<escaped>(?:[^"\\]|\\.)*)" )
    | (?P<single> '(?P<plain>[^']*)' )
    | (?P<integer> -?[0-9]+ )(?!\S)
    | (?P<null> NULL|null )(?!\S)
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class StubRule:
    """What calls of one function do: return a code, after setting variables in order."""

    name: str
    returns: int = 1
    assignments: tuple[Assignment, ...] = ()

    @property
    def plain(self) -> tuple[int, tuple[Assignment, ...]]:
        """The rule as it travels to workers."""
        return self.returns, self.assignments

    @property
    def answer(self) -> str:
        """What it does, in words: `returns 200, sets $var(body)`."""
        sets = f", sets {', '.join(self.sets)}" if self.assignments else ""
        return f"returns {self.returns}{sets}"

    @property
    def sets(self) -> dict[str, StubValue]:
        """The assignments as people write them: variable -> value."""
        return {decode(name): decode(v) if isinstance(v, str) else v for name, v in self.assignments}


def make_stub(name: str, library: Library, returns: int = 1, sets: Mapping[str, StubValue] | None = None) -> StubRule:
    """A rule from Python values: `make_stub("rest_get", library, 200, {"$var(body)": "{}"})`. Raises ArgumentError."""
    source = Source("stub", name)
    _check_function(name, library, source, 0)
    _check_code(integer(returns, "the code that a function returns"), source, 0, len(name))
    if sets is not None and not isinstance(sets, Mapping):
        raise GivenError(f"what a function sets is a mapping of variables to values, not {kind_of(sets)}")
    given = [(checked_text(target, "a variable"), value) for target, value in (sets or {}).items()]
    assignments = [_assignment(target, value, library) for target, value in given]
    return StubRule(name, returns, tuple(assignments))


def parse_stub(text: str, library: Library, source: Source | None = None, offset: int = 0) -> StubRule:
    """Read what follows `%stub`; `source` and `offset` say where `text` stands. Raises ArgumentError with the place."""
    return _Reader(text, library, source or Source("stub", text), offset).rule()


# -- checks -----------------------------------------------------------------------------------------------------------


def stubbed(library: Library) -> frozenset[str]:
    """Names of the functions that take rules: they are not simulated, or not always."""
    from evroute_kernel.library import everything  # noqa: F401 - fills the table

    return frozenset(name for name, function in library.functions.items() if function.takes_rules)


def _check_function(name: str, library: Library, source: Source, start: int) -> None:
    """Raise ArgumentError unless the function is one that a rule can be made for."""
    known = stubbed(library)
    if name in known:
        return
    span = source.span(start, start + len(name))
    if name in library.functions or name in library.statements:
        raise ArgumentError(f"{name} is simulated here: it takes no stub", span, "call it and see what it does")
    hint = (
        library.successor("function", name)
        or did_you_mean(name, known)
        or did_you_mean(name, [*library.functions, *library.statements])
    )
    raise ArgumentError(f"no module has a function {name!r}", span, hint or "%help NAME tells what is known of a name")


def _check_code(code: int, source: Source, start: int, end: int) -> None:
    if not INT_MIN <= code <= INT_MAX:
        raise ArgumentError(f"the code {code} does not fit a 32-bit integer", source.span(start, end))


def _assignment(target: str, value: StubValue, library: Library) -> Assignment:
    source = Source("stub", target)
    text = encode(target)
    if _target(text, library, source, 0) != text:
        raise ArgumentError(f"{target!r} is more than one variable", source.span(0, len(target)))
    return text, _checked_value(value, library, Source("stub", str(value)).span(0, len(str(value))))


def _target(text: str, library: Library, source: Source, start: int) -> str:
    """The variable at the start of a byte string, which must be one that can be set."""
    try:
        spec = parse_variable(text, library)
    except TemplateError as error:
        first, last = (start + len(decode(text[:place])) for place in (error.start, error.end))
        raise ArgumentError(error.message, source.span(first, last), error.hint) from None
    span = source.span(start, start + len(decode(spec.text)))
    if spec.transformations:
        raise ArgumentError(f"{decode(spec.text)} has transformations: it cannot be set", span)
    if not spec.declaration.writable:
        raise ArgumentError(f"{decode(spec.text)} is read-only", span, "set a variable such as $var(x)")
    return spec.text


def _checked_value(value: StubValue, library: Library, span: Span) -> int | str | None:
    """A value as a byte string, an integer or None."""
    if value is None:
        return None
    if isinstance(value, int):
        if not INT_MIN <= value <= INT_MAX:
            raise ArgumentError(f"{span.text} does not fit a 32-bit integer", span, "write it in quotes")
        return int(value)
    if not isinstance(value, str):
        raise ArgumentError(f"{value!r} is no value of a script", span, "a value is an integer, a text or None")
    text = encode(checked_text(value, "a value"))
    try:
        parse_format(text, library)
    except TemplateError as error:
        if span.text[1:-1] == value:  # written without escapes: the place inside is known too
            first, last = (span.start + 1 + len(decode(text[:place])) for place in (error.start, error.end))
            span = span.source.span(first, last)
        raise ArgumentError(error.message, span, error.hint) from None
    return text


# -- reading ----------------------------------------------------------------------------------------------------------


class _Reader:
    """Reads one command line from left to right; `position` is the next character to look at."""

    def __init__(self, text: str, library: Library, source: Source, offset: int) -> None:
        self.text = text.rstrip()
        self.library = library
        self.source = source
        self.offset = offset
        self.position = 0

    def rule(self) -> StubRule:
        name, start = self.word()
        if not _NAME.fullmatch(name):
            self.fail("expected the name of a function" if name else "the function's name is missing", start)
        _check_function(name, self.library, self.source, self.offset + start)
        returns, assignments = 1, list[Assignment]()
        keyword, start = self.word()
        if keyword == "returns":
            returns = self.code()
            keyword, start = self.word()
        if keyword == "sets":
            assignments.append(self.assignment())
            while self.position < len(self.text):
                assignments.append(self.assignment())
        elif keyword:
            self.fail(f"unexpected {keyword!r}", start, did_you_mean(keyword, ("returns", "sets")))
        return StubRule(name, returns, tuple(assignments))

    def code(self) -> int:
        word, start = self.word()
        if not re.fullmatch(r"-?[0-9]{1,11}", word):
            self.fail(f"expected a return code, not {word!r}" if word else "the return code is missing", start)
        code = int(word)
        _check_code(code, self.source, self.offset + start, self.offset + self.position)
        return code

    def assignment(self) -> Assignment:
        self.skip_blanks()
        start = self.position
        if not self.text.startswith("$", start):
            self.word()
            self.fail("expected a variable to set", start, "variables start with '$'")
        target = _target(encode(self.text[start:]), self.library, self.source, self.offset + start)
        self.position = start + len(decode(target))
        equals, start = self.word()
        if equals != "=":
            self.fail(f"expected '=' after {decode(target)}", start)
        return target, self.value(decode(target))

    def value(self, target: str) -> int | str | None:
        self.skip_blanks()
        start = self.position
        found = _VALUE.match(self.text, start)
        if found is None:
            self.word()
            hint = f'an integer, NULL, or a text in quotes, in which variables are expanded: {target}="$param(1)"'
            self.fail(f"expected a value for {target}", start, hint)
        self.position = found.end()
        if self.position < len(self.text) and not self.text[self.position].isspace():
            self.fail("text right after a value", self.position, "separate assignments by blanks")
        span = self.source.span(self.offset + start, self.offset + found.end())
        if found["null"]:
            return None
        if found["integer"]:
            # the digits beyond the twelfth can change nothing, and int() refuses thousands of them
            return _checked_value(int(found["integer"][:12]), self.library, span)
        text = unescape(found["escaped"]) if found["double"] else found["plain"]
        return _checked_value(text, self.library, span)

    def word(self) -> tuple[str, int]:
        """The next word, "" at the end, and where it starts."""
        self.skip_blanks()
        start = self.position
        found = _WORD.match(self.text, start)
        self.position = found.end() if found else start
        return self.text[start : self.position], start

    def skip_blanks(self) -> None:
        found = _BLANKS.match(self.text, self.position)
        assert found is not None
        self.position = found.end()

    def fail(self, message: str, start: int, hint: str | None = None) -> NoReturn:
        span = self.source.span(self.offset + start, self.offset + max(start, self.position))
        raise ArgumentError(message, span, hint or f"usage: {USAGE}")
