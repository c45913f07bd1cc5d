"""Plugin of coverage.py: reports lines and branches of scripts that tests have run through `evroute_session`.

    [tool.coverage.run]
    branch = true
    plugins = ["evroute_kernel.coverage"]

What was run is told by the workers, and handed over by `evroute_kernel.pytest_plugin.coverage` when a test ends: no
tracer takes part, so it is the same with each core of coverage.py. What is here says what there is to run in a file,
and how reports are to show it. `# no cover` excludes a line.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from re import MULTILINE, compile
from typing import TYPE_CHECKING, Any, Final

from coverage.plugin import CodeRegion, CoveragePlugin, FileReporter

if TYPE_CHECKING:
    from coverage.plugin_support import Plugins

    from evroute_kernel.engine.results.coverage import Covered

#: how coverage.py calls the plugin
NAME: Final = "evroute_kernel.coverage.ScriptPlugin"
#: a configuration that holds a block of script, and not one of something else
_BLOCK: Final = compile(r"^\s*\w*route\s*(\[.*\]\s*)?\{", MULTILINE)
_NO_COVER: Final = compile(r"#.*\bno cover\b")
#: class of a token -> how coverage.py's pages call it
_COLOURS: Final = {
    "Keyword": "key",
    "Name": "nam",
    "Literal": "str",
    "Comment": "com",
    "Operator": "op",
    "Punctuation": "op",
}


def coverage_init(reg: Plugins, options: Any) -> None:
    reg.add_file_tracer(ScriptPlugin())


class ScriptPlugin(CoveragePlugin):
    """No file of Python's is a script: this one only reports."""

    def file_tracer(self, filename: str) -> None:
        return None

    def file_reporter(self, filename: str) -> FileReporter:
        return ScriptReporter(filename)

    def find_executable_files(self, src_dir: str) -> Iterable[str]:
        """The scripts of a folder, of which perhaps none was run."""
        return [str(path) for path in sorted(Path(src_dir).rglob("*.cfg")) if _is_script(path)]


def _is_script(path: Path) -> bool:
    try:
        return _BLOCK.search(path.read_text(encoding="utf-8", errors="replace")) is not None
    except OSError:
        return False


class ScriptReporter(FileReporter):
    """What there is to run in a script. A text with errors has what can be read of it."""

    @cached_property
    def _covered(self) -> Covered:
        from evroute_kernel.engine.project import project_version
        from evroute_kernel.engine.watching.covering import unrun
        from evroute_kernel.runtime.versions import DEFAULT_VERSION, server_version
        from evroute_kernel.source import Source

        path = Path(self.filename)
        version = server_version(project_version(path.parent) or DEFAULT_VERSION)
        return unrun(Source(path.name, self.source(), self.filename), version)

    def source(self) -> str:
        from evroute_kernel.lang.files import read_text

        return read_text(Path(self.filename))

    def lines(self) -> set[int]:
        return set(self._covered.statements)

    def excluded_lines(self) -> set[int]:
        return {n for n, line in enumerate(self._covered.source.text.split("\n"), 1) if _NO_COVER.search(line)}

    def arcs(self) -> set[tuple[int, int]]:
        return set(self._covered.arcs)

    def exit_counts(self) -> dict[int, int]:
        counts: dict[int, int] = {}
        for start, _ in self._covered.arcs:
            if start > 0:
                counts[start] = counts.get(start, 0) + 1
        return counts

    def missing_arc_description(self, start: int, end: int, executed_arcs: Any = None) -> str:
        return f"line {start} never went on to {self.arc_destination_description(start, end)}"

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
        from evroute_kernel.highlighting.lexer import OpenSipsLexer

        line: list[tuple[str, str]] = []
        for token, text in OpenSipsLexer(stripnl=False, ensurenl=False).get_tokens(self._covered.source.text):
            colour = next((_COLOURS[name] for name in token if name in _COLOURS), "")
            first, *others = text.split("\n")
            line += [(colour if first.strip() else "ws", first)] if first else []
            for part in others:
                yield line
                line = [(colour if part.strip() else "ws", part)] if part else []
        if line:
            yield line
