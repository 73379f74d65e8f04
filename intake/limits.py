"""How often within a minute an account may do something. Counted on the trail, where all processes see it."""

from datetime import timedelta
from math import ceil

from django.utils import timezone

from intake.reading import of_account
from shelters.audit import Action
from shelters.prepared import Prepared

A_MINUTE = timedelta(minutes=1)
MOST_REGISTERED = 30  # families: several times what the fastest hands enter
MOST_BROUGHT = 120  # families that waited on a device: they come many at once

registered_by = Prepared(lambda: of_account([Action.FAMILY_REGISTERED], "at", "detail").order_by("-at"))


def seconds_to_wait(moments, most) -> int:
    """0, or how long until one more may come. `moments`: those of the acts so far, newest first."""
    now = timezone.now()
    latest = [at for at in moments if at > now - A_MINUTE]
    return max(1, ceil((latest[most - 1] + A_MINUTE - now).total_seconds())) if len(latest) >= most else 0


def wait_before_registering(user, *, waited=False) -> int:
    """`waited`: on a device. Counted apart, so that after an outage the desk goes on at once."""
    lines = registered_by(user=user.pk, since=timezone.now() - A_MINUTE)
    moments = [at for at, detail in lines if ("waited" in detail) == waited]
    return seconds_to_wait(moments, MOST_BROUGHT if waited else MOST_REGISTERED)
