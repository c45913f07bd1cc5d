"""The line of `%mi`: how it is read, and what completion and inspection tell about it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from evroute_kernel.assist.offers import Candidate, Offer
from evroute_kernel.engine.events.raise_line import ArgumentError
from evroute_kernel.errors import did_you_mean
from evroute_kernel.kernel.cell.cells import MagicLine
from evroute_kernel.kernel.magics.arguments import Arguments, Signature, parse_arguments
from evroute_kernel.records import dataclass
from evroute_kernel.runtime.versions import VERSIONS, server_version
from evroute_kernel.source import Span

if TYPE_CHECKING:
    from evroute_kernel.assist.pages import Page
    from evroute_kernel.engine.mi.arguments import Arguments as Given
    from evroute_kernel.engine.mi.declaration import Command
    from evroute_kernel.engine.mi.protocol import Params
    from evroute_kernel.kernel.questions.asked import Asked

#: how addresses of doors begin -> what stands there
DOORS: Final = {"datagram:": "HOST:PORT", "unix:": "PATH", "fifo:": "PATH", "http:": "HOST:PORT/mi"}
#: what opens and closes doors -> its usage
ACTIONS: Final = {
    "serve": "ADDRESS [--listen HOST] [--token TOKEN] [--files DIR] [--reply-dir DIR]",
    "stop": "[ADDRESS]",
}
_EVENT_PARAMS: Final = """write the event's parameters as JSON: %mi {} E_X {{"name": "value"}}"""
_FIRST: Final = re.compile(r"\s*(?P<name>[^\s?]+)(?P<question>\s*\?)?")
_KEY: Final = re.compile(r"(?P<name>[A-Za-z_]\w*)=")
#: a word: quoted texts and what stands between them
_WORD: Final = re.compile(r"""(?:"(?:[^"\\]|\\.)*"|'[^']*'|[^\s"'])+""")
_QUOTED: Final = re.compile(r""""((?:[^"\\]|\\.)*)"|'([^']*)'""")


@dataclass(frozen=True, slots=True)
class Item:
    """A value on the line: a text, or an array of JSON."""

    value: Any
    span: Span
    name: str | None = None


@dataclass(frozen=True, slots=True)
class MiRequest:
    """A `%mi` line, understood. `action` is "list", "serve", "stop", "help" or "run"."""

    action: str
    span: Span
    arguments: Arguments | None = None
    command: Command | None = None
    given: Given | None = None
    #: what the command is called on the line
    name: str = ""


def read_line(line: MagicLine) -> MiRequest:
    """Read a `%mi` line. Raises ArgumentError for an unknown command, or parameters that it does not take."""
    first = _FIRST.match(line.text)
    if first is None:
        return MiRequest("list", line.span)
    name, span = first["name"], _span(line, first.start("name"), first.end("name"))
    if name in ACTIONS:
        rest = replace(line, text=line.text[first.end("name") :], offset=line.offset + first.end("name"))
        arguments = parse_arguments(rest, Signature.of(ACTIONS[name]), f"%mi {name} {ACTIONS[name]}")
        return MiRequest(name, span, arguments)
    command = _command(name, span)
    if first["question"]:
        return MiRequest("help", span, command=command, name=name)
    given = _bound(command, name, list(_items(line, first.end())), span)
    return MiRequest("run", span, command=command, given=given, name=name)


def _command(name: str, span: Span) -> Command:
    """The command of a name in any version: the one of the session is known when the line runs."""
    from evroute_kernel.engine.mi import commands  # noqa: F401 - fills the table
    from evroute_kernel.engine.mi.naming import find_in_any, names, why_not
    from evroute_kernel.engine.mi.protocol import METHOD_AMBIGUOUS, CommandError

    try:
        return find_in_any(name)
    except CommandError as error:
        if error.code == METHOD_AMBIGUOUS:
            raise ArgumentError(f"{name!r} is the name of several commands", span, error.data) from None
        known = next((said for version in VERSIONS if (said := why_not(name, version))), None)
        if known is not None:
            raise ArgumentError(f"the MI command {name!r} is not served", span, known) from None
        near = did_you_mean(name, [*names("3.6"), *names("4.0"), *ACTIONS])
        raise ArgumentError(f"unknown MI command {name!r}", span, near or "%mi which lists the commands") from None


