"""What a debugger that attaches has to know."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Final

from evroute_kernel.engine.mi.addresses import AddressError
from evroute_kernel.engine.mi.doors.files import MODE, OwnFile

#: random bytes of one that is made up
LENGTH: Final = 24


class Token:
    """A token, and the file that it is in, if there is one: for this user alone, removed by `close`."""

    def __init__(self, given: str | None = None, file: str | None = None) -> None:
        """`given`: the token, if somebody has chosen it. Raises AddressError where the file cannot be written."""
        self.text: Final = given or secrets.token_urlsafe(LENGTH)
        self._file: OwnFile | None = None
        #: how users learn what it is
        self.told = "with the token it was given" if given else f"with the token {self.text}"
        if file is not None:
            try:
                self._write(file)
            except (OSError, ValueError) as error:
                reason = (error.strerror or str(error)).lower() if isinstance(error, OSError) else str(error)
                raise AddressError(f"cannot write the token to {file}: {reason}") from None
            self.told = f"with the token in {file}"

    def _write(self, file: str) -> None:
        """Nobody else ever sees it: the file is made under another name, and takes the place of what was there."""
        new = Path(f"{file}.{secrets.token_hex(8)}")
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, MODE)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
                opened.write(f"{self.text}\n")
            new.replace(file)
        except BaseException:
            with suppress(OSError):
                new.unlink()
            raise
        self._file = OwnFile(file)

    def close(self) -> None:
        """The file is gone, unless somebody has put another one in its place."""
        if self._file is not None:
            self._file.remove()
