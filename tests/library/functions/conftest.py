"""Calls of library functions as a script makes them: arguments are evaluated and checked by the linker."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest

from evroute_kernel.lang.checks import demands
from evroute_kernel.lang.compiler import compile_script
from evroute_kernel.lang.environment import Environment
from evroute_kernel.library import table
from evroute_kernel.library.linker import link, link_call
from evroute_kernel.library.table import Param
from evroute_kernel.runtime.context import Context, Process
from evroute_kernel.runtime.levels import WARNING
from evroute_kernel.runtime.statements import run_top_route
from evroute_kernel.runtime.values import decode
from evroute_kernel.source import Source

LIBRARY = table.of("3.6")

Argument = int | str | None


@pytest.fixture
def run(context: Context) -> Callable[..., int]:
    """run("cache_store", "local", "k", "v"): text beginning with `$` is a variable, None an argument left out."""

    def call(name: str, *arguments: Argument) -> int:
        given = zip_longest(arguments, LIBRARY.functions[name].params)
        return link_call(LIBRARY, name, tuple(_written(*pair) for pair in given))(context)

    return call


def _written(argument: Argument, param: Param) -> tuple[object, ...]:
    if argument is None:
        return ("omitted",)
    if isinstance(argument, int):
        return ("value", argument)
    if argument.startswith("$"):
        return ("variable", argument, param.name, param.type)
    return ("format", argument, param.name)


@pytest.fixture
def refused() -> Callable[..., int | None]:
    """refused("uuid", $rm): the place of the argument that the server refuses at start, None when it takes all."""

    def ask(name: str, *arguments: object) -> int | None:
        function = LIBRARY.functions[name]
        given = [*arguments, *[None] * (len(function.params) - len(arguments))]
        problem = demands.refused(function, given, {}, {"core"}, LIBRARY)
        return None if problem is None else problem[0]

    return ask


@pytest.fixture
def complaints(said: list[tuple[int, str, bool, object]]) -> Callable[[], list[str]]:
    """What the runtime warned of or worse since the last call."""

    def take() -> list[str]:
        found = [text for level, text, is_diagnostic, _ in said if is_diagnostic and level <= WARNING]
        said.clear()
        return found

    return take


@pytest.fixture
def modparam(process: Process) -> Callable[[str, str, int | str], None]:
    """Set a module parameter once more."""

    def give(module: str, parameter: str, value: int | str) -> None:
        process.settings.modparams.setdefault((module, parameter), []).append(value)

    return give


@pytest.fixture
def script(process: Process, said: list[tuple[int, str, bool, object]]) -> Callable[..., list[str]]:
    """script(statements, before): compile them as `event_route[E_T]`, run it, and give the lines it printed.

    `before` is text of the top level; its module parameters come into force. Texts are as people write them.
    """

    def play(statements: str, before: str = "") -> list[str]:
        unit = compile_script(Source("case.cfg", f"{before}\nevent_route[E_T] {{\n{statements}\n}}\n"), Environment())
        process.settings.modparams.clear()
        for param in unit.modparams:
            process.settings.modparams.setdefault((param.module, param.name), []).append(param.value)
        linked = [link(r.kind, r.name, i, r.code, r.pool, LIBRARY, lines=r.lines) for i, r in enumerate(unit.routes)]
        process.slots = dict(enumerate(linked))
        start = len(said)
        (route,) = (r for r in linked if r.kind == "event_route")
        run_top_route(process, route, "E_T", ())
        return [decode(text) for _, text, is_diagnostic, _ in said[start:] if not is_diagnostic]

    return play


@pytest.fixture
def file(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """An SQLite file with the module's SCHEMA."""
    path = tmp_path / "t.db"
    connection = sqlite3.connect(path)
    connection.executescript(request.module.SCHEMA)
    connection.close()
    return path


@pytest.fixture
def rows(file: Path) -> Callable[[str], list[Any]]:
    """rows(query): what the file holds now."""

    def ask(query: str) -> list[Any]:
        connection = sqlite3.connect(file)
        found = connection.execute(query).fetchall()
        connection.close()
        return found

    return ask
