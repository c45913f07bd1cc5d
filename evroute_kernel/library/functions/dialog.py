"""Module dialog: the dialog that an event route loads, and what it finds out about others.

A process has one dialog loaded at most, for the run that loaded it. That run's end leaves the dialog, but does not
unload it: until somebody calls unload_dialog_ctx() in that process, no other can be loaded there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from evroute_kernel.library.behaviour import function
from evroute_kernel.library.dialogs import store, texts
from evroute_kernel.library.dialogs.dialog import Dialog
from evroute_kernel.library.dialogs.profiles import find
from evroute_kernel.library.dummy_message import flag_list
from evroute_kernel.library.functions.parameters import literal, push_avp
from evroute_kernel.library.references import Reference
from evroute_kernel.records import dataclass
from evroute_kernel.runtime.context import Context, Process
from evroute_kernel.runtime.control import ScriptCrash
from evroute_kernel.runtime.values import Value, fold, is_int_type, stored

MODULE: Final = "dialog"
#: the family of flags that dialogs have
FLAGS: Final = "dialog flags"
_HANGS: Final = (
    "get_dialogs_by_val() has found this dialog by an integer: a server leaves its values locked then, and whoever"
    " writes one hangs for ever; keep the value as text"
)
#: key of the `Loaded` of a process in `Process.state`
LOADED: Final = "dialog"


@dataclass(frozen=True, slots=True)
class Loaded:
    """The dialog that a process has loaded: its name, the run that did so (see `run_of`), and where that stands."""

    name: str
    run: object
    place: str


# -- the loaded dialog ------------------------------------------------------------------------------------------------


def run_of(context: Context) -> object:
    """What stands for a run, and for all that 4.0 runs inside it: they have one stack of routes."""
    return context.route_stack


def _loaded(context: Context) -> Loaded | None:
    """What this run has loaded."""
    found: Loaded | None = context.process.state.get(LOADED)
    return found if found is not None and found.run is run_of(context) else None


def current(context: Context) -> Dialog | None:
    """The dialog of this run; None where it has loaded none, or that is gone."""
    found = _loaded(context)
    return None if found is None else store.get(context.process.shared, found.name)


def change(context: Context, work: Callable[[Dialog], None]) -> bool:
    """Change the dialog of this run; False, with nothing said, where there is none."""
    found = _loaded(context)
    return found is not None and store.change(context.process.shared, found.name, work)


def unwanted(process: Process) -> str:
    """Why a dialog cannot be loaded, and what to do about it."""
    before: Loaded = process.state[LOADED]
    return (
        f"load_dialog_ctx() again, and nobody has unloaded the dialog that {before.place} has loaded in this process:"
        " call unload_dialog_ctx() on every way out of a route that loads one"
    )


def _place(context: Context) -> str:
    """Where a run is, for people: `event_route[E_X], line 3`."""
    route = context.process.slots.get(context.process.at[1])
    title = f"{route.kind}[{route.name}]" if route is not None and route.name else "a statement"
    return f"{title} (line {context.line()})"


def _check_type(text: str) -> tuple[str, str | None] | None:
    if fold(text) in ("callid", "did"):
        return None
    return f"a dialog has no id of type {text!r}", 'it is "callid", as without it, or "did"'


@function("load_dialog_ctx", check=literal(1, _check_type))
def load_dialog_ctx(context: Context, dialog: str, id_type: str | None, active: int | None = None) -> int:
    """Make a dialog the current one: `$dlg_val` and `$DLG_status` are its own from here on.

    `dialog` is its Call-ID, or with `"did"` as second argument its Dialog ID (`$DLG_did`). Dialogs are made by
    `%dialog` and `Session.dialog`, on a server by calls. Returns 1; -1 for an unknown id, without a word; -1, with an
    error, where this process has a dialog loaded already: also by an event before, whose route never called
    unload_dialog_ctx().
    """
    process = context.process
    if id_type is not None and (problem := _check_type(id_type)) is not None:
        context.error(f"load_dialog_ctx() loads nothing: {problem[0]}; {problem[1]}")
        return -1
    if LOADED in process.state:
        context.error(unwanted(process))
        return -1
    look_up = store.by_did if id_type is not None and fold(id_type) == "did" else store.by_callid
    name = look_up(process.shared, dialog, only_active=bool(active))
    if name is None:
        return -1
    process.state[LOADED] = Loaded(name, run_of(context), _place(context))
    return 1


@function("unload_dialog_ctx")
def unload_dialog_ctx(context: Context) -> int:
    """Leave the dialog that load_dialog_ctx() has loaded.

    Returns 1, also for one that an event before has left loaded in this process; -1 when none is.
    """
    return -1 if context.process.state.pop(LOADED, None) is None else 1


# -- values of the loaded dialog --------------------------------------------------------------------------------------


def put_value(context: Context, name: str, value: Value) -> bool:
    """Set a value of the loaded dialog, or remove it; False, with nothing said, where there is none."""

    def work(dialog: Dialog) -> None:
        if dialog.is_locked:
            raise ScriptCrash(_HANGS)
        dialog.set_value(name, value)

    return change(context, work)


@function("store_dlg_value")
def store_dlg_value(context: Context, name: str, val: Reference) -> int:
    """Store the value of a variable in the loaded dialog, where `$dlg_val(name)` reads it.

    Returns 1; -1 without a loaded dialog, or when the variable is null.
    """
    if _loaded(context) is None:
        return -1
    value = stored(val.get(context))
    if value is None:
        context.error(f"store_dlg_value() stores nothing: {val.text} is null")
        return -1
    return 1 if put_value(context, name, value) else -1


@function("fetch_dlg_value")
def fetch_dlg_value(context: Context, name: str, val: Reference) -> int:
    """Put a value of the loaded dialog into a variable.

    Returns 1; -1 without a loaded dialog, or when that has no such value: the variable keeps what it had.
    """
    dialog = current(context)
    value = None if dialog is None else dialog.values.get(name)
    return -1 if value is None or not _hand_over(context, val, value) else 1


def _hand_over(context: Context, target: Reference, value: Value) -> bool:
    return target.store(context, value) if isinstance(value, int) else target.set(context, "=", value)


# -- other dialogs ----------------------------------------------------------------------------------------------------


def _with_value(context: Context, name: str, wanted: Reference) -> Iterable[Dialog]:
    """The dialogs that are not over and have this very value, an integer or a text."""
    value = stored(wanted.get(context))
    for dialog in store.active(context.process.shared):
        if value is None:
            context.error(f"no dialog is found by the value {name}: {wanted.text} is null")
        elif dialog.values.get(name) == value:
            yield dialog


def _count(context: Context, number: int, target: Reference) -> int:
    """The result of what goes through dialogs: how many there were, also in a variable."""
    return number if number and target.store(context, number) else -1


@function("get_dialog_info")
def get_dialog_info(
    context: Context, attr: str, avp: Reference, key: str, key_val: Reference, no_dlgs: Reference
) -> int:
    """Collect a value of all dialogs that have another value: `get_dialog_info("who", $avp(w), "ci", $ci, $var(n))`.

    Looks at dialogs that are not over, and no dialog need be loaded. `attr` of each goes into the AVP, the number of
    them into `no_dlgs`. Returns that number; -1 when there is none, or one of them lacks `attr`.
    """
    number = 0
    for dialog in _with_value(context, key, key_val):
        value = dialog.values.get(attr)
        if value is None:
            context.error(f"get_dialog_info() ends: the dialog {dialog.callid} has no value {attr}")
            return -1
        if not avp.set(context, "=", value):
            return -1
        number += 1
    return _count(context, number, no_dlgs)


@function("get_dialog_vals")
def get_dialog_vals(context: Context, names: Reference, vals: Reference, callid: str) -> int:
    """Put all values of a dialog into two AVPs, names and values in the same order, the one made first on top.

    The dialog is found by its Call-ID and must not be over; it need not be loaded. Returns 1; -1 when there is none.
    """
    shared = context.process.shared
    name = store.by_callid(shared, callid, only_active=True)
    dialog = None if name is None else store.get(shared, name)
    if dialog is None:
        return -1
    for key, value in reversed(dialog.values.items()):
        if push_avp(context, names, key) and not push_avp(context, vals, value):
            return -1
    return 1


def _collect(context: Context, found: Iterable[Dialog], avp: Reference, target: Reference) -> int:
    """Put the JSON texts of dialogs into an AVP, the last one found on top."""
    number = 0
    for dialog in found:
        if not avp.set(context, "=", texts.with_context(dialog, flag_list(context, FLAGS, dialog.flags))):
            return -1
        number += 1
    return _count(context, number, target)


@function("get_dialogs_by_val")
def get_dialogs_by_val(context: Context, name: str, value: Reference, out_avp: Reference, out_dlg_no: Reference) -> int:
    """Collect all dialogs that have a value, as `$DLG_ctx_json` shows them.

    Looks at dialogs that are not over; the number 5 is not the text "5". Returns how many were found, which also goes
    into `out_dlg_no`; -1 when none was. A server leaves the values of a dialog locked that it finds by an integer: the
    next write of one hangs the process for ever, and here ends the run.
    """
    found = list(_with_value(context, name, value))
    if is_int_type(value.get(context)):
        for dialog in found:
            _lock(context, dialog)
    return _collect(context, found, out_avp, out_dlg_no)


def _lock(context: Context, dialog: Dialog) -> None:
    """What a server forgets to unlock. Observed on 3.6.8 and 4.0.1."""
    shared = context.process.shared
    holder = store.by_did(shared, dialog.did)

    def work(found: Dialog) -> None:
        found.is_locked = True

    if holder is not None:
        store.change(shared, holder, work)


@function("get_dialogs_by_profile")
def get_dialogs_by_profile(
    context: Context, name: str, value: str | None, out_avp: Reference, out_dlg_no: Reference
) -> int:
    """Collect all dialogs that are in a profile, as `$DLG_ctx_json` shows them: without a value, those with any.

    Returns how many were found, which also goes into `out_dlg_no`; -1 when none was, or for an unknown profile.
    """
    profile = find(context.process, name)
    if profile is None:
        context.error(unknown_profile(name))
        return -1
    wanted = value if profile.has_value else None
    shared = context.process.shared
    found = (d for d in store.active(shared) if any(is_member(m, profile.name, wanted) for m in d.profiles))
    return _collect(context, found, out_avp, out_dlg_no)


def is_member(membership: tuple[str, str], profile: str, value: str | None) -> bool:
    """Whether an entry of a dialog's profiles is of this profile, with this value if one is wanted."""
    return membership[0] == profile and value in (None, membership[1])


def unknown_profile(name: str) -> str:
    return f'no profile is named {name!r}: declare it with modparam("{MODULE}", "profiles_with_value", "{name}")'
