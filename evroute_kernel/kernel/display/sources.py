"""Scripts, and what changes in them, in colour; documents of `$json`.

A script is shown as Markdown does it: each front end then gives it the colours that it has in cells. A change is a tint
behind its line that lets the colours of the page through, so that it can be read in light and dark themes alike.
"""

from __future__ import annotations

import json
from html import escape
from typing import Any, Final, NoReturn

from evroute_kernel.assist.pages import PREFORMATTED, fenced
from evroute_kernel.kernel.display.formats import shown

#: how the lines of a diff begin -> how they look
_LINES: Final = {
    "---": "font-weight: bold",
    "+++": "font-weight: bold",
    "@@": "font-style: italic",
    "-": "background: rgba(218, 54, 51, 0.24)",
    "+": "background: rgba(46, 160, 67, 0.26)",
}


def script_bundle(script: str) -> dict[str, Any]:
    """A script as text/plain and, in colour, as text/markdown."""
    return {"text/plain": script, "text/markdown": fenced(script)}


def diff_bundle(diff: str) -> dict[str, Any]:
    """A unified diff as text/plain and, in colour, as text/html."""
    lines = "".join(map(_line, diff.splitlines()))
    return {"text/plain": diff, "text/html": f'<pre style="{PREFORMATTED}">{lines}</pre>'}


def _line(text: str) -> str:
    look = next((look for start, look in _LINES.items() if text.startswith(start)), "")
    # a block, so that the tint reaches to the end of the line
    return f'<span style="display: block; {look}">{escape(text) or " "}</span>'


def value_bundle(value: int | str | None, *, is_document: bool) -> dict[str, Any]:
    """The value of an expression as `Out[n]` shows it; that of a `$json` as a document too, where it is one."""
    bundle: dict[str, Any] = {"text/plain": shown(value)}
    if is_document and isinstance(value, str) and value[:1] in ("{", "["):
        try:
            bundle["application/json"] = json.loads(value, parse_constant=_refuse)
        except (ValueError, RecursionError):  # a server's JSON need not be that of others
            return bundle
    return bundle


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")
