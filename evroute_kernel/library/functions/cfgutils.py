"""Module cfgutils: sleeping, chance, times, and helpers for AVPs. Its locks are in `locks`."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from random import Random
from typing import Final

from evroute_kernel.library import modparams
from evroute_kernel.library.behaviour import check_modparams, function
from evroute_kernel.library.formats import time_expressions
from evroute_kernel.library.formats.c_numbers import str2sint
from evroute_kernel.library.formats.recurrence import RecurrenceError
from evroute_kernel.library.functions.parameters import avp_name
from evroute_kernel.library.references import Reference
from evroute_kernel.library.template import VariableSpec
from evroute_kernel.runtime import levels
from evroute_kernel.runtime.context import Context, Process
from evroute_kernel.runtime.control import ScriptCrash
from evroute_kernel.runtime.shared import Shared
from evroute_kernel.runtime.values import INT_MAX, Value, int_of, wrap
from evroute_kernel.runtime.watching.notices import GOES_ON, SLEEP, WAITS

MODULE: Final = "cfgutils"
TABLE: Final = "cfgutils"
PROBABILITY: Final = "probability"
DEFAULT_PROBABILITY: Final = 10
PRESETS: Final = "cfgutils presets"

# -- module parameters ------------------------------------------------------------------------------------------------


def preset(text: str) -> tuple[str, int | str]:
    """`name=i:5` or `name=s:text`, as `shvset` and `varset` take it, -> name and value. Raises ValueError."""
    name, equals, rest = text.partition("=")
    kind, value = rest[:2].lower(), rest[2:]
    if not name or not equals or kind not in ("i:", "s:"):
        raise ValueError(f"{text!r} is no preset: expected name=i:number or name=s:text")
    if kind == "s:":
        return name, value
    number = str2sint(value)
    if number is None:
        raise ValueError(f"{value!r} in {text!r} is no integer")
    return name, number


def apply_presets(process: Process) -> None:
    """Give `$var` and `$shv` the values that the module parameters `varset` and `shvset` ask for.

    To be called when settings arrive, before a route runs: each preset counts once in a process, and a shared variable
    that has a value already keeps it.
    """
    applied: set[str] = process.state.setdefault(PRESETS, set())
    for parameter in ("varset", "shvset"):
        for text in map(str, modparams.values(process, MODULE, parameter)):
            name, value = preset(text)
            if f"{parameter} {text}" in applied:
                continue
            applied.add(f"{parameter} {text}")
            if parameter == "varset":
                process.var[name] = value
            else:
                preset_shared(process.shared, name, value)


def preset_shared(shared: Shared, name: str, value: int | str) -> None:
    """Give a `$shv` this value, unless it has one."""
    shared.update("shv", name, partial(_unless_set, value))


def _unless_set(value: int | str, old: Value) -> Value:
    return value if old is None else old


def _check_modparam(parameter: str, value: int | str) -> str | None:
    if parameter in ("varset", "shvset"):
        try:
            preset(str(value))
        except ValueError as error:
            return str(error)
    if parameter == "initial_probability" and int(value) > 100:
        return f"a probability of {value} percent is too high: at most 100"
    if parameter == "lock_pool_size" and int(value) < 1:
        return "the pool needs at least one lock"
    return None


check_modparams(MODULE, _check_modparam)

# -- sleeping and dying -----------------------------------------------------------------------------------------------


@function("sleep")
def sleep(context: Context, time_: int) -> int:
    """Do nothing for so many seconds; the process handles nothing else meanwhile.

    Returns 1. A negative number is a very large one.
    """
    _pause(context, time_ & 0xFFFFFFFF)
    return 1


@function("usleep")
def usleep(context: Context, time_: int) -> int:
    """Do nothing for so many microseconds.

    Returns 1. A negative number is a very large one.
    """
    _pause(context, (time_ & 0xFFFFFFFF) / 1e6)
    return 1


def _pause(context: Context, seconds: float) -> None:
    """Sleep, unless it is in async() in a route that can be left: then the clock of the session takes that up."""
    waiting = context.process.waiting
    if waiting is None or not waiting.for_seconds(seconds):
        notice = context.process.notice
        notice(WAITS, SLEEP)
        try:
            time.sleep(seconds)
        finally:
            notice(GOES_ON, SLEEP)


@function("abort")
def abort(context: Context) -> int:
    """Kill the process: on a server, all of OpenSIPS stops. Here the run ends with an error."""
    raise ScriptCrash("abort() stops the whole server; use exit to end the script, or drop to drop the message")


def _memory_status(context: Context, kind: str) -> int:
    context.diagnose(levels.INFO, f"{kind} memory is not simulated: nothing to report")
    return 1


@function("pkg_status")
def pkg_status(context: Context) -> int:
    """Log how the process uses its private memory; here there is nothing to report.

    Returns 1.
    """
    return _memory_status(context, "private")


@function("shm_status")
def shm_status(context: Context) -> int:
    """Log how the processes use their shared memory; here there is nothing to report.

    Returns 1.
    """
    return _memory_status(context, "shared")


# -- chance -----------------------------------------------------------------------------------------------------------


def initial_probability(process: Process) -> int:
    """What the configuration says, in percent."""
    return modparams.integer(process, MODULE, "initial_probability", DEFAULT_PROBABILITY)


def shared_probability(process: Process) -> int:
    """The probability that all processes share, in percent."""
    stored = process.shared.get_object(TABLE, PROBABILITY)
    return initial_probability(process) if stored is None else int(stored)


def set_shared_probability(process: Process, percent: int) -> None:
    process.shared.put(TABLE, PROBABILITY, percent)


@function("rand_set_prob")
def rand_set_prob(context: Context, probability: int) -> int:
    """Set the probability, in percent, that all processes share; values above 100 are not refused.

    Returns 1.
    """
    set_shared_probability(context.process, probability)
    return 1


@function("rand_reset_prob")
def rand_reset_prob(context: Context) -> int:
    """Set the shared probability back to what the configuration says (10 percent when it says nothing).

    Returns 1.
    """
    set_shared_probability(context.process, initial_probability(context.process))
    return 1


@function("rand_get_prob")
def rand_get_prob(context: Context) -> int:
    """Give the shared probability as the return code; a probability of 0 therefore ends the script."""
    return shared_probability(context.process)


@function("rand_event")
def rand_event(context: Context, probability: int | None) -> int:
    """True with the given probability in percent, or with the shared one.

    Returns 1 or -1.
    """
    percent = shared_probability(context.process) if probability is None else probability
    return 1 if context.process.chance.random() < percent / 100 else -1


def _indexed(context: Context, collection: Reference) -> list[Value]:
    """The values of a variable at the indexes 0, 1, 2, ... up to the first null."""
    declaration, name = collection.spec.declaration, collection.spec.name
    if declaration.name == "avp":
        key = avp_name(context, collection)
        return [] if key is None else context.avps.get(key, [])[::-1]
    first = collection.get(context)
    if first is None:
        return []
    if not declaration.index or isinstance(name, VariableSpec):
        raise ScriptCrash(f"counting {collection.text} never ends, since it ignores its index; count an $avp instead")
    found: list[Value] = []
    while (value := declaration.behaviour.get(context, name, len(found))) is not None:
        found.append(value)
    return found


@function("set_select_weight")
def set_select_weight(context: Context, int_list_var: Reference) -> int:
    """Choose one of the values of an AVP by chance, its weight being the integer it holds.

    Returns the index of the value, newest first; so the newest value, and a single one, end the script with 0. Returns
    -1 when there is no value or one is no integer.
    """
    values = _indexed(context, int_list_var)
    weights = [int_of(value) for value in values]
    if not weights:
        return -1
    if None in weights:
        context.error(f"{int_list_var.text} holds something else than integers, which cannot be weights")
        return -1
    if len(weights) == 1:
        return 0
    return _choose([w for w in weights if w is not None], int_list_var, context.process.chance)


def _choose(weights: Sequence[int], source: Reference, chance: Random) -> int:
    total = sum(weights)
    if total == 0:
        raise ScriptCrash(f"the weights in {source.text} add up to 0, which divides by zero; give one a weight")
    # C's remainder takes the sign of the dividend, so a negative sum works like its absolute value
    drawn, low = chance.randrange(abs(total)), 0
    for i, weight in enumerate(weights):
        if low <= drawn < low + weight:
            return i
        low += weight
    return len(weights)


@function("shuffle_avps")
def shuffle_avps(context: Context, name: Reference) -> int:
    """Bring the values of an AVP into a random order.

    Returns 1.
    """
    key = avp_name(context, name)
    if key is None:
        return -1
    context.process.chance.shuffle(context.avps.get(key, []))
    return 1


@function("set_count")
def set_count(context: Context, var_to_count: Reference, ret_var: Reference) -> int:
    """Count the values of an AVP into another variable.

    Returns 1; -1 when that variable cannot be written. Counting a variable without index, such as $var, never ends.
    """
    return 1 if ret_var.store(context, len(_indexed(context, var_to_count))) else -1


# -- time -------------------------------------------------------------------------------------------------------------


@function("get_accurate_time")
def get_accurate_time(context: Context, sec: Reference, usec: Reference, str_sec_usec: Reference | None) -> int:
    """Store the current UNIX time: seconds, microseconds within the second, and both as the text `sec.usec`.

    Returns 1; -1 when a variable cannot be written.
    """
    seconds, micro = divmod(context.process.shared.clock.microseconds(), 10**6)
    stored = sec.set(context, "=", seconds) and usec.set(context, "=", micro)
    if stored and str_sec_usec is not None:
        stored = str_sec_usec.set(context, "=", f"{seconds}.{micro:06}")
    return 1 if stored else -1


@function("ts_usec_delta")
def ts_usec_delta(
    context: Context,
    t1_sec: int,
    t1_usec: int,
    t2_sec: int,
    t2_usec: int,
    delta_str: Reference | None,
    delta_int: Reference | None,
) -> int:
    """Store the difference of two times in microseconds, never negative, as text and as integer.

    Returns 1; -1 when it does not fit an integer (the text is set all the same). Seconds are subtracted as 32-bit
    integers: more than 68 years apart, the difference wraps.
    """
    delta = abs(1_000_000 * wrap(t1_sec - t2_sec) + wrap(t1_usec - t2_usec))
    if delta_str is not None and not delta_str.set(context, "=", str(delta)):
        return -1
    if delta_int is None:
        return 1
    if delta > INT_MAX:
        context.error(f"a difference of {delta} microseconds does not fit an integer; use the text result")
        return -1
    return 1 if delta_int.store(context, delta) else -1


@function("check_time_rec")
def check_time_rec(context: Context, time_string: str, timestamp: int | None) -> int:
    """Test a time, or now, against a time recurrence: `[TZ|]dtstart|dtend|duration|freq|until|interval|byday|...`.

    Recurrences can be negated with `!`, joined with `&` and `/`, and grouped in parentheses. Returns 1 when the time is
    inside, -1 when it is outside or the expression is empty, -2 for an expression that makes no sense.
    """
    now = context.process.shared.clock.second() if timestamp is None else timestamp & 0xFFFFFFFF
    complaints: list[str] = []
    try:
        inside = time_expressions.matches(time_string.strip(" \t\r\n"), now, complaints)
    except RecurrenceError as error:
        complaints.append(str(error))
        return -2
    finally:
        for complaint in complaints:
            context.error(f"time recurrence {time_string!r}: {complaint}")
    return 1 if inside else -1
