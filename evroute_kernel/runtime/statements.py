"""The statements of a script. Compiled routes call these functions by name; codes are those of `$rc`.

Observed on OpenSIPS 3.6: language manual, chapter 3.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from evroute_kernel.runtime.codes import DROP, E_BUG, E_SCRIPT
from evroute_kernel.runtime.context import ROUTE_DEPTH_LIMIT, Context, LinkedRoute, Params, Process, Record
from evroute_kernel.runtime.control import EndScript, ScriptCrash
from evroute_kernel.runtime.deferred import run_deferred
from evroute_kernel.runtime.levels import CRITICAL, NAMES
from evroute_kernel.runtime.operators import INTEGER, NOTHING, Result
from evroute_kernel.runtime.values import (
    INT_MAX,
    INT_MIN,
    Dual,
    Nowhere,
    Textless,
    TypedNull,
    Value,
    fold,
    int_of,
    is_int_type,
    stored,
    text_of,
    wrap,
)
from evroute_kernel.runtime.watching.hook import bare
from evroute_kernel.runtime.watching.trace import plain as plain

Setter = Callable[[Context, str, Value], bool]
Getter = Callable[[Context], Value]
#: False where nothing could be added, and nothing has been done
Adder = Callable[[Context, int], bool]

# -- assignment -------------------------------------------------------------------------------------------------------


def assign(context: Context, put: Setter, op: str, value: Result, target: str) -> int:
    """`target = value` and `:=`. No value on the right leaves the variable as it is."""
    if value is NOTHING:
        context.warning(f"no value on the right side: {target} keeps what it had")
        return -1
    if put(context, op, value):  # type: ignore[arg-type]
        return 1
    context.error(f"{target} was not set")
    return -1


def assign_bare(context: Context, put: Setter, op: str, value: Result, target: str) -> int:
    """`assign` to a variable that takes text, from a right side whose integers have no text form."""
    return assign(context, put, f"{op}bare" if type(value) is int else op, value, target)


def assign_var(context: Context, name: str, value: Result) -> int:
    """`$var(name) = value`, the common case of `assign`."""
    if value is NOTHING:
        context.warning(f"no value on the right side: $var({name}) keeps what it had")
        return -1
    if type(value) is not str and type(value) is not int:
        value = stored(value)  # type: ignore[arg-type]
    context.process.var[name] = value
    return 1


def assign_avp(context: Context, name: str, value: Result, target: str) -> int:
    """`$avp(name) = value`, the common case of `assign`: one more value on top, or one less."""
    values = context.avps.get(name)
    if type(value) is str or type(value) is int:
        if values is None:
            context.avps[name] = [value]
        else:
            values.append(value)
        return 1
    if value is NOTHING:
        context.warning(f"no value on the right side: {target} keeps what it had")
        return -1
    if values is None:
        values = context.avps[name] = []
    if value is not None:
        values.append(stored(value))  # type: ignore[arg-type]
    elif values:
        del values[-1]
    return 1


def assign_compound(context: Context, get: Getter, put: Setter, op: str, value: Result, target: str) -> int:
    """`target += value` and its kin: two integers, or two texts with `+=`."""
    if value is NOTHING:
        return assign(context, put, "=", NOTHING, target)
    left = get(context)
    if left is None or value is None:
        context.error(
            f"{target} {op}: {'the variable' if left is None else 'the right side'} is null; assign with = first"
        )
        return -1
    result = _combine(left, op, value)  # type: ignore[arg-type]
    if result is NOTHING:
        context.error(f"{target} {op}: both sides must be integers, or both text with +=; {target} keeps what it had")
        return -1
    return assign(context, put, "=bare" if isinstance(result, Dual) else "=", result, target)


def assign_var_compound(
    context: Context, name: str, get: Getter, put: Setter, op: str, value: Result, target: str
) -> int:
    """`$var(name) += value` and its kin: `assign_compound`, sums of the common types first."""
    if op == "+=" or op == "-=":
        var = context.process.var
        left = var.get(name)
        if type(left) is int and type(value) is int:
            result = left + value if op == "+=" else left - value
            var[name] = result if INT_MIN <= result <= INT_MAX else wrap(result)
            return 1
        if op == "+=" and type(left) is str and type(value) is str:
            var[name] = left + value
            return 1
    return assign_compound(context, get, put, op, value, target)


def count_var(var: dict[str, Value], name: str, number: int) -> bool:
    """Add to `$var(name)` where it is an integer; False where it is not, and nothing has been done."""
    value = var.get(name)
    if type(value) is not int:
        return False
    value += number
    var[name] = value if INT_MIN <= value <= INT_MAX else wrap(value)
    return True


def assign_counted(context: Context, get: Getter, put: Setter, op: str, value: Result, target: str) -> int:
    """`assign_compound` on a variable that other processes count in too: none of them does in between.

    On the server one can, if rarely, and then a count is lost: language manual, `$shv`. Nobody means that.
    """
    process = context.process
    integers, emit = process.shared.integers, process.emit
    said: list[Record] = []
    integers.hold()
    try:
        process.emit = said.append  # who hears it may take their time (a debugger stops the run)
        return assign_compound(context, get, put, op, value, target)
    finally:
        process.emit = emit
        integers.release()
        for record in said:
            emit(record)


def assign_added(context: Context, add: Adder, get: Getter, put: Setter, op: str, value: Result, target: str) -> int:
    """`assign_counted` for `+=` and `-=`, which are one step where the variable and the value are integers."""
    if type(value) is int and add(context, value if op == "+=" else -value):
        return 1
    return assign_counted(context, get, put, op, value, target)


def _combine(left: Value, op: str, right: Value) -> Result:
    if isinstance(left, str) and isinstance(right, str) and not is_int_type(left) and not is_int_type(right):
        return str(left) + str(right) if op == "+=" else NOTHING
    a, b = int_of(left), int_of(right)
    if a is None or b is None:
        return NOTHING
    if b == 0 and op in ("/=", "%="):
        raise ScriptCrash(f"{op} 0: the server's process dies here; test the divisor first")
    number = INTEGER[op[:-1]](a, b)
    # $rm and $rP count as text that has an integer: the sum is computed, and the text is what gets stored
    return Dual(str(right), number, is_int=False) if isinstance(right, Dual) and not right.is_int else number


# -- log --------------------------------------------------------------------------------------------------------------


def xlog(context: Context, level: int, expand: Callable[[Context], str]) -> int:
    """`xlog(level, format)`: printed when the level is at most $xlog_level. The text ends at a NUL byte."""
    process = context.process
    if level > process.xlog_level:
        return 1
    text = expand(context)
    if len(text) >= process.settings.xlog_buf_size:
        size = process.settings.xlog_buf_size
        context.error(
            f"a text of {len(text)} bytes is not printed: xlog takes {size - 1}; raise the global xlog_buf_size"
        )
        return -1
    if level in NAMES:
        if "\0" in text:
            text = text[: text.index("\0")]
        process.emit((level, text, False, (process.at[1], process.at[0])))
    process.log_level = process.settings.log_level
    return 1


def xlog_default(context: Context, expand: Callable[[Context], str]) -> int:
    """`xlog(format)`, at the level of the global xlog_print_level."""
    return xlog(context, context.process.settings.xlog_print_level, expand)


def xlog_dynamic(context: Context, level: Getter, expand: Callable[[Context], str]) -> int:
    """`xlog("$variable", format)`."""
    number = int_of(level(context))
    if number is None:
        context.error("the level of xlog is not an integer: nothing is printed")
        return -1
    return xlog(context, number, expand)


def log(context: Context, level: int, text: str) -> int:
    """`log(level, "text")`: a literal text, filtered by $log_level."""
    process = context.process
    if level <= process.log_level and level in NAMES:
        process.emit((level, text, False, (process.at[1], process.at[0])))
    return 1


def error_statement(context: Context, first: str, second: str) -> int:
    """`error("a", "b")`."""
    context.error(f'error("{first}", "{second}") does nothing: the server never implemented it')
    return 1


def show(context: Context, value: Result) -> int:
    """A bare expression at the end of a cell: its value is the cell's result."""
    if value is NOTHING:
        context.warning("the expression has no value")
        return -1
    context.shown = (*context.shown, stored(value))  # type: ignore[arg-type]
    return 1


