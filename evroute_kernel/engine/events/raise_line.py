"""How people write an event and its parameters on one line: `%raise`, `%%raise` and `evroute run --raise`.

    E_PIKE_BLOCKED ip=192.0.2.1 port=5060           named parameters; blanks around `=` are fine
    E_FRD_WARNING "sip:a b@x" s:0800 7              unnamed parameters
    E_UL_CONTACT_INSERT {"aor": "alice", "expires": 3600}
    E_PIKE_BLOCKED --count 10 --async ip=192.0.2.1

A value is an integer where it is written as one (`7`, `-7`), else a string. `"7"`, `'7'` and `s:7` are the string 7.
`"..."` knows the script's escapes (`\\n`, `\\"`, `\\x41`), `'...'` knows none. A number with a leading zero or plus is
a string, as telephone numbers should be.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import field
from math import isfinite
from types import MappingProxyType
from typing import Any, Final, NoReturn, TypeAlias

from evroute_kernel.errors import Diagnostic, ScriptError, did_you_mean
from evroute_kernel.library.catalogue.declared import EventDeclaration, known_event
from evroute_kernel.library.table import Library
from evroute_kernel.records import dataclass
from evroute_kernel.source import Source, Span

USAGE: Final = (
    "EVENT [name=value ... | value ... | {json}] [--sample] [--count N] [--async] [--detach] [--timeout SECONDS]"
    " [--live] [--node NAME] [--report] [--stats]"
    " [--trace]"
)

#: option -> what its value is called, None for a switch
OPTIONS: Final[Mapping[str, str | None]] = {
    "sample": None,
    "count": "N",
    "async": None,
    "detach": None,
    "timeout": "SECONDS",
    "live": None,
    "node": "NAME",
    "report": None,
    "stats": None,
    "trace": None,
}

#: option -> what its value is
_KINDS: Final = {
    "count": "a whole number, 1 or more",
    "timeout": "a number of seconds greater than 0",
    "node": "the name of a node",
    "limit": "a whole number, 1 or more",
    "seconds": "a number of seconds greater than 0",
}
_WHOLE: Final = frozenset({"count", "limit"})

#: what JSON can hold; text is text as people write it, not yet bytes of a script
ParamValue: TypeAlias = "int | float | str | bool | list[Any] | dict[str, Any] | None"
Params: TypeAlias = "dict[str, ParamValue] | list[ParamValue] | None"

_BLANKS = re.compile(r"\s*")
_NAME = re.compile(r"(?P<name>[A-Za-z_][\w.-]*)\s*=")
_BARE = re.compile(r"\S+")
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)\Z")
_OPTION = re.compile(r"--(?P<name>[A-Za-z][\w-]*)(?:=(?P<value>\S*))?(?!\S)")
_ESCAPE = re.compile(r"\\(?:x(?P<hex>[0-9A-Fa-f]{1,2})|(?P<octal>[0-3]?[0-7]{2})|(?P<char>[nrta\"\\]))")
_ESCAPED: Final = {"n": "\n", "r": "\r", "t": "\t", "a": "\a", '"': '"', "\\": "\\"}


class ArgumentError(ScriptError):
    """A command line that cannot be understood; its one diagnostic has the position of the fault."""

    def __init__(self, message: str, span: Span, hint: str | None = None) -> None:
        super().__init__([Diagnostic("error", "argument", message, span, hint)])
        self.message = message
        self.span = span
        self.hint = hint


@dataclass(frozen=True, slots=True)
class RaiseRequest:
    """An event to raise. `params` is a dict (named), a list (unnamed) or None; `options` holds what was given."""

    event: str
    params: Params = None
    options: dict[str, str | bool] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """How often to raise it."""
        return int(self.options.get("count", 1))

    @property
    def timeout(self) -> float | None:
        """Seconds a run may take; None where the session's own limit holds."""
        return float(self.options["timeout"]) if "timeout" in self.options else None


def parse_raise(text: str, source: Source | None = None, offset: int = 0, usage: str = USAGE) -> RaiseRequest:
    """Understand what follows `%raise`.

    `source` and `offset` say where `text` stands, so that errors point into the cell; without them errors point into
    `text` itself. `usage` is how it is written there. Raises ArgumentError.
    """
    return Scanner(text, source or Source("raise", text), offset, usage).request()


def with_samples(
    request: RaiseRequest, library: Library, declared: Mapping[str, EventDeclaration] = MappingProxyType({})
) -> Params:
    """The parameters of a request; with `--sample`, those that are not given as a server sends them.

    `library`: what the server knows, `declared`: the session's own events, by name. Raises ScriptError for an event
    that neither know.
    """
    if "sample" not in request.options:
        return request.params
    name = request.event
    event = known_event(name, declared, library.events)
    if event is None:
        near = library.successor("event", name) or did_you_mean(name, [*declared, *library.events])
        hint = near or f"%event declare {name} PARAMETER... tells what it holds"
        message = f"no sample is known for the event {name}"
        raise ScriptError([Diagnostic("error", "argument", message, None, hint)])
    assert not isinstance(request.params, list), "parse_raise refuses unnamed parameters beside --sample"
    from evroute_kernel.engine.events.samples import sample_params

    return sample_params(event) | (request.params or {})


