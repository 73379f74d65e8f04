"""Plans by day, and before and after legal advice, against SQL written apart from the code."""

from datetime import timedelta

import pytest
from django.utils import timezone

from intake.reports.filters import start_of
from intake.reports.next_steps import DRAWN, PLANS, NextStepsReport, last_word
from intake.reports.tables import Counted
from tests.factories import make_family, make_intention, make_service, make_stay, make_user
from tests.intake.reports.conftest import FIRST, LAST, days_between, years_before

REPORT = NextStepsReport()
HERE = """s.shelter_id = %(place)s AND s.in_at < %(end)s AND (s.out_at IS NULL OR s.out_at >= %(end)s)"""
PRESENT = f"""SELECT p.id FROM intake_person p WHERE p.id IN
    (SELECT s.person_id FROM intake_stay s WHERE {HERE})"""
LATEST = """(SELECT l."group" FROM intake_intention i JOIN intake_plan l ON l.code = i.plan_id
    WHERE i.person_id = {person} AND i.said_at < {before} {more} ORDER BY i.said_at DESC, i.id DESC LIMIT 1)"""


@pytest.fixture
def minds(crowd, place, annex, at, reader):
    """Who changes, who says nothing, who comes of age, whose age nobody knows; advice twice, cancelled, elsewhere."""

    def come(**fields):
        return make_family(place, fields, by=reader, at=at(3, 7)).members.get()

    changed, same, silent, mute, unknown, child = (come(age=age) for age in (30, 31, 32, 33, None, 12))
    grown = come(age=None, birth_date=years_before(LAST, 18), birth_precision="day")
    for person, code, moment in [
        (changed, "ONWARD", at(3, 8)),
        (changed, "UNDECIDED", at(4, 23, 59)),
        (changed, "MEX-ASYLUM", at(5, 12)),
        (changed, "RETURN", at(7, 12)),
        (same, "MEX-STAY", at(3, 8)),
        (same, "MEX-WORK", at(6, 12)),
        (silent, "RETURN", at(3, 8)),
        (unknown, "FAMILY", at(3, 8)),
        (child, "ONWARD", at(3, 8)),
        (grown, "NO-ANSWER", at(3, 8)),
    ]:
        make_intention(person, code, at=moment)
    for person in (changed, same, silent, mute, unknown, child):
        make_service(person, "LEG-ASY", at=at(5, 11))
    make_service(changed, "LEG-INF", at=at(6, 11))
    make_service(grown, "LEG-ASY", at=at(5, 11), cancelled_at=at(5, 12))
    gone = come(age=50)
    make_intention(gone, "OTHER", at=at(3, 8))
    gone.stays.update(out_at=at(5), out_on=place.day_of(at(5)))
    elsewhere = make_family(annex, {}, by=reader, at=at(3, 7)).members.get()
    make_intention(elsewhere, "ONWARD", at=at(3, 8))
    make_service(elsewhere, "LEG-ASY", at=at(5, 11))
    return changed


def daily(sql, place, day):
    """Adults by plan, then those of unknown age, as plain SQL has them."""
    end = start_of(place, day + timedelta(days=1))
    latest = LATEST.format(person="p.id", before="%(end)s", more="")
    query = f"""SELECT COALESCE({latest}, 'not_asked'), COUNT(*) FROM intake_person p
        WHERE p.birth_date <= %(grown)s AND p.id IN ({PRESENT}) GROUP BY 1"""
    found = dict(sql(query, end=end, grown=years_before(day, 18)))
    [[unknown]] = sql(
        f"SELECT COUNT(*) FROM intake_person p WHERE p.birth_date IS NULL AND p.id IN ({PRESENT})", end=end
    )
    return (day, sum(found.values()), *(found.get(plan, 0) for plan in PLANS), unknown)


def test_every_day_is_that_of_plain_sql(minds, tables, sql, place):
    wanted = [daily(sql, place, day) for day in reversed(days_between(FIRST, LAST))]
    assert tables(REPORT)["next_steps"] == wanted


def test_the_last_word_of_a_day_counts_until_the_next(minds, tables):
    rows = {row[0].day: dict(zip(PLANS, row[2:], strict=False)) for row in tables(REPORT)["next_steps"]}
    assert [rows[day]["continue"] for day in (3, 4, 5)] == [1, 0, 0]
    assert [rows[day]["undecided"] for day in (3, 4, 5)] == [0, 1, 0]
    assert [rows[day]["stay"] for day in (3, 4, 5)] == [1, 1, 2]
    assert [rows[day]["not_said"] for day in (5, 6)] == [0, 1]  # on that day they are 18


