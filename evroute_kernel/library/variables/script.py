"""Variables of the script itself: `$var`, `$avp`, `$param`, `$shv`, `$rc`, `$return`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from evroute_kernel.library.behaviour import ALL, APPEND, Mark, variable
from evroute_kernel.library.table import Library
from evroute_kernel.library.template import TemplateError, VariableSpec, parse_variable
from evroute_kernel.runtime.context import Context
from evroute_kernel.runtime.deferred import Launched
from evroute_kernel.runtime.values import TypedNull, Value, int_of, stored, text_of, wrap

Getter = Callable[[Context], Value]

#: bytes that `$(avp(x)[*])` and its kin can hold
JOINED_LIMIT: Final = 510
SHARED_TABLE: Final = "shv"

# -- $var -------------------------------------------------------------------------------------------------------------


@variable("var")
def var(context: Context, name: str, index: None) -> Value:
    """Script variable of the process. Null until set; keeps its value from one event to the next.

    Holds an integer or a string; `= NULL` makes it null. The name is taken literally: `$var($var(x))` is a variable
    of that name.
    """
    return context.process.var.get(name)


@var.setter
def set_var(context: Context, name: str, index: None, op: str, value: Value) -> bool:
    context.process.var[name] = stored(value)
    return True


@var.binder
def bind_var(name: str, index: None) -> Getter:
    return lambda context: context.process.var.get(name)


# -- $avp -------------------------------------------------------------------------------------------------------------


def _avp_name(context: Context, name: Any) -> str | None:
    """The name of an AVP; a computed one is text (an integer's decimal form). None (said why) for null and empty."""
    text = text_of(name)
    if not text:
        found = "null" if text is None else "empty"
        context.error(f"$avp: the variable that gives the name is {found}")
        return None
    return text


@variable("avp")
def avp(context: Context, name: Any, index: int | Mark | None) -> Value:
    """Stack of values that belongs to the running event, newest first; null when empty.

    `$avp(x) = v` pushes, `:=` replaces all, `= NULL` drops the newest. `$(avp(x)[1])` is the second newest, `[-1]` the
    oldest, `[*]` all of them joined with `, `; `$(avp(x)[append]) = v` adds behind the oldest.
    """
    key = name if type(name) is str and name else _avp_name(context, name)
    values = context.avps.get(key) if key is not None else None
    if not values or index is APPEND:
        return None
    if index is ALL:
        return joined(context, f"$(avp({key})[*])", reversed(values))
    place = index or 0
    assert isinstance(place, int)
    # the newest is last in the list
    return values[-1 - place] if -len(values) <= place < len(values) else None


def joined(context: Context, what: str, values: Any, separator: str = ", ") -> str | None:
    """Texts of all values, separated; null when there is no room for them."""
    text = separator.join(map(str, values))
    if len(text) > JOINED_LIMIT:
        context.error(f"{what} is {len(text)} bytes long, the server has room for {JOINED_LIMIT}: it is null")
        return None
    return text


@avp.setter
def set_avp(context: Context, name: Any, index: int | Mark | None, op: str, value: Value) -> bool:
    key = name if type(name) is str and name else _avp_name(context, name)
    if key is None:
        return value is None  # nothing to delete is no failure
    values = context.avps.setdefault(key, [])
    if op == "=" and index is None and value is not None:
        values.append(stored(value))
        return True
    if op == ":=" or index is ALL:
        values.clear()
    if value is None:
        return _drop(values, 0 if isinstance(index, Mark) or index is None else index)
    if index is APPEND:
        values.insert(0, stored(value))
    elif isinstance(index, int):
        if not -len(values) <= index < len(values):
            context.error(f"$(avp({key})[{index}]) does not exist and cannot be replaced; $avp({key}) adds a value")
            return False
        values[-1 - index] = stored(value)
    else:
        values.append(stored(value))
    return True


def _drop(values: list[Value], index: int) -> bool:
    if -len(values) <= index < len(values):
        del values[-1 - index]
    return True


@avp.binder
def bind_avp(name: str, index: int | Mark | None) -> Getter:
    if index is not None and index != 0:
        return lambda context: avp.get(context, name, index)

    def newest(context: Context) -> Value:
        values = context.avps.get(name)
        return values[-1] if values else None

    return newest


# -- $param -----------------------------------------------------------------------------------------------------------


def _name_or_index(text: str) -> int | str:
    """Digits alone are a position, anything else a name."""
    return wrap(int(text)) if text.isascii() and text.isdigit() else text


@variable("param", parse_name=_name_or_index, name_in_callers_scope=True)
def param(context: Context, name: Any, index: None) -> Value:
    """Parameter of the event by name or position (from 1), or argument of the called route by position.

    In a called route the event's parameters cannot be seen: pass them with `route(name, $param(ip))`.
    """
    arguments = context.scopes[-1]
    if arguments is not None:
        return _argument(context, arguments, name)
    return _event_param(context, name) if context.event else None


def _event_param(context: Context, name: Any) -> Value:
    if not context.has_list:
        return None
    params, number = context.params, int_of(name)
    if number is not None:
        if 1 <= number <= len(params):
            return params[number - 1][1]
        _no_such_param(context, f"number {number}")
    elif name is None:
        context.error("$param: the variable that gives the name is null")
    else:
        wanted = str(name) or None  # an empty name is that of the parameters without one
        for known, value in params:
            if (known or None) == wanted:
                return value
        _no_such_param(context, repr(str(name)))
    return None


def _no_such_param(context: Context, what: str) -> None:
    names = [name if name is not None else f"number {i}" for i, (name, _) in enumerate(context.params, 1)]
    known = f"it has {', '.join(names)}" if names else "it has none"
    context.warning(f"$param: event {context.event} has no parameter {what}; {known}")


def _argument(context: Context, arguments: Any, name: Any) -> Value:
    if not arguments or type(arguments) is Launched:
        return None
    number = int_of(name)
    if name is None:
        context.error("$param: the variable that gives the position is null")
    elif number is None or number < 0:
        context.error(
            f"$param({name}): a called route has only its arguments, $param(1) to $param({len(arguments)}); "
            "pass the event's parameters on as arguments"
        )
    elif 1 <= number <= len(arguments):
        value: Value | TypedNull = arguments[number - 1]
        return None if isinstance(value, TypedNull) else value
    return None


@param.binder
def bind_param(name: int | str, index: None) -> Getter:
    if isinstance(name, int):
        place = name - 1

        def by_position(context: Context) -> Value:
            arguments = context.scopes[-1]
            if arguments is None and 0 <= place < len(context.params):
                return context.params[place][1]
            if type(arguments) is Launched and place == 0:
                return arguments[0]
            return param.get(context, name, None)  # type: ignore[no-any-return]

        return by_position

    def by_name(context: Context) -> Value:
        if context.scopes[-1] is None:
            for known, value in context.params:
                if known == name:
                    return value
        return param.get(context, name, None)  # type: ignore[no-any-return]

    return by_name


@param.operand_binder
def bind_param_operand(name: Any, index: None) -> Getter:
    """An argument as it was given to the route, a null with its type."""
    number = int_of(name)
    place = -1 if number is None else number - 1

    def operand(context: Context) -> Any:
        arguments = context.scopes[-1]
        if arguments is None:
            if 0 <= place < len(context.params):
                return context.params[place][1]
        elif 0 <= place < len(arguments) and type(arguments) is not Launched:
            return arguments[place]
        return get(context)

    get = bind_param(name, index) if isinstance(name, int) else lambda context: param.get(context, name, index)
    return operand


# -- $shv -------------------------------------------------------------------------------------------------------------


def _shared_name(text: str, library: Library) -> str | VariableSpec:
    """Names of shared variables are trimmed, and only then looked at for a variable."""
    name = text.strip(" \t\r\n")
    if not name:
        raise ValueError("the name is blank")
    if not name.startswith("$"):
        return name
    try:
        return parse_variable(name, library)
    except TemplateError as error:
        raise error.shifted(text.index("$")) from None


def _shared_key(context: Context, name: Any) -> str | None:
    text = text_of(name)
    if text is None:
        context.error("$shv: the variable that gives the name is null")
    return text


@variable("shv", parse_name=_shared_name, name_library=True, shared=True, dies_without_name=True)
def shv(context: Context, name: Any, index: None) -> Value:
    """Shared variable of all processes, kept as long as the session lives. Starts as the integer 0.

    `= NULL` sets it back to 0. Blanks around the name do not count. Reading and writing are two steps: of two
    processes that compute `$shv(x) = $shv(x) + 1` at once, one can be lost (get_static_lock prevents it). `+=` and its
    kin are one step here; on a server two processes can, if rarely, lose one of them too.
    """
    key = _shared_key(context, name)
    if key is None:
        return None
    value = context.process.shared.get(SHARED_TABLE, key)
    return 0 if value is None else value


@shv.setter
def set_shv(context: Context, name: Any, index: None, op: str, value: Value) -> bool:
    key = _shared_key(context, name)
    if key is None:
        return False
    shared = context.process.shared
    value = 0 if value is None else stored(value)
    if type(value) is not int or not shared.integers.put(key, value):
        shared.put(SHARED_TABLE, key, value)
    return True


@shv.binder
def bind_shv(name: str, index: None) -> Getter:
    def read(context: Context) -> Value:
        shared = context.process.shared
        number = shared.integers.get(name)
        if number is not None:
            return number
        value = shared.get(SHARED_TABLE, name)
        return 0 if value is None else value

    return read


@shv.adder
def bind_add_to_shv(name: str) -> Callable[[Context, int], bool]:
    return lambda context, number: context.process.shared.integers.add(name, number)


# -- $rc, $return -----------------------------------------------------------------------------------------------------


@variable("rc")
def rc(context: Context, name: None, index: None) -> Value:
    """Code of the last statement, function or route. Not reset between events."""
    return context.process.rc


@rc.binder
def bind_rc(name: None, index: None) -> Getter:
    return lambda context: context.process.rc


def _position(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise ValueError("a position is needed: $return(0) is the first value")
    return wrap(int(text))


@variable("return", parse_name=_position)
def returned(context: Context, name: Any, index: None) -> Value:
    """Extra value N (from 0) of the route called last: `return(code, first, second)`. Null when there is none."""
    number = int_of(name)
    if number is None or number < 0:
        found = "null" if name is None else repr(str(name))
        context.error(f"$return: the position must be an integer from 0, not {found}")
        return None
    value: Value | TypedNull = context.returned[number] if number < len(context.returned) else None
    return None if isinstance(value, TypedNull) else value


@returned.operand_binder
def bind_returned_operand(name: Any, index: None) -> Getter:
    """A value as it was returned, a null with its type."""

    def operand(context: Context) -> Any:
        number = int_of(name)
        if number is not None and 0 <= number < len(context.returned):
            return context.returned[number]
        return returned.get(context, name, index)

    return operand
