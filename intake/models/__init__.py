from intake.models.families import Family, Person, Relationship, Sex, Stay
from intake.models.needs import Intention, PersonNeed
from intake.models.reference import (
    Language,
    LegalOutcome,
    Plan,
    PrivacyNotice,
    Region,
    ServiceCategory,
    ServiceType,
    SpecificNeed,
)
from intake.models.services import ServiceReceived
from intake.models.submissions import Submission

__all__ = [
    "Family",
    "Intention",
    "Language",
    "LegalOutcome",
    "Person",
    "PersonNeed",
    "Plan",
    "PrivacyNotice",
    "Region",
    "Relationship",
    "ServiceCategory",
    "ServiceReceived",
    "ServiceType",
    "Sex",
    "SpecificNeed",
    "Stay",
    "Submission",
]
