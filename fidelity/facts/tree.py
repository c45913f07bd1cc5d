"""A source tree of OpenSIPS as tables of facts: the core, and each folder of `modules` that is a module."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from fidelity.facts import tables
from fidelity.facts.c_text import macros, stripped
from fidelity.facts.settings import settings

Facts = dict[str, list[dict[str, Any]]]

#: folders of the tree that belong to the core
CORE: Final = (".", "mi", "evi", "parser", "net", "ipc", "lib", "lib/*", "mem", "cachedb", "db")
TABLES: Final = (
    "modules", "functions", "modparams", "variables", "mi", "statistics", "transformations", "events", "globals",
)  # fmt: skip


class NoTreeError(Exception):
    """The folder is no source tree of OpenSIPS."""


def read(tree: Path) -> Facts:
    """All facts of a tree. Raises NoTreeError."""
    if not (tree / "modules").is_dir() or not (tree / "core_cmds.c").is_file():
        raise NoTreeError(f"{tree} holds no sources of OpenSIPS: core_cmds.c and the folder modules are missing")
    core = {path: stripped(_text(path)) for path in _core_files(tree)}
    shared = {name: value for text in core.values() for name, value in macros(text).items() if name not in _KEPT}
    facts: Facts = {table: [] for table in TABLES}
    facts["modules"].append({"name": "core"})
    facts["globals"] += settings(tree)
    _add(facts, "core", core, shared, tree)
    for folder in sorted(path for path in (tree / "modules").iterdir() if path.is_dir()):
        texts = {path: stripped(_text(path)) for path in _files(folder)}
        if any("module_exports" in text for text in texts.values()):
            facts["modules"].append({"name": folder.name})
            _add(facts, folder.name, texts, shared, tree)
    return facts


#: words that rows are read by, so that they must stay words
_KEPT: Final = frozenset(
    [
        *(*tables.ROUTES, *tables.PARAMETERS, "CMD_PARAM_OPT", "CMD_PARAM_NO_EXPAND", "CMD_PARAM_STATIC"),
        *("INT_PARAM", "STR_PARAM", "USE_FUNC_PARAM", "NULL"),
        *("STAT_NO_RESET", "STAT_IS_FUNC", "STAT_NO_SYNC", "STAT_HIDDEN"),
    ]
)


def _core_files(tree: Path) -> Iterator[Path]:
    for pattern in CORE:
        for folder in sorted(tree.glob(pattern)) if pattern != "." else [tree]:
            yield from _files(folder)


def _files(folder: Path) -> list[Path]:
    found = (*folder.glob("*.[ch]"), *folder.glob("*.cpp")) if folder.is_dir() else ()
    return sorted(path for path in found if path.is_file())


def _text(path: Path) -> str:
    return path.read_text("utf-8", "replace")


def _add(facts: Facts, module: str, texts: dict[Path, str], shared: dict[str, str], tree: Path) -> None:
    known = shared | {name: value for text in texts.values() for name, value in macros(text).items()}
    known = {name: value for name, value in known.items() if name not in _KEPT}
    whole = "\n".join(texts.values())
    if "evi_publish_event" in whole:
        facts["events"] += [{"name": name, "module": module} for name in tables.events(whole, known)]
    for path, text in texts.items():
        if path.suffix == ".h":
            continue
        for table, (type, reader) in tables.READERS.items():
            for fact, found in tables.rows(text, type, known, reader):
                source = f"{path.relative_to(tree)}:{found.line}"
                facts_of = _placed(table, fact, whole)
                target = "functions" if table == "async" else table
                for one in facts_of:
                    facts[target].append({**one, "module": module, "source": source})


def _placed(table: str, fact: dict[str, Any], text: str) -> list[dict[str, Any]]:
    """The facts of a row: a class of transformations is one for each name."""
    if table == "async":
        return [{**fact, "async": True}]
    if table != "transformations":
        return [fact]
    names = tables.transformation_names(text, fact["parser"])
    return [{"class": fact["class"], "name": name} for name in names]
