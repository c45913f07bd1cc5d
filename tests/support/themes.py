"""JupyterLab's two themes: the values of their variables, and the contrast of one colour on another."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from sys import prefix
from typing import Final, TypeAlias

Colour: TypeAlias = tuple[float, float, float]

LIGHT, DARK = "JupyterLab Light", "JupyterLab Dark"
#: what WCAG 2 asks of text
READABLE: Final = 4.5

#: variables without `--jp-` as JupyterLab 4.6 has them in its light and its dark theme; `test_contrast` holds them
#: against the JupyterLab that is installed
VALUES: Final[dict[str, tuple[str, str]]] = {
    "layout-color0": ("white", "#111"),
    "cell-editor-background": ("#f5f5f5", "#212121"),
    "rendermime-error-background": ("#fdd", "rgba(244,67,54,.28)"),
    "content-font-color0": ("#000", "#fff"),
    "content-font-color1": ("rgba(0,0,0,.87)", "#fff"),
    "content-font-color2": ("rgba(0,0,0,.54)", "rgba(255,255,255,.7)"),
    "ui-font-color2": ("rgba(0,0,0,.54)", "rgba(255,255,255,.54)"),
    "brand-color1": ("#1976d2", "#2196f3"),
    "error-color0": ("#b71c1c", "#d32f2f"),
    "warn-color2": ("#ffb74d", "#ffb74d"),
    "info-color2": ("#4dd0e1", "#4dd0e1"),
    "mirror-editor-keyword-color": ("green", "#4caf50"),
    "mirror-editor-atom-color": ("#88f", "#64b5f6"),
    "mirror-editor-number-color": ("#080", "#66bb6a"),
    "mirror-editor-def-color": ("#00f", "#1e88e5"),
    "mirror-editor-variable-color": ("#212121", "#e0e0e0"),
    "mirror-editor-variable-2-color": ("#00366d", "#2196f3"),
    "mirror-editor-punctuation-color": ("#05a", "#42a5f5"),
    "mirror-editor-property-color": ("#05a", "#42a5f5"),
    "mirror-editor-operator-color": ("#7800c2", "#d48fff"),
    "mirror-editor-comment-color": ("#408080", "#408080"),
    "mirror-editor-string-color": ("#ba2121", "#ff7070"),
    "mirror-editor-string-2-color": ("#708", "#ba68c8"),
    "mirror-editor-meta-color": ("#a2f", "#a2f"),
    "mirror-editor-builtin-color": ("green", "#43a047"),
    "mirror-editor-attribute-color": ("#00c", "#64b5f6"),
    "mirror-editor-error-color": ("red", "red"),
}
_NAMED: Final = {"white": "#fff", "green": "#008000", "red": "#f00", "inherit": ""}


def value(name: str, theme: str) -> str:
    """The value of a variable, named without `--jp-`."""
    return VALUES[name][theme == DARK]


def rgb(colour: str, behind: Colour = (255.0, 255.0, 255.0)) -> Colour:
    """`#fff`, `#c0ffee`, `rgba(1,2,3,.5)` or a name as numbers: what one sees of it in front of another."""
    colour = _NAMED.get(colour, colour)
    if colour.startswith("#"):
        digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
        return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)
    red, green, blue, alpha = (float(number) for number in re.findall(r"[\d.]+", colour))
    mixed = [alpha * front + (1 - alpha) * back for front, back in zip((red, green, blue), behind, strict=True)]
    return mixed[0], mixed[1], mixed[2]


def luminance(colour: Colour) -> float:
    """As WCAG 2 defines it."""
    parts = [part / 255 for part in colour]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(part * weight for part, weight in zip(linear, (0.2126, 0.7152, 0.0722), strict=True))


def contrast(colour: str, background: str, page: str) -> float:
    """The ratio of a text's colour to its background, either of which may let through what is behind it."""
    behind = rgb(background, rgb(page))
    dark, light = sorted([luminance(rgb(colour, behind)), luminance(behind)])
    return (light + 0.05) / (dark + 0.05)


@cache
def installed(theme: str) -> dict[str, str]:
    """The variables of a theme of the JupyterLab that is installed; none where there is none."""
    folder = f"theme-{'dark' if theme == DARK else 'light'}-extension"
    file = Path(prefix) / "share/jupyter/lab/themes/@jupyterlab" / folder / "index.css"
    if not file.exists():
        return {}
    return dict(re.findall(r"--jp-([\w-]+):\s*([^;}]+)", file.read_text("utf-8")))


def installed_value(name: str, theme: str) -> str:
    """The value of a variable there; what it takes from another variable comes from that."""
    found = installed(theme)[name].strip()
    while taken := re.fullmatch(r"var\(--(?:jp-)?([\w-]+)(?:,\s*(.*))?\)", found):
        found = installed(theme).get(taken[1], taken[2])
    return found


def xterm(number: int) -> str:
    """One of the 256 colours of terminals, of those that are the same everywhere: 16 to 255."""
    assert 16 <= number <= 255
    if number > 231:
        return "#" + f"{8 + 10 * (number - 232):02x}" * 3
    steps = (0, 95, 135, 175, 215, 255)
    return "#" + "".join(f"{steps[(number - 16) // each % 6]:02x}" for each in (36, 6, 1))
