"""The situation of a day, against SQL written apart from the code; its page, and what refreshing it leaves behind."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from intake.models import Headcount
from intake.reports import files
from intake.reports.census import CensusReport
from intake.reports.situation import SituationReport
from intake.reports.tables import Counted
from shelters.models import AccessEvent
from tests.factories import NOW, make_family, make_need, make_service, make_stay, make_user, make_zone
from tests.intake.reports.conftest import FIRST, LAST, days_between, years_before

REPORT = SituationReport()
FETCH = {"x-requested-with": "fetch"}
PRESENT = """SELECT DISTINCT p.* FROM intake_person p JOIN intake_stay s ON s.person_id = p.id
    WHERE s.shelter_id = %(place)s AND s.in_at < %(end)s AND (s.out_at IS NULL OR s.out_at >= %(end)s)"""
PARTS = f"""SELECT COUNT(*), COUNT(DISTINCT family_id),
    SUM(CASE WHEN birth_date > %(five)s THEN 1 ELSE 0 END), SUM(CASE WHEN birth_date > %(one)s THEN 1 ELSE 0 END),
    SUM(CASE WHEN birth_date IS NULL THEN 1 ELSE 0 END) FROM ({PRESENT}) here"""
ALONE = f"""WITH here AS ({PRESENT}) SELECT COUNT(*) FROM here child WHERE birth_date > %(grown)s
    AND (relationship = 'COMPANION' OR NOT EXISTS (SELECT 1 FROM here adult WHERE adult.family_id = child.family_id
        AND adult.birth_date <= %(grown)s AND adult.relationship <> 'COMPANION'))"""
MOVED = """SELECT COUNT(DISTINCT s.person_id), COUNT(DISTINCT p.family_id) FROM intake_stay s
    JOIN intake_person p ON p.id = s.person_id
    WHERE s.shelter_id = %(place)s AND s.{at} >= %(begin)s AND s.{at} < %(end)s"""
SERVED = f"""SELECT COUNT(*), COUNT(DISTINCT v.person_id),
    COUNT(DISTINCT CASE WHEN v.person_id IN (SELECT id FROM ({PRESENT}) here) THEN v.person_id END)
    FROM intake_servicereceived v WHERE v.shelter_id = %(place)s AND v.cancelled_at IS NULL
    AND v.given_on BETWEEN %(first)s AND %(last)s AND (%(only)s = '' OR v.service_type_id LIKE %(only)s)
    AND (%(only)s <> 'FOOD-%%' OR v.service_type_id IN ('FOOD-BRK', 'FOOD-LUN', 'FOOD-DIN'))"""
TALLIED = """SELECT COALESCE(SUM(people), 0) FROM intake_tally WHERE shelter_id = %(place)s AND cancelled_at IS NULL
    AND counted_on BETWEEN %(first)s AND %(last)s AND (%(only)s = '' OR service_type_id LIKE %(only)s)"""


def midnight(place, day):
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(place.timezone)).astimezone(UTC)


def figures(tables, **choice):
    return dict(tables(REPORT, **choice)["situation"])


@pytest.mark.parametrize("day", days_between(FIRST, LAST))
def test_who_is_there_when_a_day_ends_is_that_of_plain_sql(crowd, tables, sql, place, day):
    end = midnight(place, day + timedelta(days=1))
    found = figures(tables, since=day, until=day)
    born = {"one": years_before(day, 1), "five": years_before(day, 5), "grown": years_before(day, 18)}
    [wanted] = sql(PARTS, end=end, **born)
    names = ("present", "families", "under_5", "babies", "unknown_age")
    assert tuple(found[name] for name in names) == tuple(number or 0 for number in wanted)
    assert found["unaccompanied"] == sql(ALONE, end=end, **born)[0][0]


@pytest.mark.parametrize("since", [FIRST, LAST - timedelta(days=1), LAST])
def test_who_came_and_left_is_that_of_plain_sql(crowd, tables, sql, place, since):
    found = figures(tables, since=since)
    bounds = {"begin": midnight(place, since), "end": midnight(place, LAST + timedelta(days=1))}
    [came], [left] = (sql(MOVED.format(at=at), **bounds) for at in ("in_at", "out_at"))
    assert (found["arrived"], found["arrived_families"]) == came
    assert (found["left"], found["left_families"]) == left


@pytest.mark.parametrize("since", [FIRST, LAST - timedelta(days=1), LAST])
def test_meals_and_people_served_are_those_of_plain_sql(crowd, tables, sql, place, since):
    end = midnight(place, LAST + timedelta(days=1))
    found = {code: numbers for code, *numbers in tables(REPORT, since=since)["meals"]}
    only = {
        "FOOD-BRK": "FOOD-BRK",
        "FOOD-LUN": "FOOD-LUN",
        "FOOD-DIN": "FOOD-DIN",
        "meals": "FOOD-%",
        "all": "",
    }
    assert list(found) == list(only)
    for code, pattern in only.items():
        asked = {"end": end, "first": since, "last": LAST, "only": pattern}
        events, people, present, _share, tally = found[code]
        assert (events, people, present) == sql(SERVED, **asked)[0], code
        assert tally == sql(TALLIED, **asked)[0][0], code


def test_people_and_times_are_two_numbers_and_tallies_are_in_neither(crowd, tables):
    found = {code: numbers for code, *numbers in tables(REPORT)["meals"]}
    assert found["meals"] == [10, 5, 5, 45, 42]
    assert found["FOOD-LUN"][-1] == 42


def test_somebody_who_went_and_came_back_is_one_person(crowd, tables):
    """Of the crowd one left on the 5th at 10:00 and was back at 18:00; one has two stays at once."""
    day = date(2018, 11, 5)
    found = figures(tables, since=day, until=day)
    assert found["left"] == 1
    assert found["arrived"] == 2  # who is back, and who is there twice
    assert found["present"] == 10


def test_a_joined_family_is_one_family(crowd, tables):
    """Seven by hand; the woman who was registered twice, and her daughter, are one of them."""
    found = figures(tables)
    assert (found["families"], found["present"]) == (7, 11)


def test_a_day_that_begins_before_that_of_utc(place, reader, at, tables):
    """On Kiritimati it is already the 7th while UTC still writes the 6th at ten in the morning."""
    place.timezone = "Pacific/Kiritimati"
    place.save()
    early = datetime(2018, 11, 6, 10, 30, tzinfo=UTC)  # 00:30 on the 7th
    make_service(make_family(place, {"age": 2}, by=reader, at=early).members.get(), "FOOD-BRK", at=early)
    days = {day: figures(tables, since=date(2018, 11, day), until=date(2018, 11, day)) for day in (6, 7)}
    assert [(days[day]["present"], days[day]["arrived"]) for day in (6, 7)] == [(0, 0), (1, 1)]
    seventh = tables(REPORT, since=date(2018, 11, 7), until=date(2018, 11, 7))
    assert {row[0]: row[1] for row in seventh["meals"]}["FOOD-BRK"] == 1
    assert next(row for row in seventh["hours"] if row[1])[0] == "00:00"


def test_an_age_nobody_wrote_down_is_in_no_other_cell(place, reader, at, tables):
    make_family(place, {"age": None}, {"age": 3}, {"age": 0}, by=reader, at=at(6, 9))
    found = figures(tables)
    assert (found["unknown_age"], found["under_5"], found["babies"]) == (1, 2, 1)
    assert found["unaccompanied"] == 2  # no adult is known


def test_every_number_has_as_many_records(crowd, asked):
    """Tallies count many each; they are followed in test_records."""
    for until in (LAST, date(2018, 11, 5)):
        for table in REPORT.tables({**asked, "until": until}):
            for number, _row, column in table.counted():
                assert column.code == "tally" or number.records().count() == number, number.key


def test_any_service_opens_only_for_whoever_may_know_each_of_them(crowd, asked):
    def opens(**choice):
        meals = REPORT.tables({**asked, **choice})[1]
        return {row[0].code for row in meals.rows if isinstance(row[1], Counted)}

    assert opens() == {"FOOD-BRK", "FOOD-LUN", "FOOD-DIN", "meals"}
    assert "all" in opens(until=date(2018, 11, 5))


# --- outside the shelter ---------------------------------------------------------------------------------------


def outside(report, asked):
    [table] = files.tables_of(report, {**asked, "outside": True})
    return {getattr(row[0], "code", row[0]): row[1 if report is REPORT else 2] for row in table.compute()}


def test_outside_present_is_what_the_census_tells(place, reader, at, asked):
    """17 adults, 18 minors, 9 of unknown age: 15 and 20 are told."""
    for age, people in ((30, 17), (8, 18), (None, 9)):
        for _person in range(people):
            make_family(place, {"age": age}, by=reader, at=at(6, 9))
    found = outside(REPORT, {**asked, "since": LAST})
    assert found == {
        "present": 35,
        "families": 45,
        "arrived": 45,
        "arrived_families": 45,
        "left": None,
        "left_families": None,
    }
    assert outside(CensusReport(), asked)["total"] == 35


def test_outside_who_moved_in_several_days_is_told_day_by_day_elsewhere(crowd, asked):
    assert set(outside(REPORT, asked)) == {"present", "families"}


# --- the night count -------------------------------------------------------------------------------------------


def count(place, reader, at, people, registered, zone=None):
    Headcount.objects.create(
        shelter=place,
        zone=zone,
        counted_at=at,
        counted_on=place.day_of(at),
        people=people,
        registered=registered,
        by=reader,
    )


def test_the_night_count_is_the_last_of_the_whole_shelter(place, reader, at, tables):
    count(place, reader, at(5, 23), 10, 12)
    count(place, reader, at(6, 22), 20, 18)
    count(place, reader, at(6, 23), 9, 9, make_zone(place))
    found = figures(tables)
    assert (found["counted"], found["difference"]) == (20, 2)


def test_zones_counted_one_by_one_in_a_night_are_added(place, reader, at, tables):
    one, two = make_zone(place, "A"), make_zone(place, "B")
    count(place, reader, at(5, 23), 900, 900, one)
    count(place, reader, at(6, 22), 100, 100, one)
    count(place, reader, at(6, 22, 30), 7, 9, one)
    count(place, reader, at(6, 23), 5, 5, two)
    found = figures(tables)
    assert (found["counted"], found["difference"]) == (12, -2)


def test_an_old_count_or_a_later_one_says_nothing(place, reader, at, tables):
    count(place, reader, at(4, 10), 10, 12)
    count(place, reader, at(7, 1), 10, 12)
    found = figures(tables)
    assert (found["counted"], found["difference"]) == (None, None)


# --- the page --------------------------------------------------------------------------------------------------


def page(**asked):
    with translation.override("es"):
        return reverse("reports:page", args=["situation"], query=asked or None)


@pytest.fixture
def clock():
    with time_machine.travel(NOW + timedelta(hours=5), tick=False) as travel:
        yield travel


def test_it_is_about_today_unless_asked_otherwise(clock, coordinator, palillo):
    make_family(palillo, {"age": 34}, {"age": 4})
    shown = coordinator.get(page()).context
    assert (shown["since"], shown["until"]) == (date(2018, 11, 6), date(2018, 11, 6))
    assert shown["people"]["present"] == 2
    assert not shown["is_over"]
    assert coordinator.get(page(period="last_3")).context["since"] == date(2018, 11, 4)
    assert coordinator.get(page(since="2018-11-05")).context["until"] == date(2018, 11, 5)


def test_of_today_it_shows_this_moment(clock, coordinator, palillo):
    [person] = make_family(palillo, {}, stay=False).members.all()
    make_stay(person, out=NOW + timedelta(hours=4))
    shown = coordinator.get(page()).context
    assert (shown["people"]["present"], shown["moved"]["arrived"], shown["moved"]["left"]) == (0, 1, 1)


def test_it_stands_first_on_the_menu_and_large_on_the_first_page_of_the_admin(coordinator, palillo):
    with translation.override("es"):
        menu = coordinator.get(reverse("reports:index"))
        assert [report.slug for report in menu.context["reports"]][:2] == ["situation", "age_sex"]
        assert page() in coordinator.get(reverse("admin:index")).text


def test_who_may_open_no_report_is_not_shown_the_way(cast, sign_in):
    with translation.override("es"):
        assert page() not in sign_in(cast.administrator).get(reverse("admin:index")).text


def test_an_empty_shelter_is_told_kindly(clock, coordinator, palillo):
    text = coordinator.get(page()).text
    assert "Todavía no hay nadie en Estadio Palillo" in text
    assert "Nada espera una decisión" in text
    assert "Nadie llegó en este día" in text


def test_whoever_has_several_shelters_chooses(cast, annex, coordinator):
    cast.coordinator.shelters.add(annex)
    shown = coordinator.get(page())
    assert not shown.context["found"]
    assert "<details" in shown.text


def test_a_day_that_is_none_is_answered_beside_the_field(coordinator, palillo):
    shown = coordinator.get(page(since="ayer"))
    assert shown.status_code == 422
    assert "2018-11-07" in shown.text


def test_its_queries_are_few_and_do_not_grow(clock, coordinator, palillo, cast):
    desk, counted = make_user(shelters=[palillo]), []
    for families in (1, 19):
        for _family in range(families):
            family = make_family(palillo, {}, {"age": 14}, {"age": 3}, by=desk, at=NOW - timedelta(days=3))
            make_need(family.members.first(), "X-PR")
            make_service(family.members.first(), at=NOW)
        with CaptureQueriesContext(connection) as queries:
            coordinator.get(page())
        counted.append(len(queries))
    assert counted[0] == counted[1] <= 30


def test_its_large_numbers_open(clock, coordinator, palillo):
    person = make_family(palillo, {"age": None}, {"age": 0}).members.first()
    make_service(person, "FOOD-LUN")
    shown = coordinator.get(page()).text
    asked = "/es/admin/reports/situation/records/?shelter=palillo&amp;since=2018-11-06&amp;until=2018-11-06&amp;cell="
    for key in ("present", "families", "arrived", "arrived_families", "under_5", "babies", "unknown_age"):
        assert f'href="{asked}{key}"' in shown, key
    assert f'en <a class="report-opens" href="{asked}families">1</a> familia' in shown
    assert f'{asked}meals.events"' in shown
    assert f'{asked}left"' not in shown


# --- asked again by a page that stays open -----------------------------------------------------------------------


def opened():
    return AccessEvent.objects.filter(action="report_opened").count()


def test_a_refresh_is_the_inner_part_alone(clock, coordinator, palillo):
    whole, part = coordinator.get(page()), coordinator.get(page(), headers=FETCH)
    assert "<html" not in part.text
    assert part.text.strip() in whole.text


def test_a_refresh_leaves_one_event_an_hour(clock, coordinator, palillo):
    coordinator.get(page())
    for _minute in range(50):
        clock.shift(60)
        assert coordinator.get(page(), headers=FETCH).status_code == 200
    assert opened() == 1
    for _minute in range(20):
        clock.shift(60)
        coordinator.get(page(), headers=FETCH)
    assert opened() == 2


def test_a_header_alone_opens_nothing_unseen(clock, coordinator, cast, palillo):
    coordinator.get(page(), headers=FETCH)
    coordinator.get(page(since="2018-11-05"), headers=FETCH)
    assert opened() == 2
    AccessEvent.objects.get(action="report_opened", user=cast.coordinator, detail__since="2018-11-05")


def test_what_a_colleague_opened_spares_no_event(clock, coordinator, cast, sign_in, palillo):
    coordinator.get(page())
    sign_in(cast.data_officer).get(page(), headers=FETCH)
    assert opened() == 2


def test_no_other_report_can_be_asked_for_in_parts(coordinator, palillo):
    with translation.override("es"):
        census = reverse("reports:page", args=["census"])
    for _twice in range(2):
        assert "<html" in coordinator.get(census, headers=FETCH).text
    assert opened() == 2


def test_a_refresh_keeps_no_session_alive(clock, coordinator, palillo):
    coordinator.get(page())
    stored = coordinator.session.model.objects.get(pk=coordinator.session.session_key).expire_date
    clock.shift(3600)
    answer = coordinator.get(page(), headers=FETCH)
    assert "sessionid" not in answer.cookies
    assert coordinator.session.model.objects.get(pk=coordinator.session.session_key).expire_date == stored
    clock.move_to(stored + timedelta(minutes=1))
    assert coordinator.get(page(), headers=FETCH).status_code == 302
