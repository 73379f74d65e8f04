"""One zone, or one list of cards, leaves from twenty desks at once: against the real server, on either database."""

import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.utils import timezone

from intake.models import Departure, Stay
from shelters.models import AccessEvent
from tests import factories
from tests.intake.pages import sent_from
from tests.test_parallel import send

pytestmark = pytest.mark.server
URL, DESKS, FAMILIES = "/es/departures/", 20, 4


@pytest.fixture
def zone(palillo, cast):
    """Four mothers with a child each, who sleep in one tent."""
    zone, now = factories.make_zone(palillo), timezone.now()
    for _each in range(FAMILIES):
        family = factories.make_family(palillo, {}, {"age": 4}, by=cast.volunteer, at=now, stay=False)
        for person in family.members.all():
            factories.make_stay(person, zone=zone, at=now)
        factories.make_card(family, at=now)
    return zone


def everybody_of(zone):
    return {"zone": zone.pk, "cards": ""}


def by_their_cards(zone):
    families = {stay.person.family for stay in zone.stays.all()}
    return {"zone": "", "cards": "\n".join(family.cards.get().code for family in families)}


def desks_that_ask(cast, sign_in, shelter, chosen):
    """Twenty accounts, each before the page that asks whether it is right: (cookies, what its button sends)."""
    for _n in range(DESKS):
        client = sign_in(factories.make_user("coordinator", shelters=[shelter]))
        page = client.post(URL, {"key": str(uuid.uuid4()), "to": "north", **chosen})
        client.get(URL)  # brings the CSRF cookie
        cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())
        yield cookies, {**sent_from(page), "csrfmiddlewaretoken": client.cookies["csrftoken"].value}


def pressed(server, desks):
    with ThreadPoolExecutor(DESKS) as pool:
        return list(pool.map(lambda desk: send(server + URL, *desk), desks))


@pytest.mark.parametrize("choice", [everybody_of, by_their_cards])
def test_twenty_desks_and_one_departure(server, cast, sign_in, palillo, zone, choice):
    answers = pressed(server, list(desks_that_ask(cast, sign_in, palillo, choice(zone))))
    departure = Departure.objects.get()
    assert Counter(status for status, _place in answers) == {302: 1, 422: DESKS - 1}
    assert (302, f"{URL}{departure.pk}/") in answers
    assert departure.stays.count() == Stay.objects.count() == 2 * FAMILIES
    assert not Stay.objects.open().exists()
    assert Stay.history.count() == 2 * 2 * FAMILIES  # each as it was, and as it was ended: once
    assert AccessEvent.objects.filter(action="departed").count() == FAMILIES


def test_one_press_sent_twenty_times(server, cast, sign_in, palillo, zone):
    desk = next(desks_that_ask(cast, sign_in, palillo, everybody_of(zone)))
    answers = pressed(server, [desk] * DESKS)
    assert set(answers) == {(302, f"{URL}{Departure.objects.get().pk}/")}
    assert AccessEvent.objects.filter(action="departed").count() == FAMILIES
