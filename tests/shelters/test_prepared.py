"""A prepared query finds what its queryset would, for whatever it is filled with."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, models, transaction
from django.test.utils import CaptureQueriesContext

from intake.models import Person, Stay
from shelters.models import AccessEvent, Shelter
from shelters.prepared import Blank, Prepared
from tests.factories import NOW, make_family


@pytest.fixture
def people(palillo):
    family = make_family(palillo, {"given_names": "Neptalí", "age": 29}, {"given_names": "Ale", "age": 11})
    return list(family.members.order_by("position"))


def test_models_come_whole_with_what_was_joined_and_annotated(people, django_assert_num_queries):
    prepared = Prepared(
        lambda: (
            Person.objects.filter(pk=Blank("person", models.UUIDField()))
            .with_presence()
            .select_related("family__shelter")
        )
    )
    for person in people:  # the second time it is only filled
        with django_assert_num_queries(1):
            (found,) = prepared(person=person.pk)
            assert found == person
            assert found.given_names == person.given_names
            assert found.birth_date == person.birth_date
            assert found.is_inside
            assert found.family.shelter.code == "palillo"


def test_moments_and_days_are_filled_in_as_the_database_writes_them(people):
    since = Prepared(
        lambda: Stay.objects.filter(in_at__gt=Blank("at", models.DateTimeField())).order_by("pk")
    )
    stay = people[0].stays.get()
    assert stay in since(at=stay.in_at - timedelta(microseconds=1))
    assert stay not in since(at=stay.in_at)
    assert since(at=NOW + timedelta(days=1)) == []


def test_tuples_stay_tuples(people):
    prepared = Prepared(
        lambda: (
            Person.objects.filter(family=Blank("family", models.UUIDField()))
            .order_by("position")
            .values_list("given_names", "birth_date")
        )
    )
    assert prepared(family=people[0].family_id) == [(each.given_names, each.birth_date) for each in people]


def test_a_text_is_a_value_and_never_a_part_of_the_query(palillo):
    prepared = Prepared(lambda: Shelter.objects.filter(code=Blank("code", models.CharField())))
    assert prepared(code="palillo") == [palillo]
    assert prepared(code="x' OR '1'='1") == []
    assert prepared(code="%s") == []


def test_a_value_that_is_missing_is_an_error_and_not_the_last_one(palillo):
    prepared = Prepared(lambda: Shelter.objects.filter(code=Blank("code", models.CharField())))
    prepared(code="palillo")
    with pytest.raises(KeyError):
        prepared()


def test_it_reads_anew_each_time(palillo):
    prepared = Prepared(lambda: Shelter.objects.filter(code=Blank("code", models.CharField())))
    assert prepared(code="palillo")[0].name == palillo.name
    Shelter.objects.update(name="Otro")
    assert prepared(code="palillo")[0].name == "Otro"


def test_what_it_holds_is_held(people):
    prepared = Prepared(
        lambda: Person.objects.filter(pk=Blank("person", models.UUIDField())).select_for_update(of=("self",))
    )
    with transaction.atomic(), CaptureQueriesContext(connection) as queries:
        prepared(person=people[0].pk)
        prepared(person=people[1].pk)
    if connection.vendor == "postgresql":
        assert all("FOR UPDATE OF" in query["sql"] for query in queries)


@pytest.mark.django_db(transaction=True)
def test_every_thread_has_its_own():
    prepared = Prepared(lambda: AccessEvent.objects.filter(action=Blank("action", models.CharField())))
    found = {}

    def ask(action):
        try:
            found[action] = [prepared(action=action) for _each in range(5)]
        finally:
            connection.close()

    threads = [threading.Thread(target=ask, args=(f"nothing {n}",)) for n in range(6)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert found == {f"nothing {n}": [[]] * 5 for n in range(6)}
