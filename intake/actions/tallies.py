"""People counted without names, when a line breaks down."""

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from intake.actions.once import Overtaken
from intake.actions.scans import NoFamily, Served, serve
from intake.actions.services import told
from intake.models import Person, ServiceReceived, ServiceType, Tally
from shelters.audit import Action, record


def count_people(tally, *, by) -> None:
    """Store one press of a button. The same press sent again changes nothing; Overtaken when the key is another's."""
    try:
        with transaction.atomic():
            tally.save(force_insert=True)
            detail = {"service": tally.service_type_id, "who": tally.who, "people": tally.people}
            record(Action.TALLIED, by=by, shelter=tally.shelter, subject=tally, **detail)
    except IntegrityError:
        if not Tally.objects.filter(pk=tally.pk, recorded_by=by, shelter=tally.shelter).exists():
            raise Overtaken from None


@transaction.atomic
def cancel_tally(tally, *, by) -> None:
    """Take one back: it stays on record and counts no more. Once is enough."""
    tally.refresh_from_db(from_queryset=Tally.objects.select_for_update())
    if tally.cancelled_at:
        return
    tally.cancelled_at = timezone.now()
    tally.save(update_fields=["cancelled_at"])
    detail = {"service": told(tally.service_type), "people": tally.people, "cancelled": True}
    record(Action.TALLIED, by=by, shelter=tally.shelter, subject=tally, **detail)


@transaction.atomic
def name_tally(tally, *, by) -> Served:
    """What was noted for a card is recorded for the family that holds it by now; counted without a name is the rest.

    They had it in their hands: whoever was served by name as well was served twice, and it says why.
    Raises NoFamily while nobody holds the card, Overtaken when there is nothing to name. A reserved service is not
    named: whoever looks through notes would learn who received it.
    """
    tally.refresh_from_db(from_queryset=Tally.objects.select_for_update())
    kind = tally.service_type
    if tally.cancelled_at or not tally.card or kind.sensitivity != ServiceType.Sensitivity.OPEN:
        raise Overtaken
    family = Person.objects.visible_to(by).filter(family__shelter=tally.shelter).of_card(tally.card)
    members = list(family.order_by("position").values_list("pk", flat=True)[: tally.people])
    if not members:
        raise NoFamily
    what = ServiceReceived(
        service_type=kind,
        shelter=tally.shelter,
        given_at=tally.counted_at,
        slot=tally.slot,
        desk=tally.line,
        recorded_by=tally.recorded_by,
    )
    served = serve(
        key=tally.pk,
        code=tally.card,
        what=what,
        only=set(members),
        here=True,
        override_reason=_("Handed out before the card was bound"),
        by=by,
    )
    is_family = kind.per == ServiceType.Per.FAMILY
    rest = 0 if is_family else tally.people - len(served.given)
    tally.people, tally.card = rest or tally.people, ""
    tally.cancelled_at = None if rest else timezone.now()
    tally.save(update_fields=["people", "card", "cancelled_at"])
    return served
