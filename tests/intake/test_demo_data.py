"""The stadium as stored. The census is counted here by SQL of its own, and by nothing of the app."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from intake.demo import days, palillo
from intake.demo.plan import CENSUS_AT, CENSUS_ON
from intake.models import Family, Intention, Person, PersonNeed, ServiceReceived, Stay
from shelters.models import AccessEvent, Shelter, User

# Without the mark on every test pytest-django would make no test database, and this would be the real one.
pytestmark = pytest.mark.django_db

PRESENT = """
    WITH present AS (
        SELECT person.* FROM intake_person person JOIN intake_stay stay ON stay.person_id = person.id
        JOIN shelters_shelter shelter ON shelter.id = stay.shelter_id AND shelter.code = 'palillo'
        WHERE stay.in_at <= %s AND (stay.out_at IS NULL OR stay.out_at > %s)
    )
"""
ADULT = "birth_date <= '2000-11-07'"
CELLS = {
    "people": ("SELECT count(DISTINCT id) FROM present", 4814),
    "rows": ("SELECT count(*) FROM present", 4814),
    "adults": (f"SELECT count(*) FROM present WHERE {ADULT}", 3088),
    "minors": ("SELECT count(*) FROM present WHERE birth_date > '2000-11-07'", 1726),
    "aged 0 to 5": ("SELECT count(*) FROM present WHERE birth_date > '2012-11-07'", 310),
    "unknown age": ("SELECT count(*) FROM present WHERE birth_date IS NULL", 0),
    "Honduras": ("SELECT count(*) FROM present WHERE origin_country = 'HN'", 4092),
    "Guatemala": ("SELECT count(*) FROM present WHERE origin_country = 'GT'", 385),
    "Nicaragua": ("SELECT count(*) FROM present WHERE origin_country = 'NI'", 241),
    "other": ("SELECT count(*) FROM present WHERE origin_country NOT IN ('HN', 'GT', 'NI')", 96),
    "unaccompanied adolescents": (
        f"""SELECT count(*) FROM present teen
            WHERE birth_date > '2000-11-07' AND birth_date <= '2006-11-07' AND (relationship = 'COMPANION'
            OR NOT EXISTS (SELECT 1 FROM present elder WHERE elder.family_id = teen.family_id
                AND elder.id <> teen.id AND elder.{ADULT} AND elder.relationship <> 'COMPANION'))""",
        31,
    ),
}
NEEDS = {
    "pregnant": ("present.sex = 'F'", 24),
    "disability": (f"present.{ADULT}", 184),
    "lgbt": (f"present.{ADULT}", 87),
}


@pytest.fixture(scope="module", autouse=True)
def counts(django_db_setup, django_db_blocker):
    """Built once for all tests of this file, and rolled back after the last."""
    with django_db_blocker.unblock(), transaction.atomic():
        made = palillo.build()
        connection.check_constraints()  # once here, or PostgreSQL does it again after each test
        yield made
        transaction.set_rollback(True)


def one(sql, *parameters):
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchone()[0]


def stored(moment):
    return connection.ops.adapt_datetimefield_value(moment)


def count_present(sql, moment=CENSUS_AT):
    return one(PRESENT + sql, stored(moment), stored(moment))


@pytest.mark.parametrize("cell", CELLS)
def test_census_cell(cell):
    sql, expected = CELLS[cell]
    assert count_present(sql) == expected


@pytest.mark.parametrize("cell", NEEDS)
def test_census_cell_of_needs_standing_at_that_moment(cell):
    who, expected = NEEDS[cell]
    sql = f"""SELECT count(DISTINCT present.id) FROM present
              JOIN intake_personneed had ON had.person_id = present.id
              JOIN intake_specificneed need ON need.code = had.need_id
              WHERE need.counts_as = '{cell}' AND {who} AND had.reported_at <= %s
              AND (had.ruled_out_at IS NULL OR had.ruled_out_at > %s)"""
    assert one(PRESENT + sql, *[stored(CENSUS_AT)] * 4) == expected


def test_the_querysets_count_the_same():
    present = Person.objects.present_at(CENSUS_AT, Shelter.objects.get(code="palillo"))
    assert (present.count(), present.adults(CENSUS_ON).count()) == (4814, 3088)
    assert (present.minors(CENSUS_ON).count(), present.aged(0, 5, CENSUS_ON).count()) == (1726, 310)


@pytest.mark.parametrize(
    ("moment", "people"),
    [
        (days.at(4, 20), 470),
        (days.at(4, 23), 940),
        (days.at(5, 15), 2900),
        (days.at(6, 20), 4300),
        (days.at(7, 23), 4814),
        (days.NOON_AFTER, 170),
    ],
)
def test_present_at_the_published_moments(moment, people):
    assert count_present("SELECT count(*) FROM present", moment) == people


def test_some_came_and_left_before_the_census():
    assert Stay.objects.count() - count_present("SELECT count(*) FROM present") == 60
    gone = Stay.objects.filter(out_at__lte=CENSUS_AT)
    assert {stay.out_on.day for stay in gone} == {6, 7}


def test_of_the_170_who_remain_100_want_to_stay_and_70_to_go_home():
    sql = """SELECT count(*) FROM present JOIN intake_intention said ON said.person_id = present.id
             JOIN intake_plan plan ON plan.code = said.plan_id
             WHERE plan."group" = '{}' AND NOT EXISTS (SELECT 1 FROM intake_intention later
                 WHERE later.person_id = present.id AND later.said_at > said.said_at)"""
    assert count_present(sql.format("stay"), days.NOON_AFTER) == 100
    assert count_present(sql.format("return"), days.NOON_AFTER) == 70


def test_most_of_the_others_left_for_the_north():
    left = Stay.objects.filter(out_at__gt=CENSUS_AT)
    assert left.count() == 4814 - 170
    assert left.filter(out_to="north").count() > 4000


def test_on_arrival_three_adults_in_four_mean_to_go_on():
    first = Intention.objects.filter(said_at__lt=days.at(8, 0))
    assert 0.70 < first.filter(plan__group="continue").count() / first.count() < 0.80


def test_every_family_has_one_head_and_someone_in_it():
    assert one("SELECT count(*) FROM intake_family") == one(
        "SELECT count(DISTINCT family_id) FROM intake_person WHERE relationship = 'HEAD'"
    )


def test_the_seed_family():
    neptali = Person.objects.get(given_names="Neptalí", surnames="Hernández López")
    family = neptali.family
    assert family.members.count() == 7
    assert {person.origin_region_id for person in family.members.all()} == {"HN-OL"}
    assert family.days_on_the_road == 22
    ale = family.members.get(known_as="Ale")
    assert ale.age_on(CENSUS_ON) == 11
    assert ale.services.filter(service_type="CLO-UND").exists()
    advice = neptali.services.filter(service_type="LEG-ASY").order_by("given_at")
    assert [row.outcome_id for row in advice] == ["ASY-WISH", "ASY-APPT"]


def test_a_refused_notice_leaves_counts_only():
    refused = Person.objects.filter(family__notice_answer="refused")
    assert refused.count() > 24
    assert not refused.exclude(given_names="", surnames="", known_as="", origin_region=None).exists()
    assert not refused.exclude(birth_precision="age").exists()
    for rows in (PersonNeed, Intention):
        assert not rows.objects.filter(person__in=refused).exists()


def test_no_service_outside_a_stay():
    outside = """SELECT count(*) FROM intake_servicereceived service WHERE NOT EXISTS (
        SELECT 1 FROM intake_stay stay WHERE stay.person_id = service.person_id
        AND service.given_at >= stay.in_at AND (stay.out_at IS NULL OR service.given_at < stay.out_at))"""
    assert one(outside) == 0
    assert ServiceReceived.objects.count() > 50_000


def test_limits_are_kept_or_overridden_with_a_reason():
    sql = """SELECT count(*) FROM intake_servicereceived service
             JOIN intake_servicetype kind ON kind.code = service.service_type_id
             WHERE (kind.limit_per = 'none') <> (limit_key IS NULL) AND override_reason = ''"""
    assert one(sql) == 0
    assert ServiceReceived.objects.exclude(override_reason="").count() == 8
    number = "CAST(substr(limit_key, length(limit_key)) AS integer)"
    beyond = f"""SELECT count(*) FROM intake_servicereceived service
                 JOIN intake_servicetype kind ON kind.code = service.service_type_id
                 WHERE limit_key IS NOT NULL AND {number} > kind.limit_count"""
    assert one(beyond) == 0


def test_a_limit_counts_within_what_the_model_says():
    rows = ServiceReceived.objects.filter(limit_key__isnull=False).select_related("service_type", "shelter")
    stays = dict(Stay.objects.values_list("person_id", "pk"))
    for row in rows.order_by("pk")[:300]:
        assert row.limit_key.rpartition("#")[0] == row.limit_scope(stays[row.person_id])


@pytest.mark.parametrize(
    ("code", "total"), [("MED-DEN", 90), ("MED-CUR", 108), ("MED-VTD", 100), ("MED-VIN", 200)]
)
def test_care_as_published(code, total):
    assert ServiceReceived.objects.filter(service_type=code).count() == total


def test_800_consultations_and_600_calls_on_the_fullest_days():
    by_day = ServiceReceived.objects.filter(given_on="2018-11-08")
    assert by_day.filter(service_type="MED-CON").count() == 800
    assert by_day.filter(service_type="RFL-CAL").count() == 600


def test_legal_advice_has_an_outcome_and_other_services_none():
    legal = ServiceReceived.objects.filter(service_type__category="LEG")
    assert legal.count() > 500
    assert not legal.filter(outcome=None).exists()
    assert not ServiceReceived.objects.exclude(service_type__category="LEG").exclude(outcome=None).exists()


def test_local_days_are_those_of_the_shelter():
    shelter = Shelter.objects.get(code="palillo")
    for row in ServiceReceived.objects.order_by("pk")[:2000]:
        assert row.given_on == shelter.day_of(row.given_at)
        assert row.slot == shelter.meal_at(row.given_at)


def test_tents_are_not_overfull_at_the_census():
    over = """SELECT count(*) FROM (SELECT zone.id FROM shelters_zone zone JOIN intake_stay stay
              ON stay.zone_id = zone.id WHERE stay.in_at <= %s AND (stay.out_at IS NULL OR stay.out_at > %s)
              GROUP BY zone.id, zone.capacity HAVING count(*) > zone.capacity) crowded"""
    assert one(over, stored(CENSUS_AT), stored(CENSUS_AT)) == 0
    assert not Stay.objects.filter(zone=None).exists()


def test_nobody_of_the_staff_can_sign_in_before_a_password_is_set():
    staff = User.objects.filter(shelters__code="palillo")
    assert staff.count() == 13
    assert not any(user.has_usable_password() for user in staff)
    assert {group for user in staff for group in user.groups.values_list("name", flat=True)} == {
        "volunteer",
        "health",
        "legal",
        "coordinator",
    }


def test_no_history_and_one_event(counts):
    assert not Person.history.exists()
    assert not ServiceReceived.history.exists()
    event = AccessEvent.objects.get()
    assert event.detail["person"] == counts["person"] == 4874


def test_a_second_run_is_refused_and_changes_nothing(counts):
    with pytest.raises(CommandError, match="already there"):
        call_command("demo_data", "palillo", stderr=StringIO(), stdout=StringIO())
    assert Family.objects.count() == counts["family"]


def test_an_unknown_scenario_is_refused():
    with pytest.raises(CommandError, match="invalid choice"):
        call_command("demo_data", "nowhere")
