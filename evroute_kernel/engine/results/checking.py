"""Sessions that check: a run that does not come to its end raises RunFailedError, as subprocess.run(check=True) does.

One that does not check hands every run over, and its errors with it: who raised the event looks at `Run.ok`.
"""

from __future__ import annotations

from concurrent.futures import Future
from typing import TypeVar

from evroute_kernel.engine.results.runs import Ended, RunFailedError

E = TypeVar("E", bound=Ended)


class Checking:
    """Whether runs are checked, for a session and for one call."""

    def __init__(self, is_on: bool = False) -> None:
        self.is_on = is_on

    def passed(self, result: E, check: bool | None = None) -> E:
        """The result of a call. `check`: what the call itself says. Raises RunFailedError."""
        if (self.is_on if check is None else check) and not result.ok:
            raise RunFailedError(result)
        return result

    def future(self, future: Future[E], check: bool | None = None) -> Future[E]:
        """The same for a result that is still to come."""
        if not (self.is_on if check is None else check):
            return future
        checked: Future[E] = Future()
        checked.set_running_or_notify_cancel()

        def ended(done: Future[E]) -> None:
            try:
                checked.set_result(self.passed(done.result(), True))
            except BaseException as error:
                checked.set_exception(error)

        future.add_done_callback(ended)
        return checked
