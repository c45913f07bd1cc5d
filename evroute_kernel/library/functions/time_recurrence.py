"""Time recurrences, as check_time_rec() reads them: like RFC 5545's, with oddities of OpenSIPS 3.6 that are kept.

One recurrence is `[TZ|]dtstart|dtend|duration|freq|until|interval|byday|bymday|byyday|byweekno|bymonth`; later parts
may be left out. An expression joins recurrences with `&` or with `/` (not both at one level), negates them with `!` and
groups them with parentheses. Oddities: the interval is the sum of its digits, a number before `WE` does not count, and
a part of `by...` that makes no sense is dropped.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from evroute_kernel.runtime.context import ScriptCrash
from evroute_kernel.runtime.values import wrap

DAY: Final = 24 * 3600
WEEK: Final = 7 * DAY
MONTH: Final = 31 * DAY
YEAR: Final = 366 * DAY
FAR_END: Final = 4294967295
YEARLY, MONTHLY, WEEKLY, DAILY = 1, 2, 3, 4
NO_FREQUENCY: Final = 0
FREQUENCIES: Final = {"daily": DAILY, "weekly": WEEKLY, "monthly": MONTHLY, "yearly": YEARLY}
WEEKDAYS: Final = {"su": 0, "mo": 1, "tu": 2, "we": 3, "th": 4, "fr": 5, "sa": 6}
BLANKS: Final = " \t\r\n"

#: a number, and its sign or (for days) the occurrence that is meant
Items = list[tuple[int, int]]


class RecurrenceError(ValueError):
    """The text is no time recurrence."""


# -- expressions ------------------------------------------------------------------------------------------------------


def matches(text: str, now: int, complaints: list[str] | None = None) -> bool:
    """Whether a UNIX time is inside. `complaints` collects what the server logs and goes on. Raises RecurrenceError."""
    return _Expression(text, now, [] if complaints is None else complaints).value()


class _Expression:
    """Evaluates one level of an expression from left to right; an empty one does not match."""

    def __init__(self, text: str, now: int, complaints: list[str]) -> None:
        self.text, self.now, self.complaints = text, now, complaints
        self.position = 0
        self.operator = ""

    def value(self) -> bool:
        result: bool | None = None
        while True:
            negated = self._negations()
            if self.position >= len(self.text):
                if self.operator:
                    raise RecurrenceError(f"nothing follows {self.operator!r}")
                return negated
            operand = self._operand() != negated
            result = operand if result is None else (result and operand if self.operator == "&" else result or operand)
            if not self._next_operator():
                return result

    def _skip(self, characters: str = BLANKS) -> None:
        while self.position < len(self.text) and self.text[self.position] in characters:
            self.position += 1

    def _negations(self) -> bool:
        start = self.position
        self._skip(BLANKS + "!")
        return self.text.count("!", start, self.position) % 2 == 1

    def _operand(self) -> bool:
        first = self.text[self.position]
        if first in ")&/":
            raise RecurrenceError(f"{first!r} stands where a recurrence is expected")
        return self._group() if first == "(" else self._recurrence()

    def _group(self) -> bool:
        depth = 0
        for end in range(self.position, len(self.text)):
            depth += {"(": 1, ")": -1}.get(self.text[end], 0)
            if depth == 0:
                inner = self.text[self.position + 1 : end].strip(BLANKS)
                self.position = end + 1
                return matches(inner, self.now, self.complaints)
        raise RecurrenceError("a parenthesis is never closed")

    def _recurrence(self) -> bool:
        start, has_parts = self.position, False
        self.position += 1
        while self.position < len(self.text):
            character = self.text[self.position]
            if character in "!()":
                raise RecurrenceError(f"unexpected {character!r} inside a recurrence")
            has_parts = has_parts or character == "|"
            # before the first `|` a slash belongs to the name of a time zone
            if character in BLANKS or character == "&" or (character == "/" and has_parts):
                break
            self.position += 1
        return _check(self.text[start : self.position], self.now, self.complaints)

    def _next_operator(self) -> bool:
        self._skip()
        if self.position >= len(self.text):
            return False
        found = self.text[self.position]
        if found not in "&/":
            raise RecurrenceError(f"unexpected {found!r}, expected '&' or '/'")
        if self.operator not in ("", found):
            raise RecurrenceError("'&' and '/' cannot be mixed; use parentheses")
        self.operator = found
        self.position += 1
        return True


# -- one recurrence ---------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Recurrence:
    """The parts of one recurrence; None where a part was not given."""

    zone: str | None = None
    start: int | None = None
    start_day: time.struct_time = field(default_factory=lambda: time.struct_time((1900, 1, 0, 0, 0, 0, 6, 1, 0)))
    end: int | None = None
    duration: int | None = None
    frequency: int | None = None
    until: int | None = None
    interval: int | None = None
    by_weekday: Items | None = None
    by_month_day: Items | None = None
    by_year_day: Items | None = None
    by_week: Items | None = None
    by_month: Items | None = None
    #: whether any `by...` part was given, also one that was dropped
    has_by: bool = False

    @property
    def unit(self) -> int:
        """The smallest unit that the recurrence speaks of."""
        if self.frequency == DAILY or self.by_weekday or self.by_month_day or self.by_year_day:
            return DAILY
        if self.frequency == WEEKLY or self.by_week:
            return WEEKLY
        if self.frequency == MONTHLY or self.by_month:
            return MONTHLY
        return YEARLY if self.frequency == YEARLY else NO_FREQUENCY


def _check(text: str, now: int, complaints: list[str]) -> bool:
    parts = text.split("|")
    # an empty first part stands for the time zone as well
    zone = parts.pop(0) if not parts[0] or "A" <= parts[0][0] <= "Z" else None
    with _time_zone(zone or None):
        recurrence = _parse(text, parts, complaints)
        return _contains(recurrence, now)


@contextmanager
def _time_zone(name: str | None) -> Iterator[None]:
    """The C library's time zone set for a while. Workers have one thread, so nobody else sees it."""
    if name is None:
        yield
        return
    before = os.environ.get("TZ")
    os.environ["TZ"] = name
    time.tzset()
    try:
        yield
    finally:
        del os.environ["TZ"]
        if before is not None:
            os.environ["TZ"] = before
        time.tzset()


