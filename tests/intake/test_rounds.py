"""The night count of a zone: card after card, who is missing, and the count that ends it."""

import uuid
from datetime import timedelta

import pytest
import time_machine

from intake.models import Departure, Headcount, Sighting, Stay
from intake.presence import round_of
from shelters.models import AccessEvent
from tests import factories
from tests.factories import NOW
from tests.intake.pages import NOBODY, words_of

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
URL = "/es/presence/zones/B/"


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW + 14 * HOUR, tick=False) as travel:
        yield travel


@pytest.fixture
def zone(palillo):
    factories.make_zone(palillo, "A")
    return factories.make_zone(palillo, "B")


@pytest.fixture
def families(palillo, cast, zone):
    """Three and two people in B, one in A."""
    found = [factories.make_family(palillo, *[{}] * n, by=cast.volunteer, stay=False) for n in (3, 2, 1)]
    for family in found[:2]:
        for person in family.members.all():
            factories.make_stay(person, zone=zone)
    factories.make_stay(found[2].members.get(), zone=palillo.zones.get(code="A"))
    for family in found:
        factories.make_card(family)
    return found


def scan(client, family, **options):
    return client.post(URL, {"do": "scan", "card": family.cards.get().code}, **options)


def test_a_card_makes_everybody_of_it_seen(volunteer, families, zone):
    assert "3 personas vistas" in words_of(scan(volunteer, families[0], follow=True))
    assert Sighting.objects.filter(zone=zone).count() == 3
    found = round_of(zone)
    assert (found.seen, found.people, found.families_seen, found.families) == (3, 5, 1, 2)
    assert [each.family_id for each in found.unseen] == [families[1].pk]
    event = AccessEvent.objects.get(action="seen")
    assert (event.subject_id, event.detail) == (str(families[0].pk), {"people": 3})


def test_the_list_of_the_missing_holds_no_name(volunteer, families):
    factories.make_service(families[0].members.first(), at=NOW + 4 * HOUR)
    page = volunteer.get(URL)
    words = words_of(page)
    assert str(families[0].cards.get()) in words
    assert "13:00" in words  # the meal
    assert "Ana" not in words
    assert str(families[0].pk) not in page.content.decode()  # nor a way to their page


def test_without_a_card_the_arrival_tells_them_apart(volunteer, families):
    families[0].cards.all().delete()
    assert "Sin tarjeta · 3 personas" in words_of(volunteer.get(URL))


def test_a_family_of_another_zone_is_told_and_moved(volunteer, families, zone):
    answer = scan(volunteer, families[2])
    assert answer.status_code == 200
    assert "Su registro dice: Zona A" in words_of(answer)
    volunteer.post(URL, {"do": "bring", "family": families[2].pk})
    assert Stay.objects.open().filter(zone=zone).count() == 6
    assert round_of(zone).seen == 1


def test_who_was_marked_as_left_is_told_and_brought_back(volunteer, families, zone):
    volunteer.post(URL, {"do": "left", "stay": families[0].members.first().stays.get().pk})
    assert Departure.objects.get().to == "unknown"
    assert "Registrada su salida" in words_of(scan(volunteer, families[0]))
    volunteer.post(URL, {"do": "bring", "family": families[0].pk})
    assert Stay.objects.open().filter(zone=zone, person__family=families[0]).count() == 3
    assert round_of(zone).seen == 3


def test_the_count_ends_the_round(volunteer, families, zone, clock):
    scan(volunteer, families[0])
    for do in ("more", "more", "fewer", "more"):
        volunteer.post(URL, {"do": do})
    clock.shift(HOUR)
    key = str(uuid.uuid4())
    answer = volunteer.post(URL, {"do": "finish", "key": key}, follow=True)
    counted = Headcount.objects.get()
    assert (counted.people, counted.without_card, counted.registered) == (5, 2, 5)
    assert "No hay diferencia" in words_of(answer)
    volunteer.post(URL, {"do": "finish", "key": key})
    assert Headcount.objects.count() == 1
    clock.shift(HOUR)
    assert round_of(zone).seen == 0
    assert "Persona sin tarjeta 0" in words_of(volunteer.get(URL))


def test_two_volunteers_share_a_round_and_last_night_is_over(volunteer, coordinator, families, zone, clock):
    scan(coordinator, families[1])
    scan(volunteer, families[0])
    assert round_of(zone).seen == 5
    clock.shift(13 * HOUR)
    assert round_of(zone).seen == 0


def shown_without_card(client):
    return client.get(URL).context["without_card"]


def test_who_had_no_card_stays_counted_while_the_shift_lasts(volunteer, families, clock):
    volunteer.post(URL, {"do": "more"})
    clock.shift(7 * HOUR)
    assert shown_without_card(volunteer) == 1
    volunteer.post(URL, {"do": "more"})
    assert shown_without_card(volunteer) == 2


def test_a_round_that_somebody_else_finished_is_over_for_both(volunteer, coordinator, families, clock):
    volunteer.post(URL, {"do": "more"})
    clock.shift(HOUR)
    coordinator.post(URL, {"do": "finish", "key": str(uuid.uuid4())})
    clock.shift(HOUR)
    assert shown_without_card(volunteer) == 0
    volunteer.post(URL, {"do": "finish", "key": str(uuid.uuid4())})
    assert list(Headcount.objects.order_by("counted_at").values_list("without_card", flat=True)) == [0, 0]


@pytest.mark.parametrize(
    "sent",
    [
        {"do": "here", "stay": "x"},
        {"do": "left", "stay": NOBODY},
        {"do": "bring", "family": "x"},
        {"do": "bring"},
        {"do": "left"},
    ],
)
def test_hostile_buttons_change_nothing(volunteer, families, sent):
    assert volunteer.post(URL, sent).status_code == 302
    assert Stay.objects.open().count() == 6
    assert not Sighting.objects.exists()


@pytest.mark.parametrize("sent", [{"do": "scan", "card": "nada"}, {}, {"do": "dance"}])
def test_what_is_no_card_is_told(volunteer, families, sent):
    assert volunteer.post(URL, sent).status_code == 422


def test_no_key_no_count(volunteer, families):
    assert volunteer.post(URL, {"do": "finish", "key": "x"}).status_code == 404
    assert not Headcount.objects.exists()


def test_people_of_elsewhere_are_out_of_reach(volunteer, stranger, families, annex, cast, zone):
    theirs = factories.make_family(annex, {}, by=cast.stranger)
    volunteer.post(URL, {"do": "bring", "family": theirs.pk})
    assert not Sighting.objects.exists()
    assert stranger.post(URL, {"do": "left", "family": families[0].pk}).status_code == 404


def test_the_round_asks_the_same_however_many(
    volunteer, families, palillo, cast, zone, django_assert_max_num_queries
):
    with django_assert_max_num_queries(14):
        volunteer.get(URL)
    for _n in range(10):
        family = factories.make_family(palillo, {}, {}, by=cast.volunteer, stay=False)
        for person in family.members.all():
            factories.make_stay(person, zone=zone)
    with django_assert_max_num_queries(14):
        volunteer.get(URL)
