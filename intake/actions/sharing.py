"""What families say of each partner, and handing records over to one."""

from django.db import transaction
from django.utils import timezone

from intake.models import Consent, Family, HandOver
from shelters.audit import Action, record


@transaction.atomic
def record_consents(family, answers, *, by) -> bool:
    """`answers`: organization to True, False, or None for "as they answered the notice". Whether anything changed."""
    Family.objects.select_for_update().get(pk=family.pk)
    known = {consent.organization_id: consent for consent in family.consents.all()}
    changed = 0
    for organization, is_given in answers.items():
        consent = known.get(organization.pk)
        if is_given is None and consent:
            consent.delete()
        elif is_given is not None and (consent is None or consent.is_given != is_given):
            consent = consent or Consent(family=family, organization=organization)
            consent.is_given, consent.said_at, consent.by = is_given, timezone.now(), by
            consent.save()
        else:
            continue
        changed += 1
    if changed:
        record(Action.FAMILY_CHANGED, by=by, shelter=family.shelter, subject=family, fields=["consents"])
    return bool(changed)


@transaction.atomic
def hand_over(shelter, organization, *, what, purpose, fields, people, by) -> HandOver:
    """Note that a file with the records of people who agreed leaves for this partner. Before its first byte."""
    made = HandOver.objects.create(
        shelter=shelter,
        organization=organization,
        what=what,
        purpose=purpose,
        basis=HandOver.Basis.CONSENT,
        fields=fields,
        people=people,
        handed_on=shelter.today(),
        by=by,
    )
    record(Action.EXPORTED, by=by, shelter=shelter, subject=made, people=people, outside=True)
    return made