def _parse(text: str, parts: list[str], complaints: list[str]) -> Recurrence:
    found = Recurrence()
    given = dict(enumerate(parts))
    if given.get(0):
        found.start = _date_time(given[0])
        found.start_day = time.localtime(found.start)
    found.end = _date_time(given[1]) if given.get(1) else None
    found.duration = _duration(given[2], complaints) if given.get(2) else None
    found.frequency = FREQUENCIES.get(given[3].lower(), NO_FREQUENCY) if given.get(3) else None
    found.until = _date_time(given[4]) if given.get(4) else None
    found.interval = _digit_sum(given[5]) if given.get(5) else None
    found.by_weekday = _weekdays(given[6]) if given.get(6) else None
    found.by_month_day, found.by_year_day, found.by_week, found.by_month = (
        _numbers(given[i]) if given.get(i) else None for i in (7, 8, 9, 10)
    )
    found.has_by = any(given.get(i) for i in range(6, 11))
    _complete(found)
    if found.frequency is None and (found.until is not None or found.interval is not None or found.has_by):
        raise RecurrenceError(f"{text!r} lacks a frequency (daily, weekly, monthly or yearly)")
    return found


def _complete(found: Recurrence) -> None:
    """The end from start and duration, or the other way round; without both, the end of the smallest unit."""
    start = found.start = found.start or 0
    if found.duration is not None:
        found.end = start + found.duration
        return
    if found.end is None:
        day = found.start_day
        of_day = day.tm_hour * 3600 + day.tm_min * 60 + day.tm_sec
        length = {
            DAILY: DAY - of_day,
            WEEKLY: WEEK - (_weekday(day) * DAY + of_day),
            MONTHLY: MONTH - (day.tm_mday * DAY + of_day),
            YEARLY: YEAR - ((day.tm_yday - 1) * DAY + of_day),
        }.get(found.unit)
        found.end = FAR_END if length is None else start + length
    found.duration = found.end - start


def _date_time(text: str) -> int:
    """`YYYYMMDDThhmmss` in the time zone set -> UNIX time. Numbers out of range carry over, as in C."""
    if len(text) != 15:
        raise RecurrenceError(f"{text!r} is no time: expected YYYYMMDDThhmmss")
    digit = [ord(c) - ord("0") for c in text]
    year = digit[0] * 1000 + digit[1] * 100 + digit[2] * 10 + digit[3]
    month, day, hour, minute, second = (digit[i] * 10 + digit[i + 1] for i in (4, 6, 9, 11, 13))
    if year < 1970 or month == 0 or day == 0:
        raise RecurrenceError(f"{text!r} is no time: a year from 1970, a month and a day from 1 are expected")
    try:
        return int(time.mktime((year, month, day, hour, minute, second, 0, 0, -1)))
    except (OverflowError, ValueError):
        raise RecurrenceError(f"{text!r} is out of range") from None


