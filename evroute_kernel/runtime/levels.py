"""Log levels: numbers as the server has them, names as people read them."""

from __future__ import annotations

from typing import Final

ALERT: Final = -3
CRITICAL: Final = -2
ERROR: Final = -1
WARNING: Final = 1
NOTICE: Final = 2
INFO: Final = 3
DBG: Final = 4

NAMES: Final = {-3: "ALERT", -2: "CRITICAL", -1: "ERROR", 1: "WARNING", 2: "NOTICE", 3: "INFO", 4: "DBG"}
NUMBERS: Final = {name: number for number, name in NAMES.items()}

#: `xlog("L_INFO", ...)`: the third character alone decides
_LETTERS: Final = {"A": ALERT, "C": CRITICAL, "E": ERROR, "W": WARNING, "N": NOTICE, "I": INFO, "D": DBG}


def level_of(text: str) -> int | None:
    """The level that a literal names, or None where the server refuses it."""
    return _LETTERS.get(text[2:3])
