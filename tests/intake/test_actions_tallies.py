"""A press counts once, however often it is sent; taken back, it counts no more."""

import uuid

import pytest

from intake import actions
from intake.ids import uuid7
from intake.models import ServiceReceived, ServiceType, Tally
from shelters.audit import Action
from shelters.models import AccessEvent
from tests import factories
from tests.factories import NOW

pytestmark = pytest.mark.django_db


def press(shelter, by, **fields):
    """An unsaved press, as the page sends it."""
    return Tally(
        **{
            "pk": uuid.uuid4(),
            "shelter": shelter,
            "service_type": ServiceType.objects.get(pk="FOOD-LUN"),
            "line": "food 1",
            "counted_at": NOW,
            "counted_on": shelter.day_of(NOW),
            "slot": "lunch",
            "who": "women",
            "recorded_by": by,
            **fields,
        }
    )


def test_a_press_is_counted_and_on_the_trail(palillo, cast):
    actions.count_people(press(palillo, cast.volunteer, people=5), by=cast.volunteer)
    assert Tally.objects.get().people == 5
    event = AccessEvent.objects.get(action=Action.TALLIED)
    assert event.detail == {"service": "FOOD-LUN", "who": "women", "people": 5}


def test_sent_twice_it_counts_once(palillo, cast):
    key = uuid.uuid4()
    for _each in range(2):
        actions.count_people(press(palillo, cast.volunteer, pk=key), by=cast.volunteer)
    assert Tally.objects.count() == AccessEvent.objects.filter(action=Action.TALLIED).count() == 1


def test_the_key_of_somebody_else_is_refused(palillo, cast):
    key = uuid.uuid4()
    actions.count_people(press(palillo, cast.volunteer, pk=key), by=cast.volunteer)
    with pytest.raises(actions.Overtaken):
        actions.count_people(press(palillo, cast.health, pk=key), by=cast.health)


def test_taken_back_once_is_enough(palillo, cast):
    tally = press(palillo, cast.volunteer)
    actions.count_people(tally, by=cast.volunteer)
    for _each in range(2):
        actions.cancel_tally(tally, by=cast.volunteer)
    assert Tally.objects.count() == 1
    assert not Tally.objects.standing().exists()
    assert AccessEvent.objects.filter(action=Action.TALLIED).count() == 2


def test_a_press_that_was_taken_back_and_comes_again_stays_taken_back(palillo, cast):
    key = uuid.uuid4()
    tally = press(palillo, cast.volunteer, pk=key)
    actions.count_people(tally, by=cast.volunteer)
    actions.cancel_tally(tally, by=cast.volunteer)
    actions.count_people(press(palillo, cast.volunteer, pk=key), by=cast.volunteer)
    assert not Tally.objects.standing().exists()


# --- noted for a card that was nobody's ------------------------------------------------------------------------


@pytest.fixture
def blank(palillo, cast):
    return factories.make_batch(palillo, by=cast.coordinator, cards=1).cards.get()


@pytest.fixture
def noted(palillo, cast, blank):
    """`noted(people)`: a midday meal handed out on a blank card."""

    def made(people, service="FOOD-LUN"):
        kind = ServiceType.objects.get(pk=service)
        what = ServiceReceived(
            service_type=kind, shelter=palillo, given_at=NOW, desk="food 1", recorded_by=cast.volunteer
        )
        actions.set_the_clock(what, palillo)
        return actions.note(key=uuid7(), card=blank.pk, what=what, people=people, by=cast.volunteer)

    return made


def bound(blank, palillo, cast, *members):
    family = factories.make_family(palillo, *members, by=cast.volunteer)
    actions.bind_card(code=blank.pk, family=family, by=cast.coordinator)
    return family


def test_a_note_keeps_its_card_and_waits_for_a_family(noted, blank, cast):
    tally = noted(2)
    assert (tally.card, tally.line, tally.slot) == (blank.pk, "food 1", "breakfast")
    assert (
        actions.note(key=tally.pk, card=blank.pk, what=what_of(tally), people=2, by=cast.volunteer) == tally
    )
    with pytest.raises(actions.NoFamily):
        actions.name_tally(tally, by=cast.coordinator)
    assert Tally.objects.standing().get().people == 2
    assert blank.pk not in str(list(AccessEvent.objects.values_list("detail", flat=True)))


def what_of(tally):
    return ServiceReceived(
        service_type=tally.service_type,
        shelter=tally.shelter,
        given_at=tally.counted_at,
        given_on=tally.counted_on,
        slot=tally.slot,
        desk=tally.line,
    )


def test_once_the_card_is_bound_the_note_is_the_familys_and_counts_once(noted, blank, palillo, cast):
    tally, family = noted(2), bound(blank, palillo, cast, {}, {"age": 3})
    actions.name_tally(tally, by=cast.coordinator)
    rows = ServiceReceived.objects.all()
    assert {(row.person, row.given_at, row.slot) for row in rows} == {
        (person, NOW, "breakfast") for person in family.members.all()
    }
    assert {(row.desk, row.recorded_by) for row in rows} == {("food 1", cast.volunteer)}
    assert not Tally.objects.standing().exists()
    with pytest.raises(actions.Overtaken):
        actions.name_tally(tally, by=cast.coordinator)


def test_more_than_the_family_has_stay_without_a_name(noted, blank, palillo, cast):
    tally = noted(5)
    bound(blank, palillo, cast, {}, {"age": 3})
    actions.name_tally(tally, by=cast.coordinator)
    assert ServiceReceived.objects.count() == 2
    assert Tally.objects.standing().get().people == 3


def test_who_had_it_by_name_as_well_had_it_twice(noted, blank, palillo, cast):
    tally, family = noted(1), bound(blank, palillo, cast, {})
    factories.make_service(family.members.get(), at=NOW, limit_key="2018-11-06#1", desk="food 1")
    actions.name_tally(tally, by=cast.coordinator)
    reasons = ServiceReceived.objects.order_by("override_reason").values_list("override_reason", flat=True)
    assert list(reasons) == ["", "Se entregó antes de dar la tarjeta"]


def test_a_reserved_service_is_never_named(noted, blank, palillo, cast):
    tally = noted(1, "MED-CON")
    bound(blank, palillo, cast, {})
    with pytest.raises(actions.Overtaken):
        actions.name_tally(tally, by=cast.coordinator)
    assert Tally.objects.standing().get().card == blank.pk