def _duration(text: str, complaints: list[str]) -> int:
    """`P1W2DT3H4M5S`, or a part of it, -> seconds; 0 for what makes no sense."""
    if len(text) < 2:
        raise RecurrenceError(f"{text!r} is no duration: expected something like P1DT2H30M")
    of_date = text[0] in "pP"
    number = total = 0
    for character in text[of_date:].lower():
        if character.isdecimal() and character.isascii():
            number = number * 10 + int(character)
        elif character == "t" and of_date:
            of_date = False
        else:
            unit = ({"w": WEEK, "d": DAY} if of_date else {"h": 3600, "m": 60, "s": 1}).get(character)
            if unit is None:
                complaints.append(f"duration {text!r}: {character!r} may not stand there, so the duration is 0")
                return 0
            total, number = total + number * unit, 0
    return total


def _digit_sum(text: str) -> int:
    total = 0
    for character in text:
        if not "0" <= character <= "9":
            break
        total += int(character)
    return total


def _weekdays(text: str) -> Items | None:
    """`MO,2TU,-1FR` -> weekdays (Sunday is 0) with the occurrence, counted from 0; None for what makes no sense."""
    found: Items = []
    number, sign = 0, 1
    for part in text.lower().split(","):
        weekday = position = occurrence = 0
        while position < len(part):
            character = part[position]
            if "0" <= character <= "9":
                number = number * 10 + int(character)
            elif character == "-":
                sign = -1
            elif character not in "+ \t":
                day = part[position : position + 2]
                if day not in WEEKDAYS:
                    return None
                weekday = WEEKDAYS[day]
                # the number in front of Wednesday is forgotten
                occurrence = 0 if day == "we" else sign * number
                occurrence -= occurrence > 0
                number, sign = 0, 1
                position += 1
            position += 1
        found.append((weekday, occurrence))
    return found


def _numbers(text: str) -> Items | None:
    """`1,-2,15` -> numbers with their signs; None for what makes no sense."""
    if any(c not in "0123456789-+ \t," for c in text):
        return None
    return [(int("".join(c for c in p if c.isdecimal()) or "0"), -1 if "-" in p else 1) for p in text.split(",")]


# -- is a time inside -------------------------------------------------------------------------------------------------


def _weekday(day: time.struct_time) -> int:
    """Sunday is 0, as in C."""
    return (day.tm_wday + 1) % 7


def _seconds(day: time.struct_time) -> int:
    return day.tm_hour * 3600 + day.tm_min * 60 + day.tm_sec


def _remainder(number: int, divisor: int) -> int:
    """C's remainder: it has the sign of the dividend."""
    if divisor == 0:
        raise ScriptCrash("a time recurrence with an interval of 0 divides by zero; leave the interval out")
    return number - divisor * int(number / divisor)


def _contains(found: Recurrence, now: int) -> bool:
    assert found.start is not None
    assert found.end is not None
    if now < found.start:
        return False
    if found.frequency is None:
        return now < found.end
    day = time.localtime(now)
    return (
        _in_interval(found, day)
        and _in_unit(found, day)
        and (not found.has_by or _by_parts(found, day))
        and (found.until is None or now <= found.until)
    )


def _in_interval(found: Recurrence, day: time.struct_time) -> bool:
    """Whether the day, week, month or year is one of every `interval`."""
    if found.interval in (None, 1):
        return True
    assert found.interval is not None
    first = found.start_day
    if found.frequency in (DAILY, WEEKLY):
        start, today = _midnight(first), _midnight(day)
        if found.frequency == DAILY:
            return _remainder(int(wrap(today - start) / DAY), found.interval) == 0
        weeks = wrap(today - first_of_week(day) - wrap(start - first_of_week(first)))
        return _remainder(int(weeks / WEEK), found.interval) == 0
    if found.frequency == MONTHLY:
        months = (day.tm_year - first.tm_year) * 12 + day.tm_mon - first.tm_mon
        return _remainder(months, found.interval) == 0
    return found.frequency == YEARLY and _remainder(day.tm_year - first.tm_year, found.interval) == 0


