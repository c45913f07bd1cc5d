"""Declaring functions of module sqlops: on SQLite they run, on every other database they are stubs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from evroute_kernel.library.declarations import function, parse_signature
from evroute_kernel.library.functions.parameters import Problem
from evroute_kernel.library.sql.database import database
from evroute_kernel.library.sql.settings import MODULE, SQLITE, configuration, parse_url
from evroute_kernel.library.sql.types import Reported, SqlError
from evroute_kernel.library.stubs import call_stub
from evroute_kernel.runtime.context import Context

SIMULATED_WHEN: Final = 'modparam("sqlops", "db_url", "sqlite://...")'

Modparams = Mapping[tuple[str, str], Sequence[int | str]]
Check = Callable[[Sequence[Any], Modparams], Problem | None]


def on_database(
    signature: str, *, returns: str, check: Check | None = None, is_async: bool = False
) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """Declare a function that works on the database its `db_id` names: run when that is SQLite, else a stub.

    The function gets the context, the Database, and its arguments without `db_id`; a SqlError becomes an error in the
    log and -1.
    """
    name, _, rest = signature.partition("(")
    place = [param.name for param in parse_signature(rest.removesuffix(")"))].index("db_id")

    def look(arguments: Sequence[Any], modparams: Modparams) -> Problem | None:
        problem = _unknown_database(arguments[place], modparams)
        if problem is not None:
            return place, *problem
        return None if check is None else check(arguments, modparams)

    def declare(run: Callable[..., int]) -> Callable[..., int]:
        def call(context: Context, *arguments: Any) -> int:
            number = arguments[place]
            settings = configuration(context.process)
            url = settings.url(number)
            if url is None and settings.urls:
                context.error(f"{name}(): {_no_database(number, settings.urls)}")
                return -1
            if url is None or not url.startswith(SQLITE):
                return call_stub(context, *arguments, name=name, module=MODULE)
            try:
                return run(context, database(context.process, url), *arguments[:place], *arguments[place + 1 :])
            except Reported:
                return -1
            except SqlError as error:
                context.error(f"{name}(): {error}")
                return -1

        call.__doc__ = run.__doc__
        declared = function(
            signature,
            module=MODULE,
            returns=returns,
            check=look,
            is_async=is_async,
            check_modparams=True,
            simulated_when=SIMULATED_WHEN,
        )
        return declared(call)

    return declare


def _unknown_database(number: Any, modparams: Modparams) -> tuple[str, str] | None:
    urls = dict(parse_url(str(url)) for url in modparams.get((MODULE, "db_url"), ()))
    if not urls or not isinstance(number, int) or number in urls:
        return None
    return _no_database(number, urls), f'add modparam("{MODULE}", "db_url", "{number} sqlite:///path/to/file")'


def _no_database(number: int, urls: Mapping[int, str]) -> str:
    return f"there is no database {number}; db_url gives {', '.join(map(str, urls))}"
