"""The brackets and sexes, against SQL written apart from the code."""

import pytest
from django.urls import reverse

from intake.ages import OLDEST
from intake.reports.age_sex import AgeSexReport, brackets
from intake.reports.census import census
from tests.factories import NOW, make_family
from tests.intake.reports.conftest import LAST, years_before

REPORT = AgeSexReport()
PRESENT = """SELECT COUNT(DISTINCT p.id) FROM intake_person p JOIN intake_stay s ON s.person_id = p.id
    WHERE s.shelter_id = %(place)s AND s.in_at <= %(at)s AND (s.out_at IS NULL OR s.out_at > %(at)s)"""
SEXES = ("F", "M", "X", "U")


def plain(sql, at, sex, youngest, oldest):
    born = "AND p.birth_date IS NULL"
    if youngest is not None:
        born = "AND p.birth_date > %(after)s AND p.birth_date <= %(until)s"
    after = years_before(LAST, (oldest if oldest is not None else OLDEST + 1) + 1)
    until = years_before(LAST, youngest or 0)
    [[people]] = sql(f"{PRESENT} AND p.sex = %(sex)s {born}", at=at, sex=sex, after=after, until=until)
    return people


@pytest.mark.parametrize(
    "code,bounds",
    [
        ("age_sex", [(0, 4), (5, 11), (12, 17), (18, 59), (60, None)]),
        ("census_ages", [(0, 5), (6, 11), (12, 17), (18, None)]),
        ("own_ages", [(0, 10), (11, 33), (34, None)]),
    ],
)
def test_every_cell_is_that_of_plain_sql(crowd, tables, sql, asked, code, bounds):
    found = tables(REPORT, ages=[0, 11, 34])[code]
    wanted = [[plain(sql, asked["as_of"], sex, *each) for sex in SEXES] for each in [*bounds, (None, None)]]
    assert [list(row[1:5]) for row in found] == wanted
    assert [row[5] for row in found] == [sum(cells) for cells in wanted]
    assert sum(row[5] for row in found) == 11


def test_what_is_not_known_has_cells_of_its_own(crowd, tables):
    found = {row[0]: row[1:] for row in tables(REPORT)["age_sex"]}
    assert found["unknown"] == (0, 1, 0, 1, 2)
    assert found["60+"] == (0, 0, 1, 0, 1)


def test_the_census_agrees(crowd, tables, asked):
    found = {row[0]: row[5] for row in tables(REPORT)["census_ages"]}
    same = census(asked["shelter"], asked["as_of"])
    assert (found["0-5"], found["18+"], found["unknown"]) == (same.age_0_5, same.adults, same.unknown_age)


def test_the_line_for_partners_adds_to_its_total(crowd, tables):
    [line] = tables(REPORT)["demographics"]
    assert line[3] == sum(line[5:]) == 11
    assert line[4] == 7


def test_a_baby_said_to_be_of_zero_years_is_counted(place, tables, asked):
    make_family(place, {"age": 0}, at=asked["as_of"])
    assert tables(REPORT)["age_sex"][0][5] == 1


def test_brackets_follow_one_another():
    assert [each.code for each in brackets([0, 5, 18])] == ["0-4", "5-17", "18+"]


@pytest.mark.parametrize(
    "typed,firsts", [("0, 6 18", [0, 6, 18]), ("18", [0, 18]), ("6,6", [0, 6]), ("", [])]
)
def test_brackets_of_ones_own(typed, firsts, coordinator, palillo):
    make_family(palillo, {}, at=NOW)
    answer = coordinator.get(reverse("reports:page", args=["age_sex"]), {"ages": typed})
    assert answer.status_code == 200
    assert answer.context["filters"].cleaned_data["ages"] == firsts


@pytest.mark.parametrize("typed", ["x", "-1", "1.5", "999", "²", "9" * 80, " ".join(map(str, range(30)))])
def test_brackets_nobody_can_read_are_answered_beside_the_field(typed, coordinator, palillo):
    answer = coordinator.get(reverse("reports:page", args=["age_sex"]), {"ages": typed})
    assert answer.status_code == 422
    assert list(answer.context["filters"].errors) == ["ages"]
