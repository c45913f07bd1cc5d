"""MIME types as the server reads them: `application/sdp`, `multipart/*`, `*/*`, parameters behind a `;` ignored.

Observed on OpenSIPS 3.6, when a script starts and when it runs.
"""

from __future__ import annotations

import re
from typing import Final

_TYPE: Final = r"(?:\*|[A-Za-z0-9.+-]+)"
_SUBTYPE: Final = r"(?:\*|[A-Za-z0-9._+-]+)"
_MIME_TYPE: Final = re.compile(rf"[ \t]*({_TYPE})[ \t]*/[ \t]*({_SUBTYPE})[ \t]*(?:;[^,]*)?")


def problem(text: str, *, one: bool = True) -> str | None:
    """What is wrong with a MIME type; None when it is one. `one`: no comma with another one may follow."""
    found = _MIME_TYPE.match(text)
    if found is None or (found.end() < len(text) and text[found.end()] != ","):
        return f"{text!r} is no MIME type, such as application/sdp"
    if found[1] == "*" and found[2] != "*":
        return f"{text!r}: behind * only * can follow, */*"
    if one and found.end() < len(text):
        return f"{text!r} are several MIME types, one is possible"
    return None
