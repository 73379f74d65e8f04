"""Who leaves together, and that it can be taken back; moves, sightings, counts."""

import uuid
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from intake import actions
from intake.models import Alert, Departure, Headcount, Person, Sighting, Stay
from shelters.models import AccessEvent
from tests import factories
from tests.factories import NOW

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW + HOUR, tick=False) as travel:
        yield travel


@pytest.fixture
def by(cast):
    return cast.coordinator


@pytest.fixture
def zone(palillo):
    return factories.make_zone(palillo)


@pytest.fixture
def families(palillo, cast):
    return [factories.make_family(palillo, {}, {"age": 11}, by=cast.volunteer) for _n in range(3)]


def everybody(*families):
    people = Person.objects.filter(family__in=families).select_related("family__shelter")
    return list(people.order_by("family", "position"))


def leave(people, by, **options):
    shelter = people[0].family.shelter
    return actions.depart_together(
        people, **{"shelter": shelter, "at": timezone.now(), "to": "north", "by": by, **options}
    )


def rows():
    return list(Stay.objects.order_by("pk").values())


def test_many_leave_as_one_departure(families, by):
    departure = leave(everybody(*families[:2]), by)
    assert (departure.to, departure.left_on.isoformat(), departure.by) == ("north", "2018-11-06", by)
    assert departure.stays.count() == 4
    assert set(departure.stays.values_list("out_at", "out_to")) == {(NOW + HOUR, "north")}
    assert Stay.objects.open().count() == 2


def test_whoever_asks_about_a_family_finds_its_departure(families, by):
    departure = leave(everybody(*families[:2]), by)
    events = AccessEvent.objects.filter(action="departed")
    assert {event.subject_id for event in events} == {str(family.pk) for family in families[:2]}
    assert events[0].detail == {"people": 2, "to": "north", "departure": str(departure.pk), "families": 2}


@pytest.mark.parametrize("size", [1, 40])
def test_a_departure_asks_the_same_however_many(palillo, cast, by, size, django_assert_max_num_queries):
    people = everybody(*(factories.make_family(palillo, {}, {}, by=cast.volunteer) for _n in range(size)))
    with django_assert_max_num_queries(16):
        departure = leave(people, by)
    with django_assert_max_num_queries(16):
        actions.undo_departure(departure, by=by)


def test_a_form_sent_again_gives_its_departure(families, by, cast):
    key = uuid.uuid4()
    first = leave(everybody(families[0]), by, key=key)
    assert leave(everybody(families[1]), by, key=key) == first
    assert Departure.objects.count() == 1
    with pytest.raises(actions.Overtaken):
        leave(everybody(families[1]), cast.volunteer, key=key)


def test_nobody_in_is_no_departure(families, by):
    leave(everybody(families[0]), by)
    assert leave(everybody(families[0]), by) is None
    assert Departure.objects.count() == 1


def test_undoing_puts_every_row_back(families, by, zone, clock):
    actions.move(everybody(families[0]), zone=zone, by=by)
    before, history = rows(), Stay.history.count()
    departure = leave(everybody(*families), by)
    clock.shift(HOUR)
    assert actions.undo_departure(departure, by=by) == []
    assert rows() == before
    assert Stay.history.count() > history
    departure.refresh_from_db()
    assert (departure.undone_by, departure.undone_at) == (by, NOW + 2 * HOUR)
    assert AccessEvent.objects.filter(action="departure_undone").count() == 3
    with pytest.raises(actions.Overtaken):
        actions.undo_departure(departure, by=by)


def test_who_came_back_or_was_corrected_is_left_alone_and_named(families, by, clock):
    departure = leave(everybody(*families), by)
    clock.shift(HOUR)
    actions.come_back(everybody(families[0]), shelter=departure.shelter, by=by)
    again = leave(everybody(families[0])[:1], by)  # back, and gone once more
    corrected = Stay.objects.get(person=everybody(families[1])[0])
    corrected.out_to = "city"
    corrected.save()
    left = actions.undo_departure(departure, by=by)
    assert {stay.person for stay in left} == {*everybody(families[0]), corrected.person}
    assert Stay.objects.open().count() == 1 + 1 + 2
    assert Stay.objects.filter(departure=departure).count() == 3
    assert again.stays.count() == 1


