"""The management interface: `%mi COMMAND` runs one of its commands, `%mi serve` lets other programs do so."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from evroute_kernel.engine.events.raise_line import ArgumentError
from evroute_kernel.errors import ScriptError, did_you_mean
from evroute_kernel.kernel.cell.cells import MagicLine
from evroute_kernel.kernel.cell.failures import CellFailure, failure
from evroute_kernel.kernel.cell.output import STDERR, PassingOutput
from evroute_kernel.kernel.display.formats import MOST_ROWS, Table, text_bundle
from evroute_kernel.kernel.display.reports import tell_errors
from evroute_kernel.kernel.magics.arguments import Arguments, Signature, parse_arguments
from evroute_kernel.kernel.magics.declaration import magic
from evroute_kernel.source import Span

if TYPE_CHECKING:
    from evroute_kernel.engine.mi.arguments import Arguments as Given
    from evroute_kernel.engine.mi.declaration import Command
    from evroute_kernel.engine.mi.protocol import CommandError, Params
    from evroute_kernel.engine.results.runs import Run
    from evroute_kernel.kernel.cell.cell import Cell

#: characters of a reply in JSON that are shown
LARGEST: Final = 100_000
#: what opens and closes doors -> its usage
ACTIONS: Final = {
    "serve": "ADDRESS [--listen HOST] [--token TOKEN] [--files DIR] [--reply-dir DIR]",
    "stop": "[ADDRESS]",
}
_EVENT_PARAMS: Final = """write the event's parameters as JSON: %mi raise_event E_X {"name": "value"}"""
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
class Request:
    """A `%mi` line, understood. `action` is "list", "serve", "stop", "help" or "run"."""

    action: str
    span: Span
    arguments: Arguments | None = None
    command: Command | None = None
    given: Given | None = None


class DoorOutput(PassingOutput):
    """Shows under the cell of `%mi serve` what clients cause."""

    def watch(self, future: Future[Run]) -> None:
        """Say why a raise failed, for its client does not hear of it."""
        future.add_done_callback(lambda done: tell_errors(self.outlet, done.result()))

    def tell(self, sentence: str) -> None:
        """Say what whoever opened the door should know."""
        self.outlet.write(f"{sentence}\n", STDERR)


# -- reading ----------------------------------------------------------------------------------------------------------


def read_line(line: MagicLine) -> Request:
    """Read a `%mi` line. Raises ArgumentError for an unknown command, or parameters that it does not take."""
    first = _FIRST.match(line.text)
    if first is None:
        return Request("list", line.span)
    name, span = first["name"], _span(line, first.start("name"), first.end("name"))
    if name in ACTIONS:
        rest = replace(line, text=line.text[first.end("name") :], offset=line.offset + first.end("name"))
        arguments = parse_arguments(rest, Signature.of(ACTIONS[name]), f"%mi {name} {ACTIONS[name]}")
        return Request(name, span, arguments)
    command = _command(name, span)
    if first["question"]:
        return Request("help", span, command=command)
    return Request("run", span, command=command, given=_bound(command, list(_items(line, first.end())), span))


def _command(name: str, span: Span) -> Command:
    from evroute_kernel.engine.mi import commands  # noqa: F401 - fills the table
    from evroute_kernel.engine.mi.declaration import find, names
    from evroute_kernel.engine.mi.protocol import METHOD_AMBIGUOUS, CommandError

    try:
        return find(name)
    except CommandError as error:
        if error.code == METHOD_AMBIGUOUS:
            raise ArgumentError(f"{name!r} is the name of several commands", span, error.data) from None
        hint = did_you_mean(name, [*names(), *ACTIONS]) or "%mi which lists the commands"
        raise ArgumentError(f"unknown MI command {name!r}", span, hint) from None


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
        return (value if isinstance(value, list) else text[start:end]), end
    word = _WORD.match(text, start)
    if word is None:
        if text[start : start + 1] in ('"', "'"):
            raise ArgumentError(f"this {text[start]} is never closed", _span(line, start, start + 1))
        return "", start
    return _QUOTED.sub(_unquoted, word[0]), word.end()


