"""What can stand at the cursor: magics and their arguments, events, parameters, functions, variables, transformations.

`scanning` says where the cursor is, `contexts` what is offered in a script and `lines` what on a magic line. Only the
text before the cursor decides, and the text before it back to the start of the word is what gets replaced.
"""

from __future__ import annotations

from typing import Any, Final

from evroute_kernel.kernel.completion.candidates import Offer
from evroute_kernel.kernel.completion.contexts import offer_in_script
from evroute_kernel.kernel.completion.lines import offer_on_line
from evroute_kernel.kernel.notebook import Notebook
from evroute_kernel.kernel.scanning import MAGIC, place_at

#: candidates in one reply
MOST: Final = 1000


def complete(notebook: Notebook, code: str, cursor: int) -> dict[str, Any]:
    """A complete_reply: what fits at the cursor, and which characters it replaces. Positions count code points."""
    place = place_at(code, cursor)
    offer = offer_on_line(notebook, place) if place.top == MAGIC else offer_in_script(notebook, place)
    return _reply(place.cursor, offer or Offer())


def _reply(cursor: int, offer: Offer) -> dict[str, Any]:
    fitting = offer.fitting()[:MOST]
    start = cursor - len(offer.word)
    types = [{"start": start, "end": cursor, "text": c.text, "type": c.kind, "signature": c.signature} for c in fitting]
    return {
        "status": "ok",
        "matches": [c.text for c in fitting],
        "cursor_start": start,
        "cursor_end": cursor,
        "metadata": {"_jupyter_types_experimental": types},
    }
