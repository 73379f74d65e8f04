"""The code after the password: who is asked, what it opens, how it is lost and replaced."""

import re
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from shelters import second_factor
from shelters.management.commands.first_steps import give_password
from shelters.models import AccessEvent, User
from tests import factories
from tests.factories import PASSWORD
from tests.shelters.codes import code_of, phone_of, secret_of, wrong

LOGIN, CODE, SET_UP = "/es/account/login/", "/es/account/code/", "/es/account/second-factor/set-up/"
OVERVIEW = "/es/account/second-factor/"
ASKED = ["legal", "health", "coordinator", "data_officer", "administrator"]


def password_of(user, client=None):
    client = client or Client(headers={"accept-language": "es"})
    return client, client.post(LOGIN, {"login": user.username, "password": PASSWORD})


def actions(user):
    return list(AccessEvent.objects.filter(user=user).order_by("id").values_list("action", flat=True))


def shown_secret(answer):
    return re.search(r'class="secret">([A-Z2-7 ]+)<', answer.content.decode())[1].replace(" ", "")


def shown_codes(answer):
    return [code.replace(" ", "") for code in re.findall(r"<li>(\d{4} \d{4})</li>", answer.content.decode())]


# --- setting it up -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ASKED)
def test_the_first_sign_in_sets_it_up_and_nothing_else_answers_before(cast, role):
    user = getattr(cast, role)
    client, answer = password_of(user)
    assert answer.status_code == 302
    for path in ("/es/", "/es/shift/", "/es/admin/", "/es/families/register/", OVERVIEW, "/es/no/such/page/"):
        assert client.get(path).url == SET_UP, path
    assert client.post("/es/families/search/", {"q": "ana"}).url == SET_UP
    page = client.get(SET_UP)
    secret = shown_secret(page)
    assert shown_secret(client.get(SET_UP)) == secret  # a second look does not spoil what the phone has read
    done = client.post(SET_UP, {"code": code_of(secret)})
    assert len(shown_codes(done)) == 10
    assert "no-store" in done.headers["Cache-Control"]
    assert secret_of(user) == secret
    assert (
        client.get("/es/shift/").status_code in (200, 302)
        and client.get("/es/shift/").headers.get("Location") != SET_UP
    )
    assert actions(user)[-2:] == ["factor_set_up", "codes_made"]


def test_the_code_that_sets_it_up_signs_nobody_in(cast):
    client, _answer = password_of(cast.coordinator)
    code = code_of(shown_secret(client.get(SET_UP)))
    client.post(SET_UP, {"code": code})
    other, _answer = password_of(cast.coordinator)
    assert other.post(CODE, {"code": code}).status_code == 422


def test_a_volunteer_is_never_asked(cast):
    client, answer = password_of(cast.volunteer)
    assert answer.url == "/es/shift/"
    assert client.get("/es/shift/").status_code == 200


def test_a_wrong_first_code_sets_up_nothing(cast):
    client, _answer = password_of(cast.coordinator)
    secret = shown_secret(client.get(SET_UP))
    answer = client.post(SET_UP, {"code": wrong(code_of(secret))})
    assert (answer.status_code, shown_secret(answer)) == (422, secret)
    assert not Authenticator.objects.exists()
    assert client.get("/es/").url == SET_UP


def test_the_secret_is_readable_nowhere_in_the_database(cast):
    client, _answer = password_of(cast.coordinator)
    secret = shown_secret(client.get(SET_UP))
    assert secret not in str(Session.objects.get(pk=client.session.session_key).get_decoded())
    codes = shown_codes(client.post(SET_UP, {"code": code_of(secret)}))
    kept = str(list(Authenticator.objects.values_list("data", flat=True)))
    assert not [text for text in (secret, *codes) if text in kept]


def test_a_second_tab_sets_up_no_second_one(cast):
    client, _answer = password_of(cast.coordinator)
    client.get(SET_UP)
    phone_of(cast.coordinator)
    assert client.post(SET_UP, {"code": "123456"}).url == OVERVIEW
    assert second_factor.set_up(cast.coordinator, "JBSWY3DPEHPK3PXP") == []
    assert Authenticator.objects.filter(type="totp").count() == 1


# --- signing in with it --------------------------------------------------------------------------------------


