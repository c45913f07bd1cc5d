"""How a session is opened that nobody opens in Python: options by name, as a configuration holds them.

    workers = 2
    timeout = 5            # seconds
    clock = "2026-11-30T10:00:00"  # where it stands; local time
    seed = 7               # of random numbers, UUIDs, process ids
    check = false          # a run that fails is handed over
    load = "opensips.cfg"  # or several files; they are looked for beside the file that names them
    stubs = ["rest_get returns 200"]

`fault` says what is wrong with a value; `opened` makes the session.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from evroute_kernel.errors import Diagnostic, ScriptError, did_you_mean
from evroute_kernel.runtime.versions import ServerVersion
from evroute_kernel.source import Source

if TYPE_CHECKING:
    from evroute_kernel.engine.session.session import Session

#: what each option holds, in words, and how it is written
OPTIONS: Final = {
    "workers": ("a number from 1 on", "workers = 2"),
    "timeout": ("a number of seconds above 0", "timeout = 5"),
    "memory_limit": ("a number of bytes from 1 on", "memory_limit = 268435456"),
    "log_limit": ("a number of log records", "log_limit = 1000"),
    "check": ("true or false", "check = false"),
    "strict": ("true or false", "strict = true"),
    "network": ("true or false", "network = true"),
    "load": ("the name of a file, or a list of names", 'load = "opensips.cfg"'),
    "clock": ("the time at which the clock stands", 'clock = "2026-11-30T10:00:00"'),
    "seed": ("a whole number", "seed = 7"),
    "stubs": ("a rule, or a list of rules", 'stubs = ["rest_get returns 200"]'),
}
_WORDS: Final = ("load", "stubs")
_FLAGS: Final = ("check", "strict", "network")
#: handed to `Session` as they are
_PASSED: Final = ("timeout", "memory_limit", "log_limit", "check", "clock", "seed")
_LEAST: Final = {"workers": 1, "memory_limit": 1, "log_limit": 0}


def fault(name: str, value: object) -> tuple[str, str] | None:
    """What is wrong with an option, and what to write; None for one that can be."""
    if name not in OPTIONS:
        return f"there is no option {name!r}", did_you_mean(name, OPTIONS) or f"options are {', '.join(OPTIONS)}"
    words, example = OPTIONS[name]
    return None if _fits(name, value) else (f"{name} is {words}, not {value!r}", f"write {example}")


def _fits(name: str, value: object) -> bool:
    if name in _FLAGS:
        return isinstance(value, bool)
    if name in _WORDS:
        return all(isinstance(word, str) and word for word in (value if isinstance(value, list | tuple) else [value]))
    if name == "clock":
        return _is_moment(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    if name == "seed":
        return isinstance(value, int)
    return value > 0 if name == "timeout" else isinstance(value, int) and value >= _LEAST[name]


def _is_moment(value: object) -> bool:
    from evroute_kernel.engine.events import given

    try:
        given.moment(value)
    except given.GivenError:
        return False
    return True


def load_script(session: Session, name: str, path: Path) -> None:
    """Load a script file. Raises as `opened`."""
    session.load(_source(name, path), whole=True)


def opened(
    options: Mapping[str, Any],
    folder: Path,
    version: ServerVersion,
    begin: Callable[[Session], object] = id,
    load: Callable[[Session, str, Path], None] = load_script,
) -> Session:
    """A session with these options, one worker unless they say otherwise, and with their files loaded, by `load`.

    `folder`: where relative names of files start; `begin` is told of the session before they are loaded. Raises
    ScriptError for a file or a rule that is none, RunFailedError for a startup_route that fails in a session that
    checks.
    """
    from evroute_kernel.engine.events import given
    from evroute_kernel.engine.session.session import Session
    from evroute_kernel.engine.state.stubs import parse_stub
    from evroute_kernel.library import table

    limits = {name: options[name] for name in _PASSED if name in options}
    with ExitStack() as undo:
        session = undo.enter_context(Session(options.get("workers", 1), version=version, **limits))
        session.strict = options.get("strict", False)
        session.settings["network"] = options.get("network", False)
        for rule in _words(options, "stubs"):
            session.stub(parse_stub(rule, table.of(version), Source("stubs", rule)))
        begin(session)
        for name in _words(options, "load"):
            load(session, name, folder / given.path(name))
        undo.pop_all()
    return session


def _source(name: str, path: Path) -> Source:
    from evroute_kernel.lang.files import read_text
    from evroute_kernel.runtime.files import FileError

    try:
        return Source(name, read_text(path), str(path))
    except FileError as error:
        raise ScriptError(
            [Diagnostic("error", "file", f"cannot read {name}: {error.reason}", None, error.hint)]
        ) from None


def _words(options: Mapping[str, Any], name: str) -> list[str]:
    found = options.get(name, [])
    return [found] if isinstance(found, str) else list(found)
