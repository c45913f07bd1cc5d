"""Scripts, and what changes in them, in colour; documents of `$json`.

A script has the colours of JupyterLab's editor, by the names that the theme gives them: exported pages know these too,
and where nobody does it is bold and italic alone. A change is a tint behind its line that lets the colours of the page
through, so that it can be read in light and dark themes alike.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from itertools import groupby
from typing import Any, Final, NoReturn

from evroute_kernel.assist.pages import PREFORMATTED, fenced
from evroute_kernel.kernel.display.formats import shown

_BOLD: Final = "; font-weight: bold"
#: front ends put code into a grey box
_CODE: Final = "background: none; padding: 0"
#: tag of a token, as the editor has it -> what JupyterLab's themes call its colour, and how else it looks there
_LOOKS: Final[Mapping[str, tuple[str, str]]] = {
    "atom": ("atom", ""),
    "attributeName": ("attribute", ""),
    "bool": ("keyword", _BOLD),
    "comment": ("comment", "; font-style: italic"),
    "invalid": ("error", ""),
    "keyword": ("keyword", _BOLD),
    "meta": ("meta", ""),
    "number": ("number", ""),
    "operator": ("operator", _BOLD),
    "propertyName": ("property", ""),
    "punctuation": ("punctuation", ""),
    "string": ("string", ""),
    "string.special": ("string-2", ""),
    "variableName.definition": ("def", ""),
    "variableName.special": ("variable-2", ""),
    "variableName.standard": ("builtin", ""),
}

#: how the lines of a diff begin -> how they look
_LINES: Final = {
    "---": "font-weight: bold",
    "+++": "font-weight: bold",
    "@@": "font-style: italic",
    "-": "background: rgba(218, 54, 51, 0.24)",
    "+": "background: rgba(46, 160, 67, 0.26)",
}


def script_bundle(script: str) -> dict[str, Any]:
    """A script as text/plain and, in colour, as text/html and text/markdown."""
    html = f'<pre style="{PREFORMATTED}">{in_colour(script)}</pre>'
    return {"text/plain": script, "text/html": html, "text/markdown": fenced(script)}


def in_colour(script: str) -> str:
    """HTML of a script, or of a part of one."""
    # by this class the extension for JupyterLab knows what it gives better colours than the theme's
    return f'<code class="language-opensips" style="{_CODE}">{_coloured(script)}</code>'


def _coloured(script: str) -> str:
    # Pygments takes longer to import than most cells take
    from evroute_kernel.highlighting.lexer import pieces

    styled = ((_style(found.codemirror) if found else "", text) for found, text in pieces(script))
    runs = ((style, escape("".join(text for _, text in run))) for style, run in groupby(styled, lambda pair: pair[0]))
    return "".join(f'<span style="{style}">{text}</span>' if style else text for style, text in runs)


def _style(tag: str) -> str:
    name, more = _LOOKS.get(tag, ("", ""))
    return f"color: var(--jp-mirror-editor-{name}-color, inherit){more}" if name else ""


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
