"""What needs a decision: each line against SQL or by hand, and to whom it leads where."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.urls import reverse
from django.utils import translation

from intake import presence
from intake.actions.merging import merge
from intake.models import Alert, PersonNeed, Sighting
from intake.reports.decisions import lines
from tests.factories import NOW, make_family, make_need, make_service, make_stay, make_zone

DAY = timedelta(days=1)
LONG_AGO = NOW - 5 * DAY


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as travel:
        yield travel


@pytest.fixture
def waiting(palillo, cast):
    """Code → (number, people)."""

    def found(reader=None):
        return {line.what.code: tuple(line.waiting) for line in lines(palillo, reader or cast.coordinator)}

    return found


def sql(query, *values):
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return cursor.fetchone()


def alert(person, kind="unaccompanied", **fields):
    return Alert.objects.create(
        shelter=person.family.shelter, person=person, kind=kind, raised_at=NOW, **fields
    )


def test_nothing_waits_in_an_empty_shelter(waiting):
    assert {number for number, _people in waiting().values()} == {0}


def test_open_alerts_wait_until_they_are_settled(waiting, palillo, cast):
    child = make_family(palillo, {"age": 15}).members.get()
    alert(child)
    alert(child, "split")
    alert(child, "left_alone", settled_at=NOW, settled_by=cast.coordinator)
    assert waiting()["alerts"] == (2, None)


def test_a_child_alone_waits_until_somebody_was_told_or_said_so(waiting, palillo, cast):
    told, confirmed, ruled_out, unheard = (
        make_family(palillo, {"age": age}).members.get() for age in (15, 16, 17, 9)
    )
    make_family(palillo, {"age": 30}, {"age": 9})
    make_family(palillo, {"age": None})
    assert waiting()["children_alone"] == (4, None)
    alert(told, settled_at=NOW, settled_by=cast.coordinator)
    make_need(confirmed, "SC-UC", state=PersonNeed.State.CONFIRMED)
    make_need(ruled_out, "SC-UC", state=PersonNeed.State.RULED_OUT, ruled_out_at=NOW)
    assert waiting()["children_alone"] == (1, None)
    make_family(palillo, {"age": 12}, stay=False)  # not here
    alert(unheard)
    assert waiting()["children_alone"] == (0, None)


def test_its_line_leads_to_these_very_children(coordinator, cast, palillo, annex):
    child = make_family(palillo, {"age": 9, "given_names": "Sola"}).members.get()
    make_family(palillo, {"given_names": "Madre"}, {"age": 9, "given_names": "Hija"})
    make_family(annex, {"age": 9, "given_names": "Lejos"})
    line = next(line for line in lines(palillo, cast.coordinator) if line.what.code == "children_alone")
    with translation.override("es"):
        address = reverse("admin:intake_person_changelist") + "?" + line.address.partition("?")[2]
    shown = coordinator.get(address)
    assert [person.pk for person in shown.context["cl"].result_list] == [child.pk]
    strange = coordinator.get(address.replace("palillo", "anexo"))
    assert "Lejos" not in strange.text


def test_zones_over_their_capacity(waiting, palillo, cast):
    small, exact, open_ended = (
        make_zone(palillo, code, capacity=n) for code, n in (("A", 1), ("B", 2), ("C", None))
    )
    for zone, people in ((small, 3), (exact, 2), (open_ended, 4)):
        for person in make_family(palillo, *[{}] * people, stay=False).members.all():
            make_stay(person, zone=zone)
    assert waiting()["crowded"] == (1, 2)


def test_families_not_seen_are_those_of_the_page_they_lead_to(waiting, palillo, cast):
    quiet, fed, seen, new = (make_family(palillo, {}, {"age": 4}, at=LONG_AGO) for _each in range(4))
    make_service(fed.members.first(), at=NOW - DAY)
    Sighting.objects.create(person=seen.members.last(), seen_at=NOW - DAY, by=cast.volunteer)
    make_family(palillo, {}, at=NOW - DAY)
    new.members.first().stays.update(out_at=NOW, out_on=NOW.date())  # one left, the other was not seen
    assert waiting()["not_seen"] == (2, 3)
    assert presence.quiet_families(palillo)[1] == 2
    assert presence.quiet_ids(palillo) == {quiet.pk: 2, new.pk: 1}


ADVICE = """SELECT COUNT(DISTINCT p.family_id), COUNT(DISTINCT p.id) FROM intake_person p
    JOIN intake_stay s ON s.person_id = p.id AND s.out_at IS NULL JOIN intake_family f ON f.id = p.family_id
    JOIN shelters_shelter h ON h.id = s.shelter_id AND h.code = 'palillo'
    WHERE EXISTS (SELECT 1 FROM intake_stay e JOIN intake_person m ON m.id = e.person_id WHERE m.family_id = f.id
        AND e.out_at IS NULL AND e.in_at <= '2018-11-05 03:00:00')
    AND NOT EXISTS (SELECT 1 FROM intake_servicereceived v
        JOIN intake_person q ON q.id = v.person_id JOIN intake_servicetype t ON t.code = v.service_type_id
        WHERE q.family_id = f.id AND v.cancelled_at IS NULL AND t.category_id = 'LEG' AND t.sensitivity = 'legal')"""


def test_families_here_for_two_days_without_advice_are_those_of_plain_sql(waiting, palillo, annex, cast):
    make_family(palillo, {}, {"age": 4}, at=NOW - 2 * DAY)
    make_family(palillo, {}, at=NOW - DAY)  # since yesterday only
    make_family(annex, {}, at=LONG_AGO)
    advised, talked, undone, gone = (make_family(palillo, {}, {"age": 4}, at=LONG_AGO) for _each in range(4))
    make_service(advised.members.last(), "LEG-CHI", at=NOW)
    make_service(talked.members.first(), "LEG-INF", at=NOW)
    make_service(undone.members.first(), "LEG-ASY", cancelled_at=NOW)
    for stay in (person.stays.get() for person in gone.members.all()):
        stay.out_at, stay.out_on = NOW, NOW.date()
        stay.save()
    back = gone.members.first()
    make_stay(back)  # left and came back: here for two days when two more have passed
    assert waiting()["no_advice"] == sql(ADVICE) == (3, 6)


def test_advice_to_a_record_that_was_joined_counts_for_the_family(waiting, palillo, cast):
    kept, gone = (make_family(palillo, {"age": 28}, at=LONG_AGO, by=cast.volunteer) for _each in range(2))
    make_service(gone.members.get(), "LEG-ASY", at=NOW)
    assert waiting()["no_advice"] == (1, 1)
    merge(kept, gone, pairs=[(kept.members.get(), gone.members.get())], whole=True, by=cast.coordinator)
    assert waiting()["no_advice"] == sql(ADVICE) == (0, 0)
