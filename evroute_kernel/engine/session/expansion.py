"""Expands a text with variables in it outside of any route, as the server does for parameters of its modules."""

from __future__ import annotations

from evroute_kernel.runtime.context import Context, Process
from evroute_kernel.runtime.shared import Shared


def expanded(text: str, shared: Shared) -> str:
    """The text as a script would print it in a process that has run nothing. Raises ScriptError for a bad variable."""
    from evroute_kernel.library import everything  # noqa: F401 - declares the variables
    from evroute_kernel.library.references import formatter

    return formatter(text)(Context(Process(shared), ""))
