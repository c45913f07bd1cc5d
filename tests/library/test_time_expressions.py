"""Time expressions. The expected answers are those of OpenSIPS 3.6's own code, in the time zone UTC."""

from __future__ import annotations

import calendar
import os
import time

import pytest

from evroute_kernel.library.formats.recurrence import RecurrenceError
from evroute_kernel.library.formats.time_expressions import matches
from evroute_kernel.runtime.control import ScriptCrash

IN_2024 = "20240101T000000|20250101T000000"
IN_2020 = "20200101T000000|20210101T000000"
OFFICE = "UTC|20240101T090000|20240101T170000||weekly|||MO,TU,WE,TH,FR"


@pytest.fixture(autouse=True)
def utc(monkeypatch):
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def at(text):
    return calendar.timegm(time.strptime(text, "%Y-%m-%d %H:%M:%S"))


MARCH = at("2024-03-09 12:00:00")  # a Saturday


@pytest.mark.parametrize(
    ("expression", "inside"),
    [
        (IN_2024, True),
        (IN_2020, False),
        (f"!{IN_2020}", True),
        (f"!!{IN_2020}", False),
        (f"{IN_2024} & {IN_2020}", False),
        (f"{IN_2024}&!{IN_2020}", True),
        (f"{IN_2020} / {IN_2024}", True),
        (f"({IN_2024} & !({IN_2020}))", True),
        ("", False),
        ("!", True),
        ("()", False),
        ("20240101T000000", True),
        ("20240309T110000||PT2H", True),
        ("20240309T110000||1H30M", True),
        ("20240309T110000||PT1H", False),
        ("20240229T000000||P1W2DT13H", True),
    ],
)
def test_expressions(expression, inside):
    assert matches(expression, MARCH) == inside


@pytest.mark.parametrize(
    ("moment", "inside"),
    [
        ("2024-03-06 12:00:00", True),  # Wednesday
        ("2024-03-06 08:59:59", False),
        ("2024-03-06 17:00:00", False),
        ("2024-03-09 12:00:00", False),  # Saturday
        ("2023-12-27 12:00:00", False),  # before it begins
    ],
)
def test_office_hours(moment, inside):
    assert matches(OFFICE, at(moment)) == inside


@pytest.mark.parametrize(
    ("recurrence", "moment", "inside"),
    [
        ("20240101T000000|20240101T235959||monthly|||2SA", "2024-03-09 12:00:00", True),
        ("20240101T000000|20240101T235959||monthly|||1SA", "2024-03-09 12:00:00", False),
        ("20240101T000000|20240101T235959||monthly|||-1SU", "2024-03-31 12:00:00", True),
        ("20240101T000000|20240101T235959||yearly||||9|||3", "2024-03-09 12:00:00", True),
        ("20240101T000000|20240101T235959||yearly||||9|||4", "2024-03-09 12:00:00", False),
        ("20240101T000000|20240101T235959||daily||2", "2024-01-03 12:00:00", True),
        ("20240101T000000|20240101T235959||daily||2", "2024-01-04 12:00:00", False),
        # the interval is the sum of its digits
        ("20240101T000000|20240101T235959||daily||11", "2024-01-03 12:00:00", True),
        ("20240101T220000|20240102T060000||daily", "2024-03-09 23:00:00", True),
        ("20240101T220000|20240102T060000||daily", "2024-03-09 12:00:00", False),
        ("20240101T000000|20240101T235959||daily|20240201T000000", "2024-03-09 12:00:00", False),
        # weekly without days: from Monday 9:00 to Friday 17:00
        ("20240101T090000|20240105T170000||weekly", "2024-03-06 03:00:00", True),
        ("20240101T090000|20240105T170000||weekly", "2024-03-09 12:00:00", False),
    ],
)
def test_frequencies(recurrence, moment, inside):
    assert matches(recurrence, at(moment)) == inside


def test_a_time_zone_applies_to_one_recurrence_alone():
    morning = "20240101T000000|20240101T060000||daily"
    now = at("2024-03-09 20:30:00")
    assert not matches(morning, now)
    assert matches(f"Asia/Tokyo|{morning}", now)
    assert os.environ["TZ"] == "UTC"
    assert time.tzname[0] == "UTC"


@pytest.mark.parametrize(
    "text",
    [
        "nonsense",
        "20240101",
        "20240001T000000",
        "19600101T000000",
        f"{IN_2024} &",
        f"& {IN_2024}",
        f"({IN_2024}",
        f"{IN_2024} {IN_2020}",
        f"{IN_2024} & {IN_2020} / {IN_2024}",
        "20240101T000000|||||2",
        "20240101T000000||x",
    ],
)
def test_what_makes_no_sense_is_an_error(text):
    with pytest.raises(RecurrenceError):
        matches(text, MARCH)


def test_a_bad_duration_counts_as_none_and_is_told():
    complaints = []
    assert not matches("20240101T000000||P1H", MARCH, complaints)
    assert len(complaints) == 1


def test_an_interval_of_zero_crashes_the_server():
    with pytest.raises(ScriptCrash):
        matches("20240101T000000|20240101T235959||daily||0", MARCH)
