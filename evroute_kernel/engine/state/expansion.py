"""Expands a text with variables in it outside of any route, as the server does for parameters of its modules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evroute_kernel.runtime.context import Context, Process
from evroute_kernel.runtime.shared import Shared

if TYPE_CHECKING:
    from evroute_kernel.library.table import Library


def expanded(text: str, shared: Shared, library: Library) -> str:
    """The text as a script would print it in a process that has run nothing. Raises ScriptError for a bad variable."""
    from evroute_kernel.library import everything  # noqa: F401 - declares the variables
    from evroute_kernel.library.references import formatter

    return formatter(text, library)(Context(Process(shared), ""))
