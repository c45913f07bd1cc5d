"""What CONTRIBUTING.md says: one new file adds a thing, and all that reads the tables knows it.

Lints and MI commands here; names of the script language in library/test_table.py; magics in kernel/magics.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from evroute_kernel.discovery import import_modules
from evroute_kernel.engine.delivery.transports.destination import SessionView
from evroute_kernel.engine.delivery.transports.open_destinations import OpenDestinations
from evroute_kernel.engine.mi.__main__ import document
from evroute_kernel.engine.mi.declaration import COMMANDS
from evroute_kernel.kernel.cell.notebook import Notebook
from evroute_kernel.kernel.questions.completion import complete
from evroute_kernel.kernel.questions.inspection import inspect
from evroute_kernel.kernel.questions.pages import bundle_of
from evroute_kernel.lang.lints.documentation import page
from evroute_kernel.lang.lints.registry import LINTS
from evroute_kernel.library import table
from evroute_kernel.worker.sockets import PROTOCOLS

LIBRARY = table.of("3.6")

LINT = '''
from evroute_kernel.lang import nodes
from evroute_kernel.lang.lints.registry import Finding, rule

@rule("shouted-var", "a variable in capitals", fires="$var(LOUD) = 1;", quiet="$var(calm) = 1;")
def shouted(subject):
    """Nobody shouts at a server."""
    for route in subject.script.items:
        if isinstance(route, nodes.Route) and "LOUD" in route.span.text:
            yield Finding("this shouts", route.header)
'''
COMMAND = '''
from evroute_kernel.engine.mi.declaration import command

@command("greet", "greetings:greet", "who", exporter="greetings")
def greet(management, given):
    """Greet somebody.

    By name.
    """
    return f"Hello {given.text('who')}"
'''


@contextmanager
def added(package: str, folder: Path, text: str, table: dict[str, Any]) -> Iterator[None]:
    """A package with one more module in it, which is found as those are that are there."""
    (folder / "added_for_test.py").write_text(text)
    path, before = import_module(package).__path__, dict(table)
    path.append(str(folder))
    try:
        import_modules(package)
        yield
    finally:
        path.remove(str(folder))
        sys.modules.pop(f"{package}.added_for_test", None)
        table.clear()
        table.update(before)


@pytest.fixture(scope="module")
def notebook() -> Iterator[Notebook]:
    made = Notebook()
    yield made
    made.close()


def offered(notebook: Notebook, line: str) -> list[str]:
    found: list[str] = complete(notebook, line, len(line))["matches"]
    return found


def told(notebook: Notebook, text: str, cursor: int) -> str:
    found: str = inspect(notebook, text, cursor)["data"]["text/plain"]
    return found


def test_a_lint(notebook: Notebook, tmp_path: Path) -> None:
    with added("evroute_kernel.lang.lints", tmp_path, LINT, LINTS):
        (lint,) = [each for code, each in LINTS.items() if code == "shouted-var"]
        found = notebook.session.check(lint.fires[0])
        assert [(each.code, each.message) for each in found] == [("shouted-var", "this shouts")]
        assert notebook.session.check(lint.quiet[0]) == []
        assert "shouted-var" in offered(notebook, "%help shouted")
        assert "Nobody shouts at a server." in bundle_of("shouted-var", notebook)["text/plain"]
        assert "## shouted-var" in page()
    assert "shouted-var" not in LINTS


def test_an_mi_command(notebook: Notebook, tmp_path: Path) -> None:
    from evroute_kernel.engine.mi.dispatch import execute
    from evroute_kernel.engine.mi.management import Management

    with added("evroute_kernel.engine.mi.commands", tmp_path, COMMAND, COMMANDS):
        management = Management(notebook.session)
        for name in ("greet", "greetings:greet"):
            assert execute(management, name, {"who": "Zoe"}) == "Hello Zoe"
        assert execute(management, "which")[-1] == "greet"
        assert execute(management, "which", ["greet"]) == [["who"]]
        assert "Greet somebody" in str(execute(management, "help", ["greet"]))
        assert {"greet", "greetings:greet"} <= set(offered(notebook, "%mi gree"))
        assert offered(notebook, "%mi greet wh") == ["who="]
        assert "Greet somebody" in told(notebook, "%mi greet", 6)
        lines = "\n".join(document())
        assert "| [`greet`](#greet) | `greetings:greet` | `who` |" in lines
        assert "### greet" in lines
    assert "greet" not in COMMANDS


#: protocols of sockets that lead to routes, and out of no process
INSIDE = ("route", "routing")


def test_every_socket_that_can_be_read_can_be_opened_and_its_module_is_known(tmp_path: Path) -> None:
    destinations = OpenDestinations(SessionView(dict, lambda socket, outgoing, text: None))
    try:
        assert {*destinations.protocols, *INSIDE} == set(PROTOCOLS)
    finally:
        destinations.close()
    assert [
        protocol for protocol in PROTOCOLS if protocol not in INSIDE and not LIBRARY.transport_module(protocol)
    ] == []
