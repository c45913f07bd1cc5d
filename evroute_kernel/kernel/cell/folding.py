"""What of a flood of log lines a cell shows: lines that repeat themselves are counted, and of very many the first and
the last are shown. Nothing of this touches the records themselves: `%expect` and `Session.log` have them all.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Hashable, Iterator
from typing import Final, TypeAlias

#: times that a line, or a group of lines, is shown before its repetitions are counted
SHOWN: Final = 10
#: lines that a repeated group may have
LONGEST_GROUP: Final = 8
#: log lines of a cell that are shown as they come, and their characters: front ends and servers bear no more
FIRST_LINES: Final = 10_000
FIRST_SIZE: Final = 1_000_000
#: the same for those that are shown of the rest: its last
LAST_LINES: Final = 1_000
LAST_SIZE: Final = 250_000

#: name of a stream, text
Piece: TypeAlias = tuple[str, str]


class Repeats:
    """Holds back what a loop prints again and again: a group of lines, the same ones in the same order."""

    def __init__(self) -> None:
        self._recent: deque[Hashable] = deque(maxlen=LONGEST_GROUP)
        #: [n]: how many lines in a row were the one that stood n + 1 lines before
        self._runs = [0] * LONGEST_GROUP
        self._held: Counter[str] = Counter()
        #: stream -> its lines that are held back, as far as there are different ones
        self._lines: dict[str, dict[str, None]] = {}

    @property
    def is_holding(self) -> bool:
        return bool(self._held)

    def take(self, stream: str, key: Hashable, text: str) -> list[Piece]:
        """What is to be shown now that a line comes. `key`: what makes it the same as another."""
        if not text.endswith("\n"):  # a part of a line; what follows it may be the rest
            self._forget()
            return [*self.release(), (stream, text)]
        if self._is_repeated((stream, key)):
            self._held[stream] += 1
            self._lines.setdefault(stream, {})[text] = None
            return []
        return [*self.release(), (stream, text)]

    def release(self) -> list[Piece]:
        """What is to be said of the lines that are held back."""
        if not self._held:
            return []
        pieces = [(stream, self._summary(stream, count)) for stream, count in self._held.items()]
        self._held.clear()
        self._lines.clear()
        return pieces

    def _summary(self, stream: str, count: int) -> str:
        lines = self._lines[stream]
        if count == 1:
            return next(iter(lines))
        return f"... {count:,} more like {'this' if len(lines) == 1 else f'these {len(lines)}'}\n"

    def _is_repeated(self, key: Hashable) -> bool:
        """Whether a line goes on with what has been shown often enough."""
        recent, runs = self._recent, self._runs
        repeated = False
        if key in recent:
            for back, known in enumerate(reversed(recent)):
                runs[back] = runs[back] + 1 if known == key else 0
                repeated = repeated or runs[back] > (SHOWN - 1) * (back + 1)
        else:
            runs[:] = [0] * LONGEST_GROUP
        recent.append(key)
        return repeated

    def _forget(self) -> None:
        self._recent.clear()
        self._runs = [0] * LONGEST_GROUP


class Ends:
    """Lets the first lines through; of further ones it keeps the last."""

    def __init__(self) -> None:
        self._lines = self._size = 0
        self._kept: deque[Piece] = deque()
        self._kept_lines = self._kept_size = 0
        self._left_out = 0
        self._is_line_open = False

    @property
    def is_holding(self) -> bool:
        return bool(self._kept)

    def take(self, piece: Piece) -> list[Piece]:
        """What is to be shown now that this comes."""
        lines, size = _extent(piece)
        if self._lines + lines <= FIRST_LINES and self._size + size <= FIRST_SIZE and not self._kept:
            self._lines += lines
            self._size += size
            self._is_line_open = not piece[1].endswith("\n")
            return [piece]
        self._lines = FIRST_LINES  # what is longer than the rest of the room must not be overtaken by what is shorter
        self._kept.append(piece)
        self._kept_lines += lines
        self._kept_size += size
        while len(self._kept) > 1 and (self._kept_lines > LAST_LINES or self._kept_size > LAST_SIZE):
            lines, size = _extent(self._kept.popleft())
            self._kept_lines -= lines
            self._kept_size -= size
            self._left_out += lines
        return []

    def release(self) -> Iterator[Piece]:
        """The last lines, and before them how many there were between the first and these."""
        if self._left_out:
            begin = "\n" if self._is_line_open else ""
            text = (
                f"{begin}... {self._left_out:,} lines left out: %log last=N shows the last N that the session keeps\n"
            )
            yield self._kept[0][0], text
        if self._kept:
            yield from self._kept
            self._is_line_open = not self._kept[-1][1].endswith("\n")
        self._kept.clear()
        self._kept_lines = self._kept_size = self._left_out = 0


class Folding:
    """Both, one after the other."""

    def __init__(self) -> None:
        self._repeats = Repeats()
        self._ends = Ends()

    @property
    def is_holding(self) -> bool:
        """Whether something is still to be shown."""
        return self._repeats.is_holding or self._ends.is_holding

    def take(self, stream: str, key: Hashable, text: str) -> list[Piece]:
        """What is to be shown now that a log line comes."""
        return [shown for piece in self._repeats.take(stream, key, text) for shown in self._ends.take(piece)]

    def release(self) -> list[Piece]:
        """All that is to be shown before something else is."""
        shown = [shown for piece in self._repeats.release() for shown in self._ends.take(piece)]
        return [*shown, *self._ends.release()]


def _extent(piece: Piece) -> tuple[int, int]:
    """Lines and characters."""
    return piece[1].count("\n") or 1, len(piece[1])
