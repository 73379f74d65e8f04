"""Every page that shows a person leaves an event that names the family, before it answers."""

import json

import pytest
from django.urls import reverse

from intake.models import LookAlike
from shelters.models import AccessEvent
from tests import factories
from tests.intake.admin.pages import PEOPLE, records_of

FAMILY_PAGES = (
    "family family-edit person-add family-split departure come-back card-bind card-revoke service-add hand-out gate"
).split()
PERSON_PAGES = "person-edit intention-add need-add".split()


@pytest.fixture
def ours(family):
    return records_of(family)


def named(family, user) -> set[str]:
    """What the trail says that this account did with this family or somebody of it."""
    keys = [str(family.pk), *map(str, family.members.values_list("pk", flat=True))]
    return set(AccessEvent.objects.filter(user=user, subject_id__in=keys).values_list("action", flat=True))


@pytest.mark.parametrize("name", FAMILY_PAGES)
def test_pages_of_a_family(volunteer, cast, family, name):
    factories.make_station(family.shelter)
    factories.make_card(family)
    answer = volunteer.get(reverse(f"intake:{name}", args=[family.pk]))
    assert answer.status_code == 200
    assert named(family, cast.volunteer) == {"family_opened"}


@pytest.mark.parametrize("name", PERSON_PAGES)
def test_pages_of_a_person(volunteer, cast, family, name):
    answer = volunteer.get(reverse(f"intake:{name}", args=[family.members.first().pk]))
    assert answer.status_code == 200
    assert named(family, cast.volunteer) == {"family_opened"}


def test_the_page_that_cancels_a_service_names_a_person(volunteer, cast, family, ours):
    assert (
        volunteer.get(reverse("intake:service-cancel", args=[ours["servicereceived"].pk])).status_code == 200
    )
    assert named(family, cast.volunteer) == {"family_opened"}


@pytest.mark.parametrize("name", ["queue-give", "presence", "clothes", "round"])
def test_a_card_that_is_held_out(volunteer, cast, family, name, palillo):
    card, zone = factories.make_card(family), factories.make_zone(palillo)
    factories.make_station(palillo)
    arguments = {"queue-give": ["clothing"], "round": [zone.code]}
    address = reverse(f"intake:{name}", args=arguments.get(name, []))
    sent = {"card": card.code, "code": card.code, "line": "clothing", "people": 1, "priority": "known"}
    assert volunteer.post(address, sent).status_code in (200, 302, 422)
    assert "card_scanned" in named(family, cast.volunteer)


def test_a_scan_and_the_same_card_again(volunteer, cast, family):
    card = factories.make_card(family)
    volunteer.post(reverse("intake:scan-start"), {"service_type": "FOOD-LUN"})
    chosen = volunteer.get(reverse("intake:scan")).context["round"]
    for key in ("01890a5d-ac96-774b-bcce-b302099a8011", "01890a5d-ac96-774b-bcce-b302099a8012"):
        answer = volunteer.post(reverse("intake:scan"), {"round": chosen, "key": key, "code": card.code})
        assert answer.status_code == 200
    assert named(family, cast.volunteer) & {"service_recorded", "card_scanned"}


def test_a_search_and_the_warning_while_typing(volunteer, cast, family):
    volunteer.post(reverse("intake:search"), {"q": "neptali"})
    assert named(family, cast.volunteer) == {"family_shown"}


def test_families_that_a_departure_would_tear_apart(coordinator, cast, family, palillo):
    zone = factories.make_zone(palillo)
    stay = family.members.get(given_names="Ale").stays.get()
    stay.zone = zone
    stay.save()
    address = reverse("intake:departures")
    page = coordinator.get(address)
    sent = {"zone": zone.pk, "to": "unknown", "key": str(page.context["form"]["key"].value())}
    answer = coordinator.post(address, sent)
    assert "Ale" in answer.text
    assert named(family, cast.coordinator) == {"family_shown"}


# --- the admin -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", ["change/", "history/"])
@pytest.mark.parametrize("model", PEOPLE)
def test_records_in_the_admin(coordinator, cast, family, ours, model, page):
    assert coordinator.get(f"/es/admin/intake/{model}/{ours[model].pk}/{page}").status_code == 200
    assert named(family, cast.coordinator) == {"family_opened"}


@pytest.mark.parametrize("query", ["", "?q=neptali"])
@pytest.mark.parametrize("model", PEOPLE)
def test_lists_and_searches_in_the_admin(coordinator, cast, family, ours, model, query, palillo):
    assert coordinator.get(f"/es/admin/intake/{model}/{query}").status_code == 200
    assert named(family, cast.coordinator) == {"family_shown"}
    listed = AccessEvent.objects.get(action="listed")
    assert (listed.shelter, listed.subject_type.lower()) == (palillo, f"intake.{model}")
    assert listed.detail == {"families": 1, "page": 1, "search": bool(query), "filters": []}


def test_a_list_that_shows_nobody_is_told_all_the_same(coordinator, family, palillo):
    coordinator.get("/es/admin/intake/person/?q=zacarias&p=%C3%B1&sex__exact=F")
    coordinator.get("/es/admin/intake/person/?q=zacarias&sex__exact=F")
    listed = AccessEvent.objects.filter(action="listed").latest("pk")
    assert listed.shelter == palillo
    assert listed.detail == {"families": 0, "page": 1, "search": True, "filters": ["sex__exact"]}
    assert "zacarias" not in json.dumps(list(AccessEvent.objects.values_list("detail", flat=True)))


def test_choosing_somebody_by_a_name(coordinator, cast, family):
    asked = "app_label=intake&model_name=stay&field_name=person&term=neptali"
    answer = coordinator.get(f"/es/admin/autocomplete/?{asked}")
    assert "Neptal" in answer.text
    assert named(family, cast.coordinator) == {"family_shown"}
    assert AccessEvent.objects.get(action="listed").detail["search"] is True


@pytest.fixture
def pair(family, palillo, cast):
    other = factories.make_family(palillo, {"given_names": "Neptalí", "age": 34}, by=cast.volunteer)
    people = sorted((family.members.first(), other.members.first()), key=lambda each: each.pk)
    return LookAlike.objects.create(first=people[0], second=people[1], certainty=90)


@pytest.mark.parametrize("page", ["", "change/", "history/"])
def test_possible_duplicates(coordinator, cast, pair, page):
    path = f"{pair.pk}/{page}" if page else ""
    assert coordinator.get(f"/es/admin/intake/lookalike/{path}").status_code == 200
    for person in (pair.first, pair.second):
        assert named(person.family, cast.coordinator) == {"family_opened" if page else "family_shown"}


def test_records_behind_a_number(coordinator, cast, family):
    asked = "?shelter=palillo&as_of=2018-11-06T20:00&cell=total"
    answer = coordinator.get(reverse("reports:records", args=["census"]) + asked)
    assert "Neptalí" in answer.text
    assert named(family, cast.coordinator) == {"family_shown"}
    assert AccessEvent.objects.filter(action="records_opened").count() == 1


# --- what leaves none, because it names nobody or nobody new ----------------------------------------------------


def test_pages_without_names_leave_none(volunteer, coordinator, cast, family, palillo):
    zone = factories.make_zone(palillo)
    for name, arguments in (("presence", []), ("round", [zone.code]), ("queue-line", ["clothing"])):
        page = volunteer.get(reverse(f"intake:{name}", args=arguments))
        assert "Neptalí" not in page.text
    assert "Neptalí" not in coordinator.get(reverse("intake:quiet")).text
    assert not named(family, cast.volunteer)
