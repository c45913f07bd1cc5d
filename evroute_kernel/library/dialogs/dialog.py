"""One dialog: what a server knows of a call, as far as scripts see it without a SIP message."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field, fields
from operator import attrgetter
from time import time
from types import MappingProxyType
from typing import Any, Final

from evroute_kernel.library.dialogs.ids import read
from evroute_kernel.records import dataclass
from evroute_kernel.runtime.values import Value

UNCONFIRMED: Final = 1
EARLY: Final = 2
CONFIRMED_NO_ACK: Final = 3
CONFIRMED: Final = 4
DELETED: Final = 5
#: what each status is called
STATUSES: Final[Mapping[int, str]] = MappingProxyType(
    {1: "unconfirmed", 2: "early", 3: "confirmed, no ACK yet", 4: "confirmed", 5: "deleted"}
)
#: seconds that a call may last, unless `default_timeout` says otherwise
DEFAULT_TIMEOUT: Final = 12 * 60 * 60


@dataclass(slots=True)
class Dialog:
    """A dialog as shared memory holds it; texts are byte strings. Fields are only added at the end.

    `started` and `expires` are seconds of the epoch, 0 while the call has not been answered; `timeout` is how many
    seconds it may last from then on. `values`: those of `$dlg_val`, the first made first. `profiles`: (name, value),
    the value empty in a profile without values; the last joined first. `is_locked`: a server would hang at the next
    write of a value.
    """

    callid: str
    did: str
    status: int = CONFIRMED
    started: int = 0
    timeout: int = DEFAULT_TIMEOUT
    expires: int = 0
    from_uri: str = ""
    to_uri: str = ""
    from_tag: str = ""
    to_tag: str = ""
    end_reason: str | None = None
    delete_delay: int = 0
    values: dict[str, Value] = field(default_factory=dict)
    profiles: list[tuple[str, str]] = field(default_factory=list)
    flags: set[str] = field(default_factory=set)
    is_locked: bool = False
    #: the clock of the session, which is not kept
    clock: Callable[[], float] = field(default=time, repr=False, compare=False)

    def fields(self) -> tuple[Any, ...]:
        """What shared memory keeps."""
        kept: tuple[Any, ...] = _KEPT(self)
        return kept

    @property
    def now(self) -> int:
        """Dialogs count whole seconds."""
        return int(self.clock())

    @property
    def place(self) -> tuple[int, int]:
        """Dialogs are gone through in this order."""
        return read(self.did) or (0, 0)

    @property
    def is_active(self) -> bool:
        """Whether it is not over."""
        return self.status < DELETED

    @property
    def is_answered(self) -> bool:
        """Whether it is a call under way."""
        return self.status in (CONFIRMED_NO_ACK, CONFIRMED)

    @property
    def lifetime(self) -> int:
        """Seconds since the call was answered, 0 before. One that was refused has never been: since 1970, as there."""
        return self.now - self.started if self.status > EARLY else 0

    @property
    def time_left(self) -> int:
        """Seconds until it times out: before the answer how long it may last, and 0 when it is over."""
        if self.is_answered:
            return self.expires - self.now
        return self.timeout if self.is_active else 0

    @property
    def callee_tag(self) -> str:
        """The tag of the callee, who is not known before the first reply."""
        return self.to_tag if self.status > UNCONFIRMED else ""

    def set_value(self, name: str, value: Value) -> None:
        """Set a value of `$dlg_val`; None removes it."""
        if value is None:
            self.values.pop(name, None)
        else:
            self.values[name] = value

    def answer(self, ago: int = 0) -> None:
        """It has been answered, so many seconds ago: from then on its time counts."""
        self.started = self.now - ago
        self.expires = self.started + self.timeout

    def limit(self, seconds: int) -> None:
        """It may last so long, from now on if it has been answered."""
        self.timeout = seconds
        if self.is_answered:
            self.expires = self.now + seconds

    def end(self, reason: str | None = None) -> None:
        """It is over: it leaves its profiles. Its values stay."""
        self.status, self.expires, self.profiles = DELETED, 0, []
        self.end_reason = reason if self.end_reason is None else self.end_reason

    def settle(self) -> None:
        """A call that has lasted longer than it may is over, though nobody has said so. The server looks every second:
        like there, the last one may not be over yet when it has passed."""
        if self.is_answered and self.expires < self.now:
            self.end()


_KEPT: Final = attrgetter(*(one.name for one in fields(Dialog) if one.name != "clock"))
