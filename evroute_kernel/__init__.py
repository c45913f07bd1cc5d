"""OpenSIPS event routes, runnable without a server.

Workers import this package too, so nothing is imported here: the public names arrive on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from evroute_kernel.engine.comparing.comparing import compare as compare
    from evroute_kernel.engine.debugging.breakpoints import Breakpoint as Breakpoint
    from evroute_kernel.engine.results.runs import RunFailedError as RunFailedError
    from evroute_kernel.engine.session.session import Session as Session
    from evroute_kernel.errors import ScriptError as ScriptError

__version__ = "0.1.0"
__all__ = ["Breakpoint", "RunFailedError", "ScriptError", "Session", "__version__", "compare"]

_HOMES = {
    "Breakpoint": "evroute_kernel.engine.debugging.breakpoints",
    "RunFailedError": "evroute_kernel.engine.results.runs",
    "Session": "evroute_kernel.engine.session.session",
    "ScriptError": "evroute_kernel.errors",
    "compare": "evroute_kernel.engine.comparing.comparing",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
