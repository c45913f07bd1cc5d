"""What a failed `assert` about a log, or about what scripts have stored, says besides."""

from __future__ import annotations

import re
import sys

import pytest


def explained(config: pytest.Config, op: str, left: object, right: object) -> list[str] | None:
    """The lines of pytest_assertrepr_compare; None for what is not ours, which costs no import."""
    if "evroute_kernel.engine.results.log" not in sys.modules:
        return None
    from evroute_kernel.engine.results.log import Log

    if isinstance(right, Log) and isinstance(left, str | re.Pattern) and op in ("in", "not in"):
        sought = repr(left) if isinstance(left, str) else f"a match for {left.pattern!r}"
        return [f"{sought} {op} the log", *right.excerpt()]
    return _as_dicts(config, op, left, right)


def _as_dicts(config: pytest.Config, op: str, left: object, right: object) -> list[str] | None:
    """pytest tells dicts apart key by key, and other mappings not at all."""
    if "evroute_kernel.engine.state.stored" not in sys.modules:
        return None
    from evroute_kernel.engine.state.stored import LocalCache, SharedVariables

    kinds = (SharedVariables, LocalCache)
    if op != "==" or (not isinstance(left, kinds) and not isinstance(right, kinds)):
        return None
    plain = [dict(side) if isinstance(side, kinds) else side for side in (left, right)]
    found: list[list[str]] = config.hook.pytest_assertrepr_compare(config=config, op=op, left=plain[0], right=plain[1])
    return next((lines for lines in found if lines), None)
