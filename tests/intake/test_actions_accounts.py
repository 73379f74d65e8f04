"""A closed account becomes a number after two years: of whoever worked here the trail keeps no name."""

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.utils import timezone

from intake import actions
from intake.retention import ACCOUNT_DAYS
from shelters.audit import unsaved
from shelters.models import AccessEvent, User
from tests import factories
from tests.intake.test_actions_retention import everything, run

NOW = timezone.now()
TWO_YEARS = timedelta(days=ACCOUNT_DAYS)
NAMED = {"first_name": "Rosauraqq", "last_name": "Ordóñezqq", "email": "rosauraqq@example.org"}


def made(at, palillo, username="rosauraqq", **fields):
    """An account with one act on the trail at that moment, and something in every table of accounts."""
    account = factories.make_user("volunteer", shelters=[palillo], username=username)
    User.objects.filter(pk=account.pk).update(
        **{
            **NAMED,
            "is_active": False,
            "date_joined": at,
            "last_login": at,
            "last_desk": "Rosauraqq",
            **fields,
        }
    )
    EmailAddress.objects.create(user=account, email=NAMED["email"])
    Authenticator.objects.create(user=account, type="totp", data={})
    event = unsaved(AccessEvent.Action.SIGNED_IN, by=account, shelter=None, subject=None, detail={})
    event.at = at
    event.save()
    account.refresh_from_db()
    return account


@pytest.fixture
def closed(palillo):
    return made(NOW - TWO_YEARS - timedelta(days=1), palillo)


def test_a_closed_account_becomes_a_number(closed, palillo):
    assert "rosauraqq" in everything().lower()
    assert actions.anonymise_accounts() == 1
    assert "rosauraqq" not in everything().lower() and "ordóñezqq" not in everything().lower()
    closed.refresh_from_db()
    assert (str(closed), closed.is_active, closed.has_usable_password()) == (f"ex-{closed.pk}", False, False)
    assert list(closed.shelters.all()) == [palillo] and closed.groups.get().name == "volunteer"
    assert not EmailAddress.objects.exists() and not Authenticator.objects.exists()


def test_the_trail_points_at_it_as_before(closed):
    actions.anonymise_accounts()
    assert AccessEvent.objects.get(action="signed_in").user == closed
    event = AccessEvent.objects.get(action="account_anonymised")
    assert (event.user, event.subject_id, event.detail) == (None, str(closed.pk), {})


def test_a_second_run_finds_nobody(closed):
    assert actions.anonymise_accounts() == 1
    assert actions.anonymise_accounts() == 0


def test_one_that_was_opened_again_under_a_name_is_due_again(closed):
    actions.anonymise_accounts()
    User.objects.filter(pk=closed.pk).update(first_name="Rosauraqq")
    assert list(actions.accounts_due()) == [closed]


@pytest.mark.parametrize(
    ("at", "fields"),
    [
        (NOW - TWO_YEARS - timedelta(days=1), {"is_active": True}),  # open
        (NOW - TWO_YEARS - timedelta(days=1), {"is_active": True, "access_until": NOW.date() + timedelta(2)}),
        (NOW - TWO_YEARS + timedelta(days=1), {}),  # an act within the two years
        (NOW - TWO_YEARS + timedelta(days=1), {"date_joined": NOW - 2 * TWO_YEARS}),
    ],
)
def test_any_other_account_stays(palillo, at, fields):
    made(at, palillo, **fields)
    assert actions.anonymise_accounts() == 0
    assert User.objects.get().first_name == "Rosauraqq"


def test_one_whose_last_day_is_over_is_closed(palillo):
    at = NOW - TWO_YEARS - timedelta(days=1)
    made(at, palillo, is_active=True, access_until=at.date())
    assert actions.anonymise_accounts() == 1


def test_one_that_was_never_used_counts_from_its_first_day(palillo):
    made(NOW - TWO_YEARS - timedelta(days=1), palillo)
    new = factories.make_user("volunteer", username="new")
    User.objects.filter(pk=new.pk).update(is_active=False)
    assert [account.username for account in actions.accounts_due()] == ["rosauraqq"]


def test_somebody_else_may_be_called_by_that_number(closed, palillo):
    factories.make_user("volunteer", username=f"ex-{closed.pk}")
    assert actions.anonymise_accounts() == 1
    closed.refresh_from_db()
    assert closed.username == f"ex-{closed.pk}-"
    assert actions.anonymise_accounts() == 0


def test_its_sessions_end(closed, sign_in):
    client = sign_in(closed)
    key = client.session.session_key
    UserSession.objects.create(user=closed, ip="192.168.8.9", session_key=key, user_agent="Chrome")
    actions.anonymise_accounts()
    assert not Session.objects.filter(pk=key).exists() and not UserSession.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_the_command_tells_does_and_forgets_devices_of_sessions_that_are_over(palillo, cast, sign_in):
    made(NOW - TWO_YEARS - timedelta(days=1), palillo)
    running = sign_in(cast.volunteer).session.session_key
    for key in (running, "over"):
        UserSession.objects.create(user=cast.volunteer, ip="192.168.8.9", session_key=key, user_agent="x")
    assert "1 closed accounts" in run("--dry-run")
    assert User.objects.filter(username="rosauraqq").exists() and UserSession.objects.count() == 2
    assert "1 closed accounts" in run()
    assert "0 closed accounts" in run()
    assert UserSession.objects.get().session_key == running
    call_command("audit_verify")
