"""What a phone and a piece of paper would show."""

import time

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from allauth.mfa.utils import decrypt

from shelters import second_factor


def code_of(secret, *, steps=0) -> str:
    """The six digits of this half minute, or of one before or after it."""
    return format_hotp_value(hotp_value(secret.replace(" ", ""), int(time.time()) // 30 + steps))


def secret_of(user) -> str:
    return decrypt(Authenticator.objects.get(user=user, type="totp").data["secret"])


def phone_of(user):
    """Sets a second factor up. Returns (what its phone shows, its recovery codes)."""
    codes = second_factor.set_up(user, "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
    return lambda **when: code_of(secret_of(user), **when), codes


def wrong(code) -> str:
    return f"{(int(code) + 500_000) % 1_000_000:06}"
