"""Giving a service: a row for each who received it, within its limit, on the shelter's own day."""

import json
import uuid
from datetime import date, datetime, timedelta

import pytest
import time_machine

from intake import actions
from intake.models import Person, ServiceReceived, ServiceType, Submission
from shelters.models import AccessEvent
from tests import factories
from tests.factories import NOW

pytestmark = pytest.mark.django_db
DAY = date(2018, 11, 6)


@pytest.fixture(autouse=True)
def that_morning():
    """09:00 in Mexico City."""
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def by(cast):
    return cast.volunteer


@pytest.fixture
def family(palillo, by):
    return factories.make_family(
        palillo, {"given_names": "Neptalí", "age": 34}, {"given_names": "Ale", "age": 11}, by=by
    )


def form(by, key=None):
    return Submission(key=key or uuid.uuid4(), digest="a", by=by)


def the_event(action):
    """The one event of this kind, which tells nothing of anybody."""
    event = AccessEvent.objects.get(action=action)
    told = json.dumps(event.detail, ensure_ascii=False)
    assert not [name for name in ("Neptalí", "Ale", "Se le", "No había") if name in told]
    return event


def give(people, code="FOOD-LUN", *, by, at=NOW, quantity=1, submission=None, reason=""):
    people = [people] if isinstance(people, Person) else list(people)
    service = ServiceReceived(
        service_type_id=code, shelter=people[0].family.shelter, given_at=at, quantity=quantity, recorded_by=by
    )
    return actions.record_service(
        submission=submission or form(by), service=service, people=people, override_reason=reason, by=by
    )


def over(people, code="FOOD-LUN", **how):
    """Who had it already, and when; nothing is stored."""
    before = ServiceReceived.objects.count()
    with pytest.raises(actions.OverLimit) as error:
        give(people, code, **how)
    assert ServiceReceived.objects.count() == before
    return error.value.people


@pytest.fixture
def mother(family):
    return family.members.select_related("family__shelter").first()


def test_a_service_is_one_row_for_each_who_received_it(family, by, palillo):
    rows = give(family.members.all(), by=by, at=NOW + timedelta(hours=4))
    assert ServiceReceived.objects.count() == len(rows) == 2
    row = ServiceReceived.objects.first()
    assert (row.given_at, row.given_on, row.slot, row.shelter) == (
        NOW + timedelta(hours=4),
        DAY,
        "lunch",
        palillo,
    )
    assert (row.recorded_by, row.limit_key, row.override_reason) == (by, "2018-11-06#1", "")
    event = the_event("service_recorded")
    assert (event.subject_id, event.detail) == (
        str(family.pk),
        {"service": "FOOD-LUN", "people": 2, "over_limit": 0},
    )


def test_a_service_costs_the_same_for_any_family(palillo, by, django_assert_max_num_queries):
    people = factories.make_family(palillo, *({"age": 5} for _ in range(20)), by=by).members.select_related(
        "family__shelter"
    )
    people = list(people)
    with django_assert_max_num_queries(11):
        give(people, by=by)


def test_the_same_form_again_serves_nobody_twice(mother, by):
    submission = form(by)
    give(mother, "PSS-GRP", by=by, submission=submission)
    with pytest.raises(actions.AlreadySaved):
        give(mother, "PSS-GRP", by=by, submission=form(by, key=submission.key))
    assert ServiceReceived.objects.count() == 1


def test_a_second_meal_on_one_day_is_over_the_limit(family, by):
    mother, ale = family.members.all()
    give(mother, by=by)
    assert over([mother, ale], by=by, at=NOW + timedelta(hours=1)) == {mother: NOW}
    assert not Submission.objects.filter(family=None).exists()


def test_with_a_reason_nobody_is_sent_away(family, by):
    mother, ale = family.members.all()
    give(mother, by=by)
    again, first = give([mother, ale], by=by, reason="Se le cayó")
    assert (again.limit_key, again.override_reason) == (None, "Se le cayó")
    assert (first.limit_key, first.override_reason) == ("2018-11-06#1", "")
    detail = AccessEvent.objects.latest("id").detail
    assert detail == {"service": "FOOD-LUN", "people": 2, "over_limit": 1}


@pytest.mark.parametrize("limit_per", ["day", "meal", "stay"])
def test_each_kind_of_limit_holds_and_ends(limit_per, mother, by, palillo):
    ServiceType.objects.filter(pk="FOOD-LUN").update(limit_per=limit_per)
    give(mother, by=by)
    assert over(mother, by=by, at=NOW + timedelta(hours=1)) == {mother: NOW}
    if limit_per == "stay":
        actions.depart([mother], at=NOW, to="north", by=by)
        with time_machine.travel(NOW + timedelta(days=2), tick=False):
            actions.come_back([mother], shelter=palillo, by=by)
    later = {"meal": timedelta(hours=4), "day": timedelta(days=1), "stay": timedelta(days=2)}[limit_per]
    give(mother, by=by, at=NOW + later)
    assert over(mother, by=by, at=NOW + later) == {mother: NOW + later}