def _unquoted(found: re.Match[str]) -> str:
    return found[2] if found[1] is None else re.sub(r'\\(["\\])', r"\1", found[1])


def _bound(command: Command, items: list[Item], span: Span) -> Given:
    """The values bound to the parameters of the command. Raises ArgumentError."""
    from evroute_kernel.engine.mi.arguments import match
    from evroute_kernel.engine.mi.protocol import CommandError

    try:
        return match(command.recipes, _params(command, items))
    except CommandError as error:
        known = command.params
        wrong = next((item for item in items if item.name is not None and item.name not in known), None)
        if wrong is not None:
            near = did_you_mean(str(wrong.name), known)
            raise ArgumentError(
                f"{command.name} has no parameter {wrong.name!r}", wrong.span, near or _usage(command)
            ) from None
        place = items[0].span.source.span(items[0].span.start, items[-1].span.end) if items else span
        raise ArgumentError(str(error.data).lower(), place, _usage(command)) from None


def _params(command: Command, items: list[Item]) -> Params:
    from evroute_kernel.engine.mi.protocol import Object

    names = [item.name for item in items]
    if not items or None not in names:
        return Object([(str(item.name), _fitting(command, item)) for item in items])
    if any(names):
        wrong = next(item for item in items if item.name)
        hint = _EVENT_PARAMS if command.name == "raise_event" and wrong.name not in command.params else _usage(command)
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


def _usage(command: Command) -> str:
    return "usage: " + " | ".join(f"%mi {usage}" for usage in command.usages)


def _span(line: MagicLine, start: int, end: int) -> Span:
    return line.source.span(line.offset + start, line.offset + max(start, end))


# -- doing ------------------------------------------------------------------------------------------------------------


@magic("mi", "[COMMAND] [ARGUMENT...]", read=read_line)
async def mi(cell: Cell, request: Request) -> None:
    """Run a command of the management interface, or let other programs do so.

        %mi which
        %mi raise_event E_PIKE_BLOCKED {"ip": "192.0.2.1"}
        %mi subscribers_list event=E_PIKE_BLOCKED
        %mi serve datagram:127.0.0.1:8080

    COMMAND [value ... | name=value ...]  a command of OpenSIPS 3.6 or 4.0; shows its reply. `%mi COMMAND?` is its help
    serve ADDRESS   listen at datagram:HOST:PORT, unix:PATH, fifo:PATH or http:HOST:PORT/mi; port 0 lets the system
                    choose. What clients cause is shown under this cell
    stop [ADDRESS]  close one door, or all

    Without anything it lists the doors. Nothing listens before `serve`, and then for this machine alone. The first
    line says who may command a door: this user and root for files, else every user of this machine, who can have no
    files written unless `--files` names a folder for them, or who has the token.

    --listen HOST   listen on this address of the machine (HTTP only)
    --token TOKEN   what HTTP clients must send as Bearer; needed with --listen
    --files DIR     where clients may have files written (flatstore:) and reach unix: sockets
    --reply-dir DIR where the clients of a FIFO file wait for replies (/tmp/)
    """
    if request.action == "run":
        await run(cell, request)
    elif request.action == "help":
        assert request.command is not None
        cell.outlet.display(text_bundle(described(request.command)))
    elif request.action == "list":
        cell.outlet.display((await cell.compute(lambda: doors(cell))).bundle())
    else:
        assert request.arguments is not None
        await (serve if request.action == "serve" else stop)(cell, request.arguments)


async def run(cell: Cell, request: Request) -> None:
    """Run a command and show its reply; the cell ends when the routes of an event that it raised have ended."""
    from evroute_kernel.engine.mi.management import Management
    from evroute_kernel.engine.mi.protocol import CommandError

    command, given = request.command, request.given
    assert command is not None
    assert given is not None
    management = Management(cell.session, cell.outlet, watch=lambda future: cell.pending.append((future, request.span)))
    try:
        result = await cell.compute(partial(command.run, management, given))
    except CommandError as error:
        raise failure("ManagementError", str(error), request.span, remedy(cell, command, given, error)) from error
    cell.outlet.display(reply_bundle(result))