# -- blocks -----------------------------------------------------------------------------------------------------------


def call_route(context: Context, name: str, arguments: Sequence[Value] | None = None) -> int:
    """`route(name, ...)`: the code of the block; 0 ends the script. An unknown name leaves $rc as it is."""
    process = context.process
    route = process.routes.get(name)
    if route is None:
        context.alert(f"route[{name}] does not exist: nothing is called")
        code = E_BUG
    else:
        code = process.rc = _run_block(context, route, arguments or ())
    if code == 0:
        raise EndScript
    return code


def call_route_dynamic(context: Context, name: Value, arguments: Sequence[Value] | None = None) -> int:
    """`route($variable)`, `route("x$variable")`."""
    return call_route(context, text_of(name) or "", arguments)


def held(value: Any) -> Any:
    """An argument of a route, or a value that it returns: `NOWHERE` becomes an empty text, a typed null stays."""
    return "" if type(value) is Nowhere else value


def _run_block(context: Context, route: LinkedRoute, arguments: Sequence[Value]) -> int:
    stack = context.route_stack
    if len(stack) >= ROUTE_DEPTH_LIMIT:
        context.error(f"route[{route.name}] is not called: {ROUTE_DEPTH_LIMIT} blocks are active already")
        return -1
    if route.is_empty:
        context.warning(f"route[{route.name}] holds no statement")
        return 1
    process = context.process
    caller = process.at[0], process.at[1]
    context.scopes.append(arguments)
    stack.append(route.title)
    context.returned = context.returning = ()
    process.at[1] = route.slot
    try:
        code = route.function(context)
    except EndScript:
        _leave(context, caller)
        raise
    # any other exception leaves `at` where it is: that is the place to report
    _leave(context, caller)
    return code


