"""Screen 08: who is in, zone by zone; a card at the gate; a number counted; who was not seen for long."""

import uuid
from datetime import timedelta

import pytest
import time_machine

from intake import presence
from intake.models import Departure, Headcount, Sighting, Stay
from shelters.models import AccessEvent
from tests import factories
from tests.factories import NOW
from tests.intake.pages import NOBODY, sent_from, words_of

pytestmark = pytest.mark.django_db
URL = "/es/presence/"
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW + HOUR, tick=False) as travel:
        yield travel


@pytest.fixture
def zones(palillo):
    return [factories.make_zone(palillo, "A", capacity=4), factories.make_zone(palillo, "B", capacity=10)]


@pytest.fixture
def full(palillo, cast, zones):
    """By hand: A holds 5 (3 + 2), B holds 1, nowhere 2; one has left, one sleeps in the annex."""
    one, two = zones
    families = [
        factories.make_family(palillo, *[{}] * n, by=cast.volunteer, stay=False) for n in (3, 2, 1, 2, 1)
    ]
    for family, zone in zip(families, (one, one, two, None, one), strict=True):
        for person in family.members.all():
            factories.make_stay(person, zone=zone, out=NOW if family is families[4] else None)
    return families


def gate_of(client, family, **said):
    url = f"/es/families/{family.pk}/gate/"
    return client.post(url, {**sent_from(client.get(url)), **said})


def test_occupancy_by_zone_is_what_a_hand_counts(palillo, annex, cast, zones, full):
    factories.make_family(annex, {}, by=cast.stranger)
    found = presence.presence_of(palillo)
    assert [(place.zone.code, place.inside, place.free, place.over) for place in found.places] == [
        ("A", 5, -1, 1),
        ("B", 1, 9, 0),
    ]
    assert (found.without_zone, found.total) == (2, 8)


def test_the_page_says_it_in_words(volunteer, full):
    words = words_of(volunteer.get(URL))
    assert "8 personas en el albergue" in words
    assert "5 de 4 lugares 1 sobre el cupo" in words
    assert "1 de 10 lugares" in words
    assert "2 sin zona" in words


def test_the_page_asks_the_same_however_many(volunteer, palillo, cast, full, django_assert_max_num_queries):
    with django_assert_max_num_queries(12):
        volunteer.get(URL)
    for n in range(12):
        zone = factories.make_zone(palillo, f"Z{n}")
        family = factories.make_family(palillo, {}, by=cast.volunteer, stay=False)
        factories.make_stay(family.members.get(), zone=zone)
    with django_assert_max_num_queries(12):
        volunteer.get(URL)


def test_a_retired_zone_shows_as_long_as_somebody_sleeps_there(palillo, zones, full):
    for zone in zones:
        zone.retired_on = palillo.today()
        zone.save()
    Stay.objects.get(zone=zones[1]).delete()
    assert [place.zone.code for place in presence.places_of(palillo)] == ["A"]


def test_a_card_leads_to_the_family_at_the_gate(volunteer, full):
    card = factories.make_card(full[0])
    answer = volunteer.post(URL, {"card": str(card).lower()})
    assert (answer.status_code, answer.url) == (302, f"/es/families/{full[0].pk}/gate/")
    words = words_of(volunteer.get(answer.url))
    assert "familia de 3" in words
    assert "Zona A · lleno" in words
    assert "Zona B · 9 libres" in words


@pytest.mark.parametrize("typed", ["", "nada", "22222222"])
def test_a_card_that_is_nobodys_is_told(volunteer, full, typed):
    answer = volunteer.post(URL, {"card": typed})
    assert answer.status_code == 422
    assert typed in answer.content.decode()


def test_a_card_of_elsewhere_is_nobodys(volunteer, annex, cast, full):
    card = factories.make_card(factories.make_family(annex, {}, by=cast.stranger))
    assert volunteer.post(URL, {"card": card.code}).status_code == 422


def test_a_family_moves_even_to_a_full_zone(volunteer, full, zones):
    assert gate_of(volunteer, full[3], do="move", zone=zones[0].pk).status_code == 302
    assert presence.occupancy(zones[0].shelter) == {zones[0].pk: 7, zones[1].pk: 1}
    stay = Stay.objects.filter(person__family=full[3]).first()
    assert [row.zone_id for row in stay.history.order_by("history_id")] == [None, zones[0].pk]


def test_only_the_ticked_move(volunteer, full, zones):
    person = full[0].members.last()
    gate_of(volunteer, full[0], do="move", zone=zones[1].pk, people=[person.pk])
    assert Stay.objects.filter(zone=zones[1]).count() == 2


def test_out_and_back(volunteer, full, zones):
    assert gate_of(volunteer, full[0], do="out", to="north").status_code == 302
    assert Stay.objects.open().filter(person__family=full[0]).count() == 0
    assert Departure.objects.get().stays.count() == 3
    assert gate_of(volunteer, full[0], do="back", zone=zones[1].pk).status_code == 302
    assert Stay.objects.open().filter(person__family=full[0], zone=zones[1]).count() == 3


def test_a_double_click_is_one(volunteer, full):
    url = f"/es/families/{full[0].pk}/gate/"
    sent = {**sent_from(volunteer.get(url)), "do": "out", "to": "north"}
    assert [volunteer.post(url, sent).status_code for _n in range(2)] == [302, 302]
    assert Departure.objects.count() == 1


