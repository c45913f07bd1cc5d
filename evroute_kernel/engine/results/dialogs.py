"""A dialog as a session shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from types import MappingProxyType

from evroute_kernel.engine.results.runs import Run
from evroute_kernel.library.dialogs.dialog import STATUSES, Dialog
from evroute_kernel.records import dataclass
from evroute_kernel.runtime.values import Value, decode


@dataclass(frozen=True, slots=True)
class DialogInfo:
    """A dialog as it was when somebody asked.

    `status` is 1 to 5, as in `$DLG_status`; `lifetime` and `timeout` are seconds, as in `$DLG_lifetime` and
    `$DLG_timeout`; `vals` has what `$dlg_val` reads, the newest last; `profiles` are (name, value), the value empty in
    a profile without values. `run`: what E_DLG_STATE_CHANGED led to, of the change that gave this; None where there was
    no such event, or nobody handles it.
    """

    name: str
    callid: str
    did: str
    status: int
    lifetime: int = 0
    timeout: int = 0
    vals: Mapping[str, int | str] = field(default_factory=lambda: MappingProxyType({}))
    flags: tuple[str, ...] = ()
    profiles: tuple[tuple[str, str], ...] = ()
    from_uri: str = ""
    to_uri: str = ""
    from_tag: str = ""
    to_tag: str = ""
    end_reason: str | None = None
    run: Run | None = None

    @property
    def status_name(self) -> str:
        """The status in words."""
        return STATUSES[self.status]


def described(name: str, dialog: Dialog, run: Run | None = None) -> DialogInfo:
    """A dialog of shared memory, for people."""
    return DialogInfo(
        decode(name),
        decode(dialog.callid),
        dialog.did,
        dialog.status,
        dialog.lifetime if dialog.started else 0,
        dialog.time_left,
        MappingProxyType(
            {decode(key): decode(v) if isinstance(v, str) else v or 0 for key, v in dialog.values.items()}
        ),
        tuple(sorted(map(decode, dialog.flags))),
        tuple((decode(profile), decode(value)) for profile, value in reversed(dialog.profiles)),
        decode(dialog.from_uri),
        decode(dialog.to_uri),
        decode(dialog.from_tag),
        decode(dialog.to_tag),
        None if dialog.end_reason is None else decode(dialog.end_reason),
        run,
    )


def _readable(value: Value) -> int | str:
    return decode(value) if isinstance(value, str) else value or 0  # null is none of them
