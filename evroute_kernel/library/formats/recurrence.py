"""One time recurrence, `dtstart|dtend|duration|freq|until|interval|byday|bymday|byyday|byweekno|bymonth`.

Oddities of OpenSIPS 3.6 are kept: the interval is the sum of its digits, a number before `WE` does not count, and a
part of `by...` that makes no sense is dropped.
"""

from __future__ import annotations

import time
from dataclasses import field
from typing import Final

from evroute_kernel.records import dataclass

DAY: Final = 24 * 3600
WEEK: Final = 7 * DAY
MONTH: Final = 31 * DAY
YEAR: Final = 366 * DAY
FAR_END: Final = 4294967295
YEARLY, MONTHLY, WEEKLY, DAILY = 1, 2, 3, 4
NO_FREQUENCY: Final = 0
FREQUENCIES: Final = {"daily": DAILY, "weekly": WEEKLY, "monthly": MONTHLY, "yearly": YEARLY}
WEEKDAYS: Final = {"su": 0, "mo": 1, "tu": 2, "we": 3, "th": 4, "fr": 5, "sa": 6}

#: a number, and its sign or (for days) the occurrence that is meant
Items = list[tuple[int, int]]


class RecurrenceError(ValueError):
    """The text is no time recurrence."""


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


def parse_recurrence(text: str, parts: list[str], complaints: list[str]) -> Recurrence:
    """The parts of a text, without its time zone, which must be in force. Raises RecurrenceError.

    `complaints` collects what the server logs before it goes on.
    """
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
            WEEKLY: WEEK - (weekday(day) * DAY + of_day),
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
        day_of_week = position = occurrence = 0
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
                day_of_week = WEEKDAYS[day]
                # the number in front of Wednesday is forgotten
                occurrence = 0 if day == "we" else sign * number
                occurrence -= occurrence > 0
                number, sign = 0, 1
                position += 1
            position += 1
        found.append((day_of_week, occurrence))
    return found


def _numbers(text: str) -> Items | None:
    """`1,-2,15` -> numbers with their signs; None for what makes no sense."""
    if any(c not in "0123456789-+ \t," for c in text):
        return None
    return [(int("".join(c for c in p if c.isdecimal()) or "0"), -1 if "-" in p else 1) for p in text.split(",")]


def weekday(day: time.struct_time) -> int:
    """Sunday is 0, as in C."""
    return (day.tm_wday + 1) % 7
