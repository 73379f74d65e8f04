"""The second factor: a code from an app on the phone of the account. Who needs one, how it comes and goes. ADR 26."""

from allauth.core.internal.cryptokit import normalize_user_code
from allauth.mfa.adapter import DefaultMFAAdapter, get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from cryptography.fernet import InvalidToken
from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.shortcuts import redirect
from django.urls import Resolver404, resolve

from shelters.audit import Action, record
from shelters.cipher import cipher
from shelters.models import AccessEvent, User
from shelters.roles import BY_CODE
from shelters.sessions import end_sessions

A_CODE_LASTS = 3 * 30  # seconds: its half minute, and the one before and after that a slow clock is granted
MUST_SET_UP = "must_set_up_second_factor"  # in the session, so that no page pays a query for it
ANSWERS = {"mfa_activate_totp", "account_logout", "change_user", "whoami", "worker", "send"}


class SealedSecrets(DefaultMFAAdapter):
    """What allauth stores of a second factor is sealed."""

    def encrypt(self, text: str) -> str:
        return cipher("second factor").encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Sealed with a key that is lost, it becomes a secret that nobody knows: no code fits, and no page breaks."""
        try:
            return cipher("second factor").decrypt(encrypted_text.encode()).decode()
        except InvalidToken:
            return generate_totp_secret()


def asks_for_factor(user) -> bool:
    """By role. The accounts of the demo, whose passwords were printed, are exempt without TLS: on one laptop."""
    if user.is_demo and not settings.HTTPS:
        return False
    return user.is_superuser or has_role_with_factor(user)


def has_role_with_factor(user) -> bool:
    return any(
        BY_CODE[name].second_factor for name in user.groups.values_list("name", flat=True) if name in BY_CODE
    )


def has_factor(user) -> bool:
    return Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists()


@transaction.atomic
def set_up(user, secret: str) -> list[str]:
    """The recovery codes, in clear for this once. Nothing when another tab was faster."""
    User.objects.select_for_update().get(pk=user.pk)
    if has_factor(user):
        return []
    TOTP.activate(user, secret)
    record(Action.FACTOR_SET_UP, by=user, subject=user)
    return make_codes(user)


def take_code(user, code) -> None:
    """Once, as long as it would fit: at sign-in, as proof, and when it is the first of a phone."""
    key = f"code:{user.pk}:{normalize_user_code(code)}"
    if not cache.add(key, "used", timeout=A_CODE_LASTS):
        raise get_adapter().validation_error("incorrect_code")


@transaction.atomic
def make_codes(user) -> list[str]:
    """Ten new recovery codes, in clear for this once; the old ones are worth nothing any more."""
    User.objects.select_for_update().get(pk=user.pk)
    Authenticator.objects.filter(user=user, type=Authenticator.Type.RECOVERY_CODES).delete()
    record(Action.CODES_MADE, by=user, subject=user)
    return RecoveryCodes.activate(user).generate_codes()


def codes_left(user) -> int:
    kept = Authenticator.objects.filter(user=user, type=Authenticator.Type.RECOVERY_CODES).first()
    return len(kept.wrap().get_unused_codes()) if kept else 0


@transaction.atomic
def take_off(user, *, by) -> None:
    """For a lost phone. Whoever is in with it is out; at the next sign-in the account sets up a new one."""
    Authenticator.objects.filter(user=user).delete()
    record(Action.FACTOR_TAKEN_OFF, by=by, subject=user)
    end_sessions(user, by=by)


def taken_off(user) -> AccessEvent | None:
    """What happened to the factor last, if somebody else took it off: the account is told."""
    of_factor = (Action.FACTOR_SET_UP, Action.FACTOR_TAKEN_OFF)
    events = AccessEvent.objects.filter(
        subject_type=user._meta.label, subject_id=str(user.pk), action__in=of_factor
    )
    last = events.select_related("user").first()
    return last if last and last.action == Action.FACTOR_TAKEN_OFF and last.user != user else None


def nothing_before_it(get_response):
    """Whoever has to set one up gets no other page until it is done."""

    def middleware(request):
        if request.session.get(MUST_SET_UP) and address_name(request) not in ANSWERS:
            return redirect("mfa_activate_totp")
        return get_response(request)

    return middleware


def address_name(request) -> str:
    try:
        return resolve(request.path_info).url_name or ""
    except Resolver404:
        return ""
