"""From which device somebody tries to sign in: its browser, when somebody signed in there lately, or else its address.

A whole shelter sits behind one address, so unknown browsers there have more tries together, and use up nobody else's.
"""

from ipaddress import ip_address, ip_network

from django.conf import settings

from shelters.audit import address_of

COOKIE = "__Host-device" if settings.HTTPS else "device"
A_MONTH = 30 * 24 * 3600  # seconds


def limit_of(request) -> dict:
    """Which of the limits in ACCOUNT_RATE_LIMITS counts its wrong passwords, and under which name."""
    last = request.get_signed_cookie(COOKIE, default="", salt="device", max_age=A_MONTH)
    if last:
        return {"action": "failed_on_device", "key": last}
    return {"action": "failed_from_address", "key": network_of(address_of(request) or "0.0.0.0")}


def network_of(address) -> str:
    """Whoever has one address of IPv6 has as many as they like beside it: 64 bits are theirs."""
    here = ip_address(address)
    here = getattr(here, "ipv4_mapped", None) or here
    return str(ip_network((here, 64), strict=False) if here.version == 6 else here)


def remember(response, user) -> None:
    """The number of the account: who signs in again and again to be counted anew finds the same count."""
    lasting = {"max_age": A_MONTH, "secure": settings.HTTPS, "httponly": True, "samesite": "Lax"}
    response.set_signed_cookie(COOKIE, user.pk, salt="device", **lasting)
