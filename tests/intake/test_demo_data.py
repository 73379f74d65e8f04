"""The stadium as stored. The census is counted here by SQL of its own, and by nothing of the app."""

from collections import Counter, defaultdict
from datetime import datetime, timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection, models, transaction
from django.db.models import Count, Q, Sum
from django.utils import timezone

from intake import look_alikes
from intake.ages import Birth
from intake.cards import read_code
from intake.demo import days, palillo, plan, site
from intake.demo.cards import SEED_CARD
from intake.demo.plan import CENSUS_AT, CENSUS_ON
from intake.models import (
    Alert,
    Card,
    CardBatch,
    Cut,
    Departure,
    Family,
    Goods,
    GoodsMovement,
    Headcount,
    Intention,
    Person,
    PersonNeed,
    ServiceReceived,
    Sighting,
    Stay,
    Tally,
    Ticket,
)
from intake.reports.census import census
from intake.reports.cut_changes import changes
from intake.reports.situation import SituationReport
from shelters.models import AccessEvent, Shelter, User

NOW = datetime(2026, 3, 10, 16, 20, tzinfo=plan.TZ)
TODAY = NOW.date()
LATER = NOW + timedelta(days=3, hours=2)
# Without the mark on every test pytest-django would make no test database, and this would be the real one.
pytestmark = pytest.mark.django_db

NEW_KINDS = "card cardbatch tally ticket goodsmovement departure headcount sighting alert".split()
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
        made = palillo.build(now=NOW)
        connection.check_constraints()  # once here, or PostgreSQL does it again after each test
        yield made
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def later(counts, django_db_blocker):
    """The same demo as it would be made some days later, by kind, not stored."""
    with django_db_blocker.unblock():
        return palillo.everything(palillo.SEED, site.cast(), LATER)


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
    assert all(event.detail[kind] == counts[kind] > 0 for kind in NEW_KINDS)


def test_the_command_tells_of_every_kind(counts):
    """What is counted is what was stored."""
    for kind in NEW_KINDS:
        assert one(f"SELECT count(*) FROM intake_{kind}") == counts[kind]


def test_a_second_run_is_refused_and_changes_nothing(counts):
    with pytest.raises(CommandError, match="already there"):
        call_command("demo_data", "palillo", stderr=StringIO(), stdout=StringIO())
    assert Family.objects.count() == counts["family"]


def test_an_unknown_scenario_is_refused():
    with pytest.raises(CommandError, match="invalid choice"):
        call_command("demo_data", "nowhere")


def test_the_seed_family_holds_the_card_of_the_handbook():
    assert read_code(SEED_CARD) == SEED_CARD
    card = Card.objects.usable().get(pk=SEED_CARD)
    assert card.family.members.filter(given_names="Neptalí").exists()
    assert card.family.cards.count() == 1


def test_nearly_every_family_has_one_card_that_holds():
    holding = Family.objects.annotate(held=Count("cards", filter=Q(cards__revoked_at=None)))
    assert set(holding.values_list("held", flat=True)) == {0, 1}
    assert 0.97 < holding.filter(held=1).count() / holding.count() < 1
    refused = holding.filter(notice_answer="refused")
    assert refused.filter(held=1).count() > 0.8 * refused.count()  # a card says nothing


def test_every_code_reads_and_was_bound_when_its_family_came():
    assert all(read_code(code) == code for code in Card.objects.values_list("code", flat=True))
    first = Card.objects.filter(family__isnull=False).exclude(revoked_as="").select_related("family")
    assert first.exclude(bound_at=models.F("family__registered_at")).count() == 0
    assert not Card.objects.filter(bound_at__lt=models.F("batch__made_at")).exists()


def test_some_cards_were_replaced_one_pile_voided_and_some_are_blank():
    why = dict(Card.objects.order_by().values_list("revoked_as").annotate(Count("pk")))
    del why[""]
    assert why == {"lost": 14, "damaged": 4, "wrong": 2, "voided": 400}
    for card in Card.objects.filter(family__isnull=False).exclude(revoked_as=""):
        newer = card.family.cards.usable().get()
        assert newer.bound_at > card.revoked_at
    assert Card.objects.blank().count() > 50
    assert not Card.objects.filter(revoked_as="voided", batch__voided_at=None).exists()
    assert not Card.objects.usable().filter(batch__voided_at__isnull=False).exists()


