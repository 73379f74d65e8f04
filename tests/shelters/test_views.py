"""The door: signing in, locking out, starting a shift, the first administrator, the health check."""

import re
from datetime import timedelta

import pytest
from django.core import signing
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from shelters.management.commands.first_steps import first_administrator_path
from shelters.models import AccessEvent, User
from shelters.views import FIRST_ADMINISTRATOR
from tests import factories
from tests.factories import PASSWORD

LOGIN = "/es/account/login/"


def try_to_sign_in(username, password, client=None, **more):
    client = client or Client()
    return client.post(LOGIN, {"login": username, "password": password}, **more), client


def is_in(answer):
    return answer.status_code == 302


# --- signing in ----------------------------------------------------------------------------------------------


def test_signing_in_leads_to_the_shift(cast):
    answer, client = try_to_sign_in("volunteer", PASSWORD)
    assert answer.url == "/es/shift/"
    assert client.get("/es/shift/").status_code == 200


def test_a_wrong_password_says_so_and_lets_nobody_in(cast):
    answer, client = try_to_sign_in("volunteer", "otra cosa")
    assert not is_in(answer)
    assert client.get("/es/").url.startswith(LOGIN)


def test_five_wrong_tries_rest_the_account_even_for_the_right_password(cast):
    for _try in range(5):
        try_to_sign_in("volunteer", "otra cosa")
    answer, client = try_to_sign_in("volunteer", PASSWORD)
    assert not is_in(answer)
    assert client.get("/es/").url.startswith(LOGIN)


def test_the_next_person_at_the_same_address_still_gets_in(cast):
    for _try in range(12):
        try_to_sign_in("volunteer", "otra cosa", REMOTE_ADDR="192.0.2.1")
    assert is_in(try_to_sign_in("coordinator", PASSWORD, REMOTE_ADDR="192.0.2.1")[0])


def test_a_forged_address_does_not_lift_the_rest(cast):
    for number in range(5):
        try_to_sign_in("volunteer", "otra cosa", headers={"x-forwarded-for": f"192.0.2.{number}"})
    answer, _client = try_to_sign_in("volunteer", PASSWORD, headers={"x-forwarded-for": "192.0.2.99"})
    assert not is_in(answer)


def test_an_account_past_its_last_day_stops_at_once(cast, sign_in, time_machine):
    cast.volunteer.access_until = "2026-01-10"
    cast.volunteer.save()
    time_machine.move_to("2026-01-10T18:00:00+00:00")
    client = sign_in(cast.volunteer)
    assert client.get("/es/").status_code == 200
    time_machine.move_to("2026-01-11T18:00:00+00:00")
    assert client.get("/es/").url.startswith(LOGIN)
    assert not is_in(try_to_sign_in("volunteer", PASSWORD)[0])


def test_a_copied_cookie_is_dead_after_signing_out(volunteer):
    copied = Client()
    copied.cookies["sessionid"] = volunteer.cookies["sessionid"].value
    assert copied.get("/es/").status_code == 200
    volunteer.post("/es/account/logout/")
    assert copied.get("/es/").url.startswith(LOGIN)


def test_signing_out_takes_a_post(volunteer):
    assert volunteer.get("/es/account/logout/").status_code == 200
    assert volunteer.get("/es/").status_code == 200


def test_nobody_signs_up(client, db):
    assert client.get("/es/account/signup/").status_code == 404


@pytest.mark.parametrize(("accepted", "language"), [("es-MX", "es"), ("en-GB", "en"), ("fr", "es")])
def test_the_browsers_language_decides_at_the_door(client, db, accepted, language):
    assert client.get("/", headers={"accept-language": accepted}).url == f"/{language}/"


def test_signing_in_returns_only_to_our_own_pages(cast):
    answer = Client().post(
        LOGIN, {"login": "volunteer", "password": PASSWORD, "next": "https://evil.example/"}
    )
    assert answer.url == "/es/shift/"


# --- the shift -----------------------------------------------------------------------------------------------


def test_a_shift_is_started_and_remembered(cast, palillo, client):
    client.force_login(cast.volunteer)
    answer = client.post("/es/shift/", {"shelter": palillo.pk, "desk": "clothing", "number": "3"})
    assert answer.url == "/es/"
    assert "Ropa 3" in client.get("/es/").content.decode()
    cast.volunteer.refresh_from_db()
    assert (cast.volunteer.last_shelter, cast.volunteer.last_desk) == (palillo, "clothing 3")
    assert AccessEvent.objects.get(action="shift_started").detail == {"desk": "clothing 3"}
    again = Client()
    again.force_login(cast.volunteer)
    page = again.get("/es/shift/").content.decode()
    assert re.search(r'value="clothing"[^>]*checked', page)
    assert 'value="3"' in page


def test_a_shelter_is_asked_only_when_there_is_a_choice(cast, palillo, annex, client):
    client.force_login(cast.volunteer)
    assert "<select" not in client.get("/es/shift/").content.decode()
    cast.volunteer.shelters.add(annex)
    assert "<select" in client.get("/es/shift/").content.decode()