def _items(line: MagicLine, start: int) -> Iterator[Item]:
    """The values on the line, from `start` on."""
    text = line.text.rstrip()
    while start < len(text):
        if text[start].isspace():
            start += 1
            continue
        key = _KEY.match(text, start)
        begin = key.end() if key else start
        value, end = _value(line, text, begin)
        yield Item(value, _span(line, start, end), key["name"] if key else None)
        start = end


def _value(line: MagicLine, text: str, start: int) -> tuple[Any, int]:
    """A value and where it ends: JSON from its bracket on (an object stays text, as commands want it), or a word."""
    if text[start : start + 1] in ("[", "{"):
        try:
            value, end = json.JSONDecoder().raw_decode(text, start)
        except json.JSONDecodeError as error:
            raise ArgumentError(f"this is no JSON: {error.msg}", _span(line, start, len(text))) from None
        except (ValueError, RecursionError):  # a number of more than 4300 digits is a ValueError of another kind
            message = "this JSON is nested too deeply, or holds a number that is too long"
            raise ArgumentError(message, _span(line, start, len(text))) from None
        return (value if isinstance(value, list) else text[start:end]), end
    word = _WORD.match(text, start)
    if word is None:
        if text[start : start + 1] in ('"', "'"):
            raise ArgumentError(f"this {text[start]} is never closed", _span(line, start, start + 1))
        return "", start
    return _QUOTED.sub(_unquoted, word[0]), word.end()


def _unquoted(found: re.Match[str]) -> str:
    return found[2] if found[1] is None else re.sub(r'\\(["\\])', r"\1", found[1])


def _bound(command: Command, called: str, items: list[Item], span: Span) -> Given:
    """The values bound to the parameters of the command. Raises ArgumentError."""
    from evroute_kernel.engine.mi.arguments import match
    from evroute_kernel.engine.mi.protocol import CommandError

    try:
        return match(command.recipes, _params(command, called, items))
    except CommandError as error:
        known = command.params
        wrong = next((item for item in items if item.name is not None and item.name not in known), None)
        if wrong is not None:
            near = did_you_mean(str(wrong.name), known)
            raise ArgumentError(
                f"{called} has no parameter {wrong.name!r}", wrong.span, near or usage_of(command, called)
            ) from None
        place = items[0].span.source.span(items[0].span.start, items[-1].span.end) if items else span
        raise ArgumentError(str(error.data).lower(), place, usage_of(command, called)) from None


def _params(command: Command, called: str, items: list[Item]) -> Params:
    from evroute_kernel.engine.mi.protocol import Object

    names = [item.name for item in items]
    if not items or None not in names:
        return Object([(str(item.name), _fitting(command, item)) for item in items])
    if any(names):
        wrong = next(item for item in items if item.name)
        is_of_event = command.name == "raise_event" and wrong.name not in command.params
        hint = _EVENT_PARAMS.format(called) if is_of_event else usage_of(command, called)
        raise ArgumentError("parameters are either all named or all without names", wrong.span, hint)
    values = [item.value for item in items]
    return _gathered(command, values)


def _fitting(command: Command, item: Item) -> Any:
    """A named value; a single word for an array is an array of it, unless it holds an object."""
    is_word = isinstance(item.value, str) and not item.value.startswith("{")
    return [item.value] if item.name == command.array and is_word else item.value


def _gathered(command: Command, values: list[Any]) -> list[Any]:
    """Values without names; those from the place of an array on are its items."""
    if command.array is None:
        return values
    place = max(len(recipe) for recipe in command.recipes) - 1
    rest = values[place:]
    is_given = len(rest) == 1 and (isinstance(rest[0], list) or rest[0].startswith("{"))
    return values if not rest or is_given else [*values[:place], rest]