def test_the_password_alone_opens_nothing(cast):
    phone_of(cast.coordinator)
    client, answer = password_of(cast.coordinator)
    assert answer.url == CODE
    for path in ("/es/", "/es/shift/", "/es/admin/reports/", OVERVIEW, SET_UP):
        assert client.get(path, follow=True).redirect_chain[-1][0].startswith((CODE, LOGIN)), path
    assert client.get(CODE).status_code == 200
    assert "signed_in" not in actions(cast.coordinator)


def test_password_and_code_lead_to_the_shift(cast):
    phone, _codes = phone_of(cast.coordinator)
    client, _answer = password_of(cast.coordinator)
    assert client.post(CODE, {"code": phone()}).url == "/es/shift/"
    assert client.get("/es/shift/").status_code == 200
    assert actions(cast.coordinator)[-1] == "signed_in"


@pytest.mark.parametrize("steps", [-1, 1])
def test_a_clock_may_be_half_a_minute_off(cast, steps):
    phone, _codes = phone_of(cast.coordinator)
    client, _answer = password_of(cast.coordinator)
    assert client.post(CODE, {"code": phone(steps=steps)}).status_code == 302


@pytest.mark.parametrize("seconds", [0, 40])
def test_a_code_is_taken_once(cast, time_machine, seconds):
    time_machine.move_to("2026-01-10T12:00:00+00:00", tick=False)
    phone, _codes = phone_of(cast.coordinator)
    code = phone()
    client, _answer = password_of(cast.coordinator)
    assert client.post(CODE, {"code": code}).status_code == 302
    time_machine.shift(seconds)
    again, _answer = password_of(cast.coordinator)
    assert again.post(CODE, {"code": code}).status_code == 422


@pytest.mark.parametrize("code", ["", "abc", "١٢٣٤٥٦", "12345", "1" * 5000, "-1", "\u2028"])
def test_what_is_no_code_is_refused_in_words(cast, code):
    phone_of(cast.coordinator)
    client, _answer = password_of(cast.coordinator)
    assert client.post(CODE, {"code": code}).status_code == 422


def test_five_wrong_codes_take_a_new_sign_in_and_are_on_the_trail(cast):
    phone, _codes = phone_of(cast.coordinator)
    client, _answer = password_of(cast.coordinator)
    answers = [client.post(CODE, {"code": wrong(phone())}) for _try in range(5)]
    assert [answer.status_code for answer in answers] == [422, 422, 422, 422, 302]
    assert answers[-1].url == LOGIN
    assert client.get(CODE).url == LOGIN
    assert actions(cast.coordinator).count("code_refused") == 5
    again, _answer = password_of(cast.coordinator)  # and the right one rests with them
    assert again.post(CODE, {"code": phone()}).url == LOGIN
    other, _answer = password_of(cast.data_officer)
    assert other.get("/es/").url == SET_UP


def test_a_recovery_code_lets_in_once_and_says_how_many_are_left(cast):
    _phone, codes = phone_of(cast.coordinator)
    client, _answer = password_of(cast.coordinator)
    assert client.post(CODE, {"code": f"{codes[3][:4]} {codes[3][4:]}"}).status_code == 302
    assert "Quedan 9 códigos" in client.get("/es/shift/").content.decode()
    again, _answer = password_of(cast.coordinator)
    assert again.post(CODE, {"code": codes[3]}).status_code == 422
    assert again.post(CODE, {"code": codes[4]}).status_code == 302


# --- looking after it ----------------------------------------------------------------------------------------


@pytest.fixture
def inside(cast):
    """The coordinator, in with password and code."""
    phone, _codes = phone_of(cast.coordinator)
    client, _answer = password_of(cast.coordinator)
    client.post(CODE, {"code": phone()})
    return client


def test_new_codes_make_the_old_ones_worthless(cast, inside):
    old = Authenticator.objects.get(user=cast.coordinator, type="recovery_codes").wrap().generate_codes()
    new = shown_codes(inside.post(OVERVIEW, {"codes": "1"}))
    assert len(new) == 10 and not set(new) & set(old)
    assert shown_codes(inside.get(OVERVIEW)) == []  # shown that once
    client, _answer = password_of(cast.coordinator)
    assert client.post(CODE, {"code": old[0]}).status_code == 422
    assert client.post(CODE, {"code": new[0]}).status_code == 302


