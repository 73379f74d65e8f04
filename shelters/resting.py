"""An account rests from sign-in after five wrong passwords or codes. Many at once are told to administrators."""

from datetime import timedelta

from django.utils import timezone

from shelters.audit import Action, record
from shelters.models import AccessEvent

AN_HOUR = timedelta(hours=1)
MANY = 5  # accounts within an hour


def note_resting(account) -> None:
    """`account` is None for a name that is nobody's: that is noted too, so that the answer takes as long."""
    record(Action.ACCOUNT_LOCKED, by=None, subject=account)
    lately = AccessEvent.objects.filter(user=None, at__gt=timezone.now() - AN_HOUR)
    resting = lately.filter(action=Action.ACCOUNT_LOCKED).exclude(subject_id="").order_by()
    n = resting.values("subject_id").distinct().count()
    if n >= MANY and not lately.filter(action=Action.MANY_LOCKED).exists():
        record(Action.MANY_LOCKED, by=None, accounts=n)
