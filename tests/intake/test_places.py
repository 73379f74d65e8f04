"""From what somebody types to a country and a department."""

import pytest
from django.utils import translation

from intake import places
from intake.models import Region
from tests.intake.place_cases import CASES

pytestmark = pytest.mark.django_db
# The Spanish name of a far country, and of a department from where people really come.
TAKEN = {"es": [("GD", "Granada, Nicaragua")], "en": []}


@pytest.fixture
def known():
    with translation.override("es"):
        return places.entries()


def labels(text, known):
    return [place.label for place in places.find(text, known)]


@pytest.mark.parametrize("text", CASES)
def test_a_place_is_found_by_what_is_typed(text, known):
    assert labels(text, known) == CASES[text]


def test_a_department_comes_with_its_country(known):
    assert places.find("ola", known) == [places.Place("HN", "HN-OL", "Olancho, Honduras")]
    assert places.find("guatemala", known) == [places.Place("GT", "", "Guatemala")]
    assert places.find("guatemala guatemala", known) == [places.Place("GT", "GT-01", "Guatemala, Guatemala")]


def test_labels_are_in_the_language_of_the_page():
    with translation.override("en"):
        known = places.entries()
    assert labels("alemania", known) == labels("germany", known) == ["Germany"]
    assert labels("mexico", known) == labels("méxico", known) == ["Mexico"]


@pytest.mark.parametrize("language", ["es", "en"])
def test_every_label_finds_its_own_place(language):
    """What a page shows can be sent back: the same place is understood."""
    with translation.override(language):
        known = places.entries()
    found = {entry.place: places.find(entry.place.label, known) for entry in known}
    astray = {place: others for place, others in found.items() if others != [place]}
    assert [(place.country, *(other.label for other in others)) for place, others in astray.items()] == TAKEN[
        language
    ]


@pytest.mark.parametrize("country", places.NEAR)
def test_codes_of_the_countries_near_find_them(country, known):
    for entry in known:
        if entry.place.country == country:
            assert places.find(entry.place.region or country, known) == [entry.place]


def test_every_country_and_department_is_on_the_list(known):
    assert len(known) == len({entry.place[:2] for entry in known})
    assert len([entry for entry in known if entry.place.region]) == Region.objects.count()
    assert {"XA", "XU", "HN", "US"} <= {entry.place.country for entry in known}


def test_a_retired_department_is_not_offered():
    Region.objects.filter(pk="HN-OL").update(retired_on="2018-01-01")
    with translation.override("es"):
        assert labels("olancho", places.entries()) == []


def test_the_list_costs_one_query(django_assert_num_queries):
    with django_assert_num_queries(1):
        places.entries()


def test_finding_costs_none(known, django_assert_num_queries):
    with django_assert_num_queries(0):
        places.find("ola", known)


def test_the_browser_gets_the_same_list(volunteer, known):
    answer = volunteer.get("/es/places.json")
    served = [[each.place.label, list(each.own), list(each.full), each.nearness] for each in known]
    assert [row[:4] for row in answer.json()] == served
    assert [bool(row[4]) for row in answer.json()] == [bool(each.place.region) for each in known]


def test_the_list_may_be_kept_for_a_day_and_costs_little(volunteer, django_assert_max_num_queries):
    with django_assert_max_num_queries(4):
        answer = volunteer.get("/es/places.json")
    assert "max-age=86400" in answer["Cache-Control"]
    assert "private" in answer["Cache-Control"]


def test_the_list_needs_an_account(client, db):
    assert client.get("/es/places.json").status_code == 302