def test_who_came_in_long_ago_is_asked_for_a_code(cast, inside, time_machine):
    time_machine.move_to(timezone.now() + timedelta(minutes=6))
    assert 'name="proof"' in inside.get(OVERVIEW).content.decode()
    assert inside.post(OVERVIEW, {"codes": "1"}).status_code == 422
    assert (
        inside.post(OVERVIEW, {"codes": "1", "proof": PASSWORD}).status_code == 422
    )  # the password is not enough
    right = code_of(secret_of(cast.coordinator))
    assert len(shown_codes(inside.post(OVERVIEW, {"codes": "1", "proof": right}))) == 10


def test_another_phone_begins_anew_everywhere(cast, inside):
    assert inside.post(OVERVIEW, {"another": "1"}).url == LOGIN
    assert inside.get("/es/").url.startswith(LOGIN)
    client, _answer = password_of(cast.coordinator)
    page = client.get(SET_UP)
    assert page.status_code == 200
    assert "Le quitaron" not in page.content.decode()  # nobody else did it


def test_who_has_none_is_led_to_the_set_up(volunteer):
    assert volunteer.get(OVERVIEW).url == SET_UP


# --- lost ----------------------------------------------------------------------------------------------------


def take_off_address(user):
    return f"/es/account/second-factor/{user.pk}/take-off/"


def test_an_administrator_takes_off_a_lost_one_and_the_account_is_told(cast, inside, sign_in):
    admin = sign_in(cast.administrator, proven=False)
    account = admin.get(f"/es/admin/shelters/user/{cast.coordinator.pk}/change/").content.decode()
    assert take_off_address(cast.coordinator) in account
    assert secret_of(cast.coordinator) not in account
    assert admin.get(take_off_address(cast.coordinator)).status_code == 200
    answer = admin.post(take_off_address(cast.coordinator), {"proof": "otra cosa"})
    assert answer.status_code == 422
    assert second_factor.has_factor(cast.coordinator)
    assert admin.post(take_off_address(cast.coordinator), {"proof": PASSWORD}).status_code == 302
    assert not Authenticator.objects.exists()
    assert inside.get("/es/").url.startswith(LOGIN)  # whoever had the phone is out
    event = AccessEvent.objects.get(action="factor_taken_off")
    assert (event.user, event.subject_id) == (cast.administrator, str(cast.coordinator.pk))
    client, _answer = password_of(cast.coordinator)
    assert "Le quitaron su segundo factor" in " ".join(client.get(SET_UP).content.decode().split())


@pytest.mark.parametrize("role", ["volunteer", "coordinator", "data_officer", "legal"])
def test_nobody_else_takes_one_off(cast, sign_in, role):
    phone_of(cast.health)
    client = sign_in(getattr(cast, role))
    assert client.post(take_off_address(cast.health), {"proof": PASSWORD}).status_code == 404
    assert second_factor.has_factor(cast.health)


def test_an_administrator_takes_off_neither_their_own_nor_one_above_them(cast, sign_in):
    above = factories.make_user("administrator", is_superuser=True)
    phone_of(above)
    admin = sign_in(cast.administrator)
    assert admin.get(take_off_address(above)).status_code == 404
    phone_of(cast.administrator)
    assert admin.get(take_off_address(cast.administrator)).status_code == 404
    assert admin.get(take_off_address(cast.volunteer)).status_code == 404  # has none


def test_the_command_line_helps_the_last_administrator(cast, capsys):
    phone_of(cast.administrator)
    call_command("second_factor_off", "administrator")
    assert "off" in capsys.readouterr().out
    assert not second_factor.has_factor(cast.administrator)
    with pytest.raises(CommandError):
        call_command("second_factor_off", "administrator")


def test_a_lost_key_makes_no_code_fit_and_breaks_no_page(cast, settings):
    phone, codes = phone_of(cast.coordinator)
    right = phone()
    settings.AUDIT_KEY = "another key of at least thirty-two letters"
    client, _answer = password_of(cast.coordinator)
    for code in (right, codes[0], "000000", ""):
        assert client.post(CODE, {"code": code}).status_code == 422


# --- the demo ------------------------------------------------------------------------------------------------


def test_demo_accounts_get_in_with_their_password_alone_and_are_told(db, palillo, settings):
    password = give_password("carmen", "coordinator")
    client = Client(headers={"accept-language": "es"})
    assert client.post(LOGIN, {"login": "carmen", "password": password}).url == "/es/shift/"
    assert "cuenta de la demostración" in client.get("/es/shift/").content.decode()
    settings.HTTPS = True  # a server for real people
    assert second_factor.asks_for_factor(User.objects.get(username="carmen"))
