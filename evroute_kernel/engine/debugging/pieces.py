"""Compiles what people write into a debugger: conditions, expressions, texts with values in them.

A piece is byte code and pool, which a worker runs in the block that stands still (`worker.watching.evaluating`).
"""

from __future__ import annotations

import re
from typing import Any, Final

from evroute_kernel.engine.state.world import World
from evroute_kernel.source import Source

Piece = tuple[bytes, tuple[Any, ...]]

#: a value in the text of a logpoint
_VALUE: Final = re.compile(r"\{([^{}]*)\}")


def statement(world: World, text: str, name: str = "expression") -> Piece:
    """A script expression, which shows its value, or statements. Raises ScriptError."""
    from evroute_kernel.lang.compiler import compile_script  # when there is something to compile

    found = compile_script(Source(name, text), world.environment(), scratch=True).scratch
    return (b"", ()) if found is None else (found.code, found.pool)


def condition(world: World, text: str) -> Piece:
    """What may stand between the brackets of an `if`: its code is positive where that holds. Raises ScriptError."""
    return statement(world, f"if ({text}) return(1); else return(-1);", "condition")


def log_text(world: World, text: str) -> tuple[str | Piece, ...]:
    """A text with script expressions in braces: `seen {$var(n)} times`. Raises ScriptError."""
    parts: list[str | Piece] = []
    end = 0
    for found in _VALUE.finditer(text):
        parts += [text[end : found.start()], statement(world, found[1])]
        end = found.end()
    return (*parts, text[end:])
