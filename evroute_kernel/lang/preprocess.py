"""`include_file "path"` and `import_file "path"`: replaced by the file's text before anything is parsed.

Both words mean the same, and only at the start of a line (blanks may stand before). The result is one text with a map
back, so that every place keeps its own file and line. Language manual, "Files".
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from evroute_kernel.errors import Diagnostic
from evroute_kernel.source import Source, Span

#: files may include files this deep, as on the server
MAX_INCLUDE_DEPTH: Final = 50
#: characters of all files together; a limit of this project, against files that include themselves many times over
MAX_TEXT: Final = 50_000_000

_DIRECTIVE = re.compile(r"^[ \t]*(?:include_file|import_file)[^\S\n]*(?P<rest>[^\n]*)", re.MULTILINE)
_PATH = re.compile(r"(?P<quote>[\"'])(?P<path>.{2,}?)(?P=quote)")


@dataclass(slots=True)
class Expanded:
    """The text that is parsed, and where each piece of it came from.

    `starts[i]` is the offset at which piece i begins, `origins[i]` the source and the offset there.
    """

    text: str
    starts: list[int] = field(default_factory=list)
    origins: list[tuple[Source, int]] = field(default_factory=list)

    def span(self, start: int, end: int) -> Span:
        """The place of characters start..end; what reaches into another file ends with its own."""
        piece = bisect_right(self.starts, start) - 1
        source, offset = self.origins[piece]
        shift = offset - self.starts[piece]
        if piece + 1 < len(self.starts):
            end = min(end, max(self.starts[piece + 1], start))
        return Span(source, start + shift, end + shift)

    @property
    def whole(self) -> Source | None:
        """The only source, when nothing was included: offsets are its own then."""
        return self.origins[0][0] if len(self.origins) == 1 else None


def expand(source: Source, base: Path | None = None) -> tuple[Expanded, list[Diagnostic]]:
    """Put included files in place. `base` is the folder that relative paths are tried in after the current directory;
    without it the folder of the source's own path. A missing file is an error; the rest is still expanded."""
    if "_file" not in source.text:
        return Expanded(source.text, [0], [(source, 0)]), []
    expansion = _Expansion()
    expansion.add(source, base or _folder(source), 0)
    return Expanded("".join(expansion.pieces), expansion.starts, expansion.origins), expansion.diagnostics


def _folder(source: Source) -> Path:
    return Path() if source.path.startswith("<") else Path(source.path).parent


class _Expansion:
    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.starts: list[int] = []
        self.origins: list[tuple[Source, int]] = []
        self.diagnostics: list[Diagnostic] = []
        self.length = 0
        self.full = False

    def add(self, source: Source, folder: Path, depth: int) -> None:
        """Append a source with everything that it includes."""
        done = 0
        for found in _DIRECTIVE.finditer(source.text):
            named = _PATH.match(found["rest"])
            if named is None:  # without a path in quotes the line is ordinary text, as on the server
                continue
            self._piece(source, done, found.start())
            done = found.end()
            start = found.start("rest") + named.start("path")
            self._include(named["path"], source.span(start, start + len(named["path"])), folder, depth + 1)
        self._piece(source, done, len(source.text))

    def _piece(self, source: Source, start: int, end: int) -> None:
        self.starts.append(self.length)
        self.origins.append((source, start))
        self.pieces.append(source.text[start:end])
        self.length += end - start

    def _include(self, name: str, span: Span, folder: Path, depth: int) -> None:
        if self.full:
            return
        if depth > MAX_INCLUDE_DEPTH:
            self.full = True  # a file that includes itself twice would otherwise be read 2**50 times
            self._error(f"files include each other more than {MAX_INCLUDE_DEPTH} deep", span, "is this file its own?")
            return
        try:
            path = Path(name) if Path(name).exists() else folder / name
            text = path.read_bytes().decode("utf-8", "surrogateescape")
        except (OSError, ValueError) as error:  # ValueError: a NUL byte in the name
            reason = getattr(error, "strerror", None) or str(error)
            self._error(f"cannot read the included file {name!r}: {reason.lower()}", span, None)
            return
        if self.length + len(text) > MAX_TEXT:
            self.full = True
            self._error(f"the script and its included files are longer than {MAX_TEXT} characters", span, None)
            return
        if not text.endswith("\n"):
            text += "\n"
        self.add(Source(name, text, str(path.absolute())), path.parent, depth)

    def _error(self, message: str, span: Span, hint: str | None) -> None:
        self.diagnostics.append(Diagnostic("error", "include", message, span, hint))
