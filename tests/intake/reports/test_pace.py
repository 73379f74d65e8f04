"""Registrations and lines, against SQL written apart from the code; the medians too."""

from datetime import timedelta

import pytest
from django.db import connection

from intake.actions.families import split_family
from intake.models import Person
from intake.reports.filters import start_of
from intake.reports.pace import PaceReport, middle
from intake.reports.tables import Counted
from tests.factories import make_family, make_submission, make_ticket
from tests.intake.reports.conftest import FIRST, LAST

REPORT = PaceReport()
SAVED = """FROM intake_family f WHERE f.shelter_id = %(place)s AND f.registered_at >= %(begin)s
    AND f.registered_at < %(end)s"""
TICKETS = "FROM intake_ticket k WHERE k.shelter_id = %(place)s AND k.queued_on BETWEEN %(first)s AND %(last)s"


def seconds(moment) -> str:
    """A moment as seconds, in the words of the database."""
    if connection.vendor == "sqlite":
        return f"CAST(strftime('%%s', {moment}) AS INTEGER)"
    return f"CAST(EXTRACT(EPOCH FROM {moment}) AS INTEGER)"


def medians(rows) -> str:
    """Of rows with `name` and `span`."""
    return f"""SELECT name, AVG(span) FROM (SELECT name, span, COUNT(*) OVER (PARTITION BY name) AS many,
        ROW_NUMBER() OVER (PARTITION BY name ORDER BY span) AS place FROM ({rows}) spans) placed
        WHERE place IN ((many + 1) / 2, (many + 2) / 2) GROUP BY name"""


@pytest.fixture
def work(crowd, place, annex, at, reader):
    """Two desks with a break and a midnight; a desk nobody wrote down; lines of every state."""

    def save(desk, moment, *members):
        return make_family(place, *(members or [{}]), by=reader, at=moment, desk=desk)

    for minute, second in ((0, 0), (2, 30), (4, 0), (19, 0), (34, 1), (58, 0)):
        save("registration 1", at(5, 10, minute) + timedelta(seconds=second))
    save("registration 1", at(5, 11, 3), {}, {"age": 3})
    save("registration 2", at(5, 23, 58))
    save("registration 2", at(6, 0, 3))
    save("registration 2", at(2, 23))
    make_family(annex, by=reader, at=at(5, 10, 1), desk="registration 1")

    def take(line, moment, wait=None, state="waiting", **fields):
        if wait is not None:
            fields["called_at"] = moment + timedelta(seconds=wait)
        make_ticket(place, line, at=moment, by=reader, state=state, **fields)

    take("health", at(5, 9), 600, "done", people=3)
    take("health", at(5, 9, 30), 1210, "done")
    take("health", at(5, 9, 59), 300, "gone", no_shows=2)
    take("health", at(6, 23, 59), 30, "called")
    take("health", at(6, 9))
    take("legal", at(5, 9), 60, "done")
    take("legal", at(5, 9), None, "gone")
    take("legal", at(2, 9), 99, "done")
    make_ticket(annex, "health", at=at(5, 9), by=reader, state="done", called_at=at(5, 10))


@pytest.fixture
def period(place):
    begin, end = start_of(place, FIRST), start_of(place, LAST + timedelta(days=1))
    return {"begin": begin, "end": end}


def test_every_desk_is_that_of_plain_sql(work, tables, sql, period):
    query = f"""SELECT f.desk, COUNT(*), (SELECT COUNT(*) FROM intake_person p JOIN intake_family g
        ON g.id = p.family_id WHERE g.desk = f.desk AND g.shelter_id = %(place)s
        AND g.registered_at >= %(begin)s AND g.registered_at < %(end)s) {SAVED} GROUP BY f.desk"""
    assert [row[:3] for row in tables(REPORT)["pace"]] == sorted(sql(query, **period))


def test_the_median_between_saves_is_that_of_plain_sql(work, tables, sql, period):
    """15 minutes still count, one second more is a break; midnight is none."""
    span = seconds("f.registered_at")
    rows = f"""SELECT name, span FROM (SELECT f.desk AS name, {span} - LAG({span}) OVER
        (PARTITION BY f.desk ORDER BY f.registered_at) AS span {SAVED} AND f.desk <> '') gaps
        WHERE span BETWEEN 2 AND 900"""
    found = {row[0]: row[-1] for row in tables(REPORT)["pace"] if row[-1] is not None}
    wanted = {name: float(median) for name, median in sql(medians(rows), **period)}
    assert found == wanted == {"registration 1": 225.0, "registration 2": 300.0}


def test_what_comes_from_a_device_all_at_once_is_no_pace(place, tables, reader, at):
    for wait in (0, 0.05, 0.1, 0.15, 300.15):
        moment = at(5, 10) + timedelta(seconds=wait)
        make_family(place, {}, by=reader, at=moment, desk="registration 1")
    (row,) = tables(REPORT)["pace"]
    assert (row[1], row[-1]) == (5, 300.0)


def test_a_desk_that_nobody_wrote_down_has_no_median(work, tables):
    row = next(row for row in tables(REPORT)["pace"] if row[0] == "")
    assert row[1] > 1
    assert row[-1] is None


