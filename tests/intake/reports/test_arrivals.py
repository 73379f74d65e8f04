"""Arrivals, departures and presence, against SQL written apart from the code."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from intake.reports.arrivals import ArrivalsReport
from tests.factories import make_family, make_stay
from tests.intake.reports.conftest import FIRST, LAST, days_between

REPORT = ArrivalsReport()
CAME = """SELECT COUNT(DISTINCT person_id) FROM intake_stay
    WHERE shelter_id = %(place)s AND in_at >= %(begin)s AND in_at < %(end)s"""
LEFT = CAME.replace("in_at", "out_at")
PRESENT = """SELECT COUNT(DISTINCT person_id) FROM intake_stay
    WHERE shelter_id = %(place)s AND in_at < %(end)s AND (out_at IS NULL OR out_at >= %(end)s)"""


def midnight(place, day):
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(place.timezone)).astimezone(UTC)


def plain(sql, begin, end):
    return tuple(sql(query, begin=begin, end=end)[0][0] for query in (CAME, LEFT, PRESENT))


def test_every_day_is_that_of_plain_sql(crowd, tables, sql, place):
    found = {row[0]: row[1:] for row in tables(REPORT)["arrivals"]}
    assert list(found) == list(reversed(days_between(FIRST, LAST)))
    for day, numbers in found.items():
        assert numbers == plain(sql, midnight(place, day), midnight(place, day + timedelta(days=1))), day
    assert found[LAST][2] == 11


@pytest.mark.parametrize("day", days_between(FIRST, LAST))
def test_every_hour_is_that_of_plain_sql(crowd, tables, sql, place, day):
    found = tables(REPORT, until=day)["hours"]
    assert [row[0] for row in found] == [f"{hour:02d}:00" for hour in range(24)]
    ends = [
        datetime(day.year, day.month, day.day, hour, tzinfo=ZoneInfo(place.timezone)) for hour in range(1, 24)
    ]
    bounds = [
        midnight(place, day),
        *(end.astimezone(UTC) for end in ends),
        midnight(place, day + timedelta(days=1)),
    ]
    for row, (begin, end) in zip(found, pairwise(bounds), strict=True):
        assert row[1:] == plain(sql, begin, end), row[0]


def test_a_period_may_begin_in_the_middle(crowd, tables, sql, place):
    whole = tables(REPORT)["arrivals"]
    for since in days_between(FIRST, LAST):
        part = tables(REPORT, since=since)["arrivals"]
        assert part == [row for row in whole if row[0] >= since]


def test_who_leaves_and_comes_again_in_one_day_is_one_of_each(place, tables, at):
    person = make_family(place, {}, at=at(5, 8), stay=False).members.get()
    for hour in (8, 10, 12):
        make_stay(person, at=at(5, hour), out=at(5, hour + 1))
    make_stay(person, at=at(5, 20))
    assert tables(REPORT, since=date(2018, 11, 5))["arrivals"][-1][1:] == (1, 1, 1)


def test_hours_that_have_not_begun_are_not_shown(place, asked, monkeypatch, tables, at):
    monkeypatch.setattr("intake.reports.arrivals.timezone.now", lambda: at(6, 10, 15))
    assert [row[0] for row in tables(REPORT)["hours"]] == [f"{hour:02d}:00" for hour in range(11)]


def test_a_long_period_is_four_queries(crowd, asked, django_assert_num_queries):
    long_ago = {**asked, "since": date(2015, 1, 1)}
    with django_assert_num_queries(4):
        rows = REPORT.tables(long_ago)[0].rows
    assert len(rows) > 1400
