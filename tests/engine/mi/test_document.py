"""docs/mi.md says what the declarations say."""

from __future__ import annotations

from pathlib import Path

from evroute_kernel.engine.mi.__main__ import document
from evroute_kernel.engine.mi.declaration import COMMANDS

PAGE = Path(__file__).parents[3] / "docs" / "mi.md"


def test_the_page_is_current() -> None:
    assert PAGE.read_text("utf-8") == "\n".join(document()) + "\n", (
        "run python -m evroute_kernel.engine.mi > docs/mi.md"
    )


def test_every_command_is_documented() -> None:
    assert [name for name, command in COMMANDS.items() if not command.doc] == []
