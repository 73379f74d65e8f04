"""Many leave: chosen, looked at, done, undone."""

import uuid

import pytest
from django.utils import timezone

from intake import actions
from intake.models import Alert, Departure, Stay
from intake.views import departures
from tests import factories
from tests.intake.pages import sent_from, words_of

pytestmark = pytest.mark.django_db
URL = "/es/departures/"


@pytest.fixture
def zone(palillo):
    return factories.make_zone(palillo)


@pytest.fixture
def families(palillo, cast, zone):
    """Two whole families in the zone; of a third the mother sleeps there and her child does not."""
    members = [
        [{"given_names": "Marta"}, {"age": 5}],
        [{"given_names": "José"}],
        [{"given_names": "Rosa"}, {"age": 7}],
    ]
    found = [factories.make_family(palillo, *each, by=cast.volunteer, stay=False) for each in members]
    for family in found:
        for person in family.members.all():
            apart = family is found[2] and person.position
            factories.make_stay(person, zone=None if apart else zone)
        factories.make_card(family)
    return found


def chosen(**said):
    return {"key": str(uuid.uuid4()), "to": "north", "zone": "", "cards": "", **said}


def sure(client, page, **said):
    return client.post(URL, {**sent_from(page), **said})


def cards(*families):
    return "\n".join(str(family.cards.get()) for family in families)


def test_a_zone_leaves_and_the_torn_family_stays_unless_said(coordinator, families, zone):
    page = coordinator.post(URL, chosen(zone=zone.pk))
    words = words_of(page)
    assert "4 personas de 3 familias" in words
    assert "1 familia quedaría separada" in words
    assert "Rosa" in words
    assert "se quedaría sin una persona adulta" in words
    assert "Marta" not in words
    assert Stay.objects.open().count() == 5
    answer = sure(coordinator, page)
    departure = Departure.objects.get()
    assert answer.url == f"{URL}{departure.pk}/"
    assert departure.stays.count() == 3
    assert not Alert.objects.exists()


def test_one_person_alone_is_no_people(coordinator, palillo, cast):
    alone = factories.make_family(palillo, by=cast.volunteer)
    page = coordinator.post(URL, chosen(cards=factories.make_card(alone).code))
    assert "1 persona de 1 familia" in words_of(page)
    sure(coordinator, page)
    assert "1 persona de 1 familia" in words_of(coordinator.get(f"{URL}{Departure.objects.get().pk}/"))
    assert "1 persona" in words_of(coordinator.get(URL))


def test_with_its_tick_off_it_leaves_and_raises_an_alert(coordinator, families, zone):
    sure(coordinator, coordinator.post(URL, chosen(zone=zone.pk)), leave_out=[])
    departure = Departure.objects.get()
    assert departure.stays.count() == 4
    assert Alert.objects.get().kind == "left_behind"
    assert "1 alerta por atender" in words_of(coordinator.get(f"{URL}{departure.pk}/"))


def test_cards_one_after_another(coordinator, families):
    page = coordinator.post(URL, chosen(cards=cards(families[0], families[2], families[0]) + "\n"))
    assert "4 personas de 2 familias" in words_of(page)
    assert "quedaría" not in words_of(page)
    sure(coordinator, page)
    assert Stay.objects.open().count() == 1


def test_sent_twice_it_is_one_departure(coordinator, families):
    page = coordinator.post(URL, chosen(cards=cards(families[0])))
    assert sure(coordinator, page).url == sure(coordinator, page).url
    assert Departure.objects.count() == 1


def test_the_same_press_stored_between_two_questions_is_the_same_departure(
    coordinator, cast, families, zone, monkeypatch
):
    """On PostgreSQL each question sees what was stored until then; here the first press is stored after the first."""
    page, ask = coordinator.post(URL, chosen(cards=cards(*families[:2]))), departures.selected

    def asked_and_overtaken(*which):
        people, unknown = ask(*which)
        if people:
            key = sent_from(page)["key"][0]
            actions.depart_together(
                people, shelter=zone.shelter, at=timezone.now(), to="north", key=key, by=cast.coordinator
            )
        return people, unknown

    monkeypatch.setattr(departures, "selected", asked_and_overtaken)
    answer = sure(coordinator, page)
    assert (answer.status_code, answer.url) == (302, f"{URL}{Departure.objects.get().pk}/")


