"""What the `pyproject.toml` of a project says of its scripts.

    [tool.evroute]
    server = "4.0"
    [tool.evroute.session]      # how the fixture evroute_session opens its session: engine.options
    workers = 2

The nearest file counts that has such a table, from a folder upwards; those of other tools are passed over. Most
projects have none, so a file is read as TOML only when it names `evroute` at all.
"""

from __future__ import annotations

import re
import stat
from pathlib import Path
from typing import Any, Final, NoReturn

from evroute_kernel.errors import Diagnostic, ScriptError, did_you_mean
from evroute_kernel.runtime.versions import VERSIONS, ServerVersion, server_version
from evroute_kernel.source import Source

FILE: Final = "pyproject.toml"
TABLE: Final = "tool.evroute"
#: what the table may hold
KEYS: Final = ("server", "session")

#: how tomllib tells where it stopped
_PLACE: Final = re.compile(r" \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)$")


class ProjectError(ScriptError):
    """A `pyproject.toml` that cannot be heeded; its one diagnostic says where and why."""


def project_version(folder: Path) -> ServerVersion | None:
    """The version of the server that the project of a folder names; None where no project names one.

    Raises ProjectError for a file that cannot be read, or names what there is not.
    """
    found = _table_for(folder)
    return None if found is None else _version(*found)


def project_options(folder: Path) -> tuple[dict[str, Any], Path]:
    """How sessions for tests of a folder are opened, and where the names of files in that start.

    Nothing where no project says so. Raises ProjectError as `project_version` does.
    """
    found = _table_for(folder)
    if found is None:
        return {}, folder
    source, table = found
    _check_keys(source, table)
    options = table.get("session", {})
    if not isinstance(options, dict):
        _fail(source, "session", f"[{TABLE}.session] is a table", f"[{TABLE}.session] with the line workers = 2")
    from evroute_kernel.engine.options import fault

    for name, value in options.items():
        if wrong := fault(name, value):
            _fail(source, re.escape(name), *wrong)
    return options, Path(source.name).parent


def _table_for(folder: Path) -> tuple[Source, dict[str, Any]] | None:
    """The table of the project of a folder, with its file."""
    start = folder.absolute()
    return next((found for place in (start, *start.parents) if (found := _table_in(place / FILE)) is not None), None)


def _table_in(path: Path) -> tuple[Source, dict[str, Any]] | None:
    """Text and table of a file; None where it does not exist, is no file (a FIFO would keep us waiting), or has no such
    table."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return None
        data = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ProjectError([Diagnostic("error", "project", f"cannot read {path}: {reason}")]) from None
    if b"evroute" not in data.replace(b"\0", b""):  # UTF-16, which is no TOML, shall be told
        return None
    source = Source(str(path), data.decode("utf-8", "replace"), str(path))
    tool = _read(source).get("tool")
    found = tool.get("evroute") if isinstance(tool, dict) else None
    if found is None:
        return None
    if not isinstance(found, dict):
        _fail(source, "evroute", f"[{TABLE}] is a table", f'[{TABLE}] with the line server = "{VERSIONS[-1]}"')
    return source, found


def _read(source: Source) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(source.text)
    except tomllib.TOMLDecodeError as error:
        found = _PLACE.search(str(error))
        offset = len(source.text)
        if found is not None and found["line"]:
            offset = source.line_starts[int(found["line"]) - 1] + int(found["column"]) - 1
        reason = _PLACE.sub("", str(error))
        message = f"this is no TOML: {reason[:1].lower()}{reason[1:]}"
        raise ProjectError([Diagnostic("error", "project", message, source.span(offset, offset + 1))]) from None
    except (RecursionError, ValueError) as error:  # arrays too deep, numbers too long: it does not say where
        reason = "its values are nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise ProjectError([Diagnostic("error", "project", f"cannot read {source.name}: {reason}")]) from None


def _check_keys(source: Source, table: dict[str, Any]) -> None:
    for key in table:
        if key not in KEYS:
            hint = did_you_mean(key, KEYS) or f"it may hold {', '.join(KEYS)}"
            _fail(source, re.escape(key), f"[{TABLE}] has no setting {key!r}", hint)


def _version(source: Source, table: dict[str, Any]) -> ServerVersion | None:
    _check_keys(source, table)
    wanted = table.get("server")
    if wanted is None:
        return None
    example = f'write server = "{VERSIONS[-1]}"'
    if not isinstance(wanted, str):
        _fail(source, "server", f"server is a version in quotes, not {wanted!r}", example)
    try:
        return server_version(wanted)
    except ValueError as error:
        _fail(source, "server", str(error), example)


def _fail(source: Source, key: str, message: str, hint: str) -> NoReturn:
    """Raise a ProjectError that points at the line of a key of the table, as far as it can be told."""
    table = re.search(r"(?m)^[ \t]*\[[ \t]*tool[ \t]*\.[ \t]*evroute", source.text)
    found = re.compile(rf"""(?m)^[ \t]*["']?(?P<key>{key})\b[^\n\r]*|\b{key}\b[^\n\r]*""").search(
        source.text, table.start() if table else 0
    )
    span = source.span(found.start("key") if found["key"] else found.start(), found.end()) if found else None
    raise ProjectError([Diagnostic("error", "project", message, span, hint)])