def test_every_scan_is_one_family_one_meal_one_line():
    columns = ("person__family", "service_type", "given_at", "desk", "recorded_by", "organization")
    visits = defaultdict(set)
    for scan, *visit in ServiceReceived.objects.filter(scan__isnull=False).values_list("scan", *columns):
        visits[scan].add(tuple(visit))
    assert len(visits) > 25_000
    assert {len(visit) for visit in visits.values()} == {1}
    lines = {next(iter(visit))[3] for visit in visits.values()}
    assert lines == {f"food {number}" for number in range(1, 9)}


def test_only_who_holds_a_card_is_scanned():
    by_scan = ServiceReceived.objects.filter(scan__isnull=False)
    assert not by_scan.filter(person__family__cards=None).exists()
    assert not by_scan.exclude(service_type__category="FOOD").exists()
    by_hand = ServiceReceived.objects.filter(service_type__category="FOOD", scan=None)
    assert by_hand.exists() and not by_hand.exclude(person__family__cards=None).exists()


def test_who_was_counted_by_thumb_is_not_there_by_name():
    dinner = Tally.objects.standing().filter(service_type="FOOD-DIN")
    assert {row.line for row in dinner} == {"food 5", "food 6", "food 7", "food 8"}
    assert {row.counted_on for row in dinner} == {CENSUS_ON}
    assert {row.who for row in dinner} == set(Tally.Who.values)
    assert 500 < dinner.aggregate(people=Sum("people"))["people"] < 1200
    first, last = min(row.counted_at for row in dinner), max(row.counted_at for row in dinner)
    named = ServiceReceived.objects.filter(service_type="FOOD-DIN", given_at__range=(first, last))
    assert named.exists()
    assert not named.filter(desk__in={row.line for row in dinner}).exists()


def test_water_is_counted_on_several_days_and_a_press_can_be_taken_back():
    water = Tally.objects.filter(service_type="FOOD-WAT")
    assert {row.counted_on.day for row in water} == {5, 6, 7, 8, 9}
    assert not ServiceReceived.objects.filter(service_type="FOOD-WAT").exists()
    assert Tally.objects.exclude(cancelled_at=None).count() == 3


def test_numbers_of_a_day_run_on_and_turns_are_different():
    by_line = defaultdict(list)
    for row in Ticket.objects.values_list("queued_on", "line", "number", "turn"):
        by_line[row[:2]].append(row[2:])
    assert len(by_line) == 3 * 4
    for tickets in by_line.values():
        assert sorted(number for number, _turn in tickets) == list(range(1, len(tickets) + 1))
        assert len({turn for _number, turn in tickets}) == len(tickets)


def test_the_queue_of_the_stadium_is_over():
    past = Ticket.objects.filter(queued_on__lt=TODAY)
    assert set(past.values_list("state", flat=True)) == {"done", "gone"}
    assert not past.filter(
        Q(called_at__lt=models.F("queued_at")) | Q(ended_at__lt=models.F("called_at"))
    ).exists()
    assert not past.filter(queued_at__lt=models.F("family__registered_at")).exists()
    assert set(past.values_list("priority", flat=True)) == {"", "pregnant", "infant", "older", "disability"}


def test_a_queue_is_at_work_today():
    today = Ticket.objects.filter(queued_on=TODAY)
    states = defaultdict(Counter)
    for line, state in today.values_list("line", "state"):
        states[line][state] += 1
    for line in Ticket.Line:
        assert states[line]["called"] == 1 and states[line]["waiting"] >= 2 and states[line]["done"] >= 2
    assert not today.filter(Q(queued_at__gt=NOW) | Q(called_at__gt=NOW) | Q(ended_at__gt=NOW)).exists()
    waited = [NOW - row.queued_at for row in today.waiting()]
    assert 12 <= len(waited) <= 18
    assert timedelta(minutes=1) < min(waited) and max(waited) < timedelta(minutes=40)


def test_who_waits_today_is_still_there_and_a_priority_comes_earlier():
    today = Ticket.objects.filter(queued_on=TODAY)
    families = [row.family_id for row in today if row.family_id]
    assert len(set(families)) == len(families)
    assert not Stay.objects.filter(person__family__in=families, out_at__isnull=False).exists()
    for first in today.waiting().exclude(priority=""):
        after = today.waiting().filter(line=first.line, turn__gt=first.turn)
        assert after.filter(number__lt=first.number).exists()


def test_no_shelf_is_below_zero_and_a_few_are_nearly_empty():
    stock = Counter()
    for *shelf, change in GoodsMovement.objects.order_by("moved_at", "-change").values_list(
        "station__code", "goods", "size", "change"
    ):
        stock[tuple(shelf)] += change
        assert stock[tuple(shelf)] >= 0, shelf
    assert len({station for station, _goods, _size in stock}) == 3
    assert 5 <= sum(count <= 3 for count in stock.values()) <= len(stock) / 3


