"""Many desks at one line in the same second, against the real server, on whichever database the suite runs."""

import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from intake.models import Ticket
from tests.intake.test_queue import asked, give
from tests.test_parallel import send

pytestmark = pytest.mark.server
STEP, GIVE = "/es/queue/clothing/step/", "/es/queue/clothing/number/"


@pytest.fixture
def desks(server, cast, sign_in):
    """40 sessions, each at a desk of its own: (cookies, token)."""

    def desk(number):
        client = sign_in(cast.volunteer, desk=f"clothing {number}")
        client.get("/es/queue/clothing/number/")  # brings the CSRF cookie
        cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())
        return cookies, client.cookies["csrftoken"].value

    return [desk(number) for number in range(1, 41)]


def all_at_once(server, path, sendings):
    """Each sending: (cookies, token, data)."""

    def one(sending):
        cookies, token, data = sending
        return send(server + path, cookies, {**data, "csrfmiddlewaretoken": token})

    with ThreadPoolExecutor(40) as pool:
        return list(pool.map(one, sendings))


def test_forty_desks_call_forty_people(server, desks, palillo, cast):
    for _each in range(50):
        give(palillo, cast.volunteer)
    answers = all_at_once(server, STEP, [(*desk, {"step": "next"}) for desk in desks for _twice in range(2)])
    assert {status for status, _place in answers} == {302}
    called = Ticket.objects.filter(state="called")
    assert sorted(called.values_list("number", flat=True)) == list(range(1, 41))
    assert called.values("desk").distinct().count() == 40
    assert Ticket.objects.waiting().count() == 10


def test_sixty_numbers_at_once_are_sixty_numbers(server, desks):
    keys = [str(uuid.uuid4()) for _each in range(60)]
    sendings = [(*desks[n % 40], asked(key=key)) for n, key in enumerate(keys)]
    answers = all_at_once(server, GIVE, sendings)
    assert {status for status, _place in answers} == {302}
    assert len({place for _status, place in answers}) == 60
    assert sorted(Ticket.objects.values_list("number", flat=True)) == list(range(1, 61))


def test_one_ticket_finished_forty_times_calls_one(server, desks, palillo, cast):
    """The same press sent over and over: one is finished, one is called, nobody is skipped."""
    for _each in range(5):
        give(palillo, cast.volunteer)
    all_at_once(server, STEP, [(*desks[0], {"step": "next"})])
    first = Ticket.objects.get(number=1)
    press = {"step": "next", "ticket": first.pk, "mark": first.call_mark}
    answers = all_at_once(server, STEP, [(*desks[0], press)] * 40)
    assert {status for status, _place in answers} == {302}
    assert list(Ticket.objects.order_by("number").values_list("state", flat=True)) == (
        ["done", "called", "waiting", "waiting", "waiting"]
    )


def test_two_desks_want_the_same_one(server, desks, palillo, cast):
    ticket = give(palillo, cast.volunteer)
    all_at_once(server, STEP, [(*desk, {"step": "call", "ticket": ticket.pk}) for desk in desks])
    ticket.refresh_from_db()
    assert ticket.state == "called"
