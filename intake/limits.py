"""How often within a minute an account may do something. Counted on the trail, where all processes see it."""

from datetime import timedelta
from math import ceil

from django.utils import timezone

from intake.reading import of_account
from shelters.audit import Action
from shelters.prepared import Prepared

A_MINUTE = timedelta(minutes=1)
MOST_REGISTERED = 30  # families: several times what the fastest hands enter

registered_by = Prepared(lambda: of_account([Action.FAMILY_REGISTERED], "at", "detail").order_by("-at"))


def seconds_to_wait(moments, most) -> int:
    """0, or how long until one more may come. `moments`: those of the acts so far, newest first."""
    now = timezone.now()
    latest = [at for at in moments if at > now - A_MINUTE]
    return max(1, ceil((latest[most - 1] + A_MINUTE - now).total_seconds())) if len(latest) >= most else 0


def wait_before_registering(user) -> int:
    """What a device brings after an outage comes all at once, and must not stop the desk of its author."""
    found = registered_by(user=user.pk, since=timezone.now() - A_MINUTE)
    return seconds_to_wait([at for at, told in found if "waited" not in told], MOST_REGISTERED)
