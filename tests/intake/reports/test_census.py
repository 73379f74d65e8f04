"""The numbers, on people invented one by one, against hand counts and SQL written apart from the code."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from intake.models import Person, Relationship
from intake.reports.base import share, shares
from intake.reports.census import (
    CELLS,
    KEYS,
    CensusReport,
    Line,
    cell_lines,
    census,
    of_whom,
    origin_lines,
    sex_lines,
)
from tests.factories import make_family, make_need, make_person, make_shelter, make_stay, make_user

CUT = datetime(2018, 11, 7, 23, 30, tzinfo=ZoneInfo("America/Mexico_City"))  # in UTC it is already the 8th
BEFORE, AFTER = CUT - timedelta(days=1), CUT + timedelta(hours=1)


@pytest.fixture
def desk(palillo):
    return make_user(shelters=[palillo])


@pytest.fixture
def arrive(palillo, desk):
    """A family that came the day before the cut; answers its members in order."""

    def arrived(*members, at=BEFORE, **fields):
        family = make_family(palillo, *members, by=desk, at=at, **fields)
        return list(family.members.order_by("position"))

    return arrived


def exact(born, **fields):
    return {"birth_date": born, "birth_precision": "day", **fields}


@pytest.fixture
def mother_of_three(arrive):
    """34, 11, one who turns six the day after the cut, and a companion of 17: he is alone."""
    return arrive(
        {"age": 34},
        {"age": 11},
        exact(date(2012, 11, 8)),
        {"age": 17, "sex": "M", "relationship": Relationship.COMPANION},
    )


@pytest.fixture
def adolescents(arrive, annex):
    """Nine of 12 to 17, seven of them alone; and one of 11."""
    arrive({"age": 16, "sex": "M", "origin_country": "GT"})  # alone
    arrive({"age": 15}, {"age": 40, "relationship": Relationship.COMPANION})  # a companion is no relative
    _sister, confirmed = arrive({"age": 20}, {"age": 13})
    make_need(confirmed, "SC-UC", at=BEFORE, state="confirmed")  # staff know better than the ages
    [ruled_out] = arrive({"age": 14})
    make_need(
        ruled_out, "SC-UC", at=BEFORE, state="ruled_out", ruled_out_at=CUT
    )  # not alone, at this very moment
    [ruled_out_later] = arrive({"age": 14})
    make_need(ruled_out_later, "SC-UC", at=BEFORE, state="ruled_out", ruled_out_at=AFTER)  # alone at the cut
    arrive({"age": None, "sex": "U", "origin_country": "XU"}, {"age": 12})  # nobody known to be grown: alone
    mother, daughter = arrive({"age": 41}, {"age": 17}, stay=False)
    make_stay(daughter, at=BEFORE)
    make_stay(mother, at=BEFORE, out=CUT)  # left at that moment: the daughter is alone
    father, son = arrive({"age": 50, "sex": "M"}, {"age": 13, "sex": "M"}, stay=False)
    make_stay(son, at=BEFORE)
    make_stay(father, at=BEFORE, shelter=annex)  # sleeps elsewhere: the son is alone here
    _mother, reported = arrive({"age": 33}, {"age": 12})
    make_need(reported, "SC-UC", at=BEFORE)  # reported is not confirmed
    arrive({"age": 11})  # alone, yet no adolescent


@pytest.fixture
def needs(arrive):
    """Eight adults and two minors: two pregnant, one adult with disability, one LGBTTTI."""
    [stateless] = arrive({"age": 30, "sex": "X", "origin_country": "XA"})
    for code in ("DS", "DS-BD", "X-LG"):
        make_need(stateless, code, at=BEFORE)  # two kinds of disability are one person
    [pregnant] = arrive({"age": 25})
    make_need(pregnant, "X-PR", at=CUT)
    _mother, girl, boy = arrive({"age": 40}, {"age": 16}, {"age": 3, "sex": "M"})
    make_need(girl, "CR-TP", at=BEFORE, state="confirmed")
    make_need(boy, "DS", at=BEFORE)  # no adult
    [no_longer] = arrive({"age": 26})
    make_need(no_longer, "X-PR", at=BEFORE, state="ruled_out", ruled_out_at=CUT)
    [not_yet] = arrive({"age": 27, "origin_country": "NI"})
    make_need(not_yet, "X-PR", at=AFTER)
    [age_unknown] = arrive({"age": None})
    make_need(age_unknown, "X-LG", at=BEFORE)  # not known to be an adult
    [other] = arrive({"age": 60, "sex": "M"})
    make_need(other, "PG-LC", at=BEFORE)  # counts in no cell


@pytest.fixture
def comings_and_goings(arrive, annex, desk):
    """Three adults present: who came back, who has two rows for the night, who came at that moment."""
    [back] = arrive({"age": 45, "sex": "M"}, stay=False)
    make_stay(back, at=BEFORE, out=BEFORE + timedelta(hours=2))
    make_stay(back, at=CUT - timedelta(hours=1))
    [twice] = arrive({"age": 46}, stay=False)
    make_stay(twice, at=BEFORE, out=AFTER)
    make_stay(twice, at=BEFORE + timedelta(hours=1))
    arrive({"age": 47}, at=CUT)
    arrive({"age": 48}, at=AFTER)
    [gone] = arrive({"age": 49}, stay=False)
    make_stay(gone, at=BEFORE, out=CUT)
    make_family(annex, {"age": 50}, {"age": 3}, by=desk, at=BEFORE)


@pytest.fixture
def crowd(mother_of_three, adolescents, needs, comings_and_goings):
    pass


def test_every_cell_of_a_small_shelter(crowd, palillo):
    found = census(palillo, CUT)
    assert {key: getattr(found, key) for key in KEYS} == {
        "total": 1 + 3 + 14 + 9 + 3,
        "adults": 1 + 3 + 6 + 3,
        "minors": 3 + 10 + 2,
        "age_0_5": 2,
        "pregnant": 2,
        "unaccompanied_adolescents": 8,
        "adults_with_disability": 1,
        "adults_lgbtttiq": 1,
        "unknown_age": 2,
        "origin": {"HN": 26, "GT": 1, "NI": 1, "XA": 1, "XU": 1},
    }
    assert found.sex == {"F": 22, "M": 6, "U": 1, "X": 1}
    assert found.families == 21


def test_an_empty_shelter_has_nobody_in_every_cell(palillo):
    found = census(palillo, CUT)
    assert [getattr(found, key) for key in KEYS[:-1]] == [0] * 9
    assert (found.origin, found.sex, found.families) == ({}, {}, 0)


@pytest.mark.parametrize(
    "moment", [BEFORE, CUT, AFTER, CUT + timedelta(days=400), CUT - timedelta(days=9000)]
)
@pytest.mark.parametrize("code", ["palillo", "anexo"])
def test_the_numbers_are_those_of_plain_sql(crowd, palillo, annex, moment, code):
    shelter = {"palillo": palillo, "anexo": annex}[code]
    found = census(shelter, moment)
    assert {key: getattr(found, key) for key in KEYS} == plain_sql(shelter, moment)


PRESENT = """WITH present AS (
    SELECT DISTINCT p.id, p.family_id, p.birth_date, p.relationship, p.origin_country
    FROM intake_person p JOIN intake_stay s ON s.person_id = p.id
    WHERE s.shelter_id = %(shelter)s AND s.in_at <= %(at)s
    AND NOT (s.out_at IS NOT NULL AND s.out_at <= %(at)s)
), standing AS (
    SELECT n.person_id, r.counts_as, n.state FROM intake_personneed n
    JOIN intake_specificneed r ON r.code = n.need_id
    WHERE n.reported_at <= %(at)s AND (n.ruled_out_at IS NULL OR n.ruled_out_at > %(at)s)
)
"""
NEED = "id IN (SELECT person_id FROM standing WHERE counts_as = '{}')"
ALONE = """birth_date <= %(born12)s AND birth_date > %(born18)s AND (
    relationship = 'COMPANION'
    OR NOT EXISTS (SELECT 1 FROM present o WHERE o.family_id = present.family_id AND o.id <> present.id
                   AND o.birth_date <= %(born18)s AND o.relationship <> 'COMPANION')
    OR id IN (SELECT person_id FROM standing WHERE counts_as = 'unaccompanied' AND state = 'confirmed')
) AND id NOT IN (
    SELECT n.person_id FROM intake_personneed n JOIN intake_specificneed r ON r.code = n.need_id
    WHERE r.counts_as = 'unaccompanied' AND n.state = 'ruled_out' AND n.ruled_out_at <= %(at)s)"""
WHERE = {
    "total": "1 = 1",
    "adults": "birth_date <= %(born18)s",
    "minors": "birth_date > %(born18)s",
    "age_0_5": "birth_date > %(born6)s AND birth_date <= %(day)s",
    "pregnant": NEED.format("pregnant"),
    "unaccompanied_adolescents": ALONE,
    "adults_with_disability": f"birth_date <= %(born18)s AND {NEED.format('disability')}",
    "adults_lgbtttiq": f"birth_date <= %(born18)s AND {NEED.format('lgbt')}",
    "unknown_age": "birth_date IS NULL",
}


def plain_sql(shelter, moment):
    day = moment.astimezone(ZoneInfo(shelter.timezone)).date()
    values = {"shelter": shelter.pk, "at": connection.ops.adapt_datetimefield_value(moment), "day": str(day)}
    values |= {f"born{years}": str(day.replace(year=day.year - years)) for years in (6, 12, 18)}
    with connection.cursor() as cursor:
        found = {}
        for cell, where in WHERE.items():
            cursor.execute(f"{PRESENT} SELECT COUNT(*) FROM present WHERE {where}", values)
            found[cell] = cursor.fetchone()[0]
        cursor.execute(f"{PRESENT} SELECT origin_country, COUNT(*) FROM present GROUP BY 1", values)
        return {**found, "origin": dict(cursor.fetchall())}


@pytest.mark.parametrize("day", [date(2018, 11, 7), date(2020, 2, 29), date(2018, 2, 28)])
def test_ages_are_those_of_the_person_query_set(palillo, arrive, day):
    at = datetime(day.year, day.month, day.day, 23, 30, tzinfo=palillo.tz)
    born = [
        date(day.year - years, month, dom)
        for years in (0, 5, 6, 12, 17, 18)
        for month, dom in ((2, 28), (3, 1), (11, 7))
    ]
    arrive(*[exact(b) for b in [*born, date(2000, 2, 29), date(2012, 2, 29), date(2002, 2, 28)]], at=at)
    people, found = Person.objects.present_at(at, palillo), census(palillo, at)
    assert found.adults == people.adults(day).count()
    assert found.minors == people.minors(day).count()
    assert found.age_0_5 == people.aged(0, 5, day).count()


def test_the_day_is_that_of_the_shelter_not_of_the_server(desk):
    tijuana = make_shelter("tijuana", timezone="America/Tijuana")
    make_family(tijuana, exact(date(2000, 11, 8)), by=desk, at=BEFORE)
    last_minute = datetime(2018, 11, 7, 23, 59, tzinfo=tijuana.tz)
    assert census(tijuana, last_minute).minors == 1
    assert census(tijuana, last_minute.astimezone(UTC)).minors == 1
    assert census(tijuana, last_minute + timedelta(minutes=1)).adults == 1


def test_a_moment_keeps_its_numbers_when_people_leave_later(crowd, palillo):
    before = census(palillo, CUT)
    for stay in palillo.stays.open():
        stay.out_at, stay.out_on = AFTER, palillo.day_of(AFTER)
        stay.save()
    assert census(palillo, CUT).total == before.total
    assert census(palillo, CUT).origin == before.origin
    assert census(palillo, AFTER).total == 0


def test_three_queries_for_one_family_and_for_thirty(palillo, arrive):
    counted = []
    for families in (1, 29):
        for _family in range(families):
            mother, _child = arrive({"age": 30}, {"age": 15, "relationship": Relationship.COMPANION})
            make_need(mother, "X-PR", at=BEFORE)
        with CaptureQueriesContext(connection) as queries:
            census(palillo, CUT)
        counted.append(len(queries))
    assert counted == [3, 3]


def test_lines_follow_the_columns_and_show_their_denominator(crowd, palillo):
    lines = {line.code: line for line in CensusReport().rows({"shelter": palillo, "as_of": CUT})}
    assert lines["adults"][2:] == (13, 30, 43)
    assert lines["age_0_5"][2:] == (2, 15, 13)
    assert lines["adults_with_disability"][2:] == (1, 13, 8)
    assert lines["families"][2:] == (21, None, None)
    assert lines["sex.U"][2:4] == (1, 30)
    assert lines["origin.XU"][1:4] == (lines["sex.U"].label, 1, 30)
    assert list(lines)[:9] == [cell.code for cell in CELLS]


def test_the_parts_of_a_whole_add_to_a_hundred(crowd, palillo):
    found = census(palillo, CUT)
    ages = [line for line in cell_lines(found) if line.code in ("adults", "minors", "unknown_age")]
    for lines in (ages, sex_lines(found), origin_lines(found)):
        assert sum(line.share for line in lines) == 100
        assert sum(line.count for line in lines) == found.total


def test_nobody_recorded_comes_last_also_when_nobody_is_in_it(palillo, arrive):
    arrive({"origin_country": "GT"}, {"origin_country": "HN"}, {"origin_country": "HN"})
    assert [(line.code, line.count) for line in origin_lines(census(palillo, CUT))] == [
        ("origin.HN", 2),
        ("origin.GT", 1),
        ("origin.XU", 0),
    ]


def test_nobody_has_no_shares(palillo):
    found = census(palillo, CUT)
    assert {line.share for line in [*cell_lines(found), *sex_lines(found), *origin_lines(found)]} == {None}
    assert cell_lines(found)[0].share_text == "–"


def test_few_people_are_not_shown_as_nobody():
    assert Line("pregnant", "", 24, 4814, 0).share_text == "<1\xa0%"
    assert Line("pregnant", "", 0, 4814, 0).share_text == "0\xa0%"


def test_the_denominator_is_in_words():
    assert "3,088" in of_whom("adults", 3088)
    assert of_whom("minors", 1) != of_whom("adults", 1)


@given(st.lists(st.integers(0, 10**7), max_size=60))
def test_shares_add_to_a_hundred_and_lie_within_one_of_the_exact(counts):
    found, total = shares(counts), sum(counts)
    assert sum(found) == (100 if total else 0)
    assert len(found) == len(counts)
    for percent, count in zip(found, counts, strict=True):
        assert not total or abs(percent - 100 * count / total) < 1
        assert count or not percent


@given(st.lists(st.integers(1, 10**6), min_size=2, max_size=30))
def test_more_people_never_have_the_smaller_share(counts):
    ordered = sorted(counts, reverse=True)
    assert shares(ordered) == sorted(shares(ordered), reverse=True)


def test_the_published_shares_of_origin():
    assert shares([4092, 385, 241, 96]) == [85, 8, 5, 2]


def test_one_share_rounds_halves_up():
    assert [share(1, 8), share(184, 3088), share(1, 200), share(3, 3), share(0, 0)] == [13, 6, 1, 100, None]


def test_a_person_of_no_family_here_is_counted_where_they_sleep(palillo, annex, arrive):
    """The shelter of the stay decides, not the shelter where the family was registered."""
    [person] = arrive({"age": 30}, stay=False)
    make_stay(person, at=BEFORE, shelter=annex)
    make_stay(make_person(person.family, position=1, age=8), at=BEFORE)
    assert census(annex, CUT).adults == 1
    assert census(palillo, CUT).minors == census(palillo, CUT).total == 1
