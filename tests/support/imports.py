"""Who imports whom in a package, read from the text of its modules: all imports, wherever they stand.

Those under `if TYPE_CHECKING:` and inside functions count. `from package import name` is an import of the module
`package.name` where there is one, else of `package`; an import of `a.b.c` does not count as one of `a` and `a.b`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

#: module -> the modules of the same package that it imports, with the first line where it does
Graph = Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class Package:
    """A package below a folder: its modules by their full names."""

    root: Path
    modules: Mapping[str, Path]

    @classmethod
    def at(cls, root: Path) -> Package:
        """The package whose folder is `root`."""
        return cls(root, {_name(root, path): path for path in sorted(root.rglob("*.py"))})

    def imports(self) -> Graph:
        return {name: self._imports_of(name, path) for name, path in self.modules.items()}

    def place(self, name: str, line: int) -> str:
        """Where an import stands, as editors and terminals understand it."""
        return f"{self.modules[name].relative_to(self.root.parent)}:{line}"

    def _imports_of(self, name: str, path: Path) -> dict[str, int]:
        found: dict[str, int] = {}
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
            for target in self._targets(node):
                if target != name:
                    found[target] = min(node.lineno, found.get(target, node.lineno))  # type: ignore[attr-defined]
        return found

    def _targets(self, node: ast.AST) -> Iterator[str]:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in self.modules)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                if full in self.modules or node.module in self.modules:
                    yield full if full in self.modules else node.module


def circles(graph: Graph) -> list[list[str]]:
    """For each module that reaches itself a shortest circle through it; circles of the same modules once."""
    found: dict[frozenset[str], list[str]] = {}
    for start in graph:
        circle = _shortest_circle(graph, start)
        if circle:
            found.setdefault(frozenset(circle), circle)
    return sorted(found.values(), key=lambda circle: (len(circle), circle))


def told(package: Package, graph: Graph, circle: Sequence[str]) -> str:
    """A circle for a reader: one line for each import."""
    lines = [f"{circle[0]} reaches itself:"]
    for name, target in zip(circle, [*circle[1:], circle[0]], strict=True):
        lines.append(f"    {package.place(name, graph[name][target])}: {name} imports {target}")
    return "\n".join(lines)


def _shortest_circle(graph: Graph, start: str) -> list[str]:
    """The modules of a shortest way from one back to itself; none where there is no way."""
    came_from: dict[str, str] = {}
    reached = [start]
    for name in reached:  # grows: breadth first
        for target in graph[name]:
            if target == start:
                return _way(came_from, start, name)
            if target not in came_from:
                came_from[target] = name
                reached.append(target)
    return []


def _way(came_from: Mapping[str, str], start: str, end: str) -> list[str]:
    way = [end]
    while way[-1] != start:
        way.append(came_from[way[-1]])
    way.reverse()
    first = way.index(min(way))
    return way[first:] + way[:first]


def _name(root: Path, path: Path) -> str:
    parts = path.relative_to(root.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