def parse_params(text: str, source: Source | None = None, offset: int = 0) -> dict[str, ParamValue] | list[ParamValue]:
    """Understand parameters written as JSON, an object or an array: the body of `%%raise`. Raises ArgumentError."""
    scanner = Scanner(text, source or Source("raise", text), offset)
    scanner.skip_blanks()
    if scanner.at_end:
        scanner.fail("the parameters are missing; expected a JSON object or array", scanner.position, scanner.position)
    if text[scanner.position] not in "{[":
        scanner.fail("expected a JSON object or array", scanner.position, scanner.position + 1)
    params = scanner.json()
    scanner.skip_blanks()
    if not scanner.at_end:
        scanner.fail("there is more text after the JSON value", scanner.position, len(text.rstrip()))
    return params


class Scanner:
    """Reads one command line from left to right; `position` is the next character to look at."""

    #: the options that there are
    known: Mapping[str, str | None] = OPTIONS

    def __init__(self, text: str, source: Source, offset: int, usage: str = USAGE) -> None:
        self.text = text
        self.source = source
        self.offset = offset
        self.usage = usage
        self.position = 0

    # -- the whole line ---------------------------------------------------------------------------------------------

    def request(self) -> RaiseRequest:
        event: str | None = None
        named: dict[str, ParamValue] = {}
        unnamed: list[ParamValue] = []
        whole: dict[str, ParamValue] | list[ParamValue] | None = None
        options: dict[str, str | bool] = {}
        self.skip_blanks()
        while not self.at_end:
            start = self.position
            if event is not None and self.begins_next():
                break
            if self.text.startswith("--", start):
                self.option(options)
            elif event is None:
                event = self.event()
            elif whole is not None:
                self.fail("parameters are given as JSON already", start, self.end_of_word(start))
            elif self.text[start] in "{[" and not named and not unnamed:
                whole = self.json()
            elif found := _NAME.match(self.text, start):
                if unnamed:
                    self.fail_mixed(start, found.end())
                self.named(found, named)
            else:
                if named:
                    self.fail_mixed(start, self.end_of_word(start))
                unnamed.append(self.value())
            self.skip_blanks()
        if event is None:
            self.fail("the event's name is missing", self.position, self.position, f"usage: {self.usage}")
        params: Params = whole if whole is not None else named or unnamed or None
        if options.get("sample") and isinstance(params, list):
            self.fail("--sample fills in parameters by name; these have none", 0, len(self.text))
        return RaiseRequest(event, params, options)

    def begins_next(self) -> bool:
        """Whether another event begins here: not on a line that has one alone."""
        return False

    def event(self) -> str:
        start = self.position
        if found := _NAME.match(self.text, start):
            self.fail("the event's name comes first", start, found.end(), f"usage: {self.usage}")
        if self.text[start] in "{[":
            self.fail("the event's name comes before its parameters", start, start + 1, f"usage: {self.usage}")
        name = self.quoted() if self.text[start] in "\"'" else self.bare()
        if not name:
            self.fail("the event's name is empty", start, self.position)
        return name

    def named(self, found: re.Match[str], params: dict[str, ParamValue]) -> None:
        name = found["name"]
        if name in params:
            self.fail(f"parameter {name!r} is given twice", found.start(), found.end("name"))
        self.position = found.end()
        self.skip_blanks()
        empty = self.at_end or self.text.startswith("--", self.position) or _NAME.match(self.text, self.position)
        params[name] = "" if empty else self.value()

    def option(self, options: dict[str, str | bool]) -> None:
        start = self.position
        found = _OPTION.match(self.text, start)
        name = found["name"] if found else self.text[start + 2 : self.end_of_word(start)]
        if found is None or name not in self.known:
            hint = did_you_mean(f"--{name}", [f"--{known}" for known in self.known])
            self.fail(
                f"unknown option --{name}",
                start,
                self.end_of_word(start),
                hint or "a value that begins with -- needs quotes",
            )
        if name in options:
            self.fail(f"option --{name} is given twice", start, found.end())
        self.position = found.end()
        options[name] = self.option_value(name, found)

    def option_value(self, name: str, found: re.Match[str]) -> str | bool:
        wanted = self.known[name]
        if wanted is None:
            if found["value"] is not None:
                self.fail(f"option --{name} takes no value", found.start(), found.end())
            return True
        if found["value"] is not None:
            start, value = found.start("value"), found["value"]
        else:
            self.skip_blanks()
            start = self.position
            value = "" if self.at_end else self.bare()
        if not _is_option_value(name, value):
            kind = _KINDS[name]
            self.fail(f"option --{name} needs {kind}", start, start + len(value))
        return value

    # -- values -----------------------------------------------------------------------------------------------------

    def value(self) -> ParamValue:
        start = self.position
        if self.text[start] in "\"'":
            return self.quoted()
        if self.text.startswith(('s:"', "s:'"), start):
            self.position += 2
            return self.quoted()
        word = self.bare()
        if word.startswith("s:"):
            return word[2:]
        if word.endswith(",") and _BARE.search(self.text, self.position):
            self.fail(
                "a comma after a value",
                self.position - 1,
                self.position,
                "parameters are separated by blanks; quote the value if the comma belongs to it",
            )
        return self.integer(word, start) if _INTEGER.match(word) else word

    def integer(self, word: str, start: int) -> int:
        # longer than 11 characters never fits, and int() refuses texts of thousands of digits
        if len(word) > 11 or not -(2**31) <= int(word) < 2**31:
            self.fail(
                f"{word} does not fit a 32-bit integer", start, self.position, f"write s:{word} to raise it as a string"
            )
        return int(word)

    def quoted(self) -> str:
        start = self.position
        quote = self.text[start]
        pattern = r'"((?:[^"\\]|\\.)*)"' if quote == '"' else r"'([^']*)'"
        found = re.compile(pattern, re.DOTALL).match(self.text, start)
        if found is None:
            self.fail(f"this {quote} is never closed", start, start + 1)
        self.position = found.end()
        if not self.at_end and not self.text[self.position].isspace():
            self.fail(
                "text right after a closing quote",
                self.position,
                self.end_of_word(self.position),
                "separate parameters by blanks, or quote the whole value",
            )
        return unescape(found[1]) if quote == '"' else found[1]

    def bare(self) -> str:
        found = _BARE.match(self.text, self.position)
        assert found is not None, "called only where a character that is no blank stands"
        self.position = found.end()
        return found[0]

    def json(self) -> dict[str, ParamValue] | list[ParamValue]:
        start = self.position
        try:
            value, self.position = _JSON.raw_decode(self.text, start)
        except json.JSONDecodeError as error:
            is_trailing = _TRAILING_COMMA.search(self.text, start, error.pos + 2) is not None
            hint = "no comma stands behind the last one" if is_trailing else _JSON_HINT
            self.fail(f"not JSON: {error.msg[:1].lower()}{error.msg[1:]}", error.pos, error.pos + 1, hint)
        except _NotJson as error:
            self.fail(str(error), start, len(self.text.rstrip()))
        except RecursionError:
            self.fail("JSON nested too deeply", start, start + 1)
        assert isinstance(value, dict | list)
        return value

    # -- places -----------------------------------------------------------------------------------------------------

    @property
    def at_end(self) -> bool:
        return self.position >= len(self.text)

    def skip_blanks(self) -> None:
        found = _BLANKS.match(self.text, self.position)
        assert found is not None
        self.position = found.end()

    def end_of_word(self, start: int) -> int:
        found = _BARE.match(self.text, start)
        return found.end() if found else start

    def fail(self, message: str, start: int, end: int, hint: str | None = None) -> NoReturn:
        span = self.source.span(self.offset + start, self.offset + max(start, end))
        raise ArgumentError(message, span, hint)

    def fail_mixed(self, start: int, end: int) -> NoReturn:
        self.fail(
            "named and unnamed parameters cannot be mixed",
            start,
            end,
            "write all as name=value, or none; quote a value that holds blanks or =",
        )


