"""Frozen numbers as lines, beside the cut before and the records of now; the sentence; all against plain SQL."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone, translation

from intake import actions
from intake.models import Cut
from intake.reports.census import Census, CensusReport, census
from intake.reports.cuts import census_of, compared, lines_of, numbers_of, published
from shelters.models import Shelter
from tests.factories import make_family

CITY = {
    "total": 4814,
    "adults": 3088,
    "minors": 1726,
    "unknown_age": 0,
    "age_0_5": 310,
    "unaccompanied_adolescents": 31,
    "pregnant": 24,
    "adults_with_disability": 184,
    "adults_lgbtttiq": 87,
    "families": 2626,
    "sex.F": 1798,
    "sex.M": 3016,
    "origin.GT": 385,
    "origin.SV": 80,
    "origin.NI": 241,
    "origin.HN": 4092,
    "origin.MX": 16,
}


def cut_of(numbers):
    return Cut(shelter=Shelter(name="Palillo"), as_of=timezone.now(), numbers=CITY | numbers)


@pytest.fixture
def cut(crowd, place, at, reader):
    cut = actions.freeze(place, at(6, 23, 59), by=reader)
    cut.refresh_from_db()
    return cut


def test_what_is_frozen_is_what_sql_counts(cut, sql, at, place):
    there = """FROM intake_person p WHERE EXISTS (SELECT 1 FROM intake_stay s WHERE s.person_id = p.id
        AND s.shelter_id = %(place)s AND s.in_at <= %(moment)s AND (s.out_at IS NULL OR s.out_at > %(moment)s))"""
    moment = at(6, 23, 59)
    [(total, unknown, families)] = sql(
        f"SELECT count(*), count(*) - count(birth_date), count(DISTINCT family_id) {there}", moment=moment
    )
    day = place.day_of(moment)
    [(adults,)] = sql(
        f"SELECT count(*) {there} AND birth_date <= %(grown)s", moment=moment, grown=day.replace(year=2000)
    )
    found = {name: cut.numbers[name] for name in ("total", "unknown_age", "families", "adults")}
    assert found == {"total": total, "unknown_age": unknown, "families": families, "adults": adults}
    assert cut.numbers["minors"] == total - unknown - adults
    for group, column in (("sex", "sex"), ("origin", "origin_country")):
        counted = dict(sql(f"SELECT {column}, count(*) {there} GROUP BY {column}", moment=moment))
        assert {f"{group}.{code}": number for code, number in counted.items()} == {
            code: number for code, number in cut.numbers.items() if code.startswith(f"{group}.")
        }


def test_the_census_comes_back_as_it_was(cut, place):
    live, frozen = census(place, cut.as_of), census_of(cut)
    assert isinstance(frozen, Census)
    assert numbers_of(frozen) == numbers_of(live)
    assert list(frozen.origin) == list(
        live.origin
    )  # most people first, whatever the database did to the order
    assert frozen.computed_at == cut.frozen_at


def test_its_lines_are_those_of_the_censuss_file(cut, asked):
    assert lines_of(census_of(cut)) == CensusReport().rows({**asked, "as_of": cut.as_of})


def test_beside_the_cut_before_and_the_records_of_now(cut, place, at, reader):
    before = actions.freeze(place, at(5, 23, 59), by=reader)
    make_family(place, {"age": 30, "origin_country": "CU"}, by=reader, at=at(6, 8))
    groups = dict(compared(cut, before, census(place, cut.as_of)))
    total = groups["cells"][0]
    assert total.line.count == cut.numbers["total"]
    assert total.since == cut.numbers["total"] - before.numbers["total"]
    assert (total.now, total.change) == (cut.numbers["total"] + 1, 1)
    [cuba] = [each for each in groups["origin"] if each.line.code == "origin.CU"]
    assert (cuba.line.count, cuba.since, cuba.now, cuba.change) == (0, 0, 1, 1)


def test_without_a_cut_before_there_is_no_difference_to_it(cut, place):
    groups = compared(cut, None, census(place, cut.as_of))
    assert {each.since for _group, lines in groups for each in lines} == {None}
    assert {each.change for _group, lines in groups for each in lines} == {0}


@pytest.mark.parametrize("page", ["es", "en"])
def test_the_sentence_is_that_of_the_bulletin_whatever_the_page(page):
    with translation.override(page):
        result = census_of(cut_of({}))
        spanish, english = published(result, "es"), published(result, "en")
    assert spanish == (
        "4,814 personas: 3,088 adultos, 1,726 menores (310 de 0 a 5 años), 24 embarazadas, "
        "31 adolescentes no acompañados, 184 adultos con discapacidad, 87 LGBTTTI; "
        "85 % Honduras, 8 % Guatemala, 5 % Nicaragua, 2 % otros"
    )
    assert english == (
        "4,814 people: 3,088 adults, 1,726 minors (310 aged 0 to 5), 24 pregnant, "
        "31 unaccompanied adolescents, 184 adults with disability, 87 LGBTTTI adults; "
        "85 % Honduras, 8 % Guatemala, 5 % Nicaragua, 2 % other"
    )


def test_one_person_is_no_plural_and_what_is_unknown_is_said():
    one = dict.fromkeys(CITY, 0) | {"total": 2, "adults": 1, "unknown_age": 1, "origin.HN": 1, "origin.XU": 1}
    assert published(census_of(cut_of(one)), "es") == (
        "2 personas: 1 adulto, 0 menores (0 de 0 a 5 años), 1 de edad sin registrar, 0 embarazadas, "
        "0 adolescentes no acompañados, 0 adultos con discapacidad, 0 LGBTTTI; 50 % Honduras, 50 % sin registrar"
    )


def test_a_few_are_not_told_as_none():
    few = {code: 0 for code in CITY if code.startswith("origin.")}
    few |= {"total": 1001, "origin.HN": 1000, "origin.GT": 1}
    assert published(census_of(cut_of(few)), "en").endswith("100 % Honduras, <1 % Guatemala")


def test_of_nobody_the_sentence_is_short(palillo):
    nobody = census(palillo, datetime(2018, 11, 6, tzinfo=palillo.tz) - timedelta(days=9))
    assert published(nobody, "es") == "0 personas"
