"""How a command ends: exit codes, and the errors that lead to them."""

from __future__ import annotations

from typing import Final

EXIT_OK: Final = 0
EXIT_FINDINGS: Final = 1
EXIT_USAGE: Final = 2


class UsageError(Exception):
    """The command cannot do its work: a wrong argument, or a file that cannot be read. The text is for the user."""


class FailedError(Exception):
    """The script was refused, or a run did not come to its end. The text is for the user."""