def _leave(context: Context, caller: tuple[int, int]) -> None:
    at = bare(context.process.at)
    at[0], at[1] = caller
    context.route_stack.pop()
    context.scopes.pop()
    context.returned, context.returning = context.returning, ()


def route_inside(
    context: Context, place: int, call: Callable[..., int], name: Any, arguments: Sequence[Value] | None = None
) -> int:
    """`route()` inside an expression: the rest of the statement is still evaluated before the script ends."""
    context.process.at[0] = place
    try:
        return call(context, name, arguments)
    except EndScript as end:
        context.ended = "exit"
        context.process.rc = end.code
        return end.code


def call_inside(context: Context, place: int, call: Callable[[Context], int]) -> int:
    """A function inside an expression."""
    context.process.at[0] = place
    return action_inside(context, call)


def action_inside(context: Context, action: Callable[[Context], int]) -> int:
    """Any other command inside an expression. Code 0 ends the script, but only after the statement."""
    process = context.process
    try:
        code = action(context)
    except EndScript as end:
        context.ended = "exit"
        code = end.code
    if code == 0:
        context.ended = "exit"
    process.rc = code
    return code


def code_truth(code: int) -> int:
    """A command as a condition: positive is true, negative false; 0 ends the script and stops the evaluation."""
    return 1 if code > 0 else DROP if code == 0 else 0


def settle(context: Context) -> None:
    """After a condition that held commands: ends the script if one of them ended it (a `return` there does, too)."""
    if context.ended is not None:
        context.ended = None
        context.process.rc = 0
        raise EndScript


def settle_assignment(context: Context) -> bool:
    """After an assignment that held commands: True when the block must return now."""
    ended, context.ended = context.ended, None
    if ended == "exit":
        raise EndScript
    return ended == "return"


def end_script(context: Context, code: int = 0) -> int:
    """`exit` (code 0) and `drop` (code -5)."""
    context.process.rc = code
    raise EndScript(code)


def return_inside(context: Context, code: int) -> int:
    """`return(code)` inside an expression."""
    context.ended = context.ended or "return"
    return code


