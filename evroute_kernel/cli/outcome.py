"""How a command ends: exit codes, and the errors that lead to them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from evroute_kernel.engine.results.runs import RunError
    from evroute_kernel.errors import Diagnostic, ScriptError

EXIT_OK: Final = 0
EXIT_FINDINGS: Final = 1
EXIT_USAGE: Final = 2


class UsageError(Exception):
    """The command cannot do its work: a wrong argument, or a file that cannot be read. The text is for the user."""


class FailedError(Exception):
    """The script was refused, or a run did not come to its end. The text is for the user."""


class RefusedError(FailedError):
    """The script was refused, or nothing can be raised; the findings say why."""

    def __init__(self, error: ScriptError) -> None:
        super().__init__(error.render())
        self.findings: Final[Sequence[Diagnostic]] = error.diagnostics


class StoppedError(FailedError):
    """A run did not come to its end; its errors say why."""

    def __init__(self, errors: Sequence[RunError]) -> None:
        super().__init__("\n".join(error.render() for error in errors))
        self.errors: Final = errors
