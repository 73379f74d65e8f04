"""The generator says what it promises: shares, labels, and the same crowd for the same seed."""

from collections import Counter
from random import Random

import pytest

from intake.models import Person
from tests.bench import clerk
from tests.bench.re_registrations import build, store
from tests.factories import NOW


@pytest.fixture(scope="module")
def crowd():
    return build(7, people=1200, again=300, new=200, siblings=100)


def everybody(families):
    return [somebody for family in families for somebody in family]


def test_the_same_seed_gives_the_same_crowd_and_another_does_not(crowd):
    assert build(7, people=1200, again=300, new=200, siblings=100) == crowd
    assert build(8, people=1200, again=0, new=0, siblings=0).families != crowd.families


def test_the_numbers_are_those_asked_for(crowd):
    assert len(everybody(crowd.families)) == 1200
    asked = {kind: crowd.of_kind(kind) for kind in ("again", "new", "siblings")}
    assert len(asked["again"]) == 300
    assert sum(len(query.typed) for query in asked["new"]) == 200
    assert sum(len(query.typed) for query in asked["siblings"]) == 100


def test_people_are_as_in_the_shelter(crowd):
    people = everybody(crowd.families)
    share = Counter()
    for family in crowd.families:
        share["in a family"] += len(family) if len(family) > 1 else 0
    for somebody in people:
        share["two given names"] += len(somebody.given) > 1
        share["two surnames"] += len(somebody.surnames) > 1
        share["Honduras"] += somebody.country == "HN"
    expected = {"in a family": 0.45, "two given names": 0.55, "two surnames": 0.75, "Honduras": 0.85}
    for what, about in expected.items():
        assert share[what] / len(people) == pytest.approx(about, abs=0.09), what


def test_somebody_typed_again_is_labelled_and_never_without_a_name(crowd):
    for query in crowd.of_kind("again"):
        at, position = query.truth[query.asked]
        stored, typed = crowd.families[at][position], query.typed[query.asked]
        assert (stored.sex, stored.country) == (typed.sex, typed.country)
        assert all(len(name) > 1 for name in (*typed.given, *typed.surnames))
        assert typed.given


def test_siblings_share_surnames_and_no_first_name(crowd):
    stored = {(somebody.surnames, somebody.given[0]) for somebody in everybody(crowd.families)}
    surnames = {somebody.surnames for somebody in everybody(crowd.families)}
    brothers = [somebody for query in crowd.of_kind("siblings") for somebody in query.typed]
    assert {somebody.surnames for somebody in brothers} <= surnames
    # A namesake elsewhere in the crowd may bear both; in the family itself nobody does.
    assert sum((somebody.surnames, somebody.given[0]) in stored for somebody in brothers) < 5


def test_a_mistyped_name_differs_little():
    rng = Random(1)
    for name in ["Xol", "Ana", "Maradiaga", "María de los Ángeles"] * 50:
        assert abs(len(clerk.mistyped(rng, name)) - len(name)) <= 1


def test_a_name_is_heard_as_a_clerk_may_write_it():
    rng = Random(2)
    assert {clerk.heard(rng, "Velásquez") for _time in range(200)} >= {"Belásquez", "Velásques", "Veláskez"}


@pytest.mark.django_db
def test_the_crowd_is_stored_as_it_is(palillo, cast):
    crowd = build(3, people=60, again=10, new=5, siblings=5)
    people = store(crowd, palillo, cast.volunteer, at=NOW)
    assert Person.objects.count() == 60
    query = crowd.of_kind("again")[0]
    at, position = query.truth[query.asked]
    assert people[at][position].given_names == " ".join(crowd.families[at][position].given)
    typed = query.people(palillo, palillo.day_of(NOW))[query.asked]
    assert typed._state.adding and typed.origin_country == people[at][position].origin_country
