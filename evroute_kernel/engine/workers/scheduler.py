"""What the supervisor lets its parts do with tasks and raises. All of it in the supervisor's thread."""

from __future__ import annotations

from typing import Protocol

from evroute_kernel.engine.results.runs import LogRecord
from evroute_kernel.engine.workers.raises import Raise
from evroute_kernel.engine.workers.tasks import Task
from evroute_kernel.engine.workers.worker import Worker
from evroute_kernel.worker.messages import Message


class Scheduler(Protocol):
    """The supervisor, as what handles messages, ends of routes and portions sees it."""

    def put(self, task: Task) -> None:
        """Queue a task."""

    def put_rest(self, task: Task, order: int) -> None:
        """Queue what remains of a task, with the place that it had unless others wait."""

    def put_back(self, task: Task) -> None:
        """Queue a task again, before all others."""

    def tell(self, worker: Worker, message: Message) -> None:
        """Send a message to a worker that runs."""

    def record(self, raised: Raise, record: LogRecord) -> None:
        """A raise has one more record."""

    def complete(self, raised: Raise) -> None:
        """One of its tasks has ended."""

    def fail(self, raised: Raise, error: BaseException) -> None:
        """End a raise with an exception, which whoever waits for it gets."""
