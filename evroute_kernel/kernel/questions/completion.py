"""What can stand at the cursor of a cell, as a front end wants to have it."""

from __future__ import annotations

from typing import Any

from evroute_kernel.assist.completion import offer_in_script
from evroute_kernel.assist.frames import FOREIGN
from evroute_kernel.assist.offers import Completion, Offer
from evroute_kernel.kernel.cell.notebook import Notebook
from evroute_kernel.kernel.questions.defined import Question
from evroute_kernel.kernel.questions.lines import offer_on_line
from evroute_kernel.kernel.questions.places import place_in_cell


def complete(notebook: Notebook, code: str, cursor: int) -> dict[str, Any]:
    """A complete_reply: what fits at the cursor, and which characters it replaces. Positions count code points."""
    place = place_in_cell(code, cursor)
    if place.top == FOREIGN:
        offer = offer_on_line(Question(notebook, code), place)
    else:
        offer = offer_in_script(Question(notebook, code).defined, place)
    return _reply((offer or Offer()).at(place.cursor))


def _reply(found: Completion) -> dict[str, Any]:
    place = {"start": found.start, "end": found.end}
    types = [{**place, "text": c.text, "type": c.kind, "signature": c.signature} for c in found.candidates]
    return {
        "status": "ok",
        "matches": [c.text for c in found.candidates],
        "cursor_start": found.start,
        "cursor_end": found.end,
        "metadata": {"_jupyter_types_experimental": types},
    }