def test_what_has_no_limit_is_given_any_number_of_times(mother, by):
    for _time in range(3):
        give(mother, "PSS-GRP", by=by)
    assert set(ServiceReceived.objects.values_list("limit_key", flat=True)) == {None}


def test_two_of_two_fill_the_limit(mother, by):
    give(mother, "NFI-BLK", by=by, quantity=2)
    assert over(mother, "NFI-BLK", by=by) == {mother: NOW}


def test_one_and_one_of_two_fill_the_limit(mother, by):
    give(mother, "NFI-BLK", by=by)
    assert over(mother, "NFI-BLK", by=by, quantity=2) == {mother: NOW}
    give(mother, "NFI-BLK", by=by, at=NOW + timedelta(hours=1))
    assert over(mother, "NFI-BLK", by=by) == {mother: NOW + timedelta(hours=1)}


def test_more_at_once_than_the_limit_is_over_it_though_nothing_was_given(mother, by):
    assert over(mother, by=by, quantity=2) == {mother: None}
    assert give(mother, by=by, quantity=2, reason="Para su bebé")[0].limit_key is None


@pytest.mark.parametrize("cancelled", [0, 1])
def test_a_cancelled_service_frees_its_place(cancelled, mother, by):
    rows = [give(mother, "NFI-BLK", by=by)[0] for _time in range(2)]
    actions.cancel_service(rows[cancelled], reason="No había", by=by)
    rows[cancelled].refresh_from_db()
    assert (rows[cancelled].cancelled_at, rows[cancelled].cancel_reason, rows[cancelled].limit_key) == (
        NOW,
        "No había",
        None,
    )
    assert [version.limit_key is None for version in rows[cancelled].history.order_by("history_id")] == [
        False,
        True,
    ]
    give(mother, "NFI-BLK", by=by)
    assert over(mother, "NFI-BLK", by=by) == {mother: NOW}
    event = the_event("service_cancelled")
    assert (event.subject_id, event.detail) == (str(rows[cancelled].pk), {"service": "NFI-BLK"})


@pytest.mark.parametrize(
    ("hour", "minute", "day", "slot"),
    [
        (0, 1, 6, "breakfast"),
        (11, 59, 6, "breakfast"),
        (12, 0, 6, "lunch"),
        (17, 59, 6, "dinner"),  # the last minute of the day in London
        (18, 1, 6, "dinner"),
        (23, 59, 6, "dinner"),
    ],
)
def test_the_day_is_the_shelters_own(hour, minute, day, slot, mother, by, palillo):
    at = datetime(2018, 11, 6, hour, minute, tzinfo=palillo.tz)
    row = give(mother, by=by, at=at)[0]
    assert (row.given_on, row.slot) == (date(2018, 11, day), slot)


def test_a_limit_ends_at_the_shelters_midnight_and_not_at_londons(mother, by, palillo):
    at = [
        datetime(2018, 11, *clock, tzinfo=palillo.tz)
        for clock in [(6, 17, 59), (6, 18, 1), (6, 23, 59), (7, 0, 1)]
    ]
    give(mother, by=by, at=at[0])
    assert over(mother, by=by, at=at[1]) == over(mother, by=by, at=at[2]) == {mother: at[0]}
    give(mother, by=by, at=at[3])
    assert set(ServiceReceived.objects.values_list("limit_key", flat=True)) == {
        "2018-11-06#1",
        "2018-11-07#1",
    }


def test_a_service_to_a_family_is_one_row_the_heads_when_ticked(family, by):
    head, *others = family.members.order_by("position")
    give([*others, head], "ACC-TNT", by=by)
    assert ServiceReceived.objects.get().person == head
    with pytest.raises(actions.OverLimit):
        give(others, "ACC-TNT", by=by)


def test_without_the_head_a_member_carries_the_familys_tent(family, by):
    head, other, *_others = family.members.order_by("position")
    give([other], "ACC-TNT", by=by)
    assert ServiceReceived.objects.get().person == other
    with pytest.raises(actions.OverLimit):
        give([head], "ACC-TNT", by=by)


def test_the_trail_does_not_tell_a_reserved_service(mother, by):
    give([mother], "PRT-GBV", by=by)
    assert the_event("service_recorded").detail["service"] == "reserved"
