"""Where somebody is signed in: seen in words, ended one by one or all at once, by whom it may be."""

import pytest
from allauth.usersessions.models import UserSession
from django.test import Client

from shelters.models import AccessEvent
from shelters.sessions import device_of
from tests import factories
from tests.factories import PASSWORD
from tests.shelters.test_second_factor import LOGIN

PAGE = "/es/account/sessions/"
PHONE = "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 Chrome/131.0 Mobile Safari/537.36"


def came_in(user, agent=PHONE):
    """A client that signed in by the door, so that it stands in the list."""
    client = Client(headers={"accept-language": "es", "user-agent": agent})
    assert client.post(LOGIN, {"login": user.username, "password": PASSWORD}).status_code == 302
    return client


def is_out(client):
    return client.get("/es/shift/").headers.get("Location", "").startswith(LOGIN)


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (PHONE, "Chrome · Android"),
        ("Mozilla/5.0 (Windows NT 10.0; rv:133.0) Gecko/20100101 Firefox/133.0", "Firefox · Windows"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1) Version/18.1 Mobile/15E148 Safari/604.1",
            "Safari · iPhone",
        ),
        ("Mozilla/5.0 (Macintosh) Chrome/131.0 Safari/537.36 Edg/131.0", "Edge · Mac"),
        ("curl/8.5.0", ""),
    ],
)
def test_a_device_in_words(agent, words):
    assert device_of(UserSession(user_agent=agent)) == words


def test_mine_are_listed_and_each_can_be_ended(cast):
    phone, laptop = came_in(cast.volunteer), came_in(cast.volunteer, "Windows Firefox")
    page = laptop.get(PAGE).content.decode()
    assert "Chrome · Android" in page and "Firefox · Windows" in page
    assert page.count(">esta<") == 1
    number = UserSession.objects.get(user_agent=PHONE).pk
    assert laptop.post(PAGE, {"session": number}).url == PAGE
    assert is_out(phone) and not is_out(laptop)
    event = AccessEvent.objects.get(action="session_ended")
    assert (event.user, event.subject_id, event.detail) == (
        cast.volunteer,
        str(cast.volunteer.pk),
        {"sessions": 1},
    )


def test_all_others_end_at_once(cast):
    others, here = [came_in(cast.volunteer) for _each in range(3)], came_in(cast.volunteer)
    here.post(PAGE, {"others": "1"})
    assert [is_out(client) for client in (*others, here)] == [True, True, True, False]


def test_a_coordinator_ends_those_of_volunteers_of_the_shelter(cast, coordinator):
    theirs = {
        name: came_in(getattr(cast, name)) for name in ("volunteer", "stranger", "legal", "administrator")
    }
    page = coordinator.get(PAGE).content.decode()
    assert ">volunteer<" in page
    assert not [name for name in ("stranger", "legal", "administrator") if f">{name}<" in page]
    for name in theirs:
        number = UserSession.objects.get(user__username=name).pk
        answer = coordinator.post(PAGE, {"session": number})
        assert answer.status_code == (302 if name == "volunteer" else 404), name
    assert is_out(theirs["volunteer"]) and not is_out(theirs["stranger"])


def test_a_volunteer_who_is_more_is_not_below_a_coordinator(cast, coordinator, palillo):
    both = factories.make_user("volunteer", shelters=[palillo], username="both")
    factories.roles.grant(both, factories.roles.HealthWorker)
    came_in(both)
    assert ">both<" not in coordinator.get(PAGE).content.decode()


def test_an_administrator_ends_everybodys(cast, sign_in):
    admin = sign_in(cast.administrator)
    clients = [came_in(user) for user in (cast.coordinator, cast.stranger)]
    for session in UserSession.objects.filter(user__in=[cast.coordinator, cast.stranger]):
        assert admin.post(PAGE, {"session": session.pk}).status_code == 302
    assert all(map(is_out, clients))


@pytest.mark.parametrize("role", ["volunteer", "legal", "health", "data_officer"])
def test_who_may_not_sees_and_ends_nobody_elses(cast, sign_in, role):
    came_in(cast.stranger)
    client = sign_in(getattr(cast, role))
    assert "stranger" not in client.get(PAGE).content.decode()
    assert client.post(PAGE, {"session": UserSession.objects.get().pk}).status_code == 404


@pytest.mark.parametrize("number", ["", "x", "-1", "9" * 30, "0", "٣"])
def test_a_number_that_is_none(volunteer, number):
    assert volunteer.post(PAGE, {"session": number}).status_code == 404


def test_the_list_costs_the_same_for_many(cast, sign_in, django_assert_num_queries):
    admin = sign_in(cast.administrator)
    for user in (cast.volunteer, cast.stranger, cast.coordinator, cast.legal):
        came_in(user)
        with django_assert_num_queries(7):  # one of them looks for break-glass
            admin.get(PAGE)


# --- an account that stops -----------------------------------------------------------------------------------


def admin_form(user, **changes):
    groups = [group.pk for group in user.groups.all()]
    shelters = [shelter.pk for shelter in user.shelters.all()]
    form = {
        "username": user.username,
        "language": "es",
        "is_active": "on",
        "groups": groups,
        "shelters": shelters,
    }
    return {name: value for name, value in {**form, **changes}.items() if value is not None}


def test_a_disabled_account_is_out_at_once_and_stays_out_when_it_comes_back(cast, sign_in):
    client, admin = came_in(cast.volunteer), sign_in(cast.administrator)
    address = f"/es/admin/shelters/user/{cast.volunteer.pk}/change/"
    assert admin.post(address, admin_form(cast.volunteer, is_active=None)).status_code == 302
    assert is_out(client)
    assert admin.post(address, admin_form(cast.volunteer)).status_code == 302
    assert is_out(client)


def test_a_new_role_begins_with_its_second_factor(cast, sign_in):
    client, admin = came_in(cast.volunteer), sign_in(cast.administrator)
    coordinator = cast.coordinator.groups.get()
    address = f"/es/admin/shelters/user/{cast.volunteer.pk}/change/"
    admin.post(address, admin_form(cast.volunteer, groups=[coordinator.pk]))
    assert is_out(client)
    assert came_in(cast.volunteer).get("/es/").url == "/es/account/second-factor/set-up/"
