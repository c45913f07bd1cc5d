"""`include_file "path"` and `import_file "path"`: replaced by the file's text before anything is parsed.

Both words mean the same, and only at the start of a line (blanks may stand before). The result is one text with a map
back, so that every place keeps its own file and line. Language manual, "Files".
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import field
from pathlib import Path
from typing import Final

from evroute_kernel.errors import Diagnostic
from evroute_kernel.lang.files import ScriptFiles
from evroute_kernel.records import dataclass
from evroute_kernel.runtime.files import FileError
from evroute_kernel.source import Source, Span

#: files may include files this deep, as on the server
MAX_INCLUDE_DEPTH: Final = 50
#: characters of all files together; a limit of this project, against files that include themselves many times over
MAX_TEXT: Final = 50_000_000
#: files that one text may include, directly or not; against a few that include each other 2**49 times
MAX_FILES: Final = 10_000

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


def expand(
    source: Source, base: Path | None = None, files: ScriptFiles | None = None
) -> tuple[Expanded, list[Diagnostic]]:
    """Put included files in place. `base` is the folder that relative paths are tried in after the current directory;
    without it the folder of the source's own path. `files` reads them; by default any regular file. A missing file is
    an error; the rest is still expanded."""
    if "_file" not in source.text:
        return Expanded(source.text, [0], [(source, 0)]), []
    expansion = _Expansion(files or ScriptFiles())
    expansion.add(source, base or _folder(source), 0)
    return Expanded("".join(expansion.pieces), expansion.starts, expansion.origins), expansion.diagnostics


def _folder(source: Source) -> Path:
    return Path() if source.path.startswith("<") else Path(source.path).parent


def directives(source: Source) -> Iterator[tuple[Span, Span]]:
    """The place of each directive of a text, and that of the path in it, without quotes."""
    for found in _DIRECTIVE.finditer(source.text):
        named = _PATH.match(found["rest"])
        if named is not None:  # without a path in quotes the line is ordinary text, as on the server
            start = found.start("rest") + named.start("path")
            yield source.span(*found.span()), source.span(start, start + len(named["path"]))


class _Expansion:
    def __init__(self, files: ScriptFiles) -> None:
        self.files = files
        self.count = 0
        self.pieces: list[str] = []
        self.starts: list[int] = []
        self.origins: list[tuple[Source, int]] = []
        self.diagnostics: list[Diagnostic] = []
        self.length = 0
        self.full = False

    def add(self, source: Source, folder: Path, depth: int) -> None:
        """Append a source with everything that it includes."""
        done = 0
        for line, path in directives(source):
            self._piece(source, done, line.start)
            done = line.end
            self._include(path.text, path, folder, depth + 1)
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
        self.count += 1
        if self.count > MAX_FILES:
            self.full = True
            self._error(f"more than {MAX_FILES} files are included", span, "do they include each other over and over?")
            return
        try:
            found = self.files.read(name, folder)
        except FileError as error:
            self._error(f"cannot read the included file {name!r}: {error.reason}", span, error.hint)
            return
        if found is None:
            return
        path, text = found
        if self.length + len(text) > MAX_TEXT:
            self.full = True
            self._error(f"the script and its included files are longer than {MAX_TEXT} characters", span, None)
            return
        if not text.endswith("\n"):
            text += "\n"
        self.add(Source(name, text, str(path.absolute())), path.parent, depth)

    def _error(self, message: str, span: Span, hint: str | None) -> None:
        self.diagnostics.append(Diagnostic("error", "include", message, span, hint))