def test_a_departure_undone_settles_its_alerts(families, by):
    departure = leave(everybody(families[0])[1:], by)
    alert = Alert.objects.get()
    assert (alert.kind, alert.departure) == ("left_alone", departure)
    actions.undo_departure(departure, by=by)
    alert.refresh_from_db()
    assert (alert.settled_by, bool(alert.note)) == (by, True)


def test_a_stay_joined_with_one_still_open_is_of_no_departure(families, by):
    """Two records of one family: one was marked as left, the other is here."""
    before = rows()
    departure = leave(everybody(families[0]), by)
    pairs = list(zip(everybody(families[0]), everybody(families[1]), strict=True))
    merge = actions.merge(families[0], families[1], pairs=pairs, by=by)
    assert Stay.objects.open().count() == 4
    assert not departure.stays.exists()
    assert actions.undo_merge(merge, by=by) == []
    assert departure.stays.count() == 2
    actions.undo_departure(departure, by=by)
    assert rows() == before


def test_moving_names_the_family_and_counts_who_moved(families, by, zone):
    assert actions.move(everybody(families[0]), zone=zone, by=by) == 2
    assert actions.move(everybody(families[0]), zone=zone, by=by) == 0
    event = AccessEvent.objects.get(action="family_changed")
    assert event.detail == {"people": 2, "fields": ["zone"]}


def test_only_who_is_in_is_seen(families, by, zone, palillo):
    leave(everybody(families[0])[:1], by)
    assert actions.see(everybody(families[0]), shelter=palillo, zone=zone, by=by) == 1
    assert Sighting.objects.get().person == everybody(families[0])[1]


def test_a_count_stands_beside_the_register(families, by, zone, palillo):
    actions.move(everybody(families[0]), zone=zone, by=by)
    key = uuid.uuid4()
    for _n in range(2):
        counted = actions.count(palillo, zone=zone, people=5, without_card=1, key=key, by=by)
    assert (counted.registered, counted.difference, counted.missing) == (2, 3, 0)
    assert actions.count(palillo, people=4, key=uuid.uuid4(), by=by).registered == 6
    assert Headcount.objects.count() == 2


def test_signs_of_life_and_alerts_follow_who_is_joined_and_come_back(families, by, palillo):
    kept, gone = families[:2]
    (_mother, child), (_other, other_child) = everybody(kept), everybody(gone)
    actions.see(everybody(gone), shelter=palillo, by=by)
    for person in (child, other_child):
        Alert.objects.create(shelter=palillo, kind="unaccompanied", person=person, raised_at=NOW)
    Alert.objects.create(shelter=palillo, kind="split", person=other_child, raised_at=NOW)

    def stored():
        return [list(model.objects.order_by("pk").values()) for model in (Sighting, Alert)]

    before = stored()
    merge = actions.merge(kept, gone, pairs=list(zip(everybody(kept), everybody(gone), strict=True)), by=by)
    assert set(Sighting.objects.values_list("person__family", flat=True)) == {kept.pk}
    assert sorted(Alert.objects.values_list("kind", "person")) == [
        ("split", child.pk),
        ("unaccompanied", child.pk),
    ]
    assert actions.undo_merge(merge, by=by) == []
    assert stored() == before


def test_a_refusal_takes_the_words_and_keeps_the_alert(families, by, palillo):
    person = everybody(families[0])[1]
    alert = Alert.objects.create(shelter=palillo, kind="split", person=person, raised_at=NOW)
    actions.settle_alert(alert, "llegó su tía Rosa", by=by)
    actions.reduce_to_counts(families[0], by=by)
    alert.refresh_from_db()
    assert (alert.note, alert.settled_by) == ("", by)
