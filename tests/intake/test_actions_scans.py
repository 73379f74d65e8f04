"""A scan as the database sees it: one transaction, the key that makes it one, limits, and what is left on the trail."""

import uuid
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from intake import actions
from intake.models import ServiceReceived, ServiceType, Tally
from shelters.models import AccessEvent
from tests import factories
from tests.factories import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as moved:
        yield moved


@pytest.fixture
def by(cast):
    return cast.volunteer


@pytest.fixture
def family(palillo, by):
    return factories.make_family(
        palillo, {"given_names": "Neptalí"}, {"given_names": "Ale", "age": 11}, by=by
    )


@pytest.fixture
def card(family):
    return factories.make_card(family)


def what(shelter, by, service="FOOD-LUN", desk="food 1"):
    kind = ServiceType.objects.get(pk=service)
    return ServiceReceived(
        service_type=kind, shelter_id=shelter.pk, given_at=timezone.now(), slot="", desk=desk, recorded_by=by
    )


def serve(card, by, service="FOOD-LUN", *, key=None, desk="food 1", shelter=None, **fields):
    thing = what(shelter or card.family.shelter, by, service, desk)
    return actions.serve(key=key or uuid.uuid4(), code=card.code, what=thing, by=by, **fields)


def test_one_row_a_member_with_the_key_of_the_scan(card, family, by):
    key = uuid.uuid4()
    served = serve(card, by, key=key)
    assert served.state == "served"
    assert {(row.scan, row.person) for row in ServiceReceived.objects.all()} == {
        (key, person) for person in family.members.all()
    }
    event = AccessEvent.objects.get(action="service_recorded")
    assert event.detail == {"service": "FOOD-LUN", "people": 2, "over_limit": 0}
    assert event.subject_id == str(family.pk)


def test_sent_again_it_answers_what_it_answered(card, by, clock):
    key = uuid.uuid4()
    first = serve(card, by, key=key)
    clock.shift(3600)
    again = serve(card, by, key=key)
    assert (again.state, {row.pk for row in again.rows}) == ("served", {row.pk for row in first.rows})
    assert ServiceReceived.objects.count() == 2
    assert AccessEvent.objects.filter(action="service_recorded").count() == 1


def test_sent_again_a_partial_answer_still_names_who_had_it(card, family, by, clock):
    ale = family.members.get(given_names="Ale")
    factories.make_service(ale, limit_key="2018-11-06#1", at=NOW, desk="food 2")
    key = uuid.uuid4()
    for _time in range(2):
        served = serve(card, by, key=key)
        assert (served.state, list(served.had), len(served.rows)) == ("partly", [ale], 1)
        clock.shift(60)


def test_sent_again_after_it_was_undone_it_stays_undone(card, by, clock):
    """A copy that was slow on the line must not record what somebody took back."""
    key = uuid.uuid4()
    serve(card, by, key=key)
    actions.adjust(key=key, people=0, by=by)
    clock.shift(5)
    assert serve(card, by, key=key).state == "undone"
    assert not ServiceReceived.objects.given().exists()


def test_only_who_is_in_the_shelter_is_served(card, family, by):
    ale = family.members.get(given_names="Ale")
    stay = ale.stays.get()
    stay.out_at, stay.out_on = NOW, family.shelter.day_of(NOW)
    stay.save()
    served = serve(card, by)
    assert [row.person.given_names for row in served.rows] == ["Neptalí"]


def test_given_again_with_a_reason_holds_no_limit(card, by, clock):
    serve(card, by)
    clock.shift(60)
    assert serve(card, by).state == "already"
    again = serve(card, by, override_reason="lost food")
    assert {(row.override_reason, row.limit_key) for row in again.rows} == {("lost food", None)}
    events = AccessEvent.objects.filter(action="service_recorded")
    assert sorted(event.detail["over_limit"] for event in events) == [0, 2]
    assert "lost food" not in str([event.detail for event in events])


def test_a_reason_is_kept_only_where_a_limit_was_reached(card, family, by):
    factories.make_service(family.members.get(given_names="Ale"), limit_key="2018-11-06#1", at=NOW)
    rows = serve(card, by, override_reason="newborn").rows
    assert {(row.person.given_names, row.override_reason) for row in rows} == {
        ("Neptalí", ""),
        ("Ale", "newborn"),
    }


def test_two_a_stay_are_two_scans(card, by, clock):
    states = []
    for _time in range(3):
        states.append(serve(card, by, "CLO-SET").state)
        clock.shift(60)
    assert states == ["served", "served", "already"]


def test_a_new_stay_begins_anew(card, family, by, clock):
    for _time in range(2):
        serve(card, by, "HYG-KIT")
        clock.shift(60)
    assert ServiceReceived.objects.count() == 2
    for person in family.members.all():
        stay = person.stays.get()
        stay.out_at, stay.out_on = NOW, family.shelter.day_of(NOW)
        stay.save()
        factories.make_stay(person, at=NOW.replace(hour=20))
    assert serve(card, by, "HYG-KIT").state == "served"


def test_once_for_the_family_whoever_carried_it(card, family, by, clock):
    factories.make_service(
        family.members.get(given_names="Ale"),
        "NFI-CAR",
        limit_key=f"stay:{family.members.last().stays.get().pk}#1",
        at=NOW,
    )
    served = serve(card, by, "NFI-CAR")
    assert served.state == "already"
    assert next(iter(served.had.values())).given_at == NOW


def test_a_joined_family_comes_with_either_card(palillo, cast, card, family):
    other = factories.make_family(palillo, {"given_names": "Neptali"}, by=cast.volunteer)
    second = factories.make_card(other)
    actions.merge(family, other, pairs=[(family.members.first(), other.members.get())], by=cast.coordinator)
    second.refresh_from_db()
    assert len(serve(second, cast.volunteer).rows) == 2


