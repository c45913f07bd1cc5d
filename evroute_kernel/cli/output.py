"""The command's own standard output and error: what goes to a terminal cannot command it, and a full disk is told.

What scripts log is bytes of whoever sent an event. In a file or a pipe they leave as they came. A terminal would obey
the escape sequences among them (clear the screen, write a title, hide text), so there control characters other than
line ends and tabs are shown as a script writes them, `\\x1b`. Colours of `$C(xy)` pass where the script has asked for
them with `xlog_force_color`.
"""

from __future__ import annotations

import io
import os
import re
import sys
from collections.abc import Callable
from typing import Final, TypeVar

T = TypeVar("T")

#: characters of the Unicode category Cc but line end and tab, and bytes that are no UTF-8 -> how a script writes them
_SHOWN: Final = {code: f"\\x{code:02x}" for code in [*range(32), *range(127, 160)] if chr(code) not in "\n\t"} | {
    0xDC00 + byte: f"\\x{byte:02x}" for byte in range(128, 160)
}
_CONTROL: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\udc80-\udc9f]")
#: what the variable $C writes
_COLOUR: Final = re.compile("(\x1b\\[[01];3[0-79];4[0-79]m)")


class OutputError(OSError):
    """What is printed cannot be written: the disk is full, for one. A reader that is gone is a BrokenPipeError."""


class Output(io.TextIOBase):
    """Takes the place of sys.stdout or sys.stderr."""

    def __init__(self, stream: io.TextIOWrapper) -> None:
        self._stream = stream
        self._is_terminal = stream.isatty()
        #: whether commands print in colours here
        self.is_coloured: Final = _has_colours(self._is_terminal)
        #: whether the script that runs has asked for colours
        self.has_colours: Callable[[], bool] = lambda: False

    def write(self, text: str) -> int:
        shown = self._harmless(text) if self._is_terminal and _CONTROL.search(text) else text
        return self._guarded(lambda: self._stream.write(shown))

    def command(self, text: str) -> None:
        """Write what a terminal is meant to obey."""
        self._guarded(lambda: self._stream.write(text))
        self.flush()

    def flush(self) -> None:
        self._guarded(self._stream.flush)

    def _guarded(self, write: Callable[[], T]) -> T:
        try:
            return write()
        except BrokenPipeError:
            raise
        except OSError as error:
            raise OutputError(error.errno, error.strerror) from error

    def _harmless(self, text: str) -> str:
        if "\x1b" not in text or not self.has_colours():
            return text.translate(_SHOWN)
        pieces = _COLOUR.split(text)  # every other one is a colour
        pieces[::2] = [piece.translate(_SHOWN) for piece in pieces[::2]]
        return "".join(pieces)

    def isatty(self) -> bool:
        return self._is_terminal

    def fileno(self) -> int:
        return self._stream.fileno()


def _has_colours(is_terminal: bool) -> bool:
    """What a terminal can show, unless the environment says otherwise."""
    if os.environ.get("NO_COLOR"):
        return False
    if forced := os.environ.get("FORCE_COLOR"):
        return forced != "0"
    return is_terminal and os.environ.get("TERM") != "dumb"


def take_streams() -> None:
    """Put an Output in the place of both streams. Bytes that are no UTF-8 leave as they came."""
    _open_all()
    for number, name in ((1, "stdout"), (2, "stderr")):
        stream = getattr(sys, name) or open(number, "w", closefd=False)  # noqa: SIM115 - the process's own
        stream.reconfigure(encoding="utf-8", errors="surrogateescape")
        setattr(sys, name, Output(stream))


def _open_all() -> None:
    """What was closed when the command was started (`>&-`) takes and gives nothing: a file that is opened later must
    not get its number, or what is printed would go there."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # the lowest number that is free


def command(text: str) -> None:
    """Write to standard error, a terminal, what that is meant to obey."""
    if isinstance(sys.stderr, Output):
        sys.stderr.command(text)


def give_up() -> None:
    """Nothing more is written to standard output; Python must not complain again at its end."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, sys.stdout.fileno())
    os.close(nothing)


def allow_colours(wanted: Callable[[], bool]) -> None:
    """From now on the colours of `$C(xy)` pass where this says so."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, Output):
            stream.has_colours = wanted
