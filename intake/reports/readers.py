"""How much a report tells its reader: an account, or None for the command line, which is told the open part alone."""

from django.db.models import Case, CharField, F, Value, When

from intake.access import sensitivities
from intake.models import ServiceType, SpecificNeed
from intake.models.needs import highest_tier


def seen_by(reader) -> list[str]:
    """The sensitivities of services whose kind may be told."""
    return sensitivities(reader) if reader else [ServiceType.Sensitivity.OPEN]


def shown_to(reader) -> Case:
    """The code of the service of a row, or nothing where its kind may not be told."""
    return Case(
        When(service_type__sensitivity__in=seen_by(reader), then=F("service_type")),
        default=Value(""),
        output_field=CharField(),
    )


def tier_of(reader) -> int:
    """Up to which tier needs are told apart."""
    return highest_tier(reader) if reader else SpecificNeed.Tier.INTAKE
