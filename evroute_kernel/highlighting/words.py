"""Gathers the names that scripts use: from the lexer, the tables of the library, the catalogue and the magics.

Names of every version of the server are there: a text does not tell which one it is for.

Used to write `generated.py`, not by the lexer of Pygments itself: it imports the whole library.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from evroute_kernel.lang import language
from evroute_kernel.library import everything as _everything  # noqa: F401 - gives every name its behaviour
from evroute_kernel.library import table
from evroute_kernel.library.table import Transformation
from evroute_kernel.runtime.versions import VERSIONS

_KINDS: Final = {"ROUTE", "NAMED_ROUTE", "PLAIN_ROUTE", "ONREPLY_ROUTE", "TIMER_ROUTE"}
_CONSTANTS: Final = {"NUMBER", "NULL"}
_OPERATORS: Final = {"AND", "OR", "NOT"}
#: commands whose text is a format, and those whose text is taken as it stands
_FORMATTING: Final = {"xlog", "xdbg"}
_LITERAL: Final = {"log", "error", "assert"}
_DEFERRING: Final = {"async", "launch"}
#: what the lexer's table does not hold: files are put in place before it, and these words count between blanks only
_OTHER: Final = {"include_file", "import_file", "use_workers", "use_auto_scaling_profile"}
#: words of a later version, which are names in the default one: `rules` has them where that cannot be meant
_SOCKETS: Final = {"SOCKET_PROXY", "BOND"}
_LEVELS: Final = ("L_ALERT", "L_CRIT", "L_ERR", "L_WARN", "L_NOTICE", "L_INFO", "L_DBG")

#: the package that declares magics; read as text, for this layer lies below it
_MAGICS: Final = Path(__file__).parent.parent / "kernel" / "magics"
#: how usages begin whose first argument is a name; so do those in another module, which are of magics that raise events
_NAMES: Final = ("NAME", "[NAME]", "[NAME...]", "EVENT", "[EVENT]")
_ELSEWHERE: Final = "EVENT"
#: how usages begin whose arguments are script, and those whose arguments are commands of the system
_EXPRESSION: Final = "EXPRESSION"
_COMMANDS: Final = "COMMAND"
#: how usages begin behind whose magic a line goes on as any other
_STATEMENT: Final = "STATEMENT"


def gathered() -> dict[str, tuple[str, ...]]:
    """Every list that `rules` names, sorted. The items are patterns: letters and digits stand for themselves."""
    lists = {**_of_the_lexer(), **_of_the_library(), **_of_the_magics(), "levels": _LEVELS}
    return {name: tuple(sorted(items)) for name, items in lists.items()}


def _of_the_lexer() -> dict[str, Iterable[str]]:
    commands = _FORMATTING | _LITERAL | _DEFERRING
    found = (item for version in VERSIONS for item in language.of(version).keywords.items())
    words = {word: type for word, type in found if type not in _SOCKETS}
    fixed = {
        "kinds": {word for word, type in words.items() if type in _KINDS},
        "constants": {word for word, type in words.items() if type in _CONSTANTS},
        "operators": {word for word, type in words.items() if type in _OPERATORS},
        "settings": {word for version in VERSIONS for word in language.of(version).settings},
    }
    keywords = set(words).difference(commands, *fixed.values()) | _OTHER
    return {**fixed, "keywords": keywords, "deferring": _DEFERRING, "literal_functions": _LITERAL}


def _of_the_library() -> dict[str, Iterable[str]]:
    libraries = [table.of(version) for version in VERSIONS]
    transformations = (known for library in libraries for known in library.transformations.values())
    return {
        "functions": {name for library in libraries for name in library.functions} | _FORMATTING,
        "variables": {name.replace(".", r"\.") for library in libraries for name in library.variables},
        "transformations": {pattern for known in transformations for pattern in _spellings(known)},
    }


def _spellings(transformation: Transformation) -> Iterator[str]:
    for name in (transformation.name, *transformation.spellings):
        pattern = name.replace(".", r"\.").replace("?", "[^,}]").replace("*", "[^,}]*")
        yield rf"{transformation.cls}\.{pattern}"
        if transformation.indexed:
            yield rf"{transformation.cls}\.-?[0-9]+\.{pattern}"


def _of_the_magics() -> dict[str, Iterable[str]]:
    return magic_words(sorted(_MAGICS.glob("*.py")))


def magic_words(modules: Iterable[Path]) -> dict[str, Iterable[str]]:
    """The names in the decorators `@magic("name", "usage", body=...)` of modules."""
    declared = [call for path in modules for call in _declarations(path)]
    return {
        "magics": {name for name, _, _ in declared},
        "name_magics": {name for name, usage, _ in declared if usage.startswith(_NAMES)},
        "expression_magics": {name for name, usage, _ in declared if usage.startswith(_EXPRESSION)},
        "around_magics": {name for name, usage, _ in declared if usage.startswith(_STATEMENT)},
        "body_magics": {name for name, _, body in declared if body},
        "json_magics": {name for name, _, body in declared if body == "json"},
        "shell_magics": {name for name, usage, _ in declared if usage.startswith(_COMMANDS)},
    }


def _declarations(path: Path) -> Iterator[tuple[str, str, str]]:
    """Name, usage, and what stands below `%%name` ("" where it does not exist), of each magic of a module."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    constants = _constants(tree)
    for statement in tree.body:
        if isinstance(statement, ast.ImportFrom) and statement.module is not None:
            beside = path.with_name(f"{statement.module.rpartition('.')[2]}.py")
            if beside.is_file():
                constants |= _constants(ast.parse(beside.read_text(encoding="utf-8")))
    for node in ast.walk(tree):
        for decorator in getattr(node, "decorator_list", ()):
            if isinstance(decorator, ast.Call) and getattr(decorator.func, "id", "") == "magic":
                name, *usage = decorator.args
                body = "".join(_text(keyword.value) for keyword in decorator.keywords if keyword.arg == "body")
                yield _text(name), "".join(_text(text, constants) for text in usage), body


def _constants(tree: ast.Module) -> dict[str, str]:
    """The constants of a module, by name."""
    return {
        node.target.id: _text(node.value)
        for node in tree.body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None
    }


def _text(node: ast.expr, constants: Mapping[str, str] = MappingProxyType({})) -> str:
    """The text of a literal, or of a constant of the module or of one beside it; "" for anything else."""
    if isinstance(node, ast.Name):
        return constants.get(node.id, _ELSEWHERE)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
