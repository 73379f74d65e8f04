"""What must never be false of departures, counts and alerts."""

import pytest
from django.db import IntegrityError, transaction

from intake.models import Alert, Departure, Headcount
from tests import factories
from tests.factories import NOW

pytestmark = pytest.mark.django_db


def refused(action):
    with pytest.raises(IntegrityError), transaction.atomic():
        action()


@pytest.fixture
def person(palillo, cast):
    return factories.make_family(palillo, {}, by=cast.volunteer).members.get()


def test_a_stay_of_a_departure_is_over(person, cast, palillo):
    said = {"shelter": palillo, "left_at": NOW, "left_on": palillo.day_of(NOW), "to": "north"}
    departure = Departure.objects.create(by=cast.volunteer, **said)
    stay = person.stays.get()
    stay.departure = departure
    refused(stay.save)


def test_a_departure_is_undone_by_somebody(cast, palillo):
    said = {
        "shelter": palillo,
        "left_at": NOW,
        "left_on": palillo.day_of(NOW),
        "to": "north",
        "undone_at": NOW,
    }
    refused(lambda: Departure.objects.create(by=cast.volunteer, **said))


def test_people_without_a_card_are_part_of_those_counted(cast, palillo):
    said = {"shelter": palillo, "counted_at": NOW, "counted_on": palillo.day_of(NOW), "registered": 3}
    refused(lambda: Headcount.objects.create(people=1, without_card=2, by=cast.volunteer, **said))


def test_one_reason_is_open_once(person, palillo):
    said = {"shelter": palillo, "person": person, "kind": "split", "raised_at": NOW}
    first = Alert.objects.create(**said)
    refused(lambda: Alert.objects.create(**said))
    first.settled_at = NOW
    first.save()
    Alert.objects.create(**said)


def test_a_count_says_who_is_missing():
    assert (Headcount(people=3, registered=5).difference, Headcount(people=3, registered=5).missing) == (
        -2,
        2,
    )
    assert Headcount(people=5, registered=3).missing == 0
