"""Whether a time lies in a recurrence: its interval, its stretch of the day, week, month or year, its `by...` parts."""

from __future__ import annotations

import time

from evroute_kernel.library.formats.recurrence import (
    DAILY,
    DAY,
    MONTH,
    MONTHLY,
    NO_FREQUENCY,
    WEEK,
    WEEKLY,
    YEAR,
    YEARLY,
    Items,
    Recurrence,
    weekday,
)
from evroute_kernel.runtime.control import ScriptCrash
from evroute_kernel.runtime.values import wrap


def _seconds(day: time.struct_time) -> int:
    return day.tm_hour * 3600 + day.tm_min * 60 + day.tm_sec


def _remainder(number: int, divisor: int) -> int:
    """C's remainder: it has the sign of the dividend."""
    if divisor == 0:
        raise ScriptCrash("a time recurrence with an interval of 0 divides by zero; leave the interval out")
    return number - divisor * int(number / divisor)


def contains(found: Recurrence, now: int) -> bool:
    """Whether a UNIX time is inside. The time zone of the recurrence must be in force."""
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
    return (weekday(day) + 6) % 7 * DAY


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
    return {YEARLY: day.tm_yday, MONTHLY: day.tm_mday, WEEKLY: weekday(day)}[unit]


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
    today, occurrence, size = weekday(day), 0, 0
    if found.frequency == YEARLY:
        occurrence, end_day = (day.tm_yday - 1) // 7, weekday(last)
        back = today - end_day + 1 if today > end_day else end_day - today
        size = int((last.tm_yday - 1 - back) / 7) + 1
    elif found.frequency == MONTHLY:
        occurrence = (day.tm_mday - 1) // 7
        size = int((month_days - 1 - (month_days - day.tm_mday) % 7) / 7) + 1
    return any(
        today == wanted and (not size or occurrence == _remainder(number + size, size))
        for wanted, number in found.by_weekday
    )


def _week_of_year(day: time.struct_time) -> int:
    """Weeks begin on Monday; the days before the first Monday are in week 0."""
    return (day.tm_yday - 1 + 7 - (weekday(day) + 6) % 7) // 7