class _NotJson(ValueError):
    """JSON that Python's reader takes and that means nothing to an event."""


_TRAILING_COMMA: Final = re.compile(r",\s*[}\]]?\Z")
_JSON_HINT: Final = "a value that begins with { or [ and is no JSON needs quotes"


def _unique(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for name, value in pairs:
        if name in members:
            raise _NotJson(f"member {name!r} is given twice")
        members[name] = value
    return members


def _no_constant(name: str) -> NoReturn:
    raise _NotJson(f"{name} is no JSON number")


def _json_int(digits: str) -> int:
    # the server clamps what does not fit; int() refuses texts of thousands of digits
    return int(digits) if len(digits) <= 20 else _limit(digits)


def _json_float(digits: str) -> float | int:
    number = float(digits)
    return number if isfinite(number) else _limit(digits)


def _limit(digits: str) -> int:
    return -(2**31) if digits.startswith("-") else 2**31 - 1


_JSON: Final = json.JSONDecoder(
    object_pairs_hook=_unique,
    parse_constant=_no_constant,
    parse_int=_json_int,
    parse_float=_json_float,
    strict=False,
)


def _is_option_value(name: str, value: str) -> bool:
    if name == "node":
        return bool(value)
    if name in _WHOLE:
        return re.fullmatch(r"0*[1-9][0-9]{0,8}", value) is not None
    return re.fullmatch(r"[0-9]+(\.[0-9]*)?|\.[0-9]+", value) is not None and float(value) > 0


def unescape(text: str) -> str:
    """The script's escapes in `"..."`; others stay as written. Bytes from 0x80 become lone surrogates (raw bytes)."""

    def character(found: re.Match[str]) -> str:
        if found["char"]:
            return _ESCAPED[found["char"]]
        code = int(found["hex"], 16) if found["hex"] else int(found["octal"], 8) & 0xFF
        return chr(code) if code < 0x80 else chr(0xDC00 + code)

    return _ESCAPE.sub(character, text)
