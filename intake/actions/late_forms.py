"""Forms that came from a device and could not be stored as they were. See ADR 32."""

from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from intake.models import LateForm
from shelters.audit import Action, record

UNDO_FOR = timedelta(minutes=10)  # after a registration


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
def settle_late(late, *, by, family=None) -> bool:
    """It became this family, or is thrown away. Whether it still waited: of two at once, for one.

    Of what became a family the text stays for an undo, until the night; of one that refused the notice, it goes now.
    """
    waiting = LateForm.objects.filter(pk=late.pk).open()
    kept = {"saved_as": family.pk} if family else {}
    if not family or family.is_count_only:
        kept["sealed"] = ""
    if not waiting.update(settled_at=timezone.now(), **kept):
        return False
    told = {} if family else {"thrown_away": True}
    record(Action.FORM_SETTLED, by=by, shelter=late.shelter, subject=late, **told)
    return True


def reopen_late(family, *, by) -> bool:
    """Whether what became this family waits again, now that its registration is undone."""
    became = LateForm.objects.select_for_update().filter(saved_as=family.pk)  # the night may be emptying it
    late = became.exclude(sealed="").first()
    if not late:
        return False
    late.settled_at = late.saved_as = None
    late.save(update_fields=["settled_at", "saved_as"])
    record(Action.FORM_KEPT, by=by, shelter=late.shelter, subject=late, undone=True)
    return True


def late_due(days) -> QuerySet:
    """Those that nobody corrected for so many days; of a closed shelter, from its purge date on."""
    today = timezone.localdate()
    is_over = Q(came_at__lt=timezone.now() - timedelta(days=days))
    is_purged = Q(shelter__closed_on__lt=today, shelter__purge_on__lte=today)
    return LateForm.objects.open().filter(is_over | is_purged)


def forget_late(days) -> int:
    """How many of these went. With them goes the text of those that were corrected, and cannot be undone any more."""
    LateForm.objects.filter(settled_at__lt=timezone.now() - UNDO_FOR).exclude(sealed="").update(sealed="")
    return empty_late(late_due(days))


def empty_late(rows) -> int:
    """Nothing of these can be read any more. How many of them waited."""
    rows.exclude(settled_at=None).update(sealed="")
    return rows.open().update(sealed="", settled_at=timezone.now())
