"""What is said about a run that did not come to its end: event, route, cause, script line, and what to do."""

from __future__ import annotations

import traceback
from typing import Final

from evroute_kernel.engine.results.runs import Cause, RunError
from evroute_kernel.engine.state.registry import Registry
from evroute_kernel.engine.state.settings import Limits
from evroute_kernel.engine.workers.raises import Raise
from evroute_kernel.runtime.values import decode
from evroute_kernel.worker.messages import NOTIFY, RESUME

#: what runs for an event that notify_on_event() has subscribed, before its routes
NOTIFICATION: Final = "notify_on_event()"
_TITLES: Final = {NOTIFY: NOTIFICATION, RESUME: "wait_for_event()"}
_FEEDS: Final = (
    "it raises {event}, for which notify_on_event() runs it, so that each event leads to the next: raise it under a "
    "condition, or subscribe with a filter that it does not pass"
)
_HINTS: Final[dict[Cause, str]] = {
    "timed out": "raise the timeout, or let the route loop or wait less",
    "out of memory": "allow more memory, or keep less in variables",
    "internal error": "this is a fault of evroute_kernel, not of the script: please report it",
}


def describe(
    cause: Cause,
    words: str,
    raised: Raise,
    event: str,
    top: int,
    place: tuple[int, int],
    registry: Registry,
    limits: Limits,
    detail: str = "",
) -> RunError:
    """The error of an event whose route, in the slot `top`, was at the statement `place` (slot, statement).

    `words` is what the worker said.
    """
    slot, statement = place
    route, span = registry.place(slot, statement) if statement >= 0 else registry.header(top)
    title = registry.header(top)[0] or _TITLES.get(top, "what no route handles")
    where = title if route in ("", title) else f"{title}, in {route},"
    message = _message(cause, words, raised, event, where, limits)
    hint = _HINTS.get(cause)
    if cause == "timed out" and title.startswith("route[") and registry.raises(top, event):
        hint = _FEEDS.format(event=decode(event))
    return RunError(cause, message, event, route, span, hint, detail)


def fault(raised: Raise, error: BaseException) -> RunError:
    """The error of a raise that a fault of ours has ended, in this process."""
    event = decode(raised.event)
    what = f"the event {event}" if event else "the script"
    detail = "".join(traceback.format_exception(error))
    message = f"{what} failed inside the kernel: {words_of(error)}"
    return RunError("internal error", message, event, "", None, _HINTS["internal error"], detail)


def words_of(error: BaseException) -> str:
    """An exception in one line."""
    return f"{type(error).__name__}: {error}"


def _message(cause: Cause, words: str, raised: Raise, event: str, where: str, limits: Limits) -> str:
    event = f" (event {decode(event)})" if event else ""
    if cause == "interrupted":
        return f"{where} was interrupted{event}"
    if cause == "timed out":
        return f"{where} timed out after {raised.timeout:g} s{event}"
    if cause == "out of memory":
        size = f"{limits.memory / 2**20:g} MiB" if limits.memory else "the system has"
        return f"{where} needs more memory than {size}{event}"
    if cause == "worker died":
        return f"{where} ended with its worker, which {words}{event}"
    if cause == "internal error":
        return f"{where} failed inside the kernel: {words}{event}"
    return f"{where.removesuffix(',')}: {words}{event}"
