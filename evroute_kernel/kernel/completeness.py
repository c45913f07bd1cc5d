"""Whether a console should run what has been typed, or ask for another line."""

from __future__ import annotations

from typing import Any

from evroute_kernel.engine.arguments import ArgumentError, parse_params
from evroute_kernel.kernel.cells import MagicLine, cut
from evroute_kernel.lang.completeness import is_complete
from evroute_kernel.source import Source


def completeness(code: str) -> dict[str, Any]:
    """An is_complete_reply: status, and for an incomplete cell the indentation of its next line."""
    pieces = cut(Source("cell", code))
    if pieces.magics and pieces.magics[0].body is not None:
        return {"status": "complete"} if _has_its_body(pieces.magics[0]) else {"status": "incomplete", "indent": ""}
    status, indent = is_complete(pieces.script)
    return {"status": status, "indent": indent} if status == "incomplete" else {"status": status}


def _has_its_body(magic: MagicLine) -> bool:
    """The lines below `%%name` are all there when they are whole JSON, or when an empty line ends them."""
    body = magic.body or ""
    if body.endswith("\n\n"):
        return True
    try:
        parse_params(body)
    except ArgumentError:
        return False
    return True
