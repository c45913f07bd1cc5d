"""Dialogs that event routes can load, filled in by hand: `%dialog` and `%dialogs`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from evroute_kernel.engine.events.given import GivenError
from evroute_kernel.engine.events.raise_line import ArgumentError
from evroute_kernel.engine.state.dialog_fields import FIELDS, DialogError, dialog_value
from evroute_kernel.errors import did_you_mean
from evroute_kernel.kernel.cell.failures import failure
from evroute_kernel.kernel.display.formats import Table, shown
from evroute_kernel.kernel.magics.arguments import Arguments, Word
from evroute_kernel.kernel.magics.declaration import Offers, magic
from evroute_kernel.kernel.magics.patterns import chosen
from evroute_kernel.records import dataclass

if TYPE_CHECKING:
    from evroute_kernel.engine.results.dialogs import DialogInfo
    from evroute_kernel.kernel.cell.cell import Cell
    from evroute_kernel.kernel.export.rehearsal import Rehearsal

USAGE: Final = (
    "NAME [callid=TEXT] [did=ID] [status=1|2|3|4|5] [timeout=SECONDS] [lifetime=SECONDS] [from_uri=URI] [to_uri=URI]"
    " [from_tag=TAG] [to_tag=TAG] [end_reason=TEXT] [flags=NAMES] [profiles=NAMES] [NAME=VALUE...] [--new] [--remove]"
)
#: before the name of a value that is called as a field is
PREFIX: Final = "val."
#: fields that are given as keys
KEYS: Final = tuple(name for name in FIELDS if name != "vals")
_NUMBERS: Final = ("status", "timeout", "lifetime")
_INTEGER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)")


@dataclass(frozen=True, slots=True)
class DialogLine:
    """A `%dialog` line: the fields that it sets, the words that gave them, and what may be a slip."""

    name: Word
    fields: dict[str, Any]
    words: dict[str, Word]
    remarks: tuple[str, ...]
    is_new: bool
    is_removed: bool


def read_dialog(arguments: Arguments) -> DialogLine:
    """Raises ArgumentError."""
    flags, fields, remarks = arguments.flags, dict[str, Any](), list[str]()
    if len(arguments.words) > 1:
        word = arguments.words[1]
        raise ArgumentError(f"unexpected {word.text!r}", word.span, f"a value has a name: name={word.text}")
    if "remove" in flags and (arguments.keys or "new" in flags):
        raise ArgumentError("--remove stands alone: it forgets the dialog", arguments.words[0].span)
    for key, word in arguments.keys.items():
        if key in KEYS:
            fields[key] = _field(key, word)
        else:
            name = key.removeprefix(PREFIX)
            fields.setdefault("vals", {})[name] = _value(name, word)
            if name == key and (hint := did_you_mean(key, KEYS)):
                remarks.append(f"{key} is a value, $dlg_val({key}): {hint} ({PREFIX}{key}= says that it is meant)")
    words = dict(arguments.keys)
    return DialogLine(arguments.words[0], fields, words, tuple(remarks), "new" in flags, "remove" in flags)


def _field(key: str, word: Word) -> Any:
    try:
        value = word.whole(0, f"a number for {key}") if key in _NUMBERS else word.text
        FIELDS[key](value)
    except GivenError as error:
        raise _located(error, word) from None
    return value


def _value(name: str, word: Word) -> int | str | None:
    """What is written as an integer is one; in quotes or behind `s:` it is text; NULL is nothing."""
    written = word.span.text
    if written == "NULL":
        return None
    if written.startswith("s:"):
        return word.text[2:]
    if not _INTEGER.fullmatch(written):
        return word.text
    if len(written) > 11:  # int() refuses texts of thousands of digits
        raise ArgumentError(
            f"{written} does not fit a 32-bit integer", word.span, f"write s:{written} to have it as text"
        )
    try:
        return dialog_value(name, int(written)) and int(written)
    except GivenError as error:
        raise _located(error, word) from None


def _located(error: GivenError, word: Word) -> ArgumentError:
    found = error.diagnostics[0]
    return ArgumentError(found.message, word.span, found.hint)


def exported_dialog(rehearsal: Rehearsal, offset: int, line: DialogLine) -> None:
    """Nothing of it is for a server, whose dialogs are made by calls; its event may have run a route."""
    from evroute_kernel.lang.callgraph import Vertex

    rehearsal.remark(offset, "(a dialog of the notebook: on a server calls make them, with create_dialog())")
    rehearsal.touch(Vertex("event", "E_DLG_STATE_CHANGED"))


@magic(
    "dialog",
    USAGE,
    convert=read_dialog,
    offers=Offers(words={"NAME": lambda asked: asked.dialogs()}, keys=lambda asked: asked.dialog_values()),
    on_export=exported_dialog,
)
async def dialog(cell: Cell, line: DialogLine) -> None:
    """Make a dialog that load_dialog_ctx() finds, or change it; without more than a name, show it.

        %dialog call1 status=4 who="alice" n=5
        %dialog call1 status=5 end_reason="Upstream BYE"
        %dialog call1 --remove

    Keys that are none of these are values, which `$dlg_val(who)` reads; `val.status=x` is the value called status.
    What is written as an integer is one; "7" and s:7 are text; NULL removes a value.

    callid      its Call-ID, the name itself when it is not said; did: its Dialog ID, as `$DLG_did` shows it
    status      1 unconfirmed, 2 early, 3 confirmed without ACK, 4 confirmed (that of a new one), 5 deleted
    timeout     seconds until it times out, from now on where it has been answered; it is found with status 5 then
    lifetime    seconds since it was answered
    from_uri    URI of the caller; to_uri: of the callee; from_tag, to_tag: their tags
    end_reason  what `$DLG_end_reason` says
    flags       names with blanks between; profiles: the same, `"calls trunk:a"` with the value a
    --new       make it anew, whatever there was
    --remove    forget it, without any event

    A change of the status raises E_DLG_STATE_CHANGED, and waits for its route; making a dialog does not. A status never
    goes back, but after 5 a lower one begins a new call. All workers see the dialog; %dialogs lists all of them.
    """
    if line.is_removed or not (line.fields or line.is_new):
        await cell.settle()
        found = _find(cell, line.name)
        if line.is_removed:
            cell.session.remove_dialog(found.name)
        else:
            cell.outlet.display(Table((f"dialog {found.name}", ""), list(_described(found))).bundle())
    else:
        cell.note(line.remarks)
        await _change(cell, line)


def _find(cell: Cell, word: Word) -> DialogInfo:
    """The dialog that is named; raises CellFailure where there is none."""
    known = cell.session.dialogs
    if word.text not in known:
        hint = did_you_mean(word.text, known) or f"%dialog {word.text} status=4 makes it; %dialogs lists all"
        raise failure("UnknownDialog", f"there is no dialog {word.text!r}", word.span, hint)
    return known[word.text]


async def _change(cell: Cell, line: DialogLine) -> None:
    work = partial(cell.session.dialog, line.name.text, anew=line.is_new, origin=cell.outlet, **line.fields)
    try:
        changed = await cell.compute(work)
    except GivenError as error:
        word = line.words.get(error.field, line.name) if isinstance(error, DialogError) else line.name
        found = error.diagnostics[0]
        raise failure("DialogError", found.message, word.span, found.hint) from error
    if changed.run is not None:
        cell.check_run(changed.run, line.name.span)


def _described(found: DialogInfo) -> Iterator[tuple[str, object]]:
    yield "callid", found.callid
    yield "did", found.did
    yield "status", _status(found)
    yield "lifetime", f"{found.lifetime} s"
    yield "timeout", f"{found.timeout} s"
    yield "from", f"{found.from_uri} tag {found.from_tag}"
    yield "to", f"{found.to_uri} tag {found.to_tag}"
    if found.end_reason is not None:
        yield "end_reason", found.end_reason
    yield "flags", " ".join(found.flags)
    yield "profiles", _profiles(found)
    yield from ((f"$dlg_val({name})", shown(value)) for name, value in found.vals.items())


def _status(found: DialogInfo) -> str:
    return f"{found.status} {found.status_name}"


def _profiles(found: DialogInfo) -> str:
    return " ".join(f"{name}:{value}" if value else name for name, value in found.profiles)


@magic("dialogs", "[PATTERN]", offers=Offers(words={"PATTERN": lambda asked: asked.dialogs()}))
async def dialogs(cell: Cell, arguments: Arguments) -> None:
    """List the dialogs that %dialog or Session.dialog have made, with their status, times and values.

    A pattern such as `call*` keeps those whose name or Call-ID matches. They stand in the order in which the functions
    of scripts go through them, which follows from the Call-IDs.
    """
    await cell.settle()
    pattern = arguments.first.text if arguments.first else None
    rows = chosen(cell.session.dialogs.values(), pattern, lambda d: (d.name, d.callid))
    nothing = "there is no dialog" if pattern is None else f"no dialog matches {pattern}"
    headings = ("dialog", "callid", "did", "status", "lifetime", "timeout", "flags", "profiles", "values")
    others = "%dialogs PATTERN shows those that match"
    cell.outlet.display(Table(headings, rows, nothing, others, _row).bundle())


def _row(found: DialogInfo) -> tuple[object, ...]:
    values = " ".join(f"{name}={shown(value)}" for name, value in found.vals.items())
    times = (f"{found.lifetime} s", f"{found.timeout} s")
    return found.name, found.callid, found.did, _status(found), *times, " ".join(found.flags), _profiles(found), values