@pytest.mark.parametrize("change", ["revoked", "elsewhere", "stranger"])
def test_no_family_by_this_card(card, annex, cast, by, change):
    shelter, who = card.family.shelter, by
    if change == "revoked":
        card.revoked_at, card.revoked_as, card.revoked_by = NOW, "lost", by
        card.save()
    elif change == "elsewhere":
        shelter = annex
    else:
        who = cast.stranger
    with pytest.raises(actions.NoFamily):
        serve(card, who, shelter=shelter)
    assert not ServiceReceived.objects.exists()


# --- the constraint has the last word ----------------------------------------------------------------------------


def test_whoever_writes_past_the_locks_is_seen_the_second_time(card, family, by, monkeypatch):
    """The state read was old: the constraint refuses, and the second look tells who had it."""
    from intake.actions import scans

    real, looks = scans.earlier, []

    def blind_once(thing, people, key):
        looks.append(1)
        return real(thing, people, key) if len(looks) > 1 else []

    for person in family.members.all():
        factories.make_service(person, limit_key="2018-11-06#1", at=NOW, desk="food 7")
    monkeypatch.setattr(scans, "earlier", blind_once)
    served = serve(card, by)
    assert (served.state, len(looks)) == ("already", 2)
    assert {row.desk for row in served.had.values()} == {"food 7"}
    assert ServiceReceived.objects.count() == 2


def test_only_what_the_people_asked_about_had_is_read(card, family, palillo, by):
    """Somebody may join the family while its lock is waited for; a corrected scan may be of two families by now."""
    from intake.actions.held import earlier

    mother, child = family.members.order_by("position")
    other = factories.make_family(palillo, {}, by=by).members.get()
    for person in (mother, child, other):
        factories.make_service(person, limit_key="2018-11-06#1", at=NOW)
    thing = what(palillo, by)
    thing.given_on = palillo.day_of(NOW)
    assert [row.person for row in earlier(thing, [child], uuid.uuid4())] == [child]
    assert {row.person for row in earlier(thing, [mother, other], uuid.uuid4())} == {mother, other}


def test_a_place_counts_on_the_day_of_its_key(card, family, by):
    """Its day of giving was corrected by a coordinator, or the shelter's time zone was: the key is what collides."""
    mother = family.members.first()
    factories.make_service(mother, limit_key="2018-11-06#1", at=NOW - timedelta(days=1))
    assert list(serve(card, by).had) == [mother]


# --- correcting ------------------------------------------------------------------------------------------------------


def test_taken_back_it_frees_the_limit_and_leaves_its_history(card, by, clock):
    key = uuid.uuid4()
    serve(card, by, key=key)
    actions.adjust(key=key, people=0, by=by)
    assert {(row.limit_key, row.cancel_reason) for row in ServiceReceived.objects.all()} == {
        (None, "Corregido al escanear")
    }
    first = ServiceReceived.history.filter(cancelled_at__isnull=True)
    assert {row.limit_key for row in first} == {"2018-11-06#1"}
    assert AccessEvent.objects.get(action="service_cancelled").detail == {"service": "FOOD-LUN", "people": 2}
    clock.shift(5)
    assert serve(card, by).state == "served"


def test_added_afterwards_who_had_it_elsewhere_is_refused(card, family, by):
    key, ale = uuid.uuid4(), family.members.get(given_names="Ale")
    serve(card, by, key=key)
    actions.adjust(key=key, people=1, by=by)
    factories.make_service(ale, limit_key="2018-11-06#1", at=NOW)
    with pytest.raises(actions.OverLimit):
        actions.adjust(key=key, people=2, by=by)
    assert ServiceReceived.objects.given().filter(scan=key).count() == 1


def test_given_again_and_corrected_twice_it_still_holds_no_limit(card, by, clock):
    serve(card, by)
    clock.shift(60)
    key = uuid.uuid4()
    serve(card, by, key=key, override_reason="lost food")
    actions.adjust(key=key, people=1, by=by)
    actions.adjust(key=key, people=2, by=by)
    rows = ServiceReceived.objects.filter(scan=key)
    assert {(row.limit_key, row.cancelled_at, row.override_reason) for row in rows} == {
        (None, None, "lost food")
    }


@pytest.mark.parametrize("after", [601, 86_400])
def test_too_late(card, by, clock, after):
    key = uuid.uuid4()
    serve(card, by, key=key)
    clock.shift(after)
    with pytest.raises(actions.Overtaken):
        actions.adjust(key=key, people=0, by=by)


def test_not_somebody_elses(card, palillo, by, cast):
    key = uuid.uuid4()
    serve(card, by, key=key)
    for other in (cast.coordinator, cast.stranger):
        with pytest.raises(actions.NoFamily):
            actions.adjust(key=key, people=0, by=other)


def test_a_note_counts_once_and_stands_apart(palillo, by):
    key, thing = uuid.uuid4(), what(palillo, by)
    actions.set_the_clock(thing, palillo)
    for _time in range(2):
        actions.note(key=key, what=thing, people=3, by=by)
    tally = Tally.objects.get()
    assert (tally.people, tally.who, tally.counted_on.isoformat(), tally.line) == (
        3,
        "unknown",
        "2018-11-06",
        "food 1",
    )
    assert AccessEvent.objects.get(action="tallied").detail == {"service": "FOOD-LUN", "people": 3}
    assert not ServiceReceived.objects.exists()
    assert actions.adjust_note(key=key, people=2, by=by).people == 2
    assert not Tally.objects.filter(pk=actions.adjust_note(key=key, people=0, by=by).pk).standing().exists()
