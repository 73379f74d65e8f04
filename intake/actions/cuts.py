"""A census is frozen, and withdrawn when it should not have been."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from intake.models import Cut
from intake.reports.census import census
from intake.reports.cuts import numbers_of
from shelters.audit import Action, record
from shelters.models import Shelter


@transaction.atomic
def freeze(shelter: Shelter, as_of: datetime, *, note="", by=None) -> Cut:
    """The standing cut of that moment; made now when there is none, so a second press changes nothing.

    `by` is None for the command line. A moment that has not come is refused by the database.
    """
    cut, is_new = Cut.objects.get_or_create(
        shelter=shelter,
        as_of=as_of,
        withdrawn_at=None,
        defaults={
            "note": note,
            "frozen_by": by,
            "numbers": lambda: numbers_of(census(shelter, as_of)),
        },
    )
    if is_new:
        detail = {"as_of": as_of.isoformat(), "people": cut.numbers["total"]}
        record(Action.CENSUS_FROZEN, by=by, shelter=shelter, subject=cut, **detail)
    return cut


@transaction.atomic
def withdraw(cut: Cut, reason: str, *, by) -> None:
    """It is no longer what the shelter says; it stays to be read. Once is enough."""
    cut.refresh_from_db(from_queryset=Cut.objects.select_for_update(of=("self",)).select_related("shelter"))
    if cut.withdrawn_at:
        return
    cut.withdrawn_at, cut.withdrawn_by, cut.withdrawn_reason = timezone.now(), by, reason
    cut.save(update_fields=["withdrawn_at", "withdrawn_by", "withdrawn_reason"])
    record(Action.CENSUS_WITHDRAWN, by=by, shelter=cut.shelter, subject=cut, as_of=cut.as_of.isoformat())
