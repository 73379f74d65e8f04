"""Forms that came from a device and could not be stored as they were. See ADR 32."""

from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from intake.models import LateForm
from shelters.audit import Action, record


def keep_late(late) -> None:
    """Until somebody corrects it. The same one sent again changes nothing, also after it was corrected."""
    try:
        with transaction.atomic():
            late.save(force_insert=True)
            record(Action.FORM_KEPT, by=late.by, shelter=late.shelter, subject=late)
    except IntegrityError:
        if not LateForm.objects.filter(pk=late.pk).exists():
            raise


@transaction.atomic
def settle_late(late, *, by, thrown_away=False) -> bool:
    """It was corrected and stored, or is nobody's any more. Whether it still waited: of two at once, for one."""
    if not empty_late(LateForm.objects.filter(pk=late.pk)):
        return False
    told = {"thrown_away": True} if thrown_away else {}
    record(Action.FORM_SETTLED, by=by, shelter=late.shelter, subject=late, **told)
    return True


def late_due(days) -> QuerySet:
    """Those that nobody corrected for so many days; of a closed shelter, from its purge date on."""
    today = timezone.localdate()
    is_over = Q(came_at__lt=timezone.now() - timedelta(days=days))
    is_purged = Q(shelter__closed_on__lt=today, shelter__purge_on__lte=today)
    return LateForm.objects.open().filter(is_over | is_purged)


def forget_late(days) -> int:
    return empty_late(late_due(days))


def empty_late(rows) -> int:
    return rows.open().update(sealed="", settled_at=timezone.now())
