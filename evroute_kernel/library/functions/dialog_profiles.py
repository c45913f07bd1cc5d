"""Module dialog: profiles, which count dialogs, and flags of the loaded dialog."""

from __future__ import annotations

from evroute_kernel.library.behaviour import function
from evroute_kernel.library.dialogs import store
from evroute_kernel.library.dialogs.dialog import Dialog
from evroute_kernel.library.dialogs.profiles import Profile, find
from evroute_kernel.library.dummy_message import use_flag
from evroute_kernel.library.functions.dialog import FLAGS, change, current, is_member, unknown_profile
from evroute_kernel.library.functions.message import code
from evroute_kernel.library.functions.parameters import literal
from evroute_kernel.library.references import Reference
from evroute_kernel.runtime.context import Context

# -- profiles ---------------------------------------------------------------------------------------------------------


def _find(context: Context, name: str) -> Profile | None:
    """The profile; None, with an error logged, when it is not declared."""
    profile = find(context.process, name)
    if profile is None:
        context.error(unknown_profile(name))
    return profile


def _find_with_dialog(context: Context, name: str) -> tuple[Profile, Dialog] | None:
    """The profile and the loaded dialog; None, with what is missing logged."""
    profile = _find(context, name)
    dialog = None if profile is None else current(context)
    if profile is not None and dialog is None:
        context.critical(f"no dialog is loaded that could be in the profile {name}: call load_dialog_ctx() before")
    return None if profile is None or dialog is None else (profile, dialog)


@function("set_dlg_profile")
def set_dlg_profile(context: Context, profile: str, value: str | None, clear_values: int | None) -> int:
    """Put the loaded dialog into a profile, where get_profile_size() counts it; twice counts twice.

    A profile of `profiles_with_value` needs a value; with `clear_values` 1 the dialog leaves the profile before, under
    all its values. Returns 1; -1 for an unknown profile, a value that is missing, or without a loaded dialog.
    """
    found = _find_with_dialog(context, profile)
    if found is None:
        return -1
    name, has_value = found[0].name, found[0].has_value
    if has_value and value is None:
        context.warning(f"set_dlg_profile() needs a value: {profile} is a profile with values")
        return -1

    def work(dialog: Dialog) -> None:
        if has_value and clear_values:
            dialog.profiles = [m for m in dialog.profiles if m[0] != name]
        dialog.profiles.insert(0, (name, value or "" if has_value else ""))

    return code(change(context, work))


@function("unset_dlg_profile")
def unset_dlg_profile(context: Context, profile: str, value: str | None) -> int:
    """Take the loaded dialog out of a profile, once; of one with values, without a value under all of them.

    Returns 1; -1, with a warning, when it is not in it (silently where no value is given to a profile with values), for
    an unknown profile, or without a loaded dialog.
    """
    found = _find_with_dialog(context, profile)
    if found is None:
        return -1
    (name, has_value), dialog = (found[0].name, found[0].has_value), found[1]
    leaves_all = has_value and value is None
    wanted = value if has_value else None
    leaving = [m for m in dialog.profiles if is_member(m, name, wanted)]
    if not leaving:
        if not leaves_all:
            under = f" with the value {value}" if has_value else ""
            context.warning(f"the loaded dialog is not in the profile {profile}{under}")
        return -1

    def work(dialog: Dialog) -> None:
        for membership in leaving if leaves_all else leaving[:1]:
            dialog.profiles.remove(membership)

    return code(change(context, work))


@function("is_in_profile")
def is_in_profile(context: Context, profile: str, value: str | None) -> int:
    """Whether the loaded dialog is in a profile, with a value or with any.

    Returns 1; -1 when it is not, for an unknown profile, or without a loaded dialog.
    """
    found = _find_with_dialog(context, profile)
    if found is None:
        return -1
    wanted = value if found[0].has_value else None
    return code(any(is_member(m, found[0].name, wanted) for m in found[1].profiles))


@function("get_profile_size")
def get_profile_size(context: Context, profile: str, value: str | None, size: Reference) -> int:
    """Count the dialogs in a profile, with a value or with any: `get_profile_size("calls", "alice", $var(n))`.

    No dialog need be loaded. Returns 1; -1 for an unknown profile.
    """
    found = _find(context, profile)
    if found is None:
        return -1
    wanted = value if found.has_value else None
    dialogs = store.items(context.process.shared)
    number = sum(is_member(m, found.name, wanted) for _, dialog in dialogs for m in dialog.profiles)
    return code(size.store(context, number))


# -- flags ------------------------------------------------------------------------------------------------------------


def _check_flag(name: str) -> tuple[str, str | None] | None:
    return None if name else ("the name of a flag cannot be empty", None)


_FLAG = literal(0, _check_flag)


@function("set_dlg_flag", check=_FLAG)
def set_dlg_flag(context: Context, flag: str) -> int:
    """Turn a named flag of the loaded dialog on.

    Returns 1; -1 without a loaded dialog.
    """
    use_flag(context, FLAGS, flag)
    return code(change(context, lambda dialog: dialog.flags.add(flag)))


@function("reset_dlg_flag", check=_FLAG)
def reset_dlg_flag(context: Context, flag: str) -> int:
    """Turn a named flag of the loaded dialog off.

    Returns 1; -1 without a loaded dialog.
    """
    use_flag(context, FLAGS, flag)
    return code(change(context, lambda dialog: dialog.flags.discard(flag)))


@function("is_dlg_flag_set", check=_FLAG)
def is_dlg_flag_set(context: Context, flag: str) -> int:
    """Whether a named flag of the loaded dialog is on.

    Returns 1; -1 when it is not, or without a loaded dialog.
    """
    dialog = current(context)
    return code(dialog is not None and use_flag(context, FLAGS, flag) in dialog.flags)


@function("test_and_set_dlg_flag", check=_FLAG)
def test_and_set_dlg_flag(context: Context, flag: str, value: int) -> int:
    """Turn a flag of the loaded dialog over if it is as `value` says (0 off, 1 on), in one step for all processes.

    Returns 1 when it was and has been turned over; -1 when it was not, or for another value; -2 without a loaded
    dialog.
    """
    use_flag(context, FLAGS, flag)
    turned: list[bool] = []
    if current(context) is None:
        return -2
    if value not in (0, 1):
        context.error(f"test_and_set_dlg_flag() tests for 0 or 1, not for {value}")
        return -1

    def work(dialog: Dialog) -> None:
        if (flag in dialog.flags) is bool(value):
            dialog.flags ^= {flag}
            turned.append(True)

    change(context, work)
    return code(bool(turned))