def test_who_comes_meanwhile_is_asked_about(coordinator, families, zone, palillo, cast):
    page = coordinator.post(URL, chosen(zone=zone.pk))
    late = factories.make_family(palillo, {}, by=cast.volunteer, stay=False)
    factories.make_stay(late.members.get(), zone=zone)
    again = sure(coordinator, page)
    assert "Entretanto alguien llegó o salió" in words_of(again)
    assert not Departure.objects.exists()
    sure(coordinator, again)
    assert Departure.objects.get().stays.count() == 4


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"zone": "x"},
        {"zone": "999999"},
        {"cards": "nada"},
        {"cards": "\x00"},
        {"to": "moon"},
        {"key": "x"},
        {"cards": "x" * 20_001},
    ],
)
def test_bad_input_is_told_and_kept(coordinator, families, said):
    answer = coordinator.post(URL, chosen(**said))
    assert answer.status_code == 422
    assert not Departure.objects.exists()


def test_a_zone_and_cards_at_once_are_asked_about(coordinator, families, zone):
    assert coordinator.post(URL, chosen(zone=zone.pk, cards=cards(families[0]))).status_code == 422


def test_a_card_of_elsewhere_and_an_empty_zone_are_told(coordinator, families, annex, palillo, cast):
    theirs = factories.make_card(factories.make_family(annex, {}, by=cast.stranger))
    answer = coordinator.post(URL, chosen(cards=str(theirs)))
    assert (answer.status_code, str(theirs) in answer.content.decode()) == (422, True)
    empty = factories.make_zone(palillo, "E")
    assert coordinator.post(URL, chosen(zone=empty.pk)).status_code == 422
    assert coordinator.post(URL, chosen(zone=factories.make_zone(annex, "Z").pk)).status_code == 422


def test_everybody_left_out_is_nobody(coordinator, families, zone):
    page = coordinator.post(URL, chosen(zone=zone.pk))
    assert sure(coordinator, page, leave_out=[str(family.pk) for family in families]).status_code == 422


def test_undo_from_its_page_names_who_came_back(coordinator, families, cast, palillo):
    sure(coordinator, coordinator.post(URL, chosen(cards=cards(*families))))
    departure = Departure.objects.get()
    jose = list(families[1].members.select_related("family"))
    actions.come_back(jose, shelter=palillo, by=cast.volunteer)
    words = words_of(coordinator.post(f"{URL}{departure.pk}/undo/", follow=True))
    assert "Se deshizo la salida" in words
    assert "José" in words
    assert Stay.objects.open().count() == 5
    words = words_of(coordinator.post(f"{URL}{departure.pk}/undo/", follow=True))
    assert "Esto ya se deshizo" in words
    assert Stay.objects.open().count() == 5
    assert "Deshecho" in words_of(coordinator.get(URL))


def test_a_familys_departure_is_undone_from_its_page(volunteer, families):
    family = families[0]
    page = f"/es/families/{family.pk}/departure/"
    volunteer.post(page, {**sent_from(volunteer.get(page)), "to": "north"})
    departure = Departure.objects.get()
    undo = f"{URL}{departure.pk}/undo/"
    assert undo in volunteer.get(f"/es/families/{family.pk}/").content.decode()
    answer = volunteer.post(undo, {"family": family.pk})
    assert answer.url == f"/es/families/{family.pk}/"
    assert Stay.objects.open().filter(person__family=family).count() == 2


def test_a_departure_of_many_is_not_undone_from_one_family(coordinator, families):
    sure(coordinator, coordinator.post(URL, chosen(cards=cards(*families[:2]))))
    page = coordinator.get(f"/es/families/{families[0].pk}/").content.decode()
    assert "/undo/" not in page


def test_who_may_not(volunteer, stranger, cast, families, sign_in, annex):
    people = list(families[0].members.select_related("family__shelter"))
    actions.depart(people, at=timezone.now(), to="north", by=cast.coordinator)
    undo = f"{URL}{Departure.objects.get().pk}/undo/"
    theirs = sign_in(factories.make_user("coordinator", shelters=[annex]))
    assert {client.post(undo).status_code for client in (volunteer, stranger, theirs)} == {404}
    assert volunteer.get(URL).status_code == 404
    assert volunteer.post(URL, chosen(cards=cards(families[1]))).status_code == 404
    assert theirs.post(URL, chosen(cards=cards(families[1]))).status_code == 422
    assert sign_in(cast.administrator).get(URL).status_code == 404


def test_the_page_asks_the_same_however_many(coordinator, palillo, cast, zone, django_assert_max_num_queries):
    for _n in range(2):
        for _m in range(10):
            family = factories.make_family(palillo, {}, {"age": 4}, by=cast.volunteer, stay=False)
            factories.make_stay(family.members.first(), zone=zone)
            factories.make_stay(family.members.last())
        with django_assert_max_num_queries(16):
            coordinator.post(URL, chosen(zone=zone.pk))
