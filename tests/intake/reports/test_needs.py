"""Needs in numbers, against SQL written apart from the code; what hides; and the same totals as the census."""

from io import StringIO

import pytest
from django.core.management import call_command

from intake.demo.plan import CENSUS_AT
from intake.reports import files
from intake.reports.census import census
from intake.reports.needs import NeedsReport
from intake.reports.tables import Counted
from shelters.models import Shelter
from tests.factories import make_family, make_need, make_user
from tests.intake.reports.conftest import LAST, years_before

REPORT = NeedsReport()
STANDING = """FROM intake_personneed n JOIN intake_person p ON p.id = n.person_id
    JOIN intake_specificneed d ON d.code = n.need_id WHERE n.reported_at <= %(at)s
    AND (n.ruled_out_at IS NULL OR n.ruled_out_at > %(at)s)
    AND p.id IN (SELECT s.person_id FROM intake_stay s WHERE s.shelter_id = %(place)s AND s.in_at <= %(at)s
        AND (s.out_at IS NULL OR s.out_at > %(at)s))"""
ONCE = "COUNT(DISTINCT CASE WHEN {} THEN p.id END)"
NUMBERS = ", ".join(
    ["COUNT(DISTINCT p.id)"]
    + [ONCE.format(f"p.birth_date {which}") for which in ("> %(grown)s", "<= %(grown)s", "IS NULL")]
    + [f"COUNT(DISTINCT p.id) - {ONCE.format('n.confirmed_at <= %(at)s')}"]
    + [ONCE.format("n.confirmed_at <= %(at)s")]
)
CATEGORY = "COALESCE(d.category_id, d.code)"


@pytest.fixture
def needy(crowd, place, at, reader):
    """Of every age and state; two needs of one category; a reserved one; who left; another shelter's."""

    def come(*members):
        return list(make_family(place, *members, by=reader, at=at(3, 7)).members.order_by("position"))

    mother, girl, unknown = come({"age": 40}, {"age": 14}, {"age": None, "sex": "U"})
    other, gone = come({"age": 18})[0], come({"age": 60})[0]
    make_need(mother, "DS-BD", at=at(4), state="confirmed", confirmed_at=at(5))
    make_need(mother, "DS", at=at(4))
    make_need(mother, "X-LG", at=at(4))
    make_need(girl, "DS", at=at(4))
    make_need(girl, "CR-TP", at=at(4), state="confirmed", confirmed_at=at(8))
    make_need(unknown, "X-PR", at=at(4))
    make_need(unknown, "X-LG", at=at(4))
    make_need(other, "SV-VO", at=at(4), state="confirmed")
    make_need(other, "DS", at=at(4), state="ruled_out", ruled_out_at=at(5))
    make_need(gone, "DS", at=at(3, 8))
    gone.stays.update(out_at=at(4), out_on=place.day_of(at(4)))


@pytest.fixture
def asked_sql(sql, asked):
    return lambda query: sql(query, at=asked["as_of"], grown=years_before(LAST, 18))


def test_every_category_is_that_of_plain_sql(needy, tables, asked_sql):
    found = tables(REPORT)["needs"]
    query = f"SELECT {CATEGORY}, {NUMBERS} {STANDING} AND d.tier <= 2 GROUP BY 1"
    assert sorted(found[:-1]) == sorted(asked_sql(query))
    assert ("DS", 2, 1, 1, 0, 1, 1) in found


def test_every_need_is_that_of_plain_sql(needy, tables, asked_sql):
    query = f"SELECT d.code, {CATEGORY}, {NUMBERS} {STANDING} AND d.tier <= 2 GROUP BY 1, 2"
    assert sorted(tables(REPORT)["each"][:-1]) == sorted(asked_sql(query))


def test_the_foot_counts_everybody_once_whatever_their_need(needy, asked, asked_sql):
    foot = REPORT.tables(asked)[0].footer[1:]
    assert [foot] == asked_sql(f"SELECT {NUMBERS} {STANDING}")
    assert foot == (4, 1, 2, 1, 2, 2)


def test_reserved_needs_are_one_number(needy, tables, asked_sql):
    [[people]] = asked_sql(f"SELECT COUNT(DISTINCT p.id) {STANDING} AND d.tier > 2")
    assert tables(REPORT)["needs"][-1] == ("reserved", people, None, None, None, None, None)
    assert tables(REPORT)["each"][-1][:3] == ("reserved", None, people)
    codes = {row[0] for row in tables(REPORT)["each"]}
    assert people == 3
    assert not {"X-LG", "SV-VO"} & codes


