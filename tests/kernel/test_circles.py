"""No module of the kernel reaches itself by imports, those under TYPE_CHECKING and inside functions included."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import evroute_kernel

ROOT = Path(evroute_kernel.__file__).parent


def dotted(path: Path) -> str:
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {dotted(path): path for path in sorted(ROOT.rglob("*.py"))}


def imported(module: str) -> Iterator[str]:
    """The modules of the package that one imports, whenever it does so."""
    for node in ast.walk(ast.parse(MODULES[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                yield full if full in MODULES else node.module
    package, _, name = module.rpartition(".")
    if name == "everything":  # imports its whole package, by name
        yield from (other for other in MODULES if other.rpartition(".")[0] == package)


GRAPH = {module: {name for name in imported(module) if name in MODULES and name != module} for module in MODULES}


def reached(start: str) -> set[str]:
    seen: set[str] = set()
    queue = list(GRAPH[start])
    while queue:
        module = queue.pop()
        if module not in seen:
            seen.add(module)
            queue += GRAPH[module]
    return seen


def test_no_circles() -> None:
    found = [module for module in MODULES if module.startswith("evroute_kernel.kernel") and module in reached(module)]
    assert found == []


def test_circles_would_be_seen() -> None:
    assert "evroute_kernel.kernel.magics.declaration" in GRAPH["evroute_kernel.kernel.magics.help"]
    assert "evroute_kernel.kernel.cell.cell" in GRAPH["evroute_kernel.kernel.magics.declaration"], "for type checkers"
    assert "evroute_kernel.kernel.export.rehearsing" in GRAPH["evroute_kernel.kernel.magics.files"], "in a function"
    assert "evroute_kernel.kernel.magics.timers" in GRAPH["evroute_kernel.kernel.magics.everything"], "by name"


def test_rooms_are_small() -> None:
    """Fifteen modules at most in a room; magics have one file for each theme."""
    rooms = [
        room for room in (ROOT / "kernel").iterdir() if room.is_dir() and room.name not in ("magics", "__pycache__")
    ]
    sizes = {room.name: len([p for p in room.glob("*.py") if p.name != "__init__.py"]) for room in rooms}
    assert {name: size for name, size in sizes.items() if size > 15} == {}
