"""Where dialogs are kept: in the memory that all workers share, so that each sees what another has stored.

A dialog has a name there, that of whoever made it: what stands under it is looked up by its Call-ID and Dialog ID.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from evroute_kernel.library.dialogs.dialog import Dialog
from evroute_kernel.runtime.shared import Shared

#: name -> the fields of a dialog
TABLE: Final = "dialog"
#: Call-ID -> names, the dialog that was made first comes first
_CALL_IDS: Final = "dialog callid"
#: Dialog ID -> name
_IDS: Final = "dialog did"
#: how many dialogs have been made
_COUNT: Final = "dialog count"


def get(shared: Shared, name: str, *, settled: bool = True) -> Dialog | None:
    """The dialog of this name: as it is now, or as somebody has left it, before its time was over."""
    found = shared.get_object(TABLE, name)
    return None if found is None else _made(shared, found, settled)


def _made(shared: Shared, fields: tuple[Any, ...], settled: bool = True) -> Dialog:
    dialog = Dialog(*fields)
    dialog.clock = shared.clock.now
    if settled:
        dialog.settle()
    return dialog


def items(shared: Shared) -> list[tuple[str, Dialog]]:
    """All dialogs with their names, in the order in which a server goes through them."""
    found = [(name, _made(shared, fields)) for name, fields in shared.items(TABLE)]
    return sorted(found, key=lambda item: item[1].place)


def active(shared: Shared) -> Iterator[Dialog]:
    """Those that are not over, in the same order."""
    return (dialog for _, dialog in items(shared) if dialog.is_active)


def by_callid(shared: Shared, callid: str, *, only_active: bool = False) -> str | None:
    """The name of the first dialog with this Call-ID."""
    with shared.step():
        for name in shared.get_object(_CALL_IDS, callid) or ():
            dialog = get(shared, name)
            if dialog is not None and (dialog.is_active or not only_active):
                return str(name)
    return None


def by_did(shared: Shared, did: str, *, only_active: bool = False) -> str | None:
    """The name of the dialog with this Dialog ID, in whatever case its digits are written."""
    with shared.step():
        name: str | None = shared.get_object(_IDS, did.lower())
        dialog = None if name is None else get(shared, name)
    return name if dialog is not None and (dialog.is_active or not only_active) else None


def next_number(shared: Shared) -> int:
    """A number that no dialog has had yet, from 1."""
    number: int = shared.update(_COUNT, "", lambda count: (count or 0) + 1)
    return number


def put(shared: Shared, name: str, dialog: Dialog) -> None:
    """Keep a dialog under a name, in the place of the one that is there."""
    with shared.transaction():
        before = get(shared, name)
        if before is not None and (before.callid, before.did) != (dialog.callid, dialog.did):
            remove(shared, name)
            before = None
        if before is None:
            names = shared.get_object(_CALL_IDS, dialog.callid) or []
            shared.put_object(_CALL_IDS, dialog.callid, [*names, name])
            shared.put_object(_IDS, dialog.did.lower(), name)
        shared.put_object(TABLE, name, dialog.fields())


def change(shared: Shared, name: str, work: Callable[[Dialog], None]) -> bool:
    """Change a dialog while no other process can; False where it is gone. The work must be quick."""
    with shared.transaction():
        dialog = get(shared, name)
        if dialog is None:
            return False
        work(dialog)
        put(shared, name, dialog)
        return True


def remove(shared: Shared, name: str) -> bool:
    """Forget a dialog; False where there is none of this name."""
    with shared.transaction():
        dialog = get(shared, name)
        if dialog is None:
            return False
        names = [known for known in shared.get_object(_CALL_IDS, dialog.callid) or () if known != name]
        shared.put_object(_CALL_IDS, dialog.callid, names or None)
        shared.delete(_IDS, dialog.did.lower())
        return shared.delete(TABLE, name)
