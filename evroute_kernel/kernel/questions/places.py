"""Where in a cell the cursor is: in its script, or on a line that is none."""

from __future__ import annotations

import re
from typing import Final

from evroute_kernel.assist.frames import FOREIGN, Frame
from evroute_kernel.assist.place import Place, place_at
from evroute_kernel.kernel.cell.cells import SHELL_LINE
from evroute_kernel.kernel.magics.declaration import takes_script_below

#: how lines begin that are no script: magics, questions and commands
_MAGIC_START: Final = re.compile(rf"[ \t]*[%?]|{SHELL_LINE.pattern}")
#: the first line of a cell that belongs to a magic as a whole
_CELL_MAGIC: Final = re.compile(r"\s*%%(?P<name>[A-Za-z][\w-]*)[^\n]*\n")


def place_in_cell(text: str, cursor: int) -> Place:
    """The place of a cursor, which may be anywhere. On a magic line, and below a cell magic, the top is FOREIGN."""
    cursor = max(0, min(cursor, len(text)))
    below = _CELL_MAGIC.match(text)
    if below is not None and below.end() <= cursor and takes_script_below(below["name"]):
        return place_at(text, cursor, below.end(), foreign=_MAGIC_START)
    start = len(text) - len(text.lstrip())
    if text.startswith("%%", start) and start + 2 <= cursor:
        return Place(text, cursor, (Frame(FOREIGN, start),))
    return place_at(text, cursor, foreign=_MAGIC_START)
