"""The Dialog ID (`$DLG_did`): `HEX.HEX`, the number of the call's entry in the server's table, and that of the dialog.

Both are written with the lowest digit first. The entry follows from the Call-ID alone, and dialogs are gone through in
the order of their entries. Observed on OpenSIPS 3.6 and 4.0.
"""

from __future__ import annotations

import re
from typing import Final

#: entries of the server's table, unless `hash_size` says otherwise
ENTRIES: Final = 4096
#: both halves are numbers of 32 bits
_HALF: Final = re.compile(r"[0-9a-fA-F]{1,8}")
_BITS: Final = 0xFFFFFFFF


def entry_of(callid: str) -> int:
    """The entry of a Call-ID (a byte string): four bytes at a time are mixed into a number of 32 bits."""
    data = callid.encode("latin-1")
    whole = len(data) - len(data) % 4
    mixed = 0
    for start in range(0, whole + 1, 4):  # the last time with what is left, which may be nothing
        word = 0
        for byte in data[start : start + 4]:
            word = (word << 8) + (byte if byte < 128 else byte - 256)  # characters are signed there
        word &= _BITS
        mixed = (mixed + (word ^ (word >> 3))) & _BITS
    mixed = mixed + (mixed >> 11) + (mixed >> 13) + (mixed >> 23)
    return mixed % ENTRIES


def written(entry: int, number: int) -> str:
    """The two halves as a Dialog ID."""
    return f"{entry:x}"[::-1] + "." + f"{number:x}"[::-1]


def read(did: str) -> tuple[int, int] | None:
    """The halves of a Dialog ID; None for what is none."""
    entry, dot, number = did.partition(".")
    if not dot or not _HALF.fullmatch(entry) or not _HALF.fullmatch(number):
        return None
    return int(entry[::-1], 16), int(number[::-1], 16)


def decimal(did: str) -> int:
    """The same id as one number of 64 bits: `db_id` of E_DLG_STATE_CHANGED, `ID` of `$DLG_json`."""
    entry, number = read(did) or (0, 0)
    return (entry << 32) + number