def code_of(value: Value) -> int:
    """The code of `return($variable)`: -1 for null, 1 for a text that is no integer."""
    if value is None:
        return -1
    number = int_of(value)
    return 1 if number is None else number


def returned_int(number: int) -> Value:
    """An integer literal among the extra values of `return`: printed as 64 unsigned bits, compared as itself."""
    return Dual(str(number % 2**64), number, is_int=False)


def assert_failed(context: Context, text: str | None) -> int:
    """A false condition of `assert`: the script ends."""
    context.diagnose(CRITICAL, f"assertion failed: {text}" if text else "assertion failed")
    process = context.process
    if process.settings.abort_on_assert:
        raise ScriptCrash(f"assertion failed: {text or ''}; abort_on_assert kills the server's process here")
    context.error_info = AssertionInfo
    run_error_route(context, warn=True)
    process.rc = 0
    raise EndScript


class AssertionInfo:
    """What `$err.*` show in the error_route that a failed assertion runs."""

    eclass, level, rcode = 4, 1, 500
    info, rreason = "assertion failed", "server error"


def run_error_route(context: Context, *, warn: bool = False) -> None:
    """Runs error_route, if there is one, for the error that the last statement recorded in `context.error_info`."""
    route = context.process.error_route
    if route is None:  # $err.* keep what was recorded until the run ends
        if warn:
            context.route_stack.append(("error_route", ""))  # it has its place in the stack of routes all the same
            context.route_stack.pop()
            context.warning("no error_route is defined")
        return
    process = context.process
    process.error_route = None  # an error inside error_route does not run it again
    try:
        _run_block(context, route, ())
    finally:
        process.error_route = route
        context.error_info = None


# -- loops and switch -------------------------------------------------------------------------------------------------


def loop_limit_reached(context: Context, limit: int, advice: str) -> None:
    """`advice`: what the loop's text tells about it."""
    context.error(f"the loop has run {limit} times and is left: {advice}")


def not_a_collection(context: Context, text: str) -> int:
    """for-each over a variable without `[*]`."""
    context.error(f"for ... in {text}: the collection must be written with [*]; the loop is skipped")
    return E_SCRIPT


def iterator_failed(context: Context, text: str) -> int:
    context.error(f"the iterator {text} cannot hold this element; the loop is left")
    return E_BUG


def matching_case(subject: Value | TypedNull, labels: Sequence[int | str]) -> int:
    """Index of the first case whose label matches; len(labels) when none does.

    A text label matches the text form, ignoring ASCII case; an integer label the integer form.
    """
    number, text = (subject.number, "") if isinstance(subject, TypedNull) else (int_of(subject), text_of(subject))
    folded = None if text is None or type(subject) is Textless else fold(text)
    for i, label in enumerate(labels):
        if isinstance(label, int):
            if number is not None and number == label:
                return i
        elif folded is not None and folded == fold(label):
            return i
    return len(labels)


def condition_failed(context: Context) -> None:
    context.warning("the condition has no value, so it counts as false")


# -- top routes -------------------------------------------------------------------------------------------------------


def run_top_route(
    process: Process, route: LinkedRoute, event: str = "", params: Params = (), context: Context | None = None
) -> int:
    """Runs a top route (event_route, startup_route, timer_route, scratch) to its end; returns its code.

    ScriptCrash and whatever else goes wrong is the caller's to report. `context` lets startup_route leave its AVPs to
    the first event of its process.
    """
    context = context or Context(process, event, params)
    context.route_stack = []
    return run_route(process, route, context)


def run_route(process: Process, route: LinkedRoute, context: Context) -> int:
    """`run_top_route` in a context that has been made for it."""
    context.route_stack.append(route.title)
    at = process.at
    at[1] = route.slot
    at[0] = 0
    try:
        code = route.function(context)
    except EndScript as end:
        code = end.code
    finally:
        if process.at is not at:  # the route has begun to trace
            process.at = bare(process.at)
    if process.deferred:
        run_deferred(process)
    return code
