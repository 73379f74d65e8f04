"""A closed account that nobody has used for two years becomes a number: the trail goes on pointing at it."""

from datetime import timedelta

from allauth.usersessions.models import UserSession
from django.apps import apps
from django.contrib.auth.hashers import make_password
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import CharField, Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat
from django.utils import timezone

from intake import retention
from shelters.audit import Action, record
from shelters.models import AccessEvent, User
from shelters.sessions import end_sessions

FORMER = "ex-"  # and the number, in both languages
PSEUDONYM = Concat(Value(FORMER), Cast("pk", CharField()))


def accounts_due() -> QuerySet:
    """Switched off or past their last day, without a line on the trail for so long, and with a name still."""
    limit = timezone.now() - timedelta(days=retention.ACCOUNT_DAYS)
    acts = AccessEvent.objects.filter(user=OuterRef("pk"), at__gt=limit)
    closed = User.objects.filter(Q(is_active=False) | Q(access_until__lt=timezone.localdate()))
    named = closed.exclude(username__startswith=PSEUDONYM, first_name="", last_name="", email="")
    return named.filter(~Exists(acts), date_joined__lte=limit).order_by("pk")


def anonymise_accounts(*, by=None) -> int:
    accounts = list(accounts_due())
    for account in accounts:
        anonymise_account(account, by=by)
    return len(accounts)


@transaction.atomic
def anonymise_account(account, *, by) -> None:
    end_sessions(account, by=by)
    for label, table in retention.ACCOUNTS.items():
        if table.anonymised == retention.DELETED:
            retention.rows_of(apps.get_model(label), table, [account]).delete()
    emptied = retention.emptied(User, retention.ACCOUNTS["shelters.User"])
    # A password that is no hash opens nothing, and nobody is let in again by a later last day.
    emptied |= {"username": pseudonym_of(account), "password": make_password(None), "is_active": False}
    User.objects.filter(pk=account.pk).update(**emptied)
    record(Action.ACCOUNT_ANONYMISED, by=by, subject=account)


def pseudonym_of(account) -> str:
    """Somebody else may have chosen that word as their name."""
    word = f"{FORMER}{account.pk}"
    while User.objects.filter(username=word).exclude(pk=account.pk).exists():
        word += "-"
    return word


def forget_devices() -> None:
    """From where sessions that are over were signed in: address and browser."""
    UserSession.objects.exclude(session_key__in=Session.objects.values("session_key")).delete()