def test_the_change_is_that_of_plain_sql(minds, tables, sql, place):
    begin, end = start_of(place, FIRST), start_of(place, LAST + timedelta(days=1))
    before = LATEST.format(person="a.person_id", before="a.first", more="")
    after = LATEST.format(person="a.person_id", before="%(end)s", more="AND i.said_at >= a.first")
    query = f"""SELECT CASE WHEN p.birth_date IS NULL THEN 'unknown_age' ELSE COALESCE({before}, 'not_asked') END,
        COALESCE({after}, 'not_asked'), COUNT(*) FROM intake_person p JOIN (SELECT v.person_id, MIN(v.given_at)
            AS first FROM intake_servicereceived v JOIN intake_servicetype t ON t.code = v.service_type_id
            WHERE v.shelter_id = %(place)s AND v.cancelled_at IS NULL AND t.category_id = 'LEG'
            GROUP BY v.person_id) a ON a.person_id = p.id
        WHERE a.first >= %(begin)s AND a.first < %(end)s
            AND (p.birth_date IS NULL OR p.birth_date <= %(grown)s) GROUP BY 1, 2"""
    wanted = sql(query, begin=begin, end=end, grown=years_before(LAST, 18))
    found = {
        (row[0], plan): people
        for row in tables(REPORT)["changes"]
        for plan, people in zip(PLANS, row[3:], strict=True)
        if people
    }
    assert found == {(old, new): people for old, new, people in wanted}
    assert found["undecided", "stay"] == found["stay", "stay"] == found["return", "not_asked"] == 1
    assert found["unknown_age", "not_asked"] == 1


def test_a_change_is_from_one_group_to_another(minds, tables):
    """Staying to ask for asylum or to work is staying; who was not asked before has not changed."""
    found = {row[0]: row[1:3] for row in tables(REPORT)["changes"]}
    assert found["undecided"] == (1, 1)
    assert found["stay"] == (1, 0)
    assert found["not_asked"][1] is None


def test_only_the_first_advice_counts(minds, asked, tables):
    """In the last day there was a second one for one person, and the first for the crowd's mother."""
    before = sum(row[1] for row in tables(REPORT)["changes"])
    only_last = sum(row[1] for row in tables(REPORT, since=LAST)["changes"])
    assert (before, only_last) == (6, 1)
    assert REPORT.tables(asked)[1].footer[1] == before


def test_today_is_now(place, reader, tables):
    """A plan said in the future of the day is not known yet; the last day ends now."""
    now = timezone.now()
    person = make_family(place, {}, by=reader, at=now - timedelta(minutes=2)).members.get()
    make_intention(person, "RETURN", at=now - timedelta(minutes=1))
    make_intention(person, "ONWARD", at=now + timedelta(days=2))
    today = place.day_of(now)
    [row] = tables(REPORT, since=today, until=today)["next_steps"]
    assert row[1] == row[2 + PLANS.index("return")] == 1


def test_every_number_of_a_day_has_as_many_people(minds, asked):
    [days, changes] = REPORT.tables(asked)
    opened = {number.key: set(number.records()) for number, _row, _column in days.counted()}
    assert all(len(opened[number.key]) == number for number, _row, _column in days.counted())
    assert minds in opened["2018-11-03.continue"] & opened["2018-11-04.undecided"] & opened["2018-11-05.stay"]
    assert list(changes.counted()) == []  # who had legal advice is not told


def test_who_may_not_know_of_plans_opens_nothing(minds, asked, place):
    for reader in (None, make_user("administrator", shelters=[place])):
        days = REPORT.tables({**asked, "reader": reader})[0]
        assert not any(isinstance(number, Counted) for row in days.rows for number in row)


def test_two_stays_at_once_are_one_person(place, reader, at, tables):
    person = make_family(place, {}, by=reader, at=at(3), stay=False).members.get()
    make_stay(person, at=at(3), out=at(6))
    make_stay(person, at=at(4))
    assert [row[1] for row in tables(REPORT)["next_steps"]] == [1, 1, 1, 1]


def test_the_last_word(at):
    said = [(at(3), "stay"), (at(5), "return")]
    assert last_word(said, at(3)) == "not_asked"
    assert last_word(said, at(4)) == last_word(said, at(5)) == "stay"
    assert last_word(said, at(6)) == "return"
    assert last_word(said, at(6), since=at(5)) == "return"
    assert last_word(said, at(5), since=at(4)) == "not_asked"


def test_the_chart_has_the_last_days_and_everybody(minds, asked):
    [days, _changes] = REPORT.tables({**asked, "since": FIRST - timedelta(days=30)})
    chart = days.chart
    assert len(chart.labels) == DRAWN
    last = days.rows[0]
    assert sum(numbers[-1] for _name, numbers in chart.series) == last[1]


def test_nobody_is_there(place, tables, asked):
    assert REPORT.tables(asked)[0].chart is None
    assert {row[1:] for row in tables(REPORT)["next_steps"]} == {(0,) * 9}
    assert len(tables(REPORT)["changes"]) == 8
