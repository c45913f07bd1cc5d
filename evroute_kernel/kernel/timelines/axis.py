"""Where moments are drawn. Time in which nothing happens is shortened: between two cells of a notebook, or while a run
waits for seconds, it would leave no room for what does happen."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import Final

from evroute_kernel.records import dataclass

#: pixels of a piece of time that is left out, at most, and the part of the width that all of them may take
GAP: Final = 28.0
GAPS: Final = 0.25
#: what is shorter than this part of the busy time is drawn as it is
SHORT: Final = 0.04
#: pixels between two marks, at least
MARKS: Final = 110


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of time and where it is drawn, in nanoseconds and pixels. `is_gap`: nothing happens in it."""

    begin: int
    end: int
    x: float
    width: float
    is_gap: bool


class Axis:
    """From left to right. `busy`: when something happens, begin and end."""

    def __init__(self, busy: Iterable[tuple[int, int]], width: float) -> None:
        found = _joined(busy)
        total = max(1, sum(end - begin for begin, end in found))
        stretches = _without_short_gaps(found, SHORT * total)
        gaps = len(stretches) - 1
        gap = min(GAP, GAPS * width / gaps) if gaps > 0 else 0.0
        scale = (width - gaps * gap) / max(1, sum(end - begin for begin, end in stretches))
        self.pieces: list[Piece] = []
        x = 0.0
        for begin, end in stretches:
            if self.pieces:
                self.pieces.append(Piece(self.pieces[-1].end, begin, x, gap, True))
                x += gap
            self.pieces.append(Piece(begin, end, x, (end - begin) * scale, False))
            x += (end - begin) * scale
        self._begins = [piece.begin for piece in self.pieces]

    def x(self, moment: int) -> float:
        """Where a moment is."""
        if not self.pieces:
            return 0.0
        piece = self.pieces[max(0, bisect_right(self._begins, moment) - 1)]
        part = (moment - piece.begin) / max(1, piece.end - piece.begin)
        return piece.x + piece.width * min(1.0, max(0.0, part))

    def marks(self) -> Iterator[tuple[float, int, int]]:
        """Where times stand: place, nanoseconds since the first mark of this stretch (0 for that), and the moment."""
        last = -float(MARKS)
        for piece in self.pieces:
            if piece.is_gap or piece.x - last < MARKS:
                continue
            yield piece.x, 0, piece.begin
            step = _round_above(MARKS * (piece.end - piece.begin) / piece.width) if piece.width else 0
            count = int((piece.width - MARKS / 2) / piece.width * (piece.end - piece.begin) / step) if step else 0
            for number in range(1, count + 1):
                yield self.x(piece.begin + number * step), number * step, piece.begin + number * step
            last = self.x(piece.begin + count * step) if step else piece.x


def _joined(busy: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Stretches that do not touch each other."""
    found: list[tuple[int, int]] = []
    for begin, end in sorted(busy):
        if found and begin <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], end)
        else:
            found.append((begin, end))
    return found


def _without_short_gaps(busy: Iterable[tuple[int, int]], short: float) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for begin, end in busy:
        if found and begin - found[-1][1] <= short:
            found[-1] = found[-1][0], end
        else:
            found.append((begin, end))
    return found


def _round_above(nanoseconds: float) -> int:
    """The next of 1, 2, 5, 10, 20, ..."""
    size = 1
    while True:
        for factor in (1, 2, 5):
            if factor * size >= nanoseconds:
                return factor * size
        size *= 10
