"""How modules hang together: no module reaches itself by imports, rooms import downwards, and none is crowded."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.imports import Package, circles, told


def package(folder: Path, texts: dict[str, str]) -> Package:
    """A made-up package `house`: the text of each module by its name, `room/name` for one in a room."""
    root = folder / "house"
    root.mkdir()
    (root / "__init__.py").touch()
    for name, text in texts.items():
        path = root / f"{name}.py"
        path.parent.mkdir(exist_ok=True)
        (path.parent / "__init__.py").touch()
        path.write_text(text)
    return Package.at(root)


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ({"a": "import house.b", "b": "import os"}, []),
        ({"a": "import house.b", "b": "from house.a import x"}, [["house.a", "house.b"]]),
        (
            {"a": "from house import b", "b": "from house import c", "c": "from house import a"},
            [["house.a", "house.b", "house.c"]],
        ),
        (
            {"a": "if TYPE_CHECKING:\n    from house.b import B", "b": "from house.a import A"},
            [["house.a", "house.b"]],
        ),
        (
            {"a": "def late():\n    from house.b import B", "b": "from house.a import A"},
            [["house.a", "house.b"]],
        ),
        # a package that its own modules import, and one that only holds them
        (
            {"room/__init__": "from house.room import a", "room/a": "import house.room"},
            [["house.room", "house.room.a"]],
        ),
        ({"room/a": "from house.room import b", "room/b": "import house"}, []),
        # two that share a module
        (
            {"a": "import house.b, house.c", "b": "import house.a", "c": "import house.a"},
            [["house.a", "house.b"], ["house.a", "house.c"]],
        ),
    ],
)
def test_circles_are_found_wherever_the_import_stands(
    tmp_path: Path, texts: dict[str, str], expected: list[list[str]]
) -> None:
    assert circles(package(tmp_path, texts).imports()) == expected


def test_a_circle_is_told_with_the_place_of_each_import(tmp_path: Path) -> None:
    made = package(tmp_path, {"a": "import os\nimport house.b", "b": "def late():\n\n    from house import a"})
    graph = made.imports()
    (circle,) = circles(graph)
    assert told(made, graph, circle).splitlines() == [
        "house.a reaches itself:",
        "    house/a.py:2: house.a imports house.b",
        "    house/b.py:3: house.b imports house.a",
    ]
