"""Everything that gets a colour of ours can be read in both of JupyterLab's themes: the ratios are worked out here."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest

import evroute_kernel
from evroute_kernel.highlighting.classes import CLASSES
from evroute_kernel.highlighting.colours import COLOURS as EDITOR
from evroute_kernel.rendering import BACKGROUNDS, COLOURS
from support.themes import DARK, LIGHT, READABLE, VALUES, contrast, installed, installed_value, value, xterm

THEMES = pytest.mark.parametrize("theme", [LIGHT, DARK])

#: tag of CodeMirror -> the part of `--jp-mirror-editor-PART-color` that JupyterLab's editor has for it
VARIABLES: Final = {
    "atom": "atom",
    "attributeName": "attribute",
    "bool": "keyword",
    "comment": "comment",
    "invalid": "error",
    "keyword": "keyword",
    "meta": "meta",
    "number": "number",
    "operator": "operator",
    "propertyName": "property",
    "punctuation": "punctuation",
    "string": "string",
    "string.special": "string-2",
    "variableName.definition": "def",
    "variableName.special": "variable-2",
    "variableName.standard": "builtin",
}


@THEMES
def test_the_values_are_those_of_the_themes(theme: str) -> None:
    if not installed(theme):
        pytest.skip("JupyterLab is not installed")
    assert {name: installed_value(name, theme) for name in VALUES} == {name: value(name, theme) for name in VALUES}


@THEMES
@pytest.mark.parametrize("name", [name for name, known in CLASSES.items() if known.codemirror])
def test_script_in_editors(theme: str, name: str) -> None:
    part = VARIABLES[CLASSES[name].codemirror]
    colour = EDITOR[theme].get(part) or value(f"mirror-editor-{part}-color", theme)
    for background in ("cell-editor-background", "layout-color0"):
        behind = value(background, theme)
        assert contrast(colour, behind, behind) >= READABLE, (name, colour, background)


@THEMES
def test_only_what_could_not_be_read_is_changed(theme: str) -> None:
    behind = value("cell-editor-background", theme)
    for part in EDITOR[theme]:
        assert contrast(value(f"mirror-editor-{part}-color", theme), behind, behind) < READABLE, part
        assert part in VARIABLES.values()


@pytest.mark.parametrize("style", COLOURS.values(), ids=COLOURS)
def test_severities_in_text(style: str) -> None:
    """They bring their background, so that it does not matter what they stand on."""
    found = re.fullmatch(r"\x1b\[1;38;5;(\d+);48;5;(\d+)m", style)
    assert found
    assert contrast(xterm(int(found[1])), xterm(int(found[2])), "#fff") >= READABLE


@THEMES
@pytest.mark.parametrize("severity", BACKGROUNDS)
def test_severities_in_html(theme: str, severity: str) -> None:
    background, colour = BACKGROUNDS[severity]  # type: ignore[index]
    found = re.fullmatch(r"var\(--jp-([\w-]+), (#\w+)\)", background)
    assert found
    for behind in (value(found[1], theme), found[2]):  # with JupyterLab's variables, and without
        assert contrast(colour, behind, value("layout-color0", theme)) >= READABLE


def colours() -> list[tuple[str, str]]:
    """Every colour of text that stands in a style of the package, with its file."""
    root = Path(evroute_kernel.__file__).parent
    pattern = re.compile(r"(?<![-\w])color: (var\(--jp-[\w-]+(?:, [^)]*)?\)|#[0-9a-fA-F]+)")
    files = [(path.relative_to(root).as_posix(), path.read_text("utf-8")) for path in sorted(root.rglob("*.py"))]
    return sorted({(name, found) for name, text in files for found in pattern.findall(text)})


@THEMES
@pytest.mark.parametrize(("file", "colour"), colours())
def test_text_of_displays(theme: str, file: str, colour: str) -> None:
    """Text without a background of ours stands on the page."""
    taken = re.fullmatch(r"var\(--jp-([\w-]+)(?:, (.*))?\)", colour)
    page = value("layout-color0", theme)
    assert contrast(value(taken[1], theme) if taken else colour, page, page) >= READABLE
    assert not taken or taken[2] == "inherit", "where there is no JupyterLab it is the page's own colour"


def tints() -> list[tuple[str, str]]:
    """Every background that lets the page through, with its file."""
    root = Path(evroute_kernel.__file__).parent
    files = [(path.relative_to(root).as_posix(), path.read_text("utf-8")) for path in sorted(root.rglob("*.py"))]
    return sorted({(name, found) for name, text in files for found in re.findall(r"background: (rgba\([^)]*\))", text)})


@THEMES
@pytest.mark.parametrize(("file", "tint"), tints())
def test_text_on_tints(theme: str, file: str, tint: str) -> None:
    assert contrast(value("content-font-color1", theme), tint, value("layout-color0", theme)) >= READABLE
