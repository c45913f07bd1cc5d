"""Why a cell failed: one exception, shown as the one `error` message that Jupyter knows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from evroute_kernel.errors import Diagnostic, RouteSyntaxError, ScriptError, shortened
from evroute_kernel.source import Span

if TYPE_CHECKING:
    from evroute_kernel.engine.results.runs import RunError

#: code of the diagnostics about what stands on a magic's line
ARGUMENT: Final = "argument"


class CellFailure(Exception):
    """The cell ends here. `name` is the short name people see first; the diagnostics say what, where and what next."""

    def __init__(self, name: str, diagnostics: Sequence[Diagnostic]) -> None:
        super().__init__(name, list(diagnostics))
        self.name = name
        self.diagnostics = list(diagnostics)

    @classmethod
    def of(cls, error: ScriptError) -> CellFailure:
        """What a refused script or magic is called in a notebook."""
        first = next((d for d in error.diagnostics if d.severity == "error"), error.diagnostics[0])
        if isinstance(error, RouteSyntaxError):
            return cls("RouteSyntaxError", error.diagnostics)
        return cls("MagicError" if first.code == ARGUMENT else "RouteCheckError", error.diagnostics)

    @property
    def message(self) -> str:
        """One line: the first error, and how many more there are."""
        errors = [d for d in self.diagnostics if d.severity == "error"]
        if not errors:
            return ""
        first = shortened(errors[0].message).replace("\n", " ")
        return first if len(errors) == 1 else f"{first} (and {len(errors) - 1:,} more)"


class Interrupted(Exception):
    """The user stopped the cell."""


def failure(name: str, message: str, span: Span | None = None, hint: str | None = None) -> CellFailure:
    """A failure with one diagnostic."""
    return CellFailure(name, [Diagnostic("error", name, message, span, hint)])


def run_failure(errors: Sequence[RunError], span: Span | None = None) -> CellFailure:
    """The failure of runs; `span` is what raised them, for errors that know no place of their own."""
    diagnostics = dict[Diagnostic, None]()
    for error in errors:
        found = error.diagnostic
        found = replace(found, span=found.span or span)
        if error.detail:
            found = replace(found, message=f"{found.message}\n{error.detail}")
        diagnostics[found] = None  # a thousand raises that fail alike are one finding
    return CellFailure("RouteFailed", list(diagnostics))


def no_fault(error: BaseException) -> CellFailure | None:
    """The failure of an exception that says itself what is the matter and what to do; None for any other."""
    from evroute_kernel.engine.workers.supervisor import SupervisorFailed
    from evroute_kernel.runtime.memory.room import NoRoom
    from evroute_kernel.runtime.shared import SharedMemoryFull

    if isinstance(error, NoRoom | SharedMemoryFull | SupervisorFailed):
        return failure(type(error).__name__, str(error))
    return None


def internal_error(error: BaseException) -> CellFailure:
    """A fault of this program, in one line; the traceback is for the kernel's log."""
    hint = "this is a fault of the kernel, not of your script; please report it"
    return failure("InternalError", f"{type(error).__name__}: {error}".splitlines()[0], None, hint)
