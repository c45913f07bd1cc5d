"""Highlighting: tokens have the colours that JupyterLab's themes give to their kinds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.lab_page import DARK, LIGHT, expect, pieces
from support.themes import READABLE

if TYPE_CHECKING:
    from playwright.sync_api import Locator

    from support.lab_page import Lab

SCRIPT = """# a comment
event_route[E_PIKE_BLOCKED] {
    $var(n) = 42;
    xlog("L_WARN", "blocked $param(ip) in $(var(x){s.toupper})\\n");
    no_such_function("a");
}
"""
MAGIC = "%raise E_PIKE_BLOCKED ip=192.0.2.66"
#: kind -> the token of SCRIPT that is looked at
TOKENS = {
    "comment": "# a comment",
    "keyword": "event_route",
    "name": "E_PIKE_BLOCKED",
    "variable": "$param(ip)",
    "string": "blocked ",
    "function": "xlog",
    "number": "42",
    "level": '"L_WARN"',
    "transformation": "s.toupper",
}


def colour_of(root: Locator, token: str) -> tuple[float, ...]:
    """The colour of the first piece of text that is the token, or else holds it."""
    found = sorted(pieces(root), key=lambda piece: piece.text.strip() != token)
    (first, *_) = [piece for piece in found if token in piece.text] or [None]
    assert first, f"no {token} in {[piece.text for piece in found]}"
    return first.colour


def check(editor: Locator) -> None:
    """Everything has a colour of its own, and what nobody knows has the colour of text."""
    expect(editor).to_contain_text("no_such_function")
    # a new notebook learns its language from the kernel, a moment after its text is shown
    expect(editor.locator("span").get_by_text(TOKENS["comment"], exact=True)).to_be_visible()
    plain = colour_of(editor, "no_such_function")
    seen = {kind: colour_of(editor, token) for kind, token in TOKENS.items()}
    assert plain not in seen.values(), seen
    assert {piece.text: piece.contrast for piece in pieces(editor) if piece.contrast < READABLE} == {}
    for first, second in (("string", "variable"), ("keyword", "name"), ("comment", "keyword"), ("string", "level")):
        assert seen[first] != seen[second], seen


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_a_cell(lab: Lab, theme: str) -> None:
    lab.choose_theme(theme)
    notebook = lab.open_cells(SCRIPT + MAGIC)
    check(notebook.editor(0))
    plain = colour_of(notebook.editor(0), "192.0.2.66")
    assert len({plain, *(colour_of(notebook.editor(0), token) for token in ("%raise", "E_PIKE_BLOCKED", "ip"))}) == 4
    lab.shoot()


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_a_block_in_a_markdown_cell(lab: Lab, theme: str) -> None:
    lab.choose_theme(theme)
    notebook = lab.open_cells(f"# Title\n\n```opensips\n{SCRIPT}{MAGIC}\n```\n", markdown=True)
    check(notebook.cell(0).locator(".jp-RenderedMarkdown pre"))
    lab.shoot()


def test_a_file(lab: Lab) -> None:
    check(lab.open_text("opensips.cfg", SCRIPT))
    lab.shoot()
