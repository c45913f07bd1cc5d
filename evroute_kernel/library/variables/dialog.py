"""`$dlg_val` and `$DLG_...` (module dialog): the dialog that load_dialog_ctx() has loaded; null without one."""

from __future__ import annotations

from typing import Final

from evroute_kernel.library import modparams
from evroute_kernel.library.behaviour import variable
from evroute_kernel.library.dialogs import store, texts
from evroute_kernel.library.dialogs.dialog import Dialog
from evroute_kernel.library.dummy_message import flag_list
from evroute_kernel.library.formats.c_numbers import str2sint
from evroute_kernel.library.functions.dialog import FLAGS, MODULE, change, current, put_value, run_of
from evroute_kernel.runtime.context import Context
from evroute_kernel.runtime.values import Textless, Value, int_of, is_int_type, stored, text_of

#: in `Process.state`: the run that set `$DLG_timeout` without a dialog, and to what
_TIMEOUT: Final = "dialog timeout"


def _unset(context: Context, written: str) -> bool:
    context.error(f"{written} cannot be set: no dialog is loaded; load_dialog_ctx() loads one")
    return False


# -- values -----------------------------------------------------------------------------------------------------------


def _name(context: Context, name: Value) -> str | None:
    """The name of a value; None, said why, where the variable that gives it is null or empty."""
    text = text_of(name)
    if not text:
        context.error(f"$dlg_val: the variable that gives the name is {'null' if text is None else 'empty'}")
        return None
    return text


@variable("dlg_val", dies_without_name=True)
def dlg_val(context: Context, name: Value, index: None) -> Value:
    """Value of the loaded dialog, an integer or a string; null when it has none of this name, or none is loaded.

    What is set stays with the call: the next event that loads it finds it, in whatever process. `= NULL` removes it.
    Without a loaded dialog setting it is an error, and `$rc` is -1.
    """
    key = _name(context, name)
    dialog = None if key is None else current(context)
    value = None if dialog is None or key is None else dialog.values.get(key)
    return Textless(value) if isinstance(value, int) else value


@dlg_val.setter
def set_dlg_val(context: Context, name: Value, index: None, op: str, value: Value) -> bool:
    key = _name(context, name)
    if key is None:
        return False
    return put_value(context, key, stored(value)) or _unset(context, f"$dlg_val({key})")


# -- what the server knows of the call --------------------------------------------------------------------------------


@variable("DLG_count")
def dlg_count(context: Context, name: None, index: None) -> Value:
    """Number of calls that are answered and not over; needs no loaded dialog."""
    return sum(dialog.is_answered for _, dialog in store.items(context.process.shared))


@variable("DLG_status")
def dlg_status(context: Context, name: None, index: None) -> Value:
    """Status of the loaded dialog: 1 unconfirmed, 2 early, 3 confirmed without ACK, 4 confirmed, 5 deleted."""
    dialog = current(context)
    return None if dialog is None else dialog.status


@variable("DLG_lifetime")
def dlg_lifetime(context: Context, name: None, index: None) -> Value:
    """Seconds since the loaded dialog was answered; 0 before."""
    dialog = current(context)
    return None if dialog is None else dialog.lifetime


@variable("DLG_did")
def dlg_did(context: Context, name: None, index: None) -> Value:
    """Dialog ID of the loaded dialog, two hexadecimal numbers whose lowest digits come first: `5a.8b217e22`."""
    dialog = current(context)
    return None if dialog is None else dialog.did


@variable("DLG_dir")
def dlg_dir(context: Context, name: None, index: None) -> Value:
    """Direction of the request within the dialog; null in event routes, which have no request."""
    return None


@variable("DLG_end_reason")
def dlg_end_reason(context: Context, name: None, index: None) -> Value:
    """Why the loaded dialog has ended, such as `Upstream BYE`; null where nobody has said why."""
    dialog = current(context)
    return None if dialog is None else dialog.end_reason


# -- what scripts can change ------------------------------------------------------------------------------------------


@variable("DLG_flags")
def dlg_flags(context: Context, name: None, index: None) -> Value:
    """Names of the loaded dialog's flags that are on, with blanks between; settable, and NULL turns all off.

    The server knows only flags that the script names in a function; here each name is one.
    """
    dialog = current(context)
    return None if dialog is None else flag_list(context, FLAGS, dialog.flags)


@dlg_flags.setter
def set_dlg_flags(context: Context, name: None, index: None, op: str, value: Value) -> bool:
    if current(context) is None:
        return _unset(context, "$DLG_flags")
    if type(value) is int or type(value) is Textless:
        context.error(f"$DLG_flags takes names of flags, not the integer {int_of(value)}")
        return False
    names = set(filter(None, (text_of(value) or "").split(" ")))

    def work(dialog: Dialog) -> None:
        dialog.flags = names

    return change(context, work)


def _seconds(context: Context, what: str, value: Value) -> int | None:
    """A number of seconds, also as text; None, said why, for anything else."""
    number = int_of(value) if value is None or is_int_type(value) else str2sint(str(value))
    if number is None:
        context.error(f"{what} takes a number of seconds, not {'null' if value is None else repr(str(value))}")
    elif number < 0:
        context.error(f"{what} takes a number of seconds, not the negative {number}")
    return None if number is None or number < 0 else number


@variable("DLG_timeout")
def dlg_timeout(context: Context, name: None, index: None) -> Value:
    """Seconds until the loaded dialog times out: how long it may last before the answer, 0 when it is over.

    Settable: an answered call lasts so long from now on. Without a loaded dialog it is what the same run has set.
    """
    dialog = current(context)
    if dialog is not None:
        return dialog.time_left
    run, seconds = context.process.state.get(_TIMEOUT, (None, 0))
    return seconds or None if run is run_of(context) else None


@dlg_timeout.setter
def set_dlg_timeout(context: Context, name: None, index: None, op: str, value: Value) -> bool:
    seconds = _seconds(context, "$DLG_timeout", value)
    if seconds is None:
        return False
    limit = seconds
    if not change(context, lambda dialog: dialog.limit(limit)):
        context.process.state[_TIMEOUT] = (run_of(context), seconds)
    return True


@variable("DLG_del_delay")
def dlg_del_delay(context: Context, name: None, index: None) -> Value:
    """Seconds that a server keeps the loaded dialog when it is over; settable. Here it stays until it is removed."""
    dialog = current(context)
    if dialog is None:
        return None
    return dialog.delete_delay or modparams.integer(context.process, MODULE, "delete_delay", 0)


@dlg_del_delay.setter
def set_dlg_del_delay(context: Context, name: None, index: None, op: str, value: Value) -> bool:
    seconds = _seconds(context, "$DLG_del_delay", value)
    if seconds is None:
        return False
    delay = seconds

    def work(dialog: Dialog) -> None:
        dialog.delete_delay = delay

    return change(context, work) or _unset(context, "$DLG_del_delay")


# -- as JSON ----------------------------------------------------------------------------------------------------------


@variable("DLG_json")
def dlg_json(context: Context, name: None, index: None) -> Value:
    """The loaded dialog as the text of a JSON object: ids, state, times, URIs, legs. Numbers are texts in it."""
    dialog = current(context)
    return None if dialog is None else texts.plain(dialog, flag_list(context, FLAGS, dialog.flags))


@variable("DLG_ctx_json")
def dlg_ctx_json(context: Context, name: None, index: None) -> Value:
    """As `$DLG_json`, and where it has some the `values` and `profiles` of the loaded dialog."""
    dialog = current(context)
    return None if dialog is None else texts.with_context(dialog, flag_list(context, FLAGS, dialog.flags))