def usage_of(command: Command, called: str) -> str:
    return "usage: " + " | ".join(f"%mi {usage}" for usage in command.usages(called))


def _span(line: MagicLine, start: int, end: int) -> Span:
    return line.source.span(line.offset + start, line.offset + max(start, end))


# -- doing ------------------------------------------------------------------------------------------------------------


# -- completion and inspection ----------------------------------------------------------------------------------------


def commands(asked: Asked) -> Iterator[Candidate]:
    """The commands of the management interface, and what opens and closes its doors."""
    yield Candidate("serve", "keyword", "ADDRESS")
    yield Candidate("stop", "keyword", "[ADDRESS]")
    yield from _command_names(asked)


def offered(asked: Asked) -> Offer:
    """What stands behind a command, or behind `serve` and `stop`."""
    name, *values = asked.given
    if name == "serve":
        return asked.offer([*([] if values else asked.addresses(DOORS)), *_serve_flags()])
    if name == "stop":
        return asked.offer([] if values else _open_doors(asked))
    key, equals, value = asked.word.partition("=")
    params = _params_of(name)
    if equals:
        asked = replace(asked, word=value)
        return asked.offer(_values(asked, key) if key in params else ())
    found = [*_values(asked, params[len(values)])] if len(values) < len(params) else []
    if all("=" in each for each in values):
        found += (Candidate(f"{param}=", "param") for param in params)
    return asked.offer(found)


def described_command(asked: Asked, before: str) -> list[Page]:
    """The first word is a command."""
    from evroute_kernel.assist.pages import Page

    found = None if before.strip() else _known(asked.word)
    if found is None:
        return []
    title = "\n".join(f"%mi {usage}" for usage in found.usages(asked.word))
    return [Page(title, f"command of the management interface, {names_of(found)}", (found.doc,))]


def names_of(command: Command) -> str:
    """What each version calls a command."""
    new = f"new in OpenSIPS 4.0: {command.full_name}"
    return f"in OpenSIPS 4.0 {command.full_name}" if "3.6" in command.versions else new


def _known(name: str) -> Command | None:
    """The command of a name in either version, None where it is none."""
    from evroute_kernel.engine.mi import commands  # noqa: F401 - fills the table
    from evroute_kernel.engine.mi.naming import find_in_any, names

    return find_in_any(name) if any(name in names(version) for version in VERSIONS) else None


def _command_names(asked: Asked) -> Iterator[Candidate]:
    """Those of the session's version, by all their names."""
    from evroute_kernel.engine.mi import commands  # noqa: F401 - fills the table
    from evroute_kernel.engine.mi.naming import find_in_any, names

    for name in names(server_version(asked.notebook.version)):
        yield Candidate(name, "function", " ".join(find_in_any(name).params))


def _serve_flags() -> Iterator[Candidate]:
    flags = Signature.of(ACTIONS["serve"]).flags
    return (Candidate(f"--{flag}", "option", value or "") for flag, value in flags.items())


def _open_doors(asked: Asked) -> Iterator[Candidate]:
    from evroute_kernel.engine.mi.server import Server

    notebook = asked.notebook
    server = notebook.session.attached(Server) if notebook.has_session else None
    return asked.values(str(door.address) for door in server.doors()) if server else iter(())


def _params_of(name: str) -> tuple[str, ...]:
    """The parameters of a command, in their order; none of what is no command."""
    found = _known(name)
    return max(found.recipes, key=len, default=()) if found else ()


def _values(asked: Asked, param: str) -> Iterable[Candidate]:
    """What a parameter of a command may be."""
    if param == "event":
        return asked.events()
    if param in ("command", "mi_cmd"):
        return _command_names(asked)
    if param == "socket":
        return asked.sockets()
    return asked.values(["local"]) if param == "system" else ()
