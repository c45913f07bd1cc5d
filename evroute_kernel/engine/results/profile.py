"""What lines took: as a table, as annotated source, as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import field
from typing import Any, Final

from evroute_kernel.engine.results.times import shown_time
from evroute_kernel.records import dataclass
from evroute_kernel.source import Source

#: lines that the table has
RANKED: Final = 20
#: lines of source that are shown
SHOWN: Final = 1000
#: how the table and the annotated source begin their columns
HEADINGS: Final = ("hits", "time", "share")


@dataclass(frozen=True, slots=True)
class LineProfile:
    """What the statements of one line took: how often they began, and seconds without the routes that they called.

    `share`: of all that was watched, from 0 to 1.
    """

    source: Source = field(repr=False)
    line: int
    hits: int
    seconds: float
    share: float

    @property
    def file(self) -> str:
        """What people call the text."""
        return self.source.name

    @property
    def text(self) -> str:
        return self.source.shown_line(self.line).strip()

    def cells(self) -> tuple[str, str, str]:
        """Under HEADINGS."""
        return f"{self.hits:,}", shown_time(self.seconds), f"{100 * self.share:.1f} %"


def by_source(lines: Iterable[LineProfile]) -> dict[Source, dict[int, LineProfile]]:
    """The lines of each text, what took longest first."""
    found: dict[Source, dict[int, LineProfile]] = {}
    for line in lines:
        found.setdefault(line.source, {})[line.line] = line
    return found


def annotated(
    source: Source, lines: dict[int, LineProfile], most: int = SHOWN
) -> Iterator[tuple[LineProfile | None, str]]:
    """Headings, then each line of a text with what it took, up to `most`; then how many there are besides."""
    count = len(source.line_starts) - (not source.line(len(source.line_starts)))
    width = len(str(count))
    yield None, _columns(HEADINGS)
    for number in range(1, min(count, most) + 1):
        found = lines.get(number)
        cells = found.cells() if found else ("", "", "")
        yield found, f"{_columns(cells)}  {number:{width}}  {source.shown_line(number)}".rstrip()
    if count > most:
        yield None, f"... {count - most:,} more lines"


def _columns(cells: Sequence[str]) -> str:
    hits, time, share = cells
    return f"{hits:>9}  {time:>8}  {share:>7}"


def as_text(lines: Sequence[LineProfile]) -> str:
    """The table of the lines that took longest, then each text annotated. Ends with a line break."""
    if not lines:
        return "nothing was run\n"
    found = [f"{_columns(HEADINGS)}  line"]
    found += [f"{_columns(line.cells())}  {line.file}:{line.line}: {line.text}" for line in lines[:RANKED]]
    if len(lines) > RANKED:
        found.append(f"... {len(lines) - RANKED:,} more lines")
    left = SHOWN
    for source, own in by_source(lines).items():
        if left > 0:
            shown = [text for _, text in annotated(source, own, left)]
            found += ["", source.name, *shown]
            left -= len(shown)
    return "\n".join(found) + "\n"


def as_json(lines: Sequence[LineProfile]) -> str:
    """An object with all lines, what took longest first; times are seconds."""
    return json.dumps(
        {"seconds": sum(line.seconds for line in lines), "lines": list(map(_plain, lines))}, ensure_ascii=False
    )


def _plain(line: LineProfile) -> dict[str, Any]:
    return {
        "file": line.source.path,
        "line": line.line,
        "text": line.text,
        "hits": line.hits,
        "seconds": line.seconds,
        "share": line.share,
    }
