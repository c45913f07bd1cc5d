"""The management interface: `%mi COMMAND` runs one of its commands, `%mi serve` lets other programs do so."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from evroute_kernel.errors import ScriptError, did_you_mean
from evroute_kernel.kernel.cell.failures import CellFailure, failure
from evroute_kernel.kernel.cell.output import STDERR, PassingOutput
from evroute_kernel.kernel.display.formats import MOST_ROWS, Table, text_bundle
from evroute_kernel.kernel.display.reports import tell_errors
from evroute_kernel.kernel.magics.arguments import Arguments
from evroute_kernel.kernel.magics.declaration import Offers, magic
from evroute_kernel.kernel.magics.management_line import (
    MiRequest,
    commands,
    described_command,
    offered,
    read_line,
    usage_of,
)

if TYPE_CHECKING:
    from evroute_kernel.engine.mi.declaration import Command
    from evroute_kernel.engine.mi.protocol import CommandError
    from evroute_kernel.engine.results.runs import BatchResult
    from evroute_kernel.kernel.cell.cell import Cell

#: characters of a reply in JSON that are shown
LARGEST: Final = 100_000


class DoorOutput(PassingOutput):
    """Shows under the cell of `%mi serve` what clients cause."""

    def ended(self, result: BatchResult) -> None:
        """Say why raises failed, for their clients do not hear of it."""
        if result.errors:
            tell_errors(self.outlet, result)

    def tell(self, sentence: str) -> None:
        """Say what whoever opened the door should know."""
        self.outlet.write(f"{sentence}\n", STDERR)


@magic(
    "mi",
    "[COMMAND] [ARGUMENT...]",
    read=read_line,
    offers=Offers(words={"COMMAND": commands}, rest=offered),
    describes=described_command,
)
async def mi(cell: Cell, request: MiRequest) -> None:
    """Run a command of the management interface, or let other programs do so.

        %mi which
        %mi raise_event E_PIKE_BLOCKED {"ip": "192.0.2.1"}
        %mi subscribers_list event=E_PIKE_BLOCKED
        %mi serve datagram:127.0.0.1:8080

    COMMAND [value ... | name=value ...]  a command, as the session's version of OpenSIPS calls it; shows its reply.
                    `%mi COMMAND?` is its help. 4.0 says `module:command`, and takes most names of 3.6 too
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
        cell.outlet.display(text_bundle(described(request.command, request.name)))
    elif request.action == "list":
        cell.outlet.display((await cell.compute(lambda: doors(cell))).bundle())
    else:
        assert request.arguments is not None
        await (serve if request.action == "serve" else stop)(cell, request.arguments)


async def run(cell: Cell, request: MiRequest) -> None:
    """Run a command and show its reply; the cell ends when the routes of an event that it raised have ended."""
    from evroute_kernel.engine.mi.management import Management
    from evroute_kernel.engine.mi.protocol import CommandError

    command, given = request.command, request.given
    assert command is not None
    assert given is not None
    check_name(cell, request)
    management = Management(cell.session, cell.outlet, watch=lambda future: cell.pending.append((future, request.span)))
    try:
        result = await cell.compute(partial(command.run, management, given))
    except CommandError as error:
        raise failure("ManagementError", str(error), request.span, remedy(cell, request, error)) from error
    cell.outlet.display(reply_bundle(result))
    tell_name(cell, request)


def check_name(cell: Cell, request: MiRequest) -> None:
    """See that the session's version has a command of that name; raises CellFailure."""
    from evroute_kernel.engine.mi.naming import find, names, why_not
    from evroute_kernel.engine.mi.protocol import METHOD_AMBIGUOUS, CommandError

    name, version = request.name, cell.session.version
    try:
        find(cell.session, name)
    except CommandError as error:
        if error.code == METHOD_AMBIGUOUS:
            message, hint = f"{name!r} is the name of several commands", error.data
        else:
            message, hint = f"{name!r} is no MI command of OpenSIPS {version}", why_not(name, version)
        known = (
            hint
            or did_you_mean(name, names(version, cell.session.settings.modules_loaded()))
            or "%mi which lists the commands"
        )
        raise failure("ManagementError", message, request.span, known) from error


def tell_name(cell: Cell, request: MiRequest) -> None:
    """A name of 4.0 is taken under 3.6 too, which no server does: that is said."""
    assert request.command is not None
    name = request.command.name
    if cell.session.version == "3.6" and request.name != name:
        cell.note([f"{request.name} is a name of OpenSIPS 4.0: a server of 3.6 calls it {name}"])


def remedy(cell: Cell, request: MiRequest, error: CommandError) -> str | None:
    """What to do about an error; None where the message says all."""
    from evroute_kernel.engine.mi.protocol import INVALID_PARAMS
    from evroute_kernel.engine.state.published import published

    command, given = request.command, request.given
    assert command is not None
    assert given is not None
    if error.code == INVALID_PARAMS:
        return usage_of(command, request.name)
    if error.code == 404 and "event" in given:
        unknown = "%mi events_list lists what is published; an event_route, or loadmodule of its module, publishes more"
        return did_you_mean(given.text("event"), published(cell.session)) or unknown
    return None


async def serve(cell: Cell, arguments: Arguments) -> None:
    from evroute_kernel.engine.mi.addresses import AddressError
    from evroute_kernel.engine.mi.management import Management
    from evroute_kernel.engine.mi.server import Server

    address = arguments.words[0]
    output = DoorOutput(cell.outlet)
    management = Management(cell.session, output, tell=output.tell, ended=output.ended)
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
        option = error.option if isinstance(error, AddressError) else ""
        at = arguments.flags.get(option) or address
        raise CellFailure("ManagementError", [replace(d, span=at.span) for d in error.diagnostics]) from error
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


def described(command: Command, called: str) -> str:
    """The help of a command."""
    usages = "\n".join(f"%mi {usage}" for usage in command.usages(called))
    return f"{usages}\n\n{command.doc}\n\n{further_names(command, called)}"


def further_names(command: Command, called: str) -> str:
    """What the versions call a command, so far as the name on the line does not say it."""
    if "3.6" not in command.versions:
        return f"New in OpenSIPS 4.0: {command.full_name}"
    if called == command.name:
        return f"In OpenSIPS 4.0: {command.full_name}"
    return f"In OpenSIPS 3.6: {command.name}"


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
    others = "a client that comes by a door (%mi serve) gets all"
    return Table(headings, [list(item.values()) for item in items], others=others) if is_flat else None
