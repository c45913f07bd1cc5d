"""Turns a compiled route (code and pool, plain data that travels to a worker) into a function that runs.

The code is marshalled Python byte code whose globals are the runtime's operators and statements, and one name for each
pool entry: a variable's getter or setter, a format, a call of a library function with its arguments, a regular
expression. Nothing here can fail for what the compiler accepted.
"""

from __future__ import annotations

import marshal
from collections.abc import Callable, Iterable
from functools import lru_cache, partial
from ipaddress import ip_network
from types import CodeType, FunctionType
from typing import Any, Final

from evroute_kernel.library import everything as _everything  # noqa: F401 - gives every name its behaviour
from evroute_kernel.library.behaviour import FUNCTION_BEHAVIOURS
from evroute_kernel.library.references import Reference, adder, formatter, iterate, reference
from evroute_kernel.library.stubs import call_stub
from evroute_kernel.library.table import Library
from evroute_kernel.runtime import deferred, operators, statements
from evroute_kernel.runtime.context import Context, LinkedRoute
from evroute_kernel.runtime.control import EndScript
from evroute_kernel.runtime.patterns import posix as regex
from evroute_kernel.runtime.patterns.protocol import Regex, RegexError
from evroute_kernel.runtime.values import Textless, int_of, text_of

#: (name in the code's globals, kind, data...)
PoolEntry = tuple[Any, ...]


def link(
    kind: str,
    name: str,
    slot: int,
    code: bytes,
    pool: Iterable[PoolEntry],
    library: Library,
    *,
    lines: tuple[int, ...] = (),
    file: str = "",
    actions: tuple[str, ...] = (),
) -> LinkedRoute:
    """The route as a callable; `library` is that of the version it was compiled for. `code` is empty for a block
    without statements."""
    if not code:
        return LinkedRoute(kind, name, slot, lambda context: 1, lines, file, actions, is_empty=True)
    namespace = dict(_runtime_names())
    for key, entry_kind, *data in pool:
        namespace[key] = LINKS[entry_kind](library, *data)
    loaded: CodeType = marshal.loads(code)
    return LinkedRoute(kind, name, slot, FunctionType(loaded, namespace), lines, file, actions)


@lru_cache(1)
def _runtime_names() -> dict[str, Any]:
    names: dict[str, Any] = {"EndScript": EndScript, "__builtins__": {}}
    for module in (operators, statements, deferred):
        names.update((n, v) for n, v in vars(module).items() if not n.startswith("__"))
    return names


# -- calls of library functions --------------------------------------------------------------------------------------


class ArgumentFailed(Exception):
    """An argument has no usable value; the call does not happen."""


Evaluator = Callable[[Context], Any]


def link_call(library: Library, name: str, arguments: tuple[tuple[Any, ...], ...]) -> Callable[[Context], int]:
    """A function that evaluates the arguments and calls; -1 when an argument has no usable value."""
    call = _call_of(name)
    if not arguments:
        return call
    found = [_evaluator(library, argument, name) for argument in arguments]
    if all(isinstance(each, _Always) for each in found):
        always = tuple([each.value for each in found if isinstance(each, _Always)])
        return lambda context: call(context, *always)
    evaluate = _evaluate_all(found)

    def run(context: Context) -> int:
        try:
            values = evaluate(context)
        except ArgumentFailed as failure:
            context.error(str(failure))
            return -1
        return call(context, *values)

    return run


class Deferred:
    """For async and launch: evaluates the arguments now and gives the call to make later."""

    __slots__ = ("_call", "_evaluate", "waits")

    def __init__(self, library: Library, name: str, arguments: tuple[tuple[Any, ...], ...]) -> None:
        behaviour = FUNCTION_BEHAVIOURS.get(name)
        self._call = _call_of(name)
        self._evaluate = _evaluate_all([_evaluator(library, argument, name) for argument in arguments])
        self.waits = behaviour is not None and behaviour.waits

    def __call__(self, context: Context) -> Callable[[], int] | None:
        try:
            values = self._evaluate(context)
        except ArgumentFailed as failure:
            context.error(str(failure))
            return None
        return partial(self._call, context, *values)


def _call_of(name: str) -> Callable[..., int]:
    behaviour = FUNCTION_BEHAVIOURS.get(name)
    return partial(call_stub, name=name) if behaviour is None else behaviour.call


def _evaluate_all(found: list[Evaluator | _Always]) -> Callable[[Context], list[Any]]:
    """A function that gives all arguments, in order; those that are always the same are known."""
    values = [each.value if isinstance(each, _Always) else None for each in found]
    changing = [(place, each) for place, each in enumerate(found) if not isinstance(each, _Always)]

    def evaluate(context: Context) -> list[Any]:
        out = values.copy()
        for place, each in changing:
            out[place] = each(context)
        return out

    return evaluate


class _Always:
    """An argument that is the same in each call."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


def _evaluator(library: Library, argument: tuple[Any, ...], function: str) -> Evaluator | _Always:
    """What a call needs to know of a parameter travels with its argument: no facts are read here.

    ("value", VALUE), ("omitted",), ("regex", PATTERN), ("format", TEXT, PARAMETER), ("variable", TEXT, PARAMETER, TYPE)
    """
    kind, *data = argument
    if kind in ("variable", "format"):
        where = f"{function}() is not called: its parameter {data[1]}"
        if kind == "format":
            return _format_evaluator(formatter(data[0], library), where)
        return _variable_evaluator(reference(data[0], library), data[2], where)
    return _Always(regex.compile(data[0], newline=True) if kind == "regex" else data[0] if data else None)


def _format_evaluator(expand: Callable[[Context], str], where: str) -> Evaluator:
    def evaluate(context: Context) -> str:
        value = expand(context)
        if len(value) >= context.process.settings.pv_print_buf_size:
            raise ArgumentFailed(f"{where} is too long ({len(value)} bytes); raise the global pv_print_buf_size")
        return value

    return evaluate


def _variable_evaluator(target: Reference, type: str, where: str) -> Evaluator | _Always:
    if type == "var":
        return _Always(target)
    get, text = target.get, target.text
    if type == "int":

        def integer(context: Context) -> int:
            number = int_of(get(context))
            if number is None:
                raise ArgumentFailed(f"{where} needs an integer, and {text} holds none; convert with {{s.int}}")
            return number

        return integer

    def string(context: Context) -> Any:
        found = get(context)
        value = text_of(found)
        if value is None or isinstance(found, Textless):
            what = "is null" if value is None else "is a number without text form; put it into a variable first"
            raise ArgumentFailed(f"{where} needs a text, and {text} {what}")
        return _compiled(value, where) if type == "regex" else value

    return string


def _compiled(pattern: str, where: str) -> Regex:
    try:
        return regex.compile(pattern, newline=True)
    except RegexError as error:
        raise ArgumentFailed(f"{where} is no regular expression: {error}") from None


# -- pool entries ----------------------------------------------------------------------------------------------------

LINKS: Final[dict[str, Callable[..., Any]]] = {
    "get": lambda library, text: reference(text, library).get,
    "operand": lambda library, text: reference(text, library).operand,
    "set": lambda library, text: reference(text, library).set,
    "add": lambda library, text: adder(text, library),
    "format": lambda library, text: formatter(text, library),
    "iterate": lambda library, text: iterate(text, library),
    "call": link_call,
    "deferred": Deferred,
    "regex": lambda library, text: regex.compile(text),
    "network": lambda library, text: ip_network(text, strict=False),
}
