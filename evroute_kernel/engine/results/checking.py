"""Sessions that check: a run that does not come to its end raises RunFailedError, as subprocess.run(check=True) does.

One that does not check hands every run over, and its errors with it: who raised the event looks at `Run.ok`.
"""

from __future__ import annotations

from concurrent.futures import Future, wait
from threading import Lock
from typing import Any, Final, TypeVar

from evroute_kernel.engine.results.runs import Cause, Ended, RunFailedError

E = TypeVar("E", bound=Ended)
#: what a caller has ended by a call of its own
_BY_CALLER: Final[frozenset[Cause]] = frozenset({"interrupted", "closed"})


class _Checked(Future[E]):
    """A future that knows whether anybody has asked how it ended."""

    is_asked = False

    def result(self, timeout: float | None = None) -> E:
        try:
            return super().result(timeout)
        finally:
            self.is_asked |= self.done()

    def exception(self, timeout: float | None = None) -> BaseException | None:
        try:
            return super().exception(timeout)
        finally:
            self.is_asked |= self.done()

    def unasked(self) -> BaseException | None:
        """What has failed and was not asked for; nothing of what the caller has ended."""
        error = None if self.is_asked else super().exception()
        if isinstance(error, RunFailedError) and {each.cause for each in error.errors} <= _BY_CALLER:
            return None
        return error


class Checking:
    """Whether runs are checked, for a session and for one call."""

    def __init__(self, is_on: bool = False) -> None:
        self.is_on = is_on
        #: results that are to come, or were failures when they came
        self._kept: dict[_Checked[Any], None] = {}
        self._lock = Lock()

    def passed(self, result: E, check: bool | None = None) -> E:
        """The result of a call. `check`: what the call itself says. Raises RunFailedError."""
        if (self.is_on if check is None else check) and not result.ok:
            raise RunFailedError(result)
        return result

    def future(self, future: Future[E], check: bool | None = None) -> Future[E]:
        """The same for a result that is still to come."""
        if not (self.is_on if check is None else check):
            return future
        checked: _Checked[E] = _Checked()
        checked.set_running_or_notify_cancel()
        with self._lock:
            self._kept[checked] = None

        def ended(done: Future[E]) -> None:
            try:
                checked.set_result(self.passed(done.result(), True))
                with self._lock:
                    self._kept.pop(checked, None)
            except BaseException as error:
                checked.set_exception(error)

        future.add_done_callback(ended)
        return checked

    def check_submitted(self) -> None:
        """As `Session.check_submitted`."""
        with self._lock:
            kept, self._kept = self._kept, {}
        unasked = [each for each in kept if not each.is_asked]
        wait(unasked)  # each has a time limit of its own
        for each in unasked:
            if error := each.unasked():
                raise error