def remedy(cell: Cell, command: Command, given: Given, error: CommandError) -> str | None:
    """What to do about an error; None where the message says all."""
    from evroute_kernel.engine.mi.protocol import INVALID_PARAMS
    from evroute_kernel.engine.state.published import published

    if error.code == INVALID_PARAMS:
        return _usage(command)
    if error.code == 404 and "event" in given:
        unknown = "%mi events_list lists what is published; an event_route, or loadmodule of its module, publishes more"
        return did_you_mean(given.text("event"), published(cell.session)) or unknown
    return None


async def serve(cell: Cell, arguments: Arguments) -> None:
    from evroute_kernel.engine.mi.management import Management
    from evroute_kernel.engine.mi.server import Server

    address = arguments.words[0]
    output = DoorOutput(cell.outlet)
    management = Management(cell.session, output, output.watch, output.tell)
    options: dict[str, Any] = {name: word.text for name, word in arguments.flags.items() if word is not None}
    if "reply-dir" in options:
        options["reply_directory"] = options.pop("reply-dir")
    if "files" in options:
        options["files"] = [options["files"]]
    server = Server.of(cell.session)
    work = partial(server.open, address.text, management, **options)
    try:
        opened = await cell.compute(work)
    except ScriptError as error:
        raise CellFailure("ManagementError", [replace(d, span=address.span) for d in error.diagnostics]) from error
    cell.outlet.write(f"{server.greeting(opened)}\n")


async def stop(cell: Cell, arguments: Arguments) -> None:
    from evroute_kernel.engine.mi.server import Server

    server = Server.of(cell.session)
    known = [door.address for door in server.doors()]
    word = arguments.first
    if word is not None and word.text not in known:
        hint = did_you_mean(word.text, known) or "%mi lists the doors"
        raise failure("ManagementError", f"no door is open at {word.text}", word.span, hint)
    for address in [word.text] if word else known:
        await cell.compute(partial(server.close_door, address))
        cell.outlet.write(f"closed {address}\n")
    if not known:
        cell.outlet.write("no door is open\n")


def doors(cell: Cell) -> Table:
    from evroute_kernel.engine.mi.server import Server

    found = Server.of(cell.session).doors()
    rows = [(d.address, d.requests, d.pending or None, d.refused or None, d.clients) for d in found]
    headings = ("door", "requests", "events under way", "refused", "clients")
    return Table(headings, rows, "no door is open; %mi serve ADDRESS opens one")


# -- showing ----------------------------------------------------------------------------------------------------------


def described(command: Command) -> str:
    """The help of a command."""
    usages = "\n".join(f"%mi {usage}" for usage in command.usages)
    return f"{usages}\n\n{command.doc}\n\nIn OpenSIPS 4.0: {command.full_name}"


def reply_bundle(result: Any) -> dict[str, str]:
    """A reply: a table where it is a list of records, lines where it is a list of texts, else JSON."""
    if isinstance(result, str):
        return text_bundle(result)
    if isinstance(result, list) and result and all(isinstance(item, str) for item in result):
        left = len(result) - MOST_ROWS
        return text_bundle("\n".join([*result[:MOST_ROWS], *([f"... and {left:,} more"] if left > 0 else [])]))
    if isinstance(result, dict) and len(result) == 1 and (table := _as_table(*result.values())):
        return table.bundle()
    text = json.dumps(result, indent=2, ensure_ascii=False)
    left = len(text) - LARGEST
    return text_bundle(text if left <= 0 else f"{text[:LARGEST]}\n... and {left:,} more characters")


def _as_table(items: Any) -> Table | None:
    if not isinstance(items, list) or not items or not all(isinstance(item, dict) for item in items):
        return None
    headings = list(items[0])
    is_flat = all(list(i) == headings and not any(isinstance(v, list | dict) for v in i.values()) for i in items)
    return Table(headings, [list(item.values()) for item in items]) if is_flat else None
