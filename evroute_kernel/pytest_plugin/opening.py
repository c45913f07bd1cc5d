"""Which session a test gets: the version that it is a server of, and its options."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn

import pytest

from evroute_kernel.engine.options import fault, opened
from evroute_kernel.engine.project import ProjectError, project_options, project_version
from evroute_kernel.engine.results.runs import RunFailedError
from evroute_kernel.engine.session.session import Session
from evroute_kernel.errors import ScriptError
from evroute_kernel.pytest_plugin.names import SERVER, SESSION
from evroute_kernel.pytest_plugin.notebooks import load_file
from evroute_kernel.runtime.versions import DEFAULT_VERSION, ServerVersion, server_version


def session_for(request: pytest.FixtureRequest, begin: Callable[[Session], object]) -> Session:
    """The session of a test, open; `begin` is told of it before its files are loaded.

    What is wrong with its options is pytest's own failure, without a traceback.
    """
    node: pytest.Item = request.node
    version = version_for(node, getattr(request, "param", None))
    options = {"check": True, **_resolved(*_of_project(node)), **_resolved(*_of_ini(node.config)), **_of_markers(node)}
    try:
        return opened(options, node.path.parent, version, begin, load_file)
    except (ScriptError, RunFailedError) as error:
        _fail(error.render())


def version_for(node: pytest.Item | pytest.Collector, given: object = None) -> ServerVersion:
    """The version that is named nearest to a test; `given` is the parameter of the fixture."""
    try:
        return server_version(_named(node, given))
    except ValueError as error:
        _fail(str(error))


def _named(node: pytest.Item | pytest.Collector, given: object) -> str:
    if given is not None:
        return str(given)
    if (marker := node.get_closest_marker(SERVER)) is not None:
        if len(marker.args) != 1 or marker.kwargs:
            pytest.fail(f'@pytest.mark.{SERVER} takes one version: {SERVER}("4.0")', pytrace=False)
        return str(marker.args[0])
    if found := str(node.config.getini(SERVER) or ""):
        return found
    try:
        return project_version(node.path.parent) or DEFAULT_VERSION
    except ProjectError as error:
        _fail(error.render())


def _of_project(node: pytest.Item) -> tuple[Mapping[str, Any], Path]:
    try:
        return project_options(node.path.parent)
    except ProjectError as error:
        _fail(error.render())


def _of_ini(config: pytest.Config) -> tuple[Mapping[str, Any], Path]:
    """The options of pytest's own configuration, and where names of files in it start."""
    import tomllib

    lines = config.getini(SESSION)
    try:
        found = tomllib.loads("\n".join(lines))
    except tomllib.TOMLDecodeError as error:
        _fail(f"the ini option {SESSION} is no TOML: {error} (each line is like workers = 2)")
    _check(found, f"the ini option {SESSION}")
    return found, (config.inipath.parent if config.inipath else config.rootpath)


def _of_markers(node: pytest.Item) -> dict[str, Any]:
    """The options of all markers around a test: those of the nearest count first."""
    found = dict[str, Any]()
    for marker in node.iter_markers(SESSION):
        if marker.args:
            _fail(f"@pytest.mark.{SESSION} takes options by name: {SESSION}(workers=2)")
        _check(marker.kwargs, f"@pytest.mark.{SESSION}")
        found = {**marker.kwargs, **found}
    return found


def _check(options: Mapping[str, Any], where: str) -> None:
    for name, value in options.items():
        if wrong := fault(name, value):
            _fail(f"{where}: {wrong[0]} ({wrong[1]})")


def _resolved(options: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Names of files from where they are written."""
    load = options.get("load", [])
    names = [load] if isinstance(load, str) else load
    return {**options, "load": [str(folder / name) for name in names]} if "load" in options else dict(options)


def _fail(text: str) -> NoReturn:
    """Say what is wrong, and nothing of the error that told so."""
    raise pytest.fail.Exception(f"{SESSION}: {text}", pytrace=False) from None
