"""What the decisions want done. Whoever carries an instruction out decides nothing."""

from __future__ import annotations

from typing import Any, TypeAlias

from evroute_kernel.engine.workers.raises import Raise
from evroute_kernel.engine.workers.worker import Worker
from evroute_kernel.records import dataclass


@dataclass(frozen=True, slots=True)
class StartWorker:
    """Start the worker of this number."""

    number: int


@dataclass(frozen=True, slots=True)
class Forgive:
    """Try once more to start workers, although it has failed."""


@dataclass(frozen=True, slots=True)
class Give:
    """Let a worker run its task, as run `run`. `kept`: events that wait in it, and are to be taken from it before.

    `is_wanted`: others wait for it, too.
    """

    worker: Worker
    task: Any
    run: int
    is_wanted: bool
    kept: Any = None


@dataclass(frozen=True, slots=True)
class MarkWanted:
    """Let a worker know whether others wait for it."""

    worker: Worker
    is_wanted: bool


@dataclass(frozen=True, slots=True)
class Interrupt:
    """Send a worker the signal that ends its run."""

    worker: Worker


@dataclass(frozen=True, slots=True)
class Kill:
    """End a worker's process."""

    worker: Worker


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Something about a worker has failed in this process: end it, and believe nothing that it says."""

    worker: Worker
    error: Exception


@dataclass(frozen=True, slots=True)
class Settle:
    """All of a raise has ended: whoever waits for it gets its result."""

    raised: Raise


@dataclass(frozen=True, slots=True)
class Reject:
    """Whoever waits for a raise gets an exception."""

    raised: Raise
    error: BaseException


@dataclass(frozen=True, slots=True)
class Prepare:
    """Make the next chunk of a batch, while a worker is busy with one."""

    batch: Any


@dataclass(frozen=True, slots=True)
class Announce:
    """Tell whoever listens of the events of a portion."""

    portion: Any


@dataclass(frozen=True, slots=True)
class LetFeed:
    """There is room for one more portion of a replay."""

    replay: Any


@dataclass(frozen=True, slots=True)
class StopFeeding:
    """A replay takes no more portions."""

    replay: Any


Instruction: TypeAlias = (
    StartWorker
    | Forgive
    | Give
    | MarkWanted
    | Interrupt
    | Kill
    | GiveUp
    | Settle
    | Reject
    | Prepare
    | Announce
    | LetFeed
    | StopFeeding
)
