"""History that begins with the first correction, and keeps what was there before it."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from intake.models import Person, Stay
from intake.models.tracked import correct
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def family(palillo):
    family = factories.make_family(
        palillo, {"given_names": "Neptalí"}, *({"given_names": f"Niño {i}", "age": i} for i in range(1, 6))
    )
    Person.history.all().delete()  # the factory saves one by one; registrations write in bulk
    Stay.history.all().delete()
    return family


@pytest.fixture
def person(family):
    return family.members.first()


def versions(row):
    return list(row.history.order_by("history_id"))


def test_a_row_made_in_bulk_has_no_history_yet(family):
    made = Person(family=family, given_names="Ana")
    Person.objects.bulk_create([made])
    assert versions(made) == []


def test_the_first_correction_keeps_the_first_version(person):
    person.given_names = "Neptaly"
    person.save()
    first, corrected = versions(person)
    assert (first.given_names, corrected.given_names) == ("Neptalí", "Neptaly")
    assert first.history_change_reason == "first version"
    assert corrected.history_type == "~"


def test_the_first_version_is_what_is_stored_and_not_what_this_page_read(person):
    """Somebody else changed the row between reading and saving it here."""
    Person.objects.filter(pk=person.pk).update(known_as="Nepta")
    person.given_names = "Neptaly"
    person.save()
    assert versions(person)[0].known_as == "Nepta"


def test_the_second_correction_adds_one_version(person):
    for name in ("Neptaly", "Neftalí"):
        person.given_names = name
        person.save()
    assert [version.given_names for version in versions(person)] == ["Neptalí", "Neptaly", "Neftalí"]


def test_many_rows_are_corrected_together(family, cast):
    people = list(family.members.all())
    for person in people:
        person.surnames = "Hernández"
    correct(people, ["surnames"], by=cast.coordinator)
    assert set(family.members.values_list("surnames", flat=True)) == {"Hernández"}
    for person in people:
        first, corrected = versions(person)
        assert (first.surnames, corrected.surnames) == ("López", "Hernández")
        assert (first.history_user, corrected.history_user) == (family.registered_by, cast.coordinator)
        assert (first.history_change_reason, corrected.history_type) == ("first version", "~")


def test_only_the_columns_named_are_corrected(person, cast):
    person.surnames, person.given_names = "Hernández", "Nadie"
    correct([person], ["surnames"], by=cast.coordinator)
    person.refresh_from_db()
    assert (person.given_names, person.surnames) == ("Neptalí", "Hernández")


def test_who_has_a_history_keeps_its_first_version_once(family, cast):
    person, other = family.members.all()[:2]
    person.given_names = "Neptaly"
    person.save()
    correct([person, other], ["surnames"], by=cast.coordinator)
    assert [len(versions(row)) for row in (person, other)] == [3, 2]
    assert [version.history_change_reason or "" for version in versions(person)] == ["first version", "", ""]


def test_correcting_nobody_does_nothing(db, cast, django_assert_num_queries):
    with django_assert_num_queries(0):
        correct([], ["surnames"], by=cast.coordinator)


def test_correcting_costs_the_same_for_one_and_for_many(family, cast):
    costs = [
        cost_of_correcting(people, cast.coordinator)
        for people in (family.members.all()[:1], family.members.all()[1:])
    ]
    assert costs[0] == costs[1] <= 7


def cost_of_correcting(people, by):
    people = list(people)
    with CaptureQueriesContext(connection) as queries:
        correct(people, ["surnames"], by=by)
    return len(queries)


def test_a_deleted_row_leaves_its_last_version(person):
    pk = person.pk
    person.delete()
    assert [version.history_type for version in Person.history.filter(id=pk)] == ["-"]


def test_stays_and_needs_are_tracked_too(person, cast):
    stay = person.stays.get()
    stay.out_to = "north"
    correct([stay], ["out_to"], by=cast.volunteer)
    assert [version.out_to for version in versions(stay)] == ["", "north"]
