"""What the administrator is told on the first page while backups are missing or old."""

from datetime import timedelta

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from shelters.models import AccessEvent

TOO_OLD = timedelta(hours=24)


def alarm() -> str:
    """A sentence in the reader's language; empty when the last backup is of the last day."""
    if not settings.BACKUP_PUBLIC_KEY:
        return _("Backups are not set up: there is no public key.")
    made = AccessEvent.objects.filter(user=None, action=AccessEvent.Action.BACKED_UP)
    last = made.values_list("at", flat=True).first()
    if last is None:
        return _("No backup has been made yet.")
    if timezone.now() - last <= TOO_OLD:
        return ""
    moment = date_format(timezone.localtime(last), "DATETIME_FORMAT")
    return _("The last backup is more than 24 hours old: %(moment)s.") % {"moment": moment}
