"""How findings look: coloured text for terminals and the `error` message of Jupyter, HTML for what is shown there.

What is told, and in which order, is said in `errors` alone. Colours are such that they can be read on light and dark
pages alike, at 4.5 to 1 at least (`tests/test_contrast.py` works it out from the values of JupyterLab's themes). No
colour of text can be that on white, on black and on the two reds behind errors. So only severities have colours, and
bring the background that theirs is read on; all else is of the page's own colour, and bold where it stands out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Final

from evroute_kernel.errors import (
    MOST_FINDINGS,
    Diagnostic,
    Line,
    Parts,
    Role,
    Severity,
    as_text,
    leading,
    more,
    parts,
    shortened,
)

#: characters of a source line that stand in an error of a notebook: JupyterLab wraps it in a window of 700 pixels else
NARROW: Final = 60

# -- text with colours ----------------------------------------------------------------------------------------------

PLAIN: Final = "\x1b[0m"
BOLD: Final = "\x1b[1m"
DIM: Final = "\x1b[2m"
# bold; colour of the text and of its background from the 256 that all have in common: white on red, black on orange,
# white on blue
COLOURS: Final[Mapping[Role, str]] = {
    "error": "\x1b[1;38;5;231;48;5;124m",
    "warning": "\x1b[1;38;5;16;48;5;214m",
    "info": "\x1b[1;38;5;231;48;5;24m",
}
STYLES: Final[Mapping[Role, str]] = {
    **COLOURS,
    "tag": DIM,
    "place": BOLD,
    "gutter": DIM,
    "marked": BOLD,
    "carets": BOLD,
    "label": BOLD,
}


def coloured(text: str, colour: str) -> str:
    return f"{colour}{text}{PLAIN}"


def as_ansi(told: Parts) -> str:
    """The finding as text in colours, several lines."""
    return "\n".join(_ansi(line) for line in told.lines)


def _ansi(line: Line) -> str:
    return "".join(coloured(text, STYLES[role]) if role and text else text for role, text in line)


def traceback(name: str, message: str, diagnostics: Sequence[Diagnostic]) -> list[str]:
    """The lines of an `error` message: each finding, and last, where tools look for it, the name and the message."""
    shown = leading(diagnostics)
    if len(diagnostics) == 1 and shown[0].span is None and not shown[0].hint and shown[0].message == message:
        shown = []  # the last line says it all
    lines = [line for found in shown for line in as_ansi(parts(found, NARROW)).split("\n")]
    if len(diagnostics) > MOST_FINDINGS:
        lines.append(more(len(diagnostics) - MOST_FINDINGS))
    return [*lines, coloured(f"{name}:", COLOURS["error"]) + f" {shortened(message)}"]


# -- HTML -----------------------------------------------------------------------------------------------------------

#: fonts of code, named since exported pages give `pre` the font of their prose
CODE: Final = (
    "font-family: var(--jp-code-font-family, monospace); font-size: var(--jp-code-font-size, 13px); "
    "line-height: var(--jp-code-line-height, 1.3)"
)
#: severity -> its colour as JupyterLab's themes have it, and what is read on that in both
BACKGROUNDS: Final[Mapping[Severity, tuple[str, str]]] = {
    "error": ("var(--jp-error-color0, #b71c1c)", "#fff"),
    "warning": ("var(--jp-warn-color2, #ffb74d)", "#000"),
    "info": ("var(--jp-info-color2, #4dd0e1)", "#000"),
}
#: what is there for who looks for it
QUIET: Final = "color: var(--jp-content-font-color2, inherit)"
_BADGE: Final = "padding: 0 0.4em; border-radius: 2px; background: {}; color: {}"
_FRAME: Final = "margin: 0.2em 0; padding: 0.1em 0 0.1em 0.6em; border-left: 3px {} {}; {}"
_WRAPPED: Final = "white-space: pre-wrap; overflow-wrap: anywhere"
# a line that is too long is scrolled: wrapped, its carets would stand below something else
_UNWRAPPED: Final = f"margin: 0; background: none; white-space: pre; overflow-x: auto; {CODE}"


def as_html(told: Parts, line: str = "solid") -> str:
    """The finding as HTML. `line`: the border at its side, "solid" or "dotted"."""
    background, colour = BACKGROUNDS[told.severity]
    (_, label), *rest = told.title
    badge = f'<b style="{_BADGE.format(background, colour)}">{escape(label.rstrip(":"))}</b>'
    title = _wrapped(tuple(rest), badge)
    body = "".join(_wrapped(part) for part in (told.place,) if part)
    if told.excerpt:
        body += f'<pre style="{_UNWRAPPED}">' + "\n".join(_html(part) for part in told.excerpt) + "</pre>"
    if told.hint:
        body += _wrapped(told.hint)
    return f'<div class="evroute-finding" style="{_FRAME.format(line, background, CODE)}">{title}{body}</div>'


def _wrapped(line: Line, badge: str = "") -> str:
    """What front ends may break. They take what stands between two `$` for mathematics, unless they are told not to."""
    has_pair = sum(text.count("$") for _, text in line) > 1
    ignored = 'class="mathjax_ignore tex2jax_ignore" ' if has_pair else ""
    return f'<div {ignored}style="{_WRAPPED}">{badge}{_html(line)}</div>'


def _html(line: Iterable[tuple[Role, str]]) -> str:
    return "".join(_piece(role, escape(text)) for role, text in line if text)


def _piece(role: Role, text: str) -> str:
    if role in ("tag", "gutter"):
        return f'<span style="{QUIET}">{text}</span>'
    return f"<b>{text}</b>" if role in ("place", "marked", "carets", "label") else text


def bundle(told: Sequence[Parts], left: int = 0, line: str = "solid") -> dict[str, str]:
    """Findings as text/plain and text/html, one block for each, and how many more there are."""
    text, html = [as_text(one) for one in told], [as_html(one, line) for one in told]
    if left > 0:
        text.append(more(left))
        html.append(f"<div>{escape(more(left))}</div>")
    return {"text/plain": "\n".join(text), "text/html": "".join(html)}


def findings_bundle(found: Sequence[Diagnostic]) -> dict[str, str]:
    """Findings of a text, the first of many in full."""
    return bundle([parts(one) for one in leading(found)], len(found) - MOST_FINDINGS)
