"""What a launch configuration asks for, and where an attach configuration leads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import Any, Final

from evroute_kernel.engine.dap.requests import Arguments, Refused
from evroute_kernel.engine.events.raise_line import Params, parse_raise, with_samples
from evroute_kernel.engine.project import ProjectError, project_version
from evroute_kernel.engine.state.stubs import StubRule, parse_stub
from evroute_kernel.errors import ScriptError
from evroute_kernel.lang.files import read_text
from evroute_kernel.library import table
from evroute_kernel.records import dataclass
from evroute_kernel.runtime.files import FileError
from evroute_kernel.runtime.versions import DEFAULT_VERSION, VERSIONS, ServerVersion, server_version
from evroute_kernel.source import Source

#: what a launch configuration may say -> kinds of JSON. The package for VS Code declares the same
LAUNCH: Final[Mapping[str, tuple[type, ...]]] = {
    "program": (str,),
    "cwd": (str,),
    "events": (list, str),
    "recording": (str, dict),
    "server": (str,),
    "stubs": (list,),
    "network": (bool,),
    "clock": (str, int, float),
    "seed": (int,),
    "timeout": (int, float),
    "workers": (int,),
    "stopOnEntry": (bool,),
    "noDebug": (bool,),
}
#: the same of an attach configuration
ATTACH: Final[Mapping[str, tuple[type, ...]]] = {"socket": (str,), "token": (str,), "tokenFile": (str,)}
#: what a recording may say beside its `file`: options of a replay
REPLAY: Final = ("speed", "limit", "only", "format", "event")
_WORDS: Final = {str: "a text", list: "a list", dict: "an object", bool: "true or false", int: "a whole number"}
#: options of `%raise` that mean something only in a notebook
_OF_NOTEBOOKS: Final = ("async", "detach", "live", "node", "trace", "report", "stats")


@dataclass(frozen=True, slots=True)
class Raise:
    """An event to raise, so many times; `timeout` None: that of all."""

    event: str
    params: Params
    count: int = 1
    timeout: float | None = None


@dataclass(frozen=True, slots=True)
class Launch:
    """What is to be run, and how. `recording`: a file of events and the options of its replay."""

    source: Source
    raises: tuple[Raise, ...]
    recording: tuple[str, dict[str, Any]] | None
    version: ServerVersion
    stubs: tuple[StubRule, ...]
    #: what the session is opened with
    session: dict[str, Any]
    network: bool
    stops_on_entry: bool
    is_debugged: bool

    @classmethod
    def of(cls, arguments: Arguments) -> Launch:
        """What a configuration asks for, its script read. Raises Refused."""
        check(arguments, LAUNCH)
        program = arguments.get("program")
        if not program:
            raise Refused('launch wants a "program": the path of a script')
        folder = Path(arguments.get("cwd") or ".")
        path = folder / program
        version = _version(arguments.get("server"), path)
        options = {name: arguments[name] for name in ("clock", "seed", "timeout") if arguments.get(name) is not None}
        return cls(
            _source(program, path),
            tuple(_raises(arguments.get("events") or [], version)),
            _recording(arguments.get("recording"), folder),
            version,
            tuple(_stubs(arguments.get("stubs") or [], version)),
            {"workers": 1 if (workers := arguments.get("workers")) is None else workers, "version": version, **options},
            bool(arguments.get("network")),
            bool(arguments.get("stopOnEntry")),
            not arguments.get("noDebug"),
        )


def check(arguments: Arguments, known: Mapping[str, tuple[type, ...]]) -> None:
    """Raise Refused for an argument of the wrong kind. Editors add what is not known here; null is as if left out."""
    for name, kinds in known.items():
        value = arguments.get(name)
        is_kind = isinstance(value, kinds) and not (isinstance(value, bool) and bool not in kinds)
        if value is not None and not (is_kind and (not isinstance(value, float) or isfinite(value))):
            words = " or ".join(dict.fromkeys(_WORDS.get(kind, "a number") for kind in kinds))
            raise Refused(f"{name} is {words}")


def _version(given: str | None, path: Path) -> ServerVersion:
    try:
        if given is not None:
            return server_version(given)
        return project_version(path.absolute().parent) or project_version(Path()) or DEFAULT_VERSION
    except ProjectError as error:
        raise Refused(error.render()) from None
    except ValueError:
        raise Refused(f"server is one of {', '.join(VERSIONS)}, not {given!r}") from None


def _source(program: str, path: Path) -> Source:
    if program.endswith(".ipynb"):
        raise Refused(f"{program} is a notebook: JupyterLab debugs those")
    try:
        return Source(program, read_text(path), str(path.absolute()))
    except FileError as error:
        place = f"{program}:{error.line}:{error.column}" if error.line else f"cannot read {program}"
        raise Refused(f"{place}: {error.reason}" + (f" ({error.hint})" if error.hint else "")) from None


def _raises(events: str | Sequence[Any], version: ServerVersion) -> list[Raise]:
    """Raises Refused with all that cannot be understood."""
    found, faults = [], []
    for i, each in enumerate([events] if isinstance(events, str) else events):
        try:
            found.append(_raise(each, f"events[{i}]", version))
        except ScriptError as error:
            faults.append(error.render())
        except Refused as error:
            faults.append(str(error))
    if faults:
        raise Refused("\n".join(faults))
    return found


def _raise(given: Any, name: str, version: ServerVersion) -> Raise:
    """An event, as behind %raise, or as `{"name": ..., "params": {...} or [...]}`."""
    if isinstance(given, str):
        request = parse_raise(given, Source(name, given))
        if wrong := [option for option in _OF_NOTEBOOKS if option in request.options]:
            raise Refused(f"{name}: --{wrong[0]} is for notebooks")
        return Raise(request.event, with_samples(request, table.of(version)), request.count, request.timeout)
    params = given.get("params") if isinstance(given, dict) else None
    if not isinstance(given, dict) or not isinstance(given.get("name"), str):
        raise Refused(f'{name} is a text such as "E_X ip=192.0.2.1", or {{"name": "E_X", "params": {{...}}}}')
    if params is not None and not isinstance(params, dict | list):
        raise Refused(f"{name}: the params are an object or a list")
    return Raise(given["name"], params)


def _stubs(texts: Sequence[Any], version: ServerVersion) -> list[StubRule]:
    rules, faults = [], []
    for i, text in enumerate(texts):
        try:
            rules.append(parse_stub(str(text), table.of(version), Source(f"stubs[{i}]", str(text))))
        except ScriptError as error:
            faults.append(error.render())
    if faults:
        raise Refused("\n".join(faults))
    return rules


def _recording(given: str | dict[str, Any] | None, folder: Path) -> tuple[str, dict[str, Any]] | None:
    if given is None:
        return None
    file, options = (given, {}) if isinstance(given, str) else (given.get("file"), given)
    if not isinstance(file, str) or not file:
        raise Refused('recording is the path of a file, or {"file": PATH, "limit": N, ...}')
    return str(folder / file), {name: options[name] for name in REPLAY if options.get(name) is not None}