def test_another_shelter_cannot_be_chosen(cast, annex, client):
    client.force_login(cast.volunteer)
    answer = client.post("/es/shift/", {"shelter": annex.pk, "desk": "food", "number": "1"})
    assert answer.status_code == 422
    assert "shift" not in client.session


def test_a_closed_shelter_is_no_choice(cast, palillo, client):
    palillo.closed_on = palillo.opened_on
    palillo.save()
    client.force_login(cast.volunteer)
    assert '<form method="post" class="panel"' not in client.get("/es/shift/").content.decode()


@pytest.mark.parametrize(
    "fields", [{"number": "0"}, {"number": "x"}, {"desk": "bar"}, {"shelter": "x"}, {"number": "100"}]
)
def test_a_wrong_shift_is_answered_in_words(cast, palillo, client, fields):
    client.force_login(cast.volunteer)
    answer = client.post("/es/shift/", {"shelter": palillo.pk, "desk": "food", "number": "1"} | fields)
    assert answer.status_code == 422


def test_the_clock_is_the_shelters(cast, sign_in, palillo, time_machine):
    palillo.timezone = "Asia/Tokyo"
    palillo.save()
    time_machine.move_to("2026-01-10T20:00:00+00:00")  # already the 11th in Tokyo
    client = sign_in(cast.volunteer)
    assert 'data-today="2026-01-11"' in client.get("/es/families/register/").content.decode()


# --- the first administrator ---------------------------------------------------------------------------------


def test_the_link_makes_the_first_administrator_once(client, db):
    path = first_administrator_path()
    fields = {
        "username": "alma",
        "password1": "cuatro palabras sin relacion",
        "password2": "cuatro palabras sin relacion",
    }
    assert client.get(path).status_code == 200
    assert client.post(path, {**fields, "is_superuser": "1"}).url == LOGIN
    alma = User.objects.get()
    assert (alma.is_staff, alma.is_superuser) == (True, False)
    assert [group.name for group in alma.groups.all()] == ["administrator"]
    assert client.get(path).status_code == 404
    assert client.post(path, {**fields, "username": "otra"}).status_code == 404


def test_a_weak_password_is_refused_in_words(client, db):
    answer = client.post(
        first_administrator_path(), {"username": "alma", "password1": "12345678", "password2": "12345678"}
    )
    assert answer.status_code == 422
    assert not User.objects.exists()


@pytest.mark.parametrize(
    "token", ["x", signing.dumps(FIRST_ADMINISTRATOR), signing.dumps("x", salt="y", key="guessed")]
)
def test_a_forged_link_is_no_page(client, db, token):
    assert client.get(f"/es/account/first/{token}/").status_code == 404


def test_a_link_is_a_day_old_at_most(client, db, time_machine):
    time_machine.move_to("2026-01-10T12:00:00+00:00")
    path = first_administrator_path()
    time_machine.move_to("2026-01-11T13:00:00+00:00")
    assert client.get(path).status_code == 404


# --- first steps and health ----------------------------------------------------------------------------------


def test_an_empty_start_prints_the_link_only_while_nobody_has_an_account(db, capsys):
    call_command("first_steps", "--empty", "--address", "http://x")
    assert "http://x/es/account/first/" in capsys.readouterr().out
    factories.make_user()
    call_command("first_steps", "--empty")
    assert "first/" not in capsys.readouterr().out


def test_a_database_in_use_is_left_alone(cast, capsys):
    call_command("first_steps")
    assert "in use" in capsys.readouterr().out


def test_the_health_check_answers_a_machine(client, db):
    answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok")


def test_a_page_may_ask_whether_it_can_send(client, volunteer):
    assert client.get("/whoami").status_code == 401
    answer = volunteer.get("/whoami")
    assert (answer.status_code, set(answer.json())) == (200, {"token"})
    assert "no-store" in answer.headers["Cache-Control"]


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:77", "localhost:8"])
def test_another_way_to_write_the_host_gives_no_new_tries(cast, host):
    for _try in range(5):
        try_to_sign_in("volunteer", "otra cosa", headers={"host": "127.0.0.1"})
    assert not is_in(try_to_sign_in("Volunteer ", PASSWORD, headers={"host": host})[0])
    assert not is_in(try_to_sign_in("volunteer", PASSWORD, headers={"host": host})[0])


def test_a_shelter_that_will_close_is_open_until_then(cast, palillo, client):
    palillo.closed_on = timezone.localdate() + timedelta(days=10)
    palillo.save()
    client.force_login(cast.volunteer)
    answer = client.post("/es/shift/", {"shelter": palillo.pk, "desk": "food", "number": "1"})
    assert answer.status_code == 302


def test_who_only_reviews_starts_no_shift(cast, client):
    client.force_login(cast.data_officer)
    assert client.get("/es/shift/").url == "/es/admin/"


@pytest.mark.parametrize("cookie", ["\x00abc", "a\x07b"])
def test_control_characters_in_a_cookie_are_refused(client, db, cookie):
    client.cookies["sessionid"] = cookie
    assert client.get(LOGIN).status_code == 400


def test_a_body_larger_than_any_form_is_refused(client, db):
    assert client.post(LOGIN, {"login": "x" * 3_000_000}).status_code == 413