def test_families_an_hour_at_work(work, tables):
    rows = {row[0]: row[3:5] for row in tables(REPORT)["pace"]}
    assert rows["registration 1"] == (2, 3.5)
    assert rows["registration 2"] == (2, 1.0)


def test_the_hours_are_those_of_the_shelter(work, tables):
    rows = {(row[0].day, *row[1:3]): row[3:] for row in tables(REPORT)["hours"]}
    assert rows[5, "10:00", "registration 1"] == (6, 6, 150.0)
    assert rows[5, "11:00", "registration 1"] == (1, 2, 300.0)
    assert rows[5, "23:00", "registration 2"] == (1, 1, None)
    assert rows[6, "00:00", "registration 2"] == (1, 1, 300.0)


@pytest.mark.parametrize("whole,parts,width", [("pace", "hours", 2), ("lines", "line_hours", 5)])
def test_the_hours_add_to_the_whole(work, tables, whole, parts, width):
    found = tables(REPORT)
    for row in found[whole]:
        hours = [each[3 : 3 + width] for each in found[parts] if each[2] == row[0]]
        assert row[1 : 1 + width] == tuple(map(sum, zip(*hours, strict=True))) if hours else not row[1]


def test_the_foot_is_everything(work, asked):
    [desks, *_rest] = REPORT.tables(asked)
    assert desks.footer[1:3] == tuple(sum(row[place] for row in desks.rows) for place in (1, 2))


def test_a_joined_family_was_registered_and_one_split_off_was_not(work, tables, place, reader, at):
    before = sum(row[1] for row in tables(REPORT)["pace"])
    family = make_family(place, {}, {"age": 20}, by=reader, at=at(6, 12), desk="registration 3")
    family.refresh_from_db()
    split = split_family(family, [family.members.last()], submission=make_submission(reader), by=reader)
    type(split).objects.filter(pk=split.pk).update(registered_at=at(6, 13))
    rows = tables(REPORT)["pace"]
    assert sum(row[1] for row in rows) == before + 1
    assert Person.objects.filter(family__merged_into__isnull=False).exists()


def test_every_line_is_that_of_plain_sql(work, tables, sql):
    query = f"""SELECT k.line, COUNT(*), SUM(k.people), COUNT(k.called_at), COUNT(CASE WHEN k.state = 'done'
        THEN 1 END), COUNT(CASE WHEN k.state = 'gone' THEN 1 END) {TICKETS} GROUP BY k.line"""
    found = {row[0]: row[1:-1] for row in tables(REPORT)["lines"]}
    assert {line: tuple(numbers) for line, *numbers in sql(query, first=FIRST, last=LAST)} == {
        line: numbers for line, numbers in found.items() if numbers[0]
    }
    assert found["health"] == (5, 7, 4, 2, 1)
    assert found["calls"] == (0, 0, 0, 0, 0)


def test_the_median_wait_is_that_of_plain_sql(work, tables, sql):
    """In minutes, to one decimal; of those who were called."""
    rows = f"""SELECT k.line AS name, {seconds("k.called_at")} - {seconds("k.queued_at")} AS span {TICKETS}
        AND k.called_at IS NOT NULL"""
    found = {row[0]: row[-1] for row in tables(REPORT)["lines"] if row[-1] is not None}
    wanted = sql(medians(rows), first=FIRST, last=LAST)
    assert found == {line: round(float(span) / 60, 1) for line, span in wanted}
    assert found == {"health": 7.5, "legal": 1.0}


def test_a_line_by_the_hour_of_the_number(work, tables):
    rows = {(row[0].day, *row[1:3]): row[3:] for row in tables(REPORT)["line_hours"]}
    assert rows[5, "09:00", "health"] == (3, 5, 3, 2, 1, 10.0)
    assert rows[6, "09:00", "health"] == (1, 1, 0, 0, 0, None)
    assert rows[6, "23:00", "health"] == (1, 1, 1, 0, 0, 0.5)


def test_every_number_has_as_many_records(work, asked):
    tables = REPORT.tables(asked)
    for table in tables:
        for number, _row, _column in table.counted():
            assert number.records().count() == number, number.key
    keys = {number.key for table in tables for number, _row, _column in table.counted()}
    assert {"desk.registration 1.families", "2018-11-05.10.registration 1.families"} <= keys
    assert {"line.health.taken", "line.legal.no_shows", "2018-11-05.09.health.served"} <= keys


def test_a_line_with_a_family_that_was_joined_into_another_opens_nothing(work, asked):
    """Its record is no more, so the list would be one short."""
    [desks, *_rest] = REPORT.tables(asked)
    assert {row[0].code: isinstance(row[1], Counted) for row in desks.rows} == {
        "": False,
        "registration 1": True,
        "registration 2": True,
    }
    assert not isinstance(desks.footer[1], Counted)


def test_the_middle():
    unit = timedelta(seconds=1)
    assert middle([], unit) is None
    assert middle([2 * unit, 1 * unit, 9 * unit], unit) == 2.0
    assert middle([1 * unit, 2 * unit], unit) == 1.5


def test_nobody_was_registered(place, tables, asked):
    assert [table.chart for table in REPORT.tables(asked)] == [None] * 4
    found = tables(REPORT)
    assert found["pace"] == found["hours"] == found["line_hours"] == []
    assert [row[1:] for row in found["lines"]] == [(0, 0, 0, 0, 0, None)] * 4
