"""Needs and plans: each once, dated, and what must never be false."""

from datetime import timedelta

import pytest
from django.utils import translation

from intake.models import Intention, PersonNeed
from tests import factories
from tests.factories import NOW
from tests.intake.models import refused_by_the_database, words_about

pytestmark = pytest.mark.django_db


@pytest.fixture
def person(palillo):
    return factories.make_family(palillo, {}).members.get()


@pytest.fixture
def need(person):
    return factories.make_need(person, "X-PR")


def test_a_need_stands_from_being_reported_to_being_ruled_out(need):
    def standing(hours):
        return PersonNeed.objects.standing_at(NOW + timedelta(hours=hours)).exists()

    assert [standing(hours) for hours in (-1, 0, 5)] == [False, True, True]
    PersonNeed.objects.update(state="ruled_out", ruled_out_at=NOW + timedelta(hours=2))
    assert [standing(hours) for hours in (-1, 0, 1, 2, 5)] == [False, True, True, False, False]


def test_a_need_is_recorded_once_for_a_person(need):
    again = PersonNeed(person=need.person, need=need.need, by=need.by)
    with refused_by_the_database("need_stands_once_per_person"):
        PersonNeed.objects.bulk_create([again])
    with translation.override("en"):
        assert words_about(again) == ["This need is already recorded for this person."]


def test_two_people_may_have_the_same_need(need, palillo):
    other = factories.make_family(palillo, {}).members.get()
    factories.make_need(other, "X-PR")
    assert PersonNeed.objects.filter(need="X-PR").count() == 2


@pytest.mark.parametrize(
    "judgement",
    [
        {"state": "ruled_out"},
        {"state": "reported", "ruled_out_at": NOW},
        {"state": "confirmed", "confirmed_at": NOW, "ruled_out_at": NOW},
    ],
)
def test_what_is_ruled_out_has_its_moment(need, judgement):
    with refused_by_the_database("need_ruled_out_has_its_moment"):
        PersonNeed.objects.update(**judgement)


def test_a_need_keeps_its_history(need):
    need.judge("confirmed", "", by=need.by)
    need.save()
    assert [row.state for row in need.history.order_by("history_id")] == ["reported", "confirmed"]


def test_a_need_is_called_as_its_list_calls_it(need):
    with translation.override("es"):
        assert str(need) == "Embarazada"
    with translation.override("en"):
        assert str(need) == "Pregnant"


def test_a_change_of_mind_is_a_new_row(person):
    factories.make_intention(person, "ONWARD")
    factories.make_intention(person, "MEX-STAY", at=NOW + timedelta(days=1))
    assert [row.plan_id for row in person.intentions.all()] == ["MEX-STAY", "ONWARD"]
    assert Intention.objects.count() == 2


def test_a_plan_goes_with_the_person_it_is_of(person, need):
    factories.make_intention(person)
    person.family.delete()
    assert not Intention.objects.exists()
    assert not PersonNeed.objects.exists()
