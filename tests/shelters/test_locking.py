"""A session that nobody uses: when it ends, what keeps it, and that nothing typed is lost by it."""

import re
from datetime import timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from intake.models import Family
from shelters import locking
from shelters.models import AccessEvent
from tests.factories import PASSWORD, make_family
from tests.shelters.codes import code_of, phone_of, secret_of
from tests.shelters.test_second_factor import CODE, LOGIN
from tests.shelters.test_sessions import came_in, is_out


@pytest.fixture
def clock(time_machine):
    """`clock(minutes)` moves on; everything begins at nine in the morning."""
    time_machine.move_to("2026-01-10T15:00:00+00:00", tick=False)
    return lambda minutes: time_machine.shift(timedelta(minutes=minutes))


@pytest.fixture
def working(cast, palillo, clock):
    """A volunteer on shift, in by the door."""
    client = came_in(cast.volunteer)
    client.post("/es/shift/", {"shelter": palillo.pk, "desk": "clothing", "number": "3"})
    return client


@pytest.mark.parametrize(("minutes", "over"), [(14, False), (15, True)])
def test_a_volunteer_has_fifteen_idle_minutes(working, clock, minutes, over):
    clock(minutes)
    assert is_out(working) == over
    assert AccessEvent.objects.filter(action="signed_out", detail={"idle": True}).exists() == over
    assert UserSession.objects.exists() != over


@pytest.mark.parametrize(("minutes", "over"), [(9, False), (10, True)])
def test_others_have_ten(cast, clock, minutes, over):
    phone_of(cast.coordinator)
    client = came_in(cast.coordinator)
    client.post(CODE, {"code": code_of(secret_of(cast.coordinator))})
    clock(minutes)
    assert is_out(client) == over


def test_who_works_stays_in_until_the_shift_is_over(working, clock):
    for _each in range(47):  # 7 h 50 min
        clock(10)
        assert not is_out(working)
    clock(10)
    assert is_out(working)


def test_a_page_that_asks_by_itself_is_nobody_at_the_keys(working, clock):
    for _each in range(3):
        clock(5)
        answer = working.get("/es/", headers={"x-requested-with": "fetch"})
    assert answer.status_code == 302


def test_nor_is_a_device_that_sends_what_waited(working, clock):
    for _each in range(3):
        clock(5)
        answer = working.post(
            "/offline/records", "", "application/json", headers={"x-requested-with": "fetch"}
        )
    assert answer.status_code == 401


def test_it_is_noted_once_a_minute_at_most(
    working, clock, django_assert_num_queries, django_assert_max_num_queries
):
    clock(2)
    working.get("/es/")
    assert UserSession.objects.get().last_seen_at == timezone.now()
    seen = working.session[locking.SEEN]
    clock(0.5)
    working.get("/es/")
    assert working.session[locking.SEEN] == seen


FORM = {
    "name": "x",
    "note": "Niños de Ocotepeque\nsegunda línea",
    "csrfmiddlewaretoken": "t",
    "proof": "123456",
}
PATH = "/es/families/register/"


def back_in(client, user, **more):
    return client.post(f"{LOGIN}?next={PATH}", {"login": user.username, "password": PASSWORD, "next": PATH})


def typed_on(page):
    return dict(re.findall(r'<textarea name="(\w+)" hidden>\n(.*?)</textarea>', page.content.decode(), re.S))


def test_what_was_typed_comes_back_to_its_author(cast, working, clock):
    clock(20)
    answer = working.post(PATH, FORM)
    assert answer.url == f"{LOGIN}?next={PATH}"
    stored = str(Session.objects.get(pk=working.session.session_key).get_decoded())
    assert "Ocotepeque" not in stored and "123456" not in stored
    assert back_in(working, cast.volunteer).url == PATH
    page = working.get(PATH)
    assert typed_on(page) == {"name": "x", "note": FORM["note"]}
    assert "Ropa 3" in page.content.decode()  # on the shift where the lock fell
    assert not Family.objects.exists()
    assert working.post(PATH, typed_on(page)).status_code == 422  # the form itself, with its errors
    assert typed_on(working.get(PATH)) == {}


def test_an_address_that_takes_only_a_post_gives_back_too(cast, palillo, working, clock):
    family = make_family(palillo, by=cast.volunteer)
    address = f"/es/families/{family.pk}/departure/"
    clock(20)
    working.post(address, {"reason": "bus"})
    working.post(LOGIN, {"login": "volunteer", "password": PASSWORD})
    assert typed_on(working.get(address)) == {"reason": "bus"}


def test_another_account_gets_the_desk_and_nothing_that_was_typed(cast, working, clock):
    clock(20)
    working.post(PATH, FORM)
    back_in(working, cast.stranger)
    assert locking.KEPT not in working.session and locking.KEY not in working.session
    assert "Ocotepeque" not in working.get(PATH).content.decode()
    assert working.session[locking.DEVICE]["desk"] == "clothing 3"


def test_it_can_be_thrown_away(cast, working, clock):
    clock(20)
    working.post(PATH, FORM)
    back_in(working, cast.volunteer)
    assert working.get(f"{PATH}?throw_away=1").url == "/es/"
    assert typed_on(working.get(PATH)) == {}


@pytest.mark.parametrize(
    ("path", "sent", "more"),
    [
        ("/es/account/password/", {"oldpassword": PASSWORD}, {}),
        ("/es/admin/shelters/user/add/", {"username": "rosa", "password1": PASSWORD}, {}),
        (PATH, {"note": "x" * 120_000}, {}),
        (PATH, FORM, {"headers": {"x-requested-with": "fetch"}}),
    ],
)
def test_passwords_endless_texts_and_what_a_script_keeps_itself_are_not_kept(
    working, clock, path, sent, more
):
    clock(20)
    working.post(path, sent, **more)
    assert working.session[locking.LOCKED]["form"] is None


def test_a_form_from_elsewhere_is_not_kept(cast, clock):
    client = Client(enforce_csrf_checks=False)
    client.post(LOGIN, {"login": "volunteer", "password": PASSWORD})
    client.handler.enforce_csrf_checks = True
    clock(20)
    client.post(PATH, FORM)
    assert client.session[locking.LOCKED]["form"] is None


def test_a_page_shows_itself_again_only_to_its_account(cast, working):
    assert working.get(f"/whoami?as={cast.volunteer.pk}").status_code == 200
    for other in (cast.stranger.pk, "x", "0"):
        assert working.get(f"/whoami?as={other}").status_code == 401