def _midnight(day: time.struct_time) -> int:
    """UNIX time of the beginning of a day, in 32 bits: without a start, the server counts from 1900."""
    return wrap(int(time.mktime((day.tm_year, day.tm_mon, day.tm_mday, 0, 0, 0, 0, 0, 0))))


def first_of_week(day: time.struct_time) -> int:
    """Seconds since Monday, in whole days."""
    return (_weekday(day) + 6) % 7 * DAY


def _in_unit(found: Recurrence, day: time.struct_time) -> bool:
    """Whether the time lies in the stretch that start and end cut out of the smallest unit."""
    assert found.end is not None
    assert found.duration is not None
    unit = found.unit
    if unit == NO_FREQUENCY:
        return False
    if found.duration >= {DAILY: DAY, WEEKLY: WEEK, MONTHLY: MONTH, YEARLY: YEAR}[unit]:
        return True
    first, last = found.start_day, time.localtime(found.end)
    if unit == DAILY:
        if first.tm_mday == last.tm_mday:
            return _seconds(first) <= _seconds(day) < _seconds(last)
        return _seconds(day) >= _seconds(first) or _seconds(day) < _seconds(last)
    start, end, today = (_day_number(d, unit) for d in (first, last, day))
    if start == end:
        if today != start:
            return found.duration > DAY
        return _seconds(first) <= _seconds(day) < _seconds(last)
    if start < end:
        if not start <= today <= end:
            return False
        if start < today < end:
            return True
    else:
        if end < today < start:
            return False
        if today < end or today > start:
            return True
    return _seconds(day) > _seconds(first) if today == start else _seconds(last) > _seconds(day)


def _day_number(day: time.struct_time, unit: int) -> int:
    return {YEARLY: day.tm_yday, MONTHLY: day.tm_mday, WEEKLY: _weekday(day)}[unit]


def _by_parts(found: Recurrence, day: time.struct_time) -> bool:
    """Whether the day is one of those that the `by...` parts list."""
    leap = day.tm_year % 4 == 0 and (day.tm_year % 100 != 0 or day.tm_year % 400 == 0)
    year_days = 365 + leap
    month_days = {2: 28 + leap, 4: 30, 6: 30, 9: 30, 11: 30}.get(day.tm_mon, 31)
    last = time.localtime(time.mktime((day.tm_year, 12, 31, 0, 0, 0, 0, 0, 0)))
    weeks = _week_of_year(last) + 1

    def listed(items: Items | None, today: int, size: int) -> bool:
        return not items or any(today == _remainder((n - 1) * sign + size, size) for n, sign in items)

    return (
        listed(found.by_month, day.tm_mon - 1, 12)
        and (found.frequency != YEARLY or listed(found.by_week, _week_of_year(day), weeks))
        and listed(found.by_year_day, day.tm_yday - 1, year_days)
        and _month_day_listed(found.by_month_day, day.tm_mday, month_days)
        and _weekday_listed(found, day, last, month_days)
    )


def _month_day_listed(items: Items | None, today: int, month_days: int) -> bool:
    return not items or any(today == _remainder(n * sign + month_days, month_days) + (sign < 0) for n, sign in items)


def _weekday_listed(found: Recurrence, day: time.struct_time, last: time.struct_time, month_days: int) -> bool:
    if not found.by_weekday:
        return True
    weekday, occurrence, size = _weekday(day), 0, 0
    if found.frequency == YEARLY:
        occurrence, end_day = (day.tm_yday - 1) // 7, _weekday(last)
        back = weekday - end_day + 1 if weekday > end_day else end_day - weekday
        size = int((last.tm_yday - 1 - back) / 7) + 1
    elif found.frequency == MONTHLY:
        occurrence = (day.tm_mday - 1) // 7
        size = int((month_days - 1 - (month_days - day.tm_mday) % 7) / 7) + 1
    return any(
        weekday == wanted and (not size or occurrence == _remainder(number + size, size))
        for wanted, number in found.by_weekday
    )


def _week_of_year(day: time.struct_time) -> int:
    """Weeks begin on Monday; the days before the first Monday are in week 0."""
    return (day.tm_yday - 1 + 7 - (_weekday(day) + 6) % 7) // 7
