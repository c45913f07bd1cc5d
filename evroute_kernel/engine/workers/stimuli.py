"""What happens, as the decisions are told of it."""

from __future__ import annotations

from typing import TypeAlias

from evroute_kernel.engine.results.runs import Cause
from evroute_kernel.engine.workers.no_worker import Complaint
from evroute_kernel.engine.workers.portions import Portion, Replay
from evroute_kernel.engine.workers.raises import Raise
from evroute_kernel.engine.workers.task import Task
from evroute_kernel.engine.workers.worker import Worker
from evroute_kernel.records import dataclass
from evroute_kernel.worker.messages import Message


@dataclass(frozen=True, slots=True)
class Submitted:
    """Somebody raises something, with these first tasks."""

    raised: Raise
    tasks: tuple[Task, ...]


@dataclass(frozen=True, slots=True)
class Fed:
    """A replay gets one more portion."""

    replay: Replay
    portion: Portion


@dataclass(frozen=True, slots=True)
class AllFed:
    """A replay gets no more portions; `error`: because reading them failed."""

    replay: Replay
    error: BaseException | None


@dataclass(frozen=True, slots=True)
class SentOut:
    """All events of a raise that no route handles have gone to those who listen."""

    raised: Raise


@dataclass(frozen=True, slots=True)
class Ended:
    """Somebody ends these raises."""

    raises: tuple[Raise, ...]
    cause: Cause


@dataclass(frozen=True, slots=True)
class Rejected:
    """What the caller of a raise has given is at fault."""

    raised: Raise
    error: BaseException


@dataclass(frozen=True, slots=True)
class WentOn:
    """A run that waited goes on, as part of a raise."""

    raised: Raise
    task: Task


@dataclass(frozen=True, slots=True)
class Broken:
    """A fault of ours has struck a raise."""

    raised: Raise
    error: Exception


@dataclass(frozen=True, slots=True)
class Joined:
    """A worker is being started."""

    worker: Worker


@dataclass(frozen=True, slots=True)
class Heard:
    """A worker says how its task goes on, or has ended."""

    worker: Worker
    message: Message


@dataclass(frozen=True, slots=True)
class Overdue:
    """The run of a worker has passed its deadline."""

    worker: Worker


@dataclass(frozen=True, slots=True)
class Lost:
    """A worker is gone, and all is known that it left."""

    worker: Worker


@dataclass(frozen=True, slots=True)
class Restarted:
    """Every run and every worker is to end."""


@dataclass(frozen=True, slots=True)
class Closed:
    """The session ends."""


@dataclass(frozen=True, slots=True)
class Turn:
    """All that happened at once has been told. `complaint`: why no worker can be started."""

    complaint: Complaint | None = None


Stimulus: TypeAlias = (
    Submitted
    | Fed
    | AllFed
    | SentOut
    | Ended
    | Rejected
    | Broken
    | WentOn
    | Joined
    | Heard
    | Overdue
    | Lost
    | Restarted
    | Closed
    | Turn
)
