"""An administrator proves who is there before an account gets more: nothing typed is lost, and nothing is stored."""

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.utils import timezone

from shelters.models import AccessEvent
from tests.factories import PASSWORD
from tests.shelters.codes import phone_of, wrong

User = get_user_model()
ADD = "/es/admin/shelters/user/add/"
ASKS = 'name="proof"'
NEW = {
    "username": "nueva",
    "first_name": "Reina",
    "language": "es",
    "password1": PASSWORD,
    "password2": PASSWORD,
}


@pytest.fixture
def long_ago(cast, sign_in):
    """The administrator, signed in hours ago."""
    return sign_in(cast.administrator, proven=False)


def group(name):
    return Group.objects.get(name=name).pk


def change(client, account, **fields):
    """The form of an account as its page has it, with these fields."""
    page = f"/es/admin/shelters/user/{account.pk}/change/"
    stands = {
        "username": account.username,
        "language": account.language,
        "groups": [each.pk for each in account.groups.all()],
        "shelters": [each.pk for each in account.shelters.all()],
        "access_until": account.access_until or "",
        "is_active": "on" if account.is_active else "",
    }
    sent = {**stands, **fields}
    return client.post(page, {name: value for name, value in sent.items() if value != ""})


def error(answer):
    return answer.context["adminform"].form.errors.get("proof")


def test_an_account_is_made_by_whoever_proved_it(cast, long_ago):
    assert ASKS in long_ago.get(ADD).text
    for proof in ({}, {"proof": "otra cosa"}):
        answer = long_ago.post(ADD, {**NEW, "groups": [group("coordinator")], **proof})
        assert error(answer)
        assert 'value="Reina"' in answer.text  # what was typed is still there
        assert PASSWORD not in answer.text  # but no password
    assert not User.objects.filter(username="nueva").exists()
    assert AccessEvent.objects.filter(user=cast.administrator, action="sign_in_refused").count() == 1
    answer = long_ago.post(ADD, {**NEW, "groups": [group("coordinator")], "proof": PASSWORD})
    assert answer.status_code == 302
    made = User.objects.get(username="nueva")
    assert AccessEvent.objects.get(action="admin_added").subject_id == str(made.pk)


def test_it_is_good_for_five_minutes(long_ago, time_machine):
    long_ago.post(ADD, {**NEW, "proof": PASSWORD})
    assert ASKS not in long_ago.get(ADD).text
    time_machine.move_to(timezone.now() + timedelta(minutes=5, seconds=5))
    assert ASKS in long_ago.get(ADD).text


def test_a_right_answer_counts_though_the_rest_has_to_be_mended(long_ago):
    answer = long_ago.post(ADD, {**NEW, "password2": "otra", "proof": PASSWORD})
    assert (answer.status_code, ASKS in answer.text) == (200, False)
    assert long_ago.post(ADD, NEW).status_code == 302


def test_whoever_has_a_second_factor_proves_it_with_that(cast, long_ago):
    phone, _codes = phone_of(cast.administrator)
    for proof in (PASSWORD, wrong(phone())):
        assert error(long_ago.post(ADD, {**NEW, "proof": proof}))
    assert long_ago.post(ADD, {**NEW, "proof": phone()}).status_code == 302


TOMORROW = timezone.localdate() + timedelta(days=1)


@pytest.mark.parametrize("more", ["role", "shelter", "on", "longer", "for ever"])
def test_what_gives_an_account_more_is_asked_for(cast, long_ago, annex, more):
    account = cast.volunteer
    account.access_until, account.is_active = timezone.localdate(), more != "on"
    account.save()
    given = {
        "role": {"groups": [group("volunteer"), group("administrator")]},
        "shelter": {"shelters": [each.pk for each in (*account.shelters.all(), annex)]},
        "on": {"is_active": "on"},
        "longer": {"access_until": TOMORROW},
        "for ever": {"access_until": ""},
    }[more]
    assert error(change(long_ago, account, **given))
    assert not AccessEvent.objects.filter(action="admin_changed").exists()
    assert change(long_ago, account, **given, proof=PASSWORD).status_code == 302
    assert AccessEvent.objects.get(action="admin_changed").detail != {"fields": ["proof"]}


@pytest.mark.parametrize("less", ["name", "role", "shelter", "off", "shorter"])
def test_names_are_mended_and_rights_taken_away_at_once(cast, long_ago, less):
    account = cast.coordinator
    account.access_until = TOMORROW
    account.save()
    taken = {
        "name": {"first_name": "Reina"},
        "role": {"groups": []},
        "shelter": {"shelters": []},
        "off": {"is_active": ""},
        "shorter": {"access_until": timezone.localdate()},
    }[less]
    assert change(long_ago, account, **taken).status_code == 302


def test_ones_own_name_is_mended_and_no_more(cast, long_ago, annex):
    sent = {"first_name": "Alma", "shelters": [annex.pk], "access_until": ""}
    assert change(long_ago, cast.administrator, **sent).status_code == 302
    cast.administrator.refresh_from_db()
    assert cast.administrator.first_name == "Alma"
    assert annex not in cast.administrator.shelters.all()


def test_a_wrong_answer_is_one_also_where_none_was_needed(cast, long_ago):
    assert error(change(long_ago, cast.volunteer, first_name="Reina", proof="otra cosa"))


def test_no_password_is_set_without_it(cast, long_ago):
    page = f"/es/admin/shelters/user/{cast.volunteer.pk}/password/"
    sent = {"password1": "otra clave larga", "password2": "otra clave larga", "usable_password": "true"}
    assert ASKS in long_ago.get(page).text
    for proof in ({}, {"proof": "otra cosa"}):
        answer = long_ago.post(page, {**sent, **proof})
        assert answer.context["form"].errors["proof"]
        assert "otra clave larga" not in answer.text
    cast.volunteer.refresh_from_db()
    assert cast.volunteer.check_password(PASSWORD)
    assert long_ago.post(page, {**sent, "proof": PASSWORD}).status_code == 302
    cast.volunteer.refresh_from_db()
    assert cast.volunteer.check_password("otra clave larga")
    assert AccessEvent.objects.get(action="admin_changed").detail == {"fields": ["password"]}


def test_five_wrong_answers_rest_it(long_ago):
    for _time in range(5):
        long_ago.post(ADD, {**NEW, "proof": "otra cosa"})
    assert error(long_ago.post(ADD, {**NEW, "proof": PASSWORD})) == [
        "Demasiados intentos. Espere un cuarto de hora."
    ]
