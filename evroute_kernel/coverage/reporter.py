"""What there is to run in a script, or in a cell of a notebook, and how reports are to show it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from coverage.exceptions import NoSource
from coverage.plugin import CodeRegion, FileReporter

from evroute_kernel.coverage.exclusion import excluded, excused
from evroute_kernel.engine.project import project_version
from evroute_kernel.engine.results.coverage import Covered, LineArc
from evroute_kernel.engine.watching.covering import unrun
from evroute_kernel.highlighting.lexer import OpenSipsLexer
from evroute_kernel.kernel.export.cell_texts import cell_text, notebook_of
from evroute_kernel.kernel.export.notebooks import NotebookError
from evroute_kernel.lang.files import read_text
from evroute_kernel.lang.flow.lines import flows_of
from evroute_kernel.lang.flow.statements import Flow
from evroute_kernel.runtime.files import FileError
from evroute_kernel.runtime.versions import DEFAULT_VERSION, ServerVersion, server_version
from evroute_kernel.source import Source

#: class of a token -> how coverage.py's pages call it
_COLOURS: Final = {
    "Keyword": "key",
    "Name": "nam",
    "Literal": "str",
    "Comment": "com",
    "Operator": "op",
    "Punctuation": "op",
}


class ScriptReporter(FileReporter):
    """A text with errors has what can be read of it."""

    @cached_property
    def _text(self) -> Source:
        path = Path(self.filename)
        try:
            if notebook_of(self.filename) is None:
                return Source(path.name, read_text(path), self.filename)
            found = cell_text(self.filename)
        except FileError as error:
            raise NoSource(f"cannot read {self.filename}: {error.reason}") from error
        except NotebookError as error:
            raise NoSource(str(error)) from error
        if found is None:
            raise NoSource(f"{self.filename} is no cell of the notebook any more")
        return found

    @cached_property
    def _version(self) -> ServerVersion:
        """That of the project. Tests may have run the text on another one; it has the same statements there."""
        return server_version(project_version(Path(self.filename).parent) or DEFAULT_VERSION)

    @cached_property
    def _flows(self) -> list[Flow]:
        return flows_of(self._text, self._version, scratch=notebook_of(self.filename) is not None)

    @cached_property
    def _covered(self) -> Covered:
        return unrun(self._text, self._flows)

    @cached_property
    def _tokens(self) -> list[tuple[Any, str]]:
        return list(OpenSipsLexer(stripnl=False, ensurenl=False).get_tokens(self.source()))

    def source(self) -> str:
        return self._text.shown or self._text.text

    @cached_property
    def _excluded(self) -> set[int]:
        return excluded(self._tokens, self._flows)

    @cached_property
    def _arcs(self) -> set[LineArc]:
        """Ways from and to lines that are left out are left out too."""
        return {arc for arc in self._covered.arcs if self._excluded.isdisjoint(arc)}

    def lines(self) -> set[int]:
        return self._covered.statements - self._excluded

    def excluded_lines(self) -> set[int]:
        return set(self._excluded)

    def no_branch_lines(self) -> set[int]:
        return excused(self._tokens)

    def arcs(self) -> set[tuple[int, int]]:
        return set(self._arcs)

    def exit_counts(self) -> dict[int, int]:
        counts: dict[int, int] = {}
        for start, _ in self._arcs:
            if start > 0:
                counts[start] = counts.get(start, 0) + 1
        return counts

    def missing_arc_description(self, start: int, end: int, executed_arcs: Any = None) -> str:
        name = self._covered.names.get((start, end))
        way = f"line {start} never went on to {self.arc_destination_description(start, end)}"
        return f"{way}: it was {name}" if name else way

    def arc_description(self, start: int, end: int) -> str:
        return f"line {start} went on to {self.arc_destination_description(start, end)}"

    def arc_destination_description(self, start: int, end: int) -> str:
        return f"line {end}" if end > 0 else "the end of the route"

    def code_regions(self) -> list[CodeRegion]:
        return [CodeRegion("function", block.title, block.line, set(block.lines)) for block in self._covered.blocks]

    def code_region_kinds(self) -> list[tuple[str, str]]:
        return [("function", "routes")]

    def source_token_lines(self) -> Iterable[list[tuple[str, str]]]:
        """Each line as pieces with their colours."""
        line: list[tuple[str, str]] = []
        for token, text in self._tokens:
            colour = next((_COLOURS[name] for name in token if name in _COLOURS), "")
            first, *others = text.split("\n")
            line += [(colour if first.strip() else "ws", first)] if first else []
            for part in others:
                yield line
                line = [(colour if part.strip() else "ws", part)] if part else []
        if line:
            yield line