def test_what_was_handed_out_fits_the_service_and_its_day():
    sizes = {goods.pk: goods.size_list or [""] for goods in Goods.objects.all()}
    handed = GoodsMovement.objects.filter(kind="handed_out").select_related("service", "goods")
    assert handed.count() > 10_000
    for row in handed:
        assert row.goods.service_type_id == row.service.service_type_id
        assert row.size in sizes[row.goods_id]
        assert (row.moved_at, row.moved_on, row.change) == (row.service.given_at, row.service.given_on, -1)
    given = ServiceReceived.objects.filter(service_type__in={row.goods.service_type_id for row in handed})
    assert given.count() == handed.count() == handed.values("service").distinct().count()
    ale = handed.filter(service__person__known_as="Ale", goods="SOCKS", service__service_type="CLO-UND")
    assert ale.exists()


def test_donations_have_a_giver_and_the_shelves_were_counted():
    assert not GoodsMovement.objects.filter(kind="donation", organization=None).exists()
    assert GoodsMovement.objects.filter(kind="count").count() > 20


def test_a_departure_is_one_hour_in_one_direction():
    departures = Departure.objects.annotate(people=Count("stays"))
    assert sum(row.people for row in departures) > 4000
    for row in departures:
        assert row.people >= 10
        assert set(row.stays.values_list("out_to", flat=True)) == {row.to}
        first = row.stays.earliest("out_at").out_at
        assert row.left_at - timedelta(hours=1) < first <= row.left_at == row.stays.latest("out_at").out_at


def test_no_family_is_split_by_a_departure():
    split = Family.objects.annotate(ways=Count("members__stays__departure", distinct=True)).filter(ways__gt=1)
    assert not split.exists()


def test_headcounts_name_what_the_register_had():
    census_night = Headcount.objects.filter(counted_on=CENSUS_ON, counted_at__gte=CENSUS_AT)
    assert census_night.aggregate(people=Sum("registered"))["people"] == 4814
    assert census_night.count() == len(site.ZONES)
    for row in Headcount.objects.all():
        assert abs(row.difference) <= 5 + 0.04 * row.registered
    assert any(row.difference < 0 for row in census_night) or any(row.difference > 0 for row in census_night)


def test_last_night_nearly_everybody_who_remains_was_seen():
    last_night = Sighting.objects.filter(seen_at__gt=NOW - timedelta(hours=36))
    assert set(last_night.values_list("person__stays__out_at", flat=True)) == {None}
    missing = Stay.objects.open().exclude(person__in=last_night.values("person"))
    assert 4 <= missing.count() <= 30
    assert Sighting.objects.count() < 20_000


def test_each_unaccompanied_adolescent_has_an_alert_and_a_few_are_open():
    alerts = Alert.objects.filter(kind="unaccompanied")
    assert alerts.count() == alerts.values("person").distinct().count() == 31
    assert alerts.open().count() == 4
    settled = Alert.objects.filter(settled_at__isnull=False)
    assert settled.count() > 30
    assert not settled.filter(Q(note="") | Q(settled_by=None)).exists()
    assert not settled.filter(settled_at__lt=models.F("raised_at")).exists()
    left = Alert.objects.filter(kind="left_alone")
    assert left.open().count() == 3
    assert not left.exclude(raised_at=models.F("person__stays__out_at")).exists()


def test_the_same_seed_makes_the_same_rows_on_another_day_too(later):
    for model, rows in later.items():
        stored_rows = model.objects.all()
        if model is Ticket:
            stored_rows = stored_rows.filter(queued_on__lt=TODAY)
            rows = [row for row in rows if row.queued_on < TODAY]
        if model is Sighting:
            stored_rows = stored_rows.filter(seen_at__year=2018)
            rows = [row for row in rows if row.seen_at.year == 2018]
        if model is CardBatch:
            continue
        assert {row.pk for row in rows} == set(stored_rows.values_list("pk", flat=True)), model


def test_another_day_the_same_families_wait(later):
    again = [row for row in later[Ticket] if row.queued_on > TODAY]
    assert {row.queued_on for row in again} == {LATER.date()}
    columns = ("line", "number", "turn", "state", "family_id", "people", "priority", "desk")
    stored_rows = Ticket.objects.filter(queued_on=TODAY).values_list(*columns)
    assert {tuple(getattr(row, name) for name in columns) for row in again} == set(stored_rows)