def test_without_an_account_only_what_every_desk_sees(needy, tables, asked_sql):
    query = f"SELECT d.code, {CATEGORY}, {NUMBERS} {STANDING} AND d.tier <= 1 GROUP BY 1, 2"
    assert sorted(tables(REPORT, reader=None)["each"][:-1]) == sorted(asked_sql(query))


def test_who_may_see_protection_needs_sees_each(needy, tables, place, asked_sql):
    query = f"SELECT d.code, {CATEGORY}, {NUMBERS} {STANDING} GROUP BY 1, 2"
    assert sorted(tables(REPORT, reader=make_user("health", shelters=[place]))["each"]) == sorted(
        asked_sql(query)
    )


def test_a_single_need_does_not_leave_the_shelter(asked):
    assert {table.code for table in REPORT.tables(asked) if table.in_files} == {"needs", "cells"}


def test_the_cells_are_those_of_the_census(needy, tables, asked, place):
    result, found = census(place, asked["as_of"]), dict(tables(REPORT)["cells"])
    assert found == {
        "any_need": 4,
        "pregnant": result.pregnant,
        "adults_with_disability": result.adults_with_disability,
        "adults_lgbtttiq": result.adults_lgbtttiq,
    }
    assert (found["pregnant"], found["adults_with_disability"], found["adults_lgbtttiq"]) == (2, 1, 1)


def test_in_the_demo_the_cells_are_the_published_ones(db, cast):
    call_command("demo_data", "palillo", stderr=StringIO(), stdout=StringIO())
    asked = {"shelter": Shelter.objects.get(code="palillo"), "as_of": CENSUS_AT, "codes": True}
    for reader in (cast.coordinator, None):
        [_categories, _each, cells] = REPORT.tables({**asked, "reader": reader})
        numbers = {row[0].code: row[1] for row in cells.rows[1:]}
        assert numbers == {"pregnant": 24, "adults_with_disability": 184, "adults_lgbtttiq": 87}


def test_a_total_opens_for_whoever_may_see_every_need_in_it(needy, asked, place):
    def opens(reader):
        tables = REPORT.tables({**asked, "reader": reader})
        foot, reserved = tables[0].footer[1], tables[0].rows[-1][1]
        cells = {row[0].code for row in tables[2].rows if isinstance(row[1], Counted)}
        return isinstance(foot, Counted), isinstance(reserved, Counted), cells

    assert opens(asked["reader"]) == (False, False, {"pregnant", "adults_with_disability"})
    assert opens(None) == (False, False, set())
    everything = {"any_need", "pregnant", "adults_with_disability", "adults_lgbtttiq"}
    assert opens(make_user("health", shelters=[place])) == (True, True, everything)


def test_every_number_has_as_many_records(needy, asked, place):
    for reader in (asked["reader"], make_user("health", shelters=[place])):
        for table in REPORT.tables({**asked, "reader": reader}):
            for number, _row, _column in table.counted():
                assert number.records().count() == number, number.key


def test_outside_people_add_the_ages_that_are_told(place, reader, asked, at):
    """Whether a need was confirmed stays inside, and so do the reserved ones."""
    for age, people in ((30, 17), (12, 18), (None, 3)):
        for _person in range(people):
            person = make_family(place, {"age": age}, by=reader, at=at(5)).members.get()
            make_need(person, "DS", at=at(5))
            make_need(person, "X-LG", at=at(5))
    make_need(person, "CR-TP", at=at(5))
    [table] = files.tables_of(REPORT, {**asked, "outside": True})
    assert [column.code for column in table.columns][1:] == [
        "people",
        "minors",
        "adults",
        "unknown_age",
        "hidden",
    ]
    assert [(row[0].code, *row[1:5]) for row in table.compute()] == [("DS", 35, 20, 15, None)]


def test_nobody_is_there(place, tables, asked):
    assert REPORT.tables(asked)[0].chart is None
    assert tables(REPORT)["needs"] == [("reserved", 0, None, None, None, None, None)]
    assert dict(tables(REPORT)["cells"])["any_need"] == 0
