"""Whether a console should run what has been typed, or ask for another line."""

from __future__ import annotations

from typing import Any

from evroute_kernel.engine.events.raise_line import ArgumentError, parse_params
from evroute_kernel.errors import ScriptError
from evroute_kernel.kernel.cell.cells import MagicLine, cut
from evroute_kernel.kernel.magics import everything as _everything  # noqa: F401 - fills the table
from evroute_kernel.kernel.magics.declaration import MAGICS, takes_script_below
from evroute_kernel.lang.completeness import is_complete
from evroute_kernel.runtime.versions import ServerVersion
from evroute_kernel.source import Source


def completeness(code: str, version: ServerVersion) -> dict[str, Any]:
    """An is_complete_reply: status, and for an incomplete cell the indentation of its next line."""
    pieces = cut(Source("cell", code))
    if pieces.magics and pieces.magics[0].body is not None:
        return _of_cell_magic(pieces.magics[0], pieces.magics[0].body, version)
    status, indent = is_complete(pieces.script, version)
    if status == "complete" and pieces.magics and _wants_more(pieces.magics[-1], code):
        return {"status": "incomplete", "indent": ""}
    return {"status": status, "indent": indent} if status == "incomplete" else {"status": status}


def _wants_more(magic: MagicLine, code: str) -> bool:
    """Whether a line tells of what the cell runs below it, and nothing stands there; an empty line ends that."""
    declared = MAGICS.get(magic.name)
    if code[magic.span.end :] or declared is None or declared.is_head is None:
        return False
    try:
        return declared.is_head(declared.read(magic))
    except ScriptError:
        return False  # it is run, and then says what is wrong


def _of_cell_magic(magic: MagicLine, body: str, version: ServerVersion) -> dict[str, Any]:
    """The lines below `%%name` are all there when they are whole, JSON or script, or when an empty line ends them."""
    complete, incomplete = {"status": "complete"}, {"status": "incomplete", "indent": ""}
    if body.endswith("\n\n"):
        return complete
    if takes_script_below(magic.name):
        status, indent = is_complete(body, version)
        # what is no script of 3.6 may be one of 2.x, of which the braces alone are known
        is_open = status == "incomplete" or (status == "invalid" and body.count("{") > body.count("}"))
        return {**incomplete, "indent": indent} if is_open or not body.strip() else complete
    try:
        parse_params(body)
    except ArgumentError:
        return incomplete
    return complete
