"""Declaring functions of module sqlops: on SQLite they run, on every other database they are stubs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from evroute_kernel.library.behaviour import function
from evroute_kernel.library.functions.parameters import Problem
from evroute_kernel.library.sql.database import database
from evroute_kernel.library.sql.settings import MODULE, SQLITE, configuration, parse_url
from evroute_kernel.library.sql.types import Reported, SqlError
from evroute_kernel.library.stubs import call_stub
from evroute_kernel.library.table import Library
from evroute_kernel.runtime.context import Context
from evroute_kernel.runtime.memory.accesses import DATABASE, Access

SIMULATED_WHEN: Final = 'modparam("sqlops", "db_url", "sqlite://...")'

Modparams = Mapping[tuple[str, str], Sequence[int | str]]
Check = Callable[[Sequence[Any], Modparams, Library], Problem | None]


def never(*arguments: Any) -> bool:
    return False


def always(*arguments: Any) -> bool:
    return True


def on_database(
    name: str, *, check: Check | None = None, db_id: int = -1, reads: Callable[..., bool] = never
) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """Say what a function does on the database that one of its arguments names: run when that is SQLite, else a stub.

    `db_id` is the place of that argument, the last one if not said; `reads`: whether it only reads, given the other
    arguments. The function gets the context, the Database, and
    its arguments without that one; a SqlError becomes an error in the log and -1.
    """

    def look(arguments: Sequence[Any], modparams: Modparams, library: Library) -> Problem | None:
        problem = _unknown_database(arguments[db_id], modparams)
        if problem is not None:
            return range(len(arguments))[db_id], *problem
        return None if check is None else check(arguments, modparams, library)

    def declare(run: Callable[..., int]) -> Callable[..., int]:
        def call(context: Context, *arguments: Any) -> int:
            others = list(arguments)
            number = others.pop(db_id)
            settings = configuration(context.process)
            url = settings.url(number)
            if url is None and settings.urls:
                context.error(f"{name}(): {_no_database(number, settings.urls)}")
                return -1
            if url is None or not url.startswith(SQLITE):
                return call_stub(context, *arguments, name=name)
            try:
                base = database(context.process, url)
                with context.process.shared.step(Access(DATABASE, url, "read" if reads(*others) else "write")):
                    return run(context, base, *others)
            except Reported:
                return -1
            except SqlError as error:
                context.error(f"{name}(): {error}")
                return -1

        call.__doc__ = run.__doc__
        declared = function(name, check=look, check_modparams=True, check_library=True, simulated_when=SIMULATED_WHEN)
        return declared(call)

    return declare


def _unknown_database(number: Any, modparams: Modparams) -> tuple[str, str] | None:
    urls = dict(parse_url(str(url)) for url in modparams.get((MODULE, "db_url"), ()))
    if not urls or not isinstance(number, int) or number in urls:
        return None
    return _no_database(number, urls), f'add modparam("{MODULE}", "db_url", "{number} sqlite:///path/to/file")'


def _no_database(number: int, urls: Mapping[int, str]) -> str:
    return f"there is no database {number}; db_url gives {', '.join(map(str, urls))}"
