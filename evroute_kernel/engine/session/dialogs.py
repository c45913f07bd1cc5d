"""The dialogs of a session: made and changed from outside, where a server would have SIP messages to do so.

All workers see them. What a change of the status raises is E_DLG_STATE_CHANGED, as on a server; making a dialog raises
nothing, as if it had been there. A call that has lasted as long as it may is over when somebody looks, and raises
nothing then: giving it the status 5 does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from evroute_kernel.engine.events import given
from evroute_kernel.engine.events.params import Params, Received
from evroute_kernel.engine.results.dialogs import DialogInfo, described
from evroute_kernel.engine.results.runs import Run
from evroute_kernel.engine.session.backend import Backend
from evroute_kernel.engine.session.raising import Raising
from evroute_kernel.engine.state.dialog_fields import DialogError, checked
from evroute_kernel.library.dialogs import store
from evroute_kernel.library.dialogs.dialog import (
    CONFIRMED,
    CONFIRMED_NO_ACK,
    DEFAULT_TIMEOUT,
    DELETED,
    STATUSES,
    UNCONFIRMED,
    Dialog,
)
from evroute_kernel.library.dialogs.ids import decimal, entry_of, written
from evroute_kernel.runtime.shared import Shared
from evroute_kernel.runtime.values import decode, encode

EVENT: Final = "E_DLG_STATE_CHANGED"
#: fields that only a new dialog is given
_FIRST: Final = ("callid", "did")
#: fields that are set as they are
_PLAIN: Final = ("from_uri", "to_uri", "from_tag", "to_tag", "end_reason", "flags", "profiles")


class Dialogs:
    """What `Session.dialog`, `Session.dialogs` and `Session.remove_dialog` do."""

    def __init__(self, backend: Backend, raising: Raising) -> None:
        self._backend = backend
        self._raising = raising

    def change(self, name: str, fields: Mapping[str, object], anew: bool, origin: object) -> DialogInfo:
        """Make or change a dialog, and wait for what that raises. Raises GivenError, with nothing changed."""
        key, said = encode(given.name(name, "the name of a dialog")), checked(fields)
        shared = self._backend.shared
        with shared.transaction():
            dialog = None if anew else store.get(shared, key, settled=False)
            old = 0 if dialog is None else dialog.status
            if dialog is not None:
                dialog.settle()
            if dialog is None or said.get("status", DELETED) < dialog.status == DELETED:
                callid = key if dialog is None else dialog.callid
                store.remove(shared, key)
                dialog, old = self._new(shared, callid, said), 0
            _check_first(name, dialog, said)
            _apply(dialog, said)
            store.put(shared, key, dialog)
        return described(key, dialog, self._tell(dialog, old, origin) if old not in (0, dialog.status) else None)

    def _new(self, shared: Shared, callid: str, said: dict[str, Any]) -> Dialog:
        """A call that has just begun; unless it is said otherwise it has been answered, and has this Call-ID."""
        number = store.next_number(shared)
        callid = said.get("callid", callid)
        did = said.get("did") or written(entry_of(callid), number)
        holder = store.by_did(shared, did)
        if holder is not None:
            raise DialogError(
                "did", f"the dialog {decode(holder)} has the Dialog ID {did} already", "%dialogs lists all"
            )
        dialog = Dialog(callid, did, UNCONFIRMED, timeout=self._default_timeout())
        dialog.clock = shared.clock.now
        dialog.from_uri, dialog.to_uri = "sip:alice@example.com", "sip:bob@example.com"
        dialog.from_tag, dialog.to_tag = f"alice-{number}", f"bob-{number}"
        said.setdefault("status", CONFIRMED)
        return dialog

    def _default_timeout(self) -> int:
        found = self._backend.world.settings.modparams_in_force().get(("dialog", "default_timeout"), ())
        return next((value for value in reversed(found) if isinstance(value, int)), DEFAULT_TIMEOUT)

    def _tell(self, dialog: Dialog, old: int, origin: object) -> Run | None:
        """Raise the event of a change, where somebody handles it."""
        if not self._backend.world.is_heard(EVENT):
            return None
        return self._raising.submit(EVENT, Received(_params(dialog, old)), origin, None).result()

    def all(self) -> dict[str, DialogInfo]:
        """All dialogs by name, in the order in which functions of scripts go through them."""
        found = (described(name, dialog) for name, dialog in store.items(self._backend.shared))
        return {info.name: info for info in found}

    def remove(self, name: str) -> bool:
        """Forget a dialog; False where there is none of this name."""
        return store.remove(self._backend.shared, encode(given.name(name, "the name of a dialog")))


def _check_first(name: str, dialog: Dialog, said: Mapping[str, Any]) -> None:
    """Raises GivenError for what a dialog that is there cannot become."""
    for field in _FIRST:
        if field in said and said[field] != getattr(dialog, field):
            hint = f"make it anew: %dialog {name} --new, or anew=True"
            has = decode(getattr(dialog, field))
            raise DialogError(field, f"the dialog {name} has another {field} already: {has}", hint)
    status = said.get("status", dialog.status)
    if status < dialog.status:
        was, to = (f"{number} ({STATUSES[number]})" for number in (dialog.status, status))
        hint = f"to begin again, make it anew: %dialog {name} --new, or anew=True"
        raise DialogError("status", f"a call does not go back from status {was} to {to}", hint)


def _apply(dialog: Dialog, said: Mapping[str, Any]) -> None:
    status = said.get("status", dialog.status)
    if "timeout" in said:
        dialog.limit(said["timeout"])
    if status == DELETED:
        if dialog.is_active:
            dialog.end()
    elif status >= CONFIRMED_NO_ACK > dialog.status:
        dialog.answer()
    dialog.status = status
    if "lifetime" in said:
        if not dialog.is_answered:
            what = f"a call with status {status} ({STATUSES[status]}) has no lifetime"
            raise DialogError("lifetime", what, "it counts from status 3 on, until the call is over")
        dialog.started = dialog.now - said["lifetime"]
    for name in _PLAIN:
        if name in said:
            setattr(dialog, name, said[name])
    for name, value in said.get("vals", {}).items():
        dialog.set_value(name, value)


def _params(dialog: Dialog, old: int) -> Params:
    """The parameters of the event, as a server sends them."""
    return (
        ("id", dialog.did),
        ("db_id", str(decimal(dialog.did))),
        ("callid", dialog.callid),
        ("from_tag", dialog.from_tag),
        ("to_tag", dialog.callee_tag),
        ("old_state", old),
        ("new_state", dialog.status),
    )
