"""How modules hang together: no module reaches itself by imports, rooms import downwards, and none is crowded."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import evroute_kernel
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


# -- the house ------------------------------------------------------------------------------------------------------

HOUSE = Package.at(Path(evroute_kernel.__file__).parent)
IMPORTS = HOUSE.imports()
CLONE = Path(__file__).parent.parent

#: rooms of the engine from the lowest to the highest: each may import those before it
ENGINE = (
    *"shortage events results cluster delivery state workers replay watching debugging copying racing session".split(),
    *"comparing mi live options project dap".split(),
)
#: modules in one folder, beside `__init__` and `__main__`
LARGEST = 18
#: folders that hold one file for each thing
REGISTRIES = {
    "engine/delivery/transports",
    "engine/mi/commands",
    "kernel/magics",
    "lang/lints",
    "library/functions",
    "library/transformations",
    "library/variables",
}


def test_no_module_reaches_itself() -> None:
    found = circles(IMPORTS)
    shortest = [told(HOUSE, IMPORTS, circle) for circle in found[:10]]
    assert not found, "\n\n".join([f"imports go in circles: {len(found)}, the shortest first", *shortest])


def engine_room(name: str) -> str | None:
    """The room of the engine that a module is in; None for other modules, and for the engine's own."""
    _, found, rest = name.partition(f"{HOUSE.root.name}.engine.")
    return rest.partition(".")[0] if found else None


def test_rooms_of_the_engine_import_downwards() -> None:
    upward = [
        f"{HOUSE.place(name, line)}: {own} imports {target}"
        for name, imported in IMPORTS.items()
        if (own := engine_room(name))
        for target, line in imported.items()
        if (other := engine_room(target)) and ENGINE.index(other) > ENGINE.index(own)
    ]
    assert not upward, "\n".join(upward)


def test_nothing_but_the_program_imports_the_protocol() -> None:
    protocol = f"{HOUSE.root.name}.kernel.protocol"
    outside = {name for name in IMPORTS if not name.startswith(protocol)} - {f"{HOUSE.root.name}.__main__"}
    wrong = [
        f"{HOUSE.place(name, line)}: imports {target}"
        for name in outside
        for target, line in IMPORTS[name].items()
        if target.startswith(protocol)
    ]
    assert not wrong, "\n".join(wrong)


def test_no_room_is_crowded() -> None:
    """A reader should see at a glance what a room holds; about fifteen modules, some more at most."""
    folders = {path.parent for path in HOUSE.modules.values()}
    sizes = {str(folder.relative_to(HOUSE.root)): len([*folder.glob("[!_]*.py")]) for folder in folders}
    crowded = {place: size for place, size in sizes.items() if size > LARGEST and place not in REGISTRIES}
    assert not crowded


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "docs/architecture.md"])
def test_what_a_page_names_is_there(page: str) -> None:
    text = re.sub(r"^```.*?^```$", "", (CLONE / page).read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    named = {name.removesuffix("/") for name in re.findall(r"`([\w.*-]+/[\w.*-][\w./*-]*)`", text)}
    assert len(named) > 10
    assert [name for name in sorted(named) if not any([*CLONE.glob(name), *HOUSE.root.glob(name)])] == []
