"""The report of a test that failed: errors of scripts with line and caret and without our own frames, and the log."""

from __future__ import annotations

import concurrent
from pathlib import Path
from types import TracebackType
from typing import Final

import pytest

from evroute_kernel.pytest_plugin.names import SESSION_KEY

_PACKAGE: Final = __name__.partition(".")[0]
#: files below these are ours, or lie between a future of ours and who waits for it
_INNER: Final = (str(Path(__file__).parent.parent), *concurrent.__path__)


def cut(excinfo: pytest.ExceptionInfo[BaseException], *, is_whole: bool) -> None:
    """End a traceback where it enters this package (unless it is to be `whole`), and let an error of a script show its
    excerpts.

    Errors that are not of this package's kinds stay as they are, so that a fault of our own can be found.
    """
    if type(excinfo.value).__module__.partition(".")[0] != _PACKAGE:
        return
    _show_excerpts(excinfo.value)
    before = None if is_whole else _last_outside(excinfo.tb)
    if before is not None:
        before.tb_next = None  # what pytest filters it makes anew of the frames, so these themselves have to go
        excinfo.traceback = type(excinfo.traceback)(excinfo.tb)


def _last_outside(traceback: TracebackType | None) -> TracebackType | None:
    """The frame that calls the first one of ours."""
    before: TracebackType | None = None
    at = traceback
    while at is not None and not at.tb_frame.f_code.co_filename.startswith(_INNER):
        before, at = at, at.tb_next
    return before


def _show_excerpts(error: BaseException) -> None:
    """Add what `render` has beyond the text of the error, which for a single finding has its message and hint."""
    from evroute_kernel.engine.results.runs import RunFailedError
    from evroute_kernel.errors import ScriptError

    if not isinstance(error, ScriptError | RunFailedError):
        return
    lines = error.render().splitlines()
    count = len(error.diagnostics if isinstance(error, ScriptError) else error.errors)
    if count == 1:
        lines = [line for line in lines[1:] if not line.startswith("  hint:")]
    shown = "\n".join(lines)
    if shown and shown not in getattr(error, "__notes__", []):
        error.add_note(shown)


def add_log(item: pytest.Item, when: str, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
    """Give a failed test what its session logged, as a captured section of the report."""
    session = item.stash.get(SESSION_KEY, None)
    if session is None or isinstance(excinfo.value, pytest.skip.Exception):
        return
    if lines := session.log.shown():
        item.add_report_section(when, "log of evroute_session", "\n".join(lines))
