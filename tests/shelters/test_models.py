"""The shelter's clock, and what its tables refuse."""

from datetime import UTC, date, datetime, time

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from shelters.models import AccessEvent, Shelter, Zone
from tests import factories


@pytest.mark.parametrize(
    ("moment", "day", "meal"),
    [
        (datetime(2018, 11, 7, 5, 59, tzinfo=UTC), date(2018, 11, 6), "dinner"),  # 23:59 in Mexico City
        (datetime(2018, 11, 7, 6, 1, tzinfo=UTC), date(2018, 11, 7), "breakfast"),  # 00:01
        (datetime(2018, 11, 8, 0, 1, tzinfo=UTC), date(2018, 11, 7), "dinner"),  # 18:01, tomorrow in UTC
        (datetime(2018, 11, 7, 18, 0, tzinfo=UTC), date(2018, 11, 7), "lunch"),  # 12:00
        (datetime(2018, 11, 7, 22, 59, tzinfo=UTC), date(2018, 11, 7), "lunch"),  # 16:59
    ],
)
def test_a_day_is_the_shelters_own(palillo, moment, day, meal):
    assert (palillo.day_of(moment), palillo.meal_at(moment)) == (day, meal)


def test_a_shelter_is_ready_without_being_read_again(db):
    shelter = factories.make_shelter("nuevo")
    assert (shelter.lunch_from, shelter.dinner_from) == (time(12), time(17))


def test_shelters_are_visible_to_who_works_there(cast, palillo, annex):
    assert list(Shelter.objects.visible_to(cast.volunteer)) == [palillo]
    assert list(Shelter.objects.visible_to(cast.stranger)) == [annex]
    assert set(Shelter.objects.visible_to(cast.administrator)) == {palillo, annex}


def test_zones_and_events_follow_their_shelter(cast, palillo, annex):
    zone = factories.make_zone(palillo)
    assert list(Zone.objects.visible_to(cast.coordinator)) == [zone]
    assert list(Zone.objects.visible_to(cast.stranger)) == []
    for shelter in (palillo, annex, None):
        AccessEvent.objects.create(action="exported", shelter=shelter)
    assert AccessEvent.objects.visible_to(cast.coordinator).count() == 1
    assert [event.shelter for event in AccessEvent.objects.visible_to(cast.administrator)] == [None]


def test_a_time_zone_has_to_exist(palillo):
    palillo.timezone = "Mars/Olympus"
    with pytest.raises(ValidationError, match="Mars/Olympus"):
        palillo.full_clean()


@pytest.mark.parametrize("fields", [{"closed_on": date(2018, 11, 1)}, {"dinner_from": time(11)}])
def test_impossible_shelters_are_refused_by_the_database_and_in_words(palillo, fields):
    for name, value in fields.items():
        setattr(palillo, name, value)
    with pytest.raises(ValidationError):
        palillo.validate_constraints()
    with pytest.raises(IntegrityError):
        Shelter.objects.filter(pk=palillo.pk).update(**fields)


def test_a_zone_code_stands_once_in_a_shelter(palillo, annex):
    factories.make_zone(palillo, "A")
    factories.make_zone(annex, "A")
    with pytest.raises(IntegrityError):
        factories.make_zone(palillo, "A")