def test_what_is_missing_is_said(volunteer, full):
    for do in ("out", "move"):
        answer = gate_of(volunteer, full[0], do=do)
        assert answer.status_code == 422
        assert "wrong" in answer.content.decode()
    assert gate_of(volunteer, full[0], do="out", to="moon").status_code == 422
    assert gate_of(volunteer, full[0], do="move", zone="x").status_code == 422
    assert gate_of(volunteer, full[0], do="out", to="north", people=[NOBODY]).status_code == 422
    assert Stay.objects.open().count() == 8


def test_another_shelters_zone_is_refused(volunteer, annex, full):
    theirs = factories.make_zone(annex, "Z")
    assert gate_of(volunteer, full[0], do="move", zone=theirs.pk).status_code == 422


def test_a_count_shows_its_difference_at_once(volunteer, full, zones, palillo):
    sent = {"zone": zones[0].pk, "people": "3", "key": str(uuid.uuid4())}
    for _n in range(2):  # sent twice, counted once
        answer = volunteer.post(f"{URL}count/", sent, follow=True)
    assert "3 en el conteo, 5 en el registro. 2 menos que en el registro." in words_of(answer)
    counted = Headcount.objects.get()
    assert (counted.people, counted.registered, counted.difference) == (3, 5, -2)
    assert "2 menos que en el registro" in words_of(volunteer.get(URL))
    event = AccessEvent.objects.get(action="counted")
    assert (event.subject_id, event.detail) == (str(counted.pk), {"people": 3})


def test_a_count_is_of_the_shelters_day(cast, sign_in, full, clock):
    clock.move_to(NOW + timedelta(hours=14, minutes=59))  # 23:59, and in UTC the next day
    volunteer = sign_in(cast.volunteer)
    volunteer.post(f"{URL}count/", {"people": "8", "key": str(uuid.uuid4())})
    clock.shift(timedelta(minutes=2))
    volunteer.post(f"{URL}count/", {"people": "8", "key": str(uuid.uuid4())})
    assert [str(row.counted_on) for row in Headcount.objects.order_by("counted_at")] == [
        "2018-11-06",
        "2018-11-07",
    ]


@pytest.mark.parametrize("people", ["", "-1", "many", "1e9", "100001"])
def test_a_count_that_is_none_is_told(volunteer, full, people):
    answer = volunteer.post(f"{URL}count/", {"people": people, "key": str(uuid.uuid4())})
    assert answer.status_code == 422
    assert not Headcount.objects.exists()


# --- not seen for 36 hours -----------------------------------------------------------------------------------


def test_who_gave_no_sign_of_life_is_listed(cast, sign_in, full, palillo, clock):
    clock.move_to(NOW + 37 * HOUR)
    coordinator = sign_in(cast.coordinator)
    factories.make_service(full[0].members.last(), at=NOW + 2 * HOUR)
    factories.make_service(full[3].members.last(), "FOOD-LUN", cancelled_at=NOW + HOUR, cancel_reason="error")
    Sighting.objects.create(person=full[1].members.first(), seen_at=NOW + 20 * HOUR, by=full[0].registered_by)
    families, total = presence.quiet_families(palillo)
    assert {each.family_id for each in families} == {full[2].pk, full[3].pk}
    assert total == 2
    page = coordinator.get(f"{URL}not-seen/").content.decode()
    assert str(full[2].pk) in page
    assert "Ana" not in page


def test_they_are_here_or_they_have_left(cast, sign_in, full, palillo, clock):
    clock.move_to(NOW + 37 * HOUR)
    coordinator = sign_in(cast.coordinator)
    coordinator.post(f"{URL}not-seen/", {"family": [full[0].pk], "do": "here"})
    assert Sighting.objects.count() == 3
    coordinator.post(f"{URL}not-seen/", {"family": [full[1].pk, full[2].pk], "do": "left"})
    departure = Departure.objects.get()
    assert (departure.to, departure.stays.count(), departure.left_at) == ("unknown", 3, NOW + 37 * HOUR)
    assert [each.family_id for each in presence.quiet_families(palillo)[0]] == [full[3].pk]


@pytest.mark.parametrize("family", [[], ["x"], [NOBODY]])
def test_a_sweep_of_nobody_does_nothing(coordinator, full, family):
    assert coordinator.post(f"{URL}not-seen/", {"family": family, "do": "left"}).status_code == 302
    assert Stay.objects.open().count() == 8


def test_the_list_is_cut_off_and_says_so(cast, sign_in, full, monkeypatch, clock):
    monkeypatch.setattr(presence, "MOST_SHOWN", 1)
    clock.move_to(NOW + 37 * HOUR)
    words = words_of(sign_in(cast.coordinator).get(f"{URL}not-seen/"))
    assert "(4)" in words
    assert "y 3 familias más" in words


# --- who may -------------------------------------------------------------------------------------------------


def test_who_may_not(cast, sign_in, stranger, volunteer, full, zones):
    paths = ["", "count/", "not-seen/", "zones/A/"]
    for role in (cast.data_officer, cast.administrator):
        assert {sign_in(role).get(URL + path).status_code for path in paths} == {404}
    assert volunteer.get(f"{URL}not-seen/").status_code == 404
    assert stranger.get(f"{URL}zones/A/").status_code == 404
    assert stranger.get(f"/es/families/{full[0].pk}/gate/").status_code == 404
    coordinator_of_annex = sign_in(
        factories.make_user("coordinator", shelters=[cast.stranger.shelters.get()])
    )
    coordinator_of_annex.post(f"{URL}not-seen/", {"family": [full[0].pk], "do": "left"})
    assert Stay.objects.open().count() == 8
