"""What a coordinator has to look at, raised in the transaction of what caused it."""

from django.db import transaction
from django.utils import timezone

from intake.computed import UNACCOMPANIED, computed_needs
from intake.models import Alert
from shelters.audit import Action, record


def raise_alerts(shelter, found, *, departure=None) -> None:
    """One alert for each (person, kind), unless the same is open already. One query, none when there is nothing."""
    if not found:
        return
    now = timezone.now()
    rows = [
        Alert(shelter=shelter, person=person, kind=kind, departure=departure, raised_at=now)
        for person, kind in found
    ]
    Alert.objects.bulk_create(rows, ignore_conflicts=True)


def alert_unaccompanied(newcomers, everybody, *, shelter) -> None:
    """Children among the newcomers who have no adult in their family."""
    codes = computed_needs(everybody, shelter.today())
    alone = [person for person in newcomers if UNACCOMPANIED in codes[person]]
    raise_alerts(shelter, [(person, Alert.Kind.UNACCOMPANIED) for person in alone])


@transaction.atomic
def settle_alert(alert, note, *, by) -> bool:
    """Say what was done. False when somebody else has said it already."""
    row = Alert.objects.select_for_update(of=("self",)).get(pk=alert.pk)
    if row.settled_at:
        return False
    row.settled_at, row.settled_by, row.note = timezone.now(), by, note
    row.save(update_fields=["settled_at", "settled_by", "note"])
    record(Action.ALERT_SETTLED, by=by, shelter=row.shelter, subject=row, kind=row.kind)
    return True