def test_started_on_another_day_the_queue_is_at_work_again(later):
    moved_on = Ticket.objects.filter(queued_on=TODAY, state="waiting", family__isnull=False).first().family
    Stay.objects.open().filter(person__family=moved_on).update(out_at=LATER, out_on=LATER.date())
    with time_machine.travel(LATER, tick=False):
        call_command("demo_data", "palillo", "--today")
        call_command("demo_data", "palillo", "--today")  # once a day
    again = Ticket.objects.filter(queued_on=LATER.date())
    assert again.waiting().count() == Ticket.objects.filter(queued_on=TODAY).waiting().count()
    assert not again.filter(family=moved_on).exists()
    seen = Sighting.objects.filter(seen_at__gt=LATER - timedelta(days=1)).values("person__family").distinct()
    assert 0 < Stay.objects.open().values("person__family").distinct().count() - seen.count() <= 4


def test_a_shelter_that_is_no_demo_has_no_queue_made_for_it(later):
    with time_machine.travel(LATER, tick=False), transaction.atomic():
        Shelter.objects.filter(code="palillo").update(code="otro")
        call_command("demo_data", "palillo", "--today")
        transaction.set_rollback(True)
    assert not Ticket.objects.filter(queued_on=LATER.date()).exists()


def test_neftali_hernandes_is_warned_of_among_all_of_them(db):
    """As a volunteer types: the name as it sounds and the age, neither sex nor origin yet."""
    shelter = Shelter.objects.get(code="palillo")
    typed = Person(family=Family(shelter=shelter), given_names="Neftali", surnames="Hernandes")
    neptali = Person.objects.get(given_names="Neptalí", surnames="Hernández López")
    typed.birth = Birth.from_age(neptali.age_on(timezone.localdate()), timezone.localdate())
    shown = look_alikes.families([typed], shelter=shelter)
    assert shown[0][0].found == neptali
    assert {str(reason) for reason in shown[0][0].reasons} >= {"nombres parecidos: Hernandes y Hernandez"}


def test_the_situation_page_of_the_day_of_the_census_counts_what_sql_counts():
    end = stored(datetime(2018, 11, 7, 23, 59, 59, 999999, tzinfo=plan.TZ))
    asked = {
        "shelter": Shelter.objects.get(),
        "reader": None,
        "since": CENSUS_ON,
        "until": CENSUS_ON,
        "codes": True,
    }
    tables = {table.code: dict_of(table) for table in SituationReport().tables(asked)}
    figures = {code: numbers[0] for code, numbers in tables["situation"].items()}
    assert figures["present"] == one(f"{PRESENT} SELECT count(*) FROM present", end, end)
    assert figures["families"] == one(f"{PRESENT} SELECT count(DISTINCT family_id) FROM present", end, end)
    young = f"{PRESENT} SELECT count(*) FROM present WHERE birth_date > '2013-11-07'"
    assert figures["under_5"] == one(young, end, end)
    for name, day in (("arrived", "in_on"), ("left", "out_on")):
        moved = f"SELECT count(DISTINCT person_id) FROM intake_stay WHERE {day} = '2018-11-07'"
        assert figures[name] == one(moved)
    given = "FROM intake_servicereceived WHERE given_on = '2018-11-07' AND cancelled_at IS NULL"
    fed = f"{given} AND service_type_id IN ('FOOD-BRK', 'FOOD-LUN', 'FOOD-DIN')"
    events, people, present, _share, _tally = tables["meals"]["meals"]
    assert (events, people) == (one(f"SELECT count(*) {fed}"), one(f"SELECT count(DISTINCT person_id) {fed}"))
    there = f"{PRESENT} SELECT count(DISTINCT person_id) {fed} AND person_id IN (SELECT id FROM present)"
    assert present == one(there, end, end)
    assert figures["unaccompanied"] == 31  # as the city published
    assert (figures["counted"], figures["difference"]) == (4801, -13)


def dict_of(table) -> dict:
    return {code: numbers for code, *numbers in table.exported(codes=True)}


def test_the_censuses_that_were_handed_in_are_frozen(counts):
    cuts = list(Cut.objects.order_by("as_of"))
    assert [cut.numbers["total"] for cut in cuts if cut.note] == [470, 2900, 4300, 4814, 170]
    for cut in cuts:
        assert cut.numbers["total"] == count_present("SELECT count(*) FROM present", cut.as_of)
        assert cut.frozen_at > cut.as_of
        assert changes(cut, census(cut.shelter, cut.as_of)) == []
    assert len(cuts) == counts["cut"] == 9
